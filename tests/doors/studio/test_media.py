"""Pictures and files leave the studio only from its roots, and only as what they should be."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nicegui", reason="the studio needs nicegui: pip install '.[studio]'")

from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from mekiki.config import StudioSettings
from mekiki.data.pictures import read_picture
from mekiki.doors.studio.jobs import Jobs
from mekiki.doors.studio.media import add_media, file_url, picture_url
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.workspace import open_workspace


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "photos").mkdir()
    workspace = open_workspace(tmp_path / "home", (tmp_path / "photos",))
    application = FastAPI()
    add_media(application, Studio(workspace, Jobs(workspace.jobs), StudioSettings(max_megapixels=1)))
    return TestClient(application)


def draw(path: Path, width: int = 400, height: int = 200) -> Path:
    pixels = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_photo_leaves_as_small_as_it_is_shown(client: TestClient, tmp_path: Path) -> None:
    photo = draw(tmp_path / "photos/a <b>&.png")
    answer = client.get(picture_url(photo, 100))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    small = read_picture(answer.content)
    assert small.shape == (50, 100, 3)
    whole = read_picture(photo)
    assert abs(float(small.mean()) - float(whole.mean())) < 2


def test_a_side_without_bounds_is_bounded(client: TestClient, tmp_path: Path) -> None:
    photo = draw(tmp_path / "photos/a.png", 900, 300)
    assert read_picture(client.get(picture_url(photo, 10**9)).content).shape == (300, 900, 3)
    assert read_picture(client.get(picture_url(photo, -5)).content).shape[1] == 16


def test_what_lies_elsewhere_does_not_leave(client: TestClient, tmp_path: Path) -> None:
    outside = draw(tmp_path / "secret.png")
    (tmp_path / "photos/link.png").symlink_to(outside)
    for path in (outside, tmp_path / "photos/../secret.png", tmp_path / "photos/link.png", Path("/etc/passwd")):
        for address in (picture_url(path), file_url(path)):
            assert client.get(address).status_code == 404


def test_what_is_no_picture_does_not_leave_as_one(client: TestClient, tmp_path: Path) -> None:
    text = tmp_path / "photos/secret.jpg"
    text.write_text("a password")
    draw(tmp_path / "photos/huge.png", 1200, 1000)
    for name, words in (("secret.jpg", "no picture"), ("huge.png", "megapixels"), ("gone.png", "does not exist")):
        answer = client.get(picture_url(tmp_path / "photos" / name))
        assert answer.status_code == 404
        assert words in answer.text
        assert "a password" not in answer.text


def test_only_what_verbs_write_leaves_as_a_file(client: TestClient, tmp_path: Path) -> None:
    for name in ("key.pem", "notes.txt", "run.py", "model.safetensors", "page.svg"):
        (tmp_path / "photos" / name).write_text("x")
        assert client.get(file_url(tmp_path / "photos" / name)).status_code == 404


def test_the_scripts_of_a_report_cannot_act_as_the_studio(client: TestClient, tmp_path: Path) -> None:
    report = tmp_path / "photos/report.html"
    report.write_text("<script>fetch('/')</script>")
    policy = client.get(file_url(report)).headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy


def test_a_table_is_downloaded(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "photos/findings.csv").write_text("path\n")
    assert "attachment" in client.get(file_url(tmp_path / "photos/findings.csv")).headers["content-disposition"]
