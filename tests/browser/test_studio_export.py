"""What a person does on the studio's page ``export``, in a real browser: prove, read, download, and use it."""

import json
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

import mekiki
from tests.browser.studio_runs import make_run
from tests.browser.studio_server import RunningStudio, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WAIT = 300_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningStudio, Path]]:
    home = tmp_path_factory.mktemp("studio") / "home"
    good = make_run(home)
    studio = RunningStudio(home)
    yield studio, good
    studio.kill()


@pytest.fixture(scope="module")
def exported(made, browser) -> Path:
    """The better run exported to ONNX by hand; the folder."""
    studio, good = made
    with opened(browser, f"{studio.address}/export?{urlencode({'run': str(good)})}") as page:
        page.get_by_text("None yet.").wait_for()
        page.get_by_role("button", name="Export and prove").click()
        page.get_by_role("link", name="Download as zip").wait_for(timeout=WAIT)
    return good / "exports" / "onnx"


def status_of(studio: RunningStudio, path: Path) -> int:
    """Return what the download answers to a path."""
    try:
        with urllib.request.urlopen(f"{studio.address}/export/zip?{urlencode({'path': str(path)})}") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_proof_is_shown_as_it_was_written(made, exported: Path, browser) -> None:
    studio, good = made
    parity = json.loads((exported / "parity.json").read_text())
    with opened(browser, f"{studio.address}/export?{urlencode({'run': str(good)})}") as page:
        page.get_by_text(f"All {parity['n']} validation photos get the same class as from the run.").wait_for()
        page.get_by_text(f"{parity['largest_difference']:.2g}, at {parity['largest_at']}").wait_for()
        page.get_by_text("exports/onnx is there already").wait_for()
        assert page.get_by_role("button", name="Export and prove").is_disabled()
        assert page.locator(".mk-export b, .mk-export img").count() == 0


def test_the_downloaded_zip_is_the_export_and_answers_as_the_run(made, exported: Path, browser, tmp_path: Path) -> None:
    studio, good = made
    with opened(browser, f"{studio.address}/export?{urlencode({'run': str(good)})}") as page:
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download as zip").click()
        coming.value.save_as(tmp_path / "got.zip")
        assert coming.value.suggested_filename == "good-onnx.zip"
    with zipfile.ZipFile(tmp_path / "got.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    unzipped = tmp_path / "good-onnx"
    files = {path.name: path.read_bytes() for path in unzipped.iterdir()}
    assert files == {path.name: path.read_bytes() for path in exported.iterdir()}
    photos = sorted((studio.home / "photos").rglob("*.png"))[::7]
    assert list(mekiki.load(unzipped).predict(photos)) == list(mekiki.load(good).predict(photos))
    assert not list(studio.home.glob("tmp*")), "the temporary zip was left"


def test_only_an_export_inside_a_run_can_be_downloaded(made, exported: Path, tmp_path: Path) -> None:
    studio, good = made
    short = shutil.copytree(good, good.with_name("short"), ignore=shutil.ignore_patterns("exports"))
    assert status_of(studio, exported) == 200
    elsewhere = shutil.copytree(exported, tmp_path / "onnx")
    beside = shutil.copytree(exported, studio.home / "scans" / "onnx")
    (short / "exports").mkdir()
    (short / "exports" / "linked").symlink_to(elsewhere)
    holding = shutil.copytree(exported, short / "exports" / "onnx")
    (holding / "secret.txt").symlink_to("/etc/hostname")
    for path in (elsewhere, beside, good, short / "exports" / "linked", holding, exported / ".." / "..", Path("/etc")):
        assert status_of(studio, path) == 404, path
    (holding / "secret.txt").unlink()
    assert status_of(studio, holding) == 200


def test_what_goes_wrong_is_told_with_its_hint_and_a_removed_export_is_gone(made, exported, browser) -> None:
    studio, good = made
    photos = studio.home / "photos" / "drawn"
    photos.rename(photos.with_name("away"))
    try:
        with opened(browser, f"{studio.address}/export?{urlencode({'run': str(good)})}") as page:
            page.get_by_role("radio", name="safetensors").click()
            page.get_by_role("button", name="Export and prove").click()
            told = page.locator(".mk-job-failed .mk-error")
            told.wait_for(timeout=WAIT)
            assert str(photos) in told.inner_text()
            page.get_by_text("put them back").wait_for()
            assert not (good / "exports" / "safetensors").exists()
            page.get_by_role("button", name="Remove: onnx").click()
            page.get_by_role("button", name="Remove", exact=True).click()
            page.get_by_text("None yet.").wait_for()
            assert not exported.exists() and (good / "model.safetensors").is_file()
    finally:
        photos.with_name("away").rename(photos)
