"""The public door: the same arguments draw the same picture, and nothing of the user's is overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mekiki.drawing import GUITAR_MODELS, draw_collection, draw_guitar
from mekiki.drawing.canvas import box
from mekiki.drawing.curves import outline
from mekiki.drawing.relief import shape_relief
from mekiki.errors import DataError, SettingsError
from mekiki.progress import Silent


class Counting(Silent):
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total, self.done = 0, 0

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator["Counting"]:
        self.total = total
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count


def test_the_models_are_these_thirteen_in_this_order() -> None:
    assert GUITAR_MODELS == (
        "Stratocaster", "Telecaster", "Jazzmaster", "Jaguar", "Mustang", "LesPaul", "SG", "FlyingV", "Explorer",
        "Firebird", "SemiHollow", "Hollow", "Acoustic",
    )  # fmt: skip


def test_equal_arguments_give_equal_pixels_whatever_was_drawn_before() -> None:
    first = {model: draw_guitar(model, 3, 5, 64) for model in GUITAR_MODELS}
    for cache in (shape_relief, outline, box):
        cache.cache_clear()
    for model in reversed(GUITAR_MODELS):
        draw_guitar(model, 9, 1, 96)
        assert (draw_guitar(model, 3, 5, 64) == first[model]).all()


def test_seed_index_and_model_each_change_the_picture() -> None:
    pictures = [
        draw_guitar("SG", 0, 0, 64), draw_guitar("SG", 1, 0, 64), draw_guitar("SG", 0, 1, 64), draw_guitar("LesPaul", 0, 0, 64),
    ]  # fmt: skip
    for number, one in enumerate(pictures):
        for other in pictures[number + 1 :]:
            assert np.abs(one.astype(int) - other).mean() > 8


def test_no_two_models_are_the_same_picture_under_one_index() -> None:
    pictures = [draw_guitar(model, 2, 0, 64).astype(int) for model in GUITAR_MODELS]
    gaps = [np.abs(one - other).mean() for n, one in enumerate(pictures) for other in pictures[n + 1 :]]
    assert min(gaps) > 8


@settings(max_examples=25)
@given(st.sampled_from(GUITAR_MODELS), st.integers(-5, 2**40), st.integers(0, 10**6), st.integers(16, 130))
def test_any_drawing_is_a_whole_picture(model: str, seed: int, index: int, size: int) -> None:
    picture = draw_guitar(model, seed, index, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 3


def test_a_larger_picture_shows_the_same_instrument_larger() -> None:
    small, large = draw_guitar("Explorer", 1, 4, 96), draw_guitar("Explorer", 1, 4, 192)
    reduced = np.asarray(Image.fromarray(large).resize((96, 96), Image.Resampling.BOX))
    levels = np.corrcoef(small.mean(-1).ravel(), reduced.mean(-1).ravel())
    assert levels[0, 1] > 0.85


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match='no guitar model "Strat" to draw') as caught:
        draw_guitar("Strat", 0, 0)
    assert all(model in caught.value.hint for model in GUITAR_MODELS)


def test_sizes_and_counts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="size is 8 pixels, expected at least 16"):
        draw_guitar("SG", 0, 0, 8)
    with pytest.raises(SettingsError, match="per_class is 0, expected at least 1"):
        draw_collection(tmp_path / "out", 0, 0)
    with pytest.raises(SettingsError, match='no guitar model "Bass"'):
        draw_collection(tmp_path / "out", 1, 0, models=("SG", "Bass"))
    assert not (tmp_path / "out").exists()


def test_a_collection_is_class_folders_of_those_drawings(tmp_path: Path) -> None:
    progress = Counting()
    written = draw_collection(tmp_path / "new" / "photos", 2, 7, 64, progress=progress)
    files = sorted(path.relative_to(tmp_path / "new" / "photos").as_posix() for path in tmp_path.rglob("*.*"))
    assert files == sorted(f"{model}/{index:04}.jpg" for model in GUITAR_MODELS for index in range(2))
    assert (written, progress.total, progress.done) == (26, 26, 26)
    stored = np.asarray(Image.open(tmp_path / "new" / "photos" / "Jaguar" / "0001.jpg").convert("RGB"), int)
    assert np.abs(stored - draw_guitar("Jaguar", 7, 1, 64)).mean() < 4


def test_a_file_does_not_depend_on_the_other_classes(tmp_path: Path) -> None:
    draw_collection(tmp_path / "two", 1, 7, 64, models=("Mustang", "SG"))
    draw_collection(tmp_path / "one", 2, 7, 64, models=("SG", "SG"))
    one, two = tmp_path / "one" / "SG" / "0000.jpg", tmp_path / "two" / "SG" / "0000.jpg"
    assert one.read_bytes() == two.read_bytes()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "photos" / "SG" / "0000.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"my holiday")
    with pytest.raises(DataError, match="photos already holds SG, expected an empty folder") as caught:
        draw_collection(tmp_path / "photos", 1, 0, 64)
    assert "nothing was overwritten" in caught.value.hint
    assert mine.read_bytes() == b"my holiday"
    assert len(list(tmp_path.rglob("*"))) == 3


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a list")
    with pytest.raises(DataError, match="photos is a file, expected a folder"):
        draw_collection(tmp_path / "photos", 1, 0, 64)
