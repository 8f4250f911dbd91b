"""The first batch in the run is the one that the first step was given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.records.run import FIRST_BATCH
from mekiki.reports.contact_sheet import Cell, Row, lay_out
from mekiki.tensors.loading import Batch
from mekiki.training.learner import Learner
from mekiki.training.loop import Trainer
from mekiki.verbs import first_batch as verb
from mekiki.verbs.first_batch import COLUMNS, write_first_batch
from tests.verbs.test_flow import SMALL

SETTINGS = {**SMALL, "epochs": 1, "mixup": 0.4, "cutmix": 1.0, "preset": "sommelier", "workers": 2}


def pictures_in(sheet: Path, count: int, side: int, mixed: bool = True) -> list[np.ndarray]:
    """Read the pictures of a sheet back."""
    pixels = np.array(Image.open(sheet))
    cells = [Cell(np.zeros((side, side, 3), np.uint8), "a\nb" if mixed else "a")] * count
    layout = lay_out([Row("", "", tuple(cells[start : start + COLUMNS])) for start in range(0, count, COLUMNS)])
    assert pixels.shape[:2] == (layout.height, layout.width)
    corners = [layout.corner(number // COLUMNS, number % COLUMNS) for number in range(count)]
    return [pixels[top : top + side, left : left + side] for top, left in corners]


def batch(count: int, size: int, shares: float = 1.0) -> Batch:
    numbers = np.arange(count)
    pictures = np.random.Generator(np.random.Philox(1)).integers(0, 256, (count, size, size, 3), np.uint8)
    return Batch(pictures, numbers % 2, (numbers + 1) % 2, np.full(count, shares, np.float32))


@pytest.mark.parametrize("augment_on", ["cpu", "device"])
def test_it_is_what_the_loop_was_given(
    shared_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, augment_on: str
) -> None:
    given: list[Batch] = []
    learn = Learner._learn

    def spy(self: Learner, some: Batch, *rest: Any, **named: Any) -> Any:
        given.append(some)
        return learn(self, some, *rest, **named)

    monkeypatch.setattr(Learner, "_learn", spy)
    run = mekiki.train(shared_photos, tmp_path / "run", augment_on=augment_on, **SETTINGS)
    first = given[0]
    assert first.is_mixed and len(first.labels) == 8
    shown = pictures_in(run.figures / FIRST_BATCH, 8, 128)
    for picture, expected in zip(shown, first.array, strict=True):
        assert np.array_equal(picture, expected.repeat(4, axis=0).repeat(4, axis=1))
    assert {path.name for path in run.figures.glob("*.png")} == {
        FIRST_BATCH,
        "confusion.png",
        "coverage.png",
        "curves.png",
        "reliability.png",
    }
    page = run.report.read_text()
    assert "What it learnt from" in page and 'alt="A sheet of the first training photos' in page


def test_training_takes_the_same_course_without_it(
    shared_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = mekiki.train(shared_photos, tmp_path / "with", **SETTINGS)
    monkeypatch.setattr(Trainer, "first_batch", lambda self: None)
    without = mekiki.train(shared_photos, tmp_path / "without", **SETTINGS)
    assert with_it.weights.read_bytes() == without.weights.read_bytes()
    assert not (without.figures / FIRST_BATCH).exists()
    assert "What it learnt from" not in without.report.read_text()


def captions_of(monkeypatch: pytest.MonkeyPatch, shown: Batch, path: Path) -> list[str]:
    captions: list[str] = []
    draw = verb.contact_sheet

    def listening(rows: list[Row]) -> object:
        captions.extend(cell.caption for row in rows for cell in row.cells)
        return draw(rows)

    monkeypatch.setattr(verb, "contact_sheet", listening)
    write_first_batch(path, shown, ["SG", "ジャガー"])
    return captions


def test_captions_are_labels_and_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert captions_of(monkeypatch, batch(2, 128), tmp_path / "one.png") == ["SG", "ジャガー"]
    mixed = captions_of(monkeypatch, batch(2, 128, 0.75), tmp_path / "two.png")
    assert mixed == ["0.75 SG\n0.25 ジャガー", "0.75 ジャガー\n0.25 SG"]


def test_a_large_batch_and_large_pictures_make_no_giant(tmp_path: Path) -> None:
    large = batch(70, 300)
    write_first_batch(tmp_path / "sheet.png", large, ["a", "b"])
    shown = pictures_in(tmp_path / "sheet.png", 64, 224, mixed=False)
    assert abs(shown[63].mean() - large.pictures[63].mean()) < 2


def test_pictures_of_a_middle_size_are_there_to_the_pixel(tmp_path: Path) -> None:
    middle = batch(3, 160)
    write_first_batch(tmp_path / "sheet.png", middle, ["a", "b"])
    for picture, expected in zip(
        pictures_in(tmp_path / "sheet.png", 3, 160, mixed=False), middle.pictures, strict=True
    ):
        assert np.array_equal(picture, expected)
