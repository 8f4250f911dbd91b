"""``mekiki report`` on a small trained run: the same page again, with what was added, and nothing else touched."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

import mekiki
from mekiki.config import StressSettings
from mekiki.doors.cli import app
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder, Status, write_status
from tests.conftest import Heard, write_photos
from tests.reports.made_runs import read_page

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}
FIGURES = re.compile(r'<table>\s*<thead><tr><th scope="col">File</th>.*?</table>', re.DOTALL)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    photos = write_photos(tmp_path_factory.mktemp("report") / "photos", 12)
    return photos, mekiki.train(photos, photos.parent / "run", **SMALL, epochs=1)


@pytest.fixture
def run(trained: tuple[Path, RunFolder], tmp_path: Path) -> RunFolder:
    """A copy of the trained run."""
    return RunFolder(Path(shutil.copytree(trained[1].path, tmp_path / "copies" / "run")))


@pytest.fixture
def moved(trained: tuple[Path, RunFolder], run: RunFolder, tmp_path: Path) -> Path:
    """A copy of the photos; the run believes that they were ``photos`` beside it, where they are not."""
    config = run.config.read_text(encoding="utf-8")
    run.config.write_text(config.replace(str(trained[0]), str(tmp_path / "photos")), encoding="utf-8")
    return Path(shutil.copytree(trained[0], tmp_path / "elsewhere"))


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def heat_maps(page: Path) -> list[str]:
    return [each.attributes["src"] for each in read_page(page).of("img") if "heat map" in each.attributes["alt"]]


def test_it_is_the_page_of_the_training_again_and_nothing_else_changes(run: RunFolder) -> None:
    before, page = contents(run.path), run.report.read_text(encoding="utf-8")
    assert mekiki.report(run.path) == run.report
    again = run.report.read_text(encoding="utf-8")
    assert FIGURES.sub("", again) == FIGURES.sub("", page) and len(heat_maps(run.report)) >= 3
    after = contents(run.path)
    assert after.pop("report.html") and before.pop("report.html") and after == before


def test_stress_and_comparison_are_added_and_stay(trained: tuple[Path, RunFolder], run: RunFolder) -> None:
    folder = run.path.parent
    other = shutil.copytree(run.path, folder / "other")
    tensors = load_file(other / "model.safetensors")
    save_file({name: tensor * 0.9 for name, tensor in tensors.items()}, other / "model.safetensors")
    mekiki.stress(run.path, out=folder / "s", settings=StressSettings(kinds="blur", limit=2))
    mekiki.compare([run.path, other], part="val", out=folder / "c")
    looks = read_test_openings(run.test_openings)
    said = call("report", run.path, "--stress", folder / "s", "--comparison", folder / "c")
    assert said.exit_code == 0 and f"wrote {run.report}" in said.stderr, said.output
    first = run.report.read_text(encoding="utf-8")
    assert read_test_openings(run.test_openings) == looks
    shutil.rmtree(folder / "s")
    assert call("report", run.path).exit_code == 0
    assert run.report.read_text(encoding="utf-8") == first
    page = read_page(run.report)
    assert {"stress", "comparison"} <= {each.attributes.get("id") for each in page.of("section")}
    assert "Blur" in page.text and "run alone recognises" in page.text
    (run.path / "added" / "stress-1.json").unlink()
    mekiki.report(run.path)
    assert "stress" not in {each.attributes.get("id") for each in read_page(run.report).of("section")}
    answer = call("report", other, "--stress", run.path / "added" / "comparison-1.json")
    assert answer.exit_code == 1 and "comparison-1.json: " in answer.stderr


def test_photos_that_moved_are_named_or_nothing_is_lost(run: RunFolder, moved: Path, tmp_path: Path) -> None:
    page, maps = run.report.read_bytes(), heat_maps(run.report)
    with pytest.raises(RunError, match=r"would lose its \d+ heat maps: the photos are not in .*photos") as error:
        mekiki.report(run.path)
    assert error.value.hint.startswith("--photos FOLDER says where the photos are now, --out FILE.html")
    assert run.report.read_bytes() == page
    heard = Heard()
    assert mekiki.report(run.path, out=tmp_path / "page.html", progress=heard) == tmp_path / "page.html"
    assert "heat maps are not shown: the photo " in heard.lines[0]
    assert run.report.read_bytes() == page and not heat_maps(tmp_path / "page.html")
    mekiki.report(run.path, photos=moved, progress=heard)
    assert heat_maps(run.report) == maps and len(heard.lines) == 1


def test_photos_that_are_gone_or_others_now_are_not_explained(run: RunFolder, moved: Path) -> None:
    maps = heat_maps(run.report)
    paths = re.findall(r'alt="Photo ([^"]+)"', run.report.read_text())[-2:]
    (moved / paths[0]).unlink()
    shutil.copy(next(path for path in sorted(moved.rglob("*.png"))), moved / paths[1])
    heard = Heard()
    mekiki.report(run.path, photos=moved, progress=heard)
    assert heat_maps(run.report) == maps[:-2] and len(maps) >= 3
    assert heard.lines == [f"note: 2 heat maps are not shown: the photo {paths[0]} is not in {moved}, …"]


def test_a_model_that_did_not_give_the_recorded_answers_explains_nothing(run: RunFolder) -> None:
    page = run.report.read_bytes()
    tensors = load_file(run.weights)
    save_file({name: tensor * 0 for name, tensor in tensors.items()}, run.weights)
    with pytest.raises(RunError, match=r"gets another answer than predictions\.csv says"):
        mekiki.report(run.path)
    run.weights.unlink()
    with pytest.raises(RunError, match="cannot be explained, because the run holds no model") as error:
        mekiki.report(run.path)
    assert error.value.hint == "--out FILE.html writes a page without heat maps"
    assert run.report.read_bytes() == page


def test_a_run_that_was_stopped_before_it_was_scored_gets_its_page(run: RunFolder) -> None:
    for path in (run.metrics, run.predictions, run.weights, run.card, run.report):
        path.unlink()
    write_status(run, Status(state="stopped", epoch=1, message="stopped by Ctrl-C"))
    text = read_page(mekiki.report(run.path)).text
    assert "Training was stopped after epoch 1 of 1" in text and "No photo has been scored" in text


def test_wrong_use_is_one_clear_line(trained: tuple[Path, RunFolder], run: RunFolder, tmp_path: Path) -> None:
    photos, _ = trained
    with pytest.raises(RunError, match=r"photos is no run folder"):
        mekiki.report(photos)
    with pytest.raises(DataError, match=r"--photos .*nowhere is no folder"):
        mekiki.report(run.path, photos=tmp_path / "nowhere")
    with pytest.raises(SettingsError, match=r"report\.html is there already; nothing is ever written over"):
        mekiki.report(run.path, out=run.report)
    said = call("report", run.path, "--stress", photos)
    assert said.exit_code == 1
    assert said.stderr == (
        f"error: there is no {photos}/stress.json\nhint: mekiki stress RUN --out FOLDER makes such a folder\n"
    )
