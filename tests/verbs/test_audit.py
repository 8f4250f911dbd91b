"""``mekiki audit`` from the call to the files, by a run and without one."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.config import AuditSettings
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.audit import read_audit
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder
from mekiki.records.split import read_split
from tests.conftest import COLOURS, Heard, draw_photo, write_photos
from tests.doors.conftest import call
from tests.evaluation.test_label_errors import write_weights

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}


def write_tinted(folder: Path, per_class: int, first: int = 0) -> Path:
    """Write class folders whose pictures are tinted all over, so that random features tell them apart."""
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(first, first + per_class):
            tinted = draw_photo(colour, number) / 2 + np.array(colour) / 2
            Image.fromarray(tinted.astype(np.uint8)).save(folder / name / f"{number:03}.png")
    return folder


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Three classes of 24: one photo in a wrong folder, one in two folders, one that is no picture."""
    photos = write_tinted(tmp_path / "catalogue", 24)
    (photos / "red" / "007.png").rename(photos / "blue" / "was_red.png")
    shutil.copy(photos / "green" / "011.png", photos / "red" / "was_green.png")
    (photos / "blue" / "broken.jpg").write_bytes(b"no picture at all")
    return photos


@pytest.fixture
def settings(tmp_path: Path) -> AuditSettings:
    weights = write_weights(tmp_path / "weights")
    return AuditSettings(backbone="test_resnet", weights=str(weights), image_size=48, device="cpu", divisions=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    folder = write_tinted(tmp_path_factory.mktemp("audit") / "photos", 24)
    (folder / "red" / "007.png").rename(folder / "blue" / "was_red.png")
    return folder, mekiki.train(folder, folder.parent / "run", **SMALL, epochs=4, horizontal_flip=False)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_catalogue_judged_by_itself(catalogue: Path, settings: AuditSettings, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in catalogue.rglob("*.*")}
    out = tmp_path / "out"
    audited = mekiki.audit(None, catalogue, out, settings)
    assert {path.name for path in out.iterdir()} == {"findings.csv", "audit.csv", "audit.json", "audit.html"}
    assert read_audit(out) == audited
    found = {each.path: each for each in audited.findings[:2]}
    assert set(found) == {"blue/was_red.png", "red/was_green.png"}
    assert found["blue/was_red.png"].suggested == "red" and found["blue/was_red.png"].score > 0.5
    assert found["red/was_green.png"].reason.startswith("same photo listed as green; looks like green ")
    assert all(path.startswith("red/") for path in found["blue/was_red.png"].examples)
    rows = {row["path"]: row for row in table(out / "audit.csv")}
    assert len(rows) == 74 and (rows["blue/broken.jpg"]["score"], rows["blue/broken.jpg"]["reason"]) == (
        "",
        "cannot be read",
    )
    summary = audited.summary
    assert (summary.run, summary.listings, summary.judged) == ("", 74, 73)
    assert summary.not_judged == {"cannot be read": 1}
    assert summary.low <= summary.wrong <= summary.high and summary.low <= 2 <= summary.high
    assert {path: path.read_bytes() for path in catalogue.rglob("*.*")} == before


def test_a_csv_with_ids_and_groups_is_a_catalogue(catalogue: Path, settings: AuditSettings, tmp_path: Path) -> None:
    lines = ["path,label,id,group"]
    for place, path in enumerate(sorted(catalogue.rglob("*.png"))):
        lines.append(f"{path.relative_to(tmp_path)},{path.parent.name},listing-{place},")
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    audited = mekiki.audit(None, tmp_path / "list.csv", settings=settings)
    assert audited.findings[0].path in ("catalogue/blue/was_red.png", "catalogue/red/was_green.png")
    assert audited.summary.root == str(tmp_path)


def test_a_run_judges_photos_that_it_never_saw(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    _, run = trained
    photos = write_tinted(tmp_path / "new", 8, first=100)
    (photos / "red" / "103.png").rename(photos / "blue" / "was_red.png")
    (photos / "green" / "105.png").rename(photos / "red" / "was_green.png")
    shutil.move(photos / "green" / "106.png", photos / "gren.png")
    (photos / "gren").mkdir()
    shutil.move(photos / "gren.png", photos / "gren" / "106.png")
    heard = Heard()
    audited = mekiki.audit(run.path, photos, tmp_path / "out", progress=heard)
    assert not any("was trained on" in line for line in heard.lines)
    found = {each.path: each for each in audited.findings}
    assert found["blue/was_red.png"].suggested == "red" and found["red/was_green.png"].suggested == "green"
    assert found["gren/106.png"].reason.startswith("tag is no class of the model; ")
    assert audited.summary.not_judged == {"tag is no class of the model": 1}
    assert (audited.summary.judged, audited.summary.in_training) == (23, 0)
    assert audited.summary.run == str(run.path) and len(audited.summary.model) == 64
    assert "blue/was_red.png" in (tmp_path / "out" / "audit.html").read_text(encoding="utf-8").replace("<wbr>", "")


def test_photos_of_the_training_are_judged_by_the_others_and_marked(
    trained: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    folder, _ = trained
    run = RunFolder(Path(shutil.copytree(trained[1].path, tmp_path / "run")))
    before, heard = len(read_test_openings(run.test_openings)), Heard()
    audited = mekiki.audit(run.path, folder, progress=heard)
    parts = {row.path: row.part for row in read_split(run.split).rows}
    assert {each.path: each.seen for each in audited.listings} == parts
    trained_on = sum(part == "train" for part in parts.values())
    assert audited.summary.in_training == trained_on
    assert (
        f"note: {run.path} was trained on {trained_on} of these 72 photos, or copies of them: there it is not asked"
        in (" ".join(heard.lines))
    )
    for each in audited.findings:
        assert each.reason.endswith("; was in training") == (parts[each.path] == "train")
    openings = read_test_openings(run.test_openings)
    assert len(openings) == before + 1 and openings[-1].verb == "audit"
    assert openings[-1].n == sum(part == "test" for part in parts.values())


def test_a_copy_of_a_training_photo_is_marked_too(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    folder, run = trained
    photos = write_tinted(tmp_path / "new", 6, first=200)
    row = next(row for row in read_split(run.split).rows if row.part == "train" and row.label == "green")
    shutil.copy(folder / row.path, photos / "red" / "known.png")
    audited = mekiki.audit(run.path, photos)
    assert {each.path for each in audited.listings if each.seen} == {"red/known.png"}


def test_what_cannot_be_is_refused_before_the_work(
    trained: tuple[Path, RunFolder], settings: AuditSettings, tmp_path: Path
) -> None:
    _, run = trained
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="full already holds files; nothing is ever written over"):
        mekiki.audit(None, tmp_path / "nowhere", tmp_path / "full", settings)
    with pytest.raises(RunError, match="there is no run folder"):
        mekiki.audit(tmp_path / "nowhere", tmp_path)
    with pytest.raises(SettingsError, match="no backbone 'resnet5O'"):
        mekiki.audit(None, tmp_path / "nowhere", settings=settings.model_copy(update={"backbone": "resnet5O"}))
    (tmp_path / "broken" / "red").mkdir(parents=True)
    (tmp_path / "broken" / "red" / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"of the 1 photos in .*broken none can be read"):
        mekiki.audit(run.path, tmp_path / "broken")


def test_the_command_shows_what_is_suspicious(catalogue: Path, settings: AuditSettings, tmp_path: Path) -> None:
    words = ["--backbone", "test_resnet", "--weights", settings.weights, "--image-size", 48, "--device", "cpu"]
    shown = call("audit", "--self", catalogue, "--out", tmp_path / "out", *words)
    assert shown.exit_code == 0, shown.output
    assert "tags are wrong (95 % interval" in shown.stdout and "Not judged: 1 listing, cannot be read." in shown.stdout
    assert "wrote" in shown.stderr and "audit.html" in shown.stderr
    again = call("audit", "--self", catalogue, "--json", *words)
    content = json.loads(again.stdout)
    assert content["judged"] == 73
    kept = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert content | {"seconds": 0} == kept | {"seconds": 0}


def test_wrong_use_of_the_command_is_told_in_words(catalogue: Path, tmp_path: Path) -> None:
    refused = call("audit", catalogue)
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: expected RUN and CATALOGUE, and got 1 path(s)\n"
        "hint: mekiki audit RUN CATALOGUE --out DIR, or mekiki audit --self CATALOGUE --out DIR\n",
    )
    assert "expected CATALOGUE alone with --self, and got 2" in call("audit", "--self", tmp_path, catalogue).stderr
    idle = call("audit", tmp_path, catalogue, "--image-size", 64)
    assert (idle.exit_code, "--image-size is for --self; a run has its own" in idle.stderr) == (2, True)


def test_file_names_cannot_steer_the_terminal_or_the_page(settings: AuditSettings, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 10)
    (photos / "red").rename(photos / "<img src=x>")
    shutil.copy(photos / "blue" / "003.png", photos / "<img src=x>" / "\x1b]0;owned\x07.png")
    words = ["--backbone", "test_resnet", "--weights", settings.weights, "--image-size", 48, "--device", "cpu"]
    shown = call("audit", "--self", photos, "--out", tmp_path / "out", *words)
    assert shown.exit_code == 0, shown.output
    assert "\x1b]0" not in shown.output
    assert "<img src=x>" not in (tmp_path / "out" / "audit.html").read_text(encoding="utf-8")
