import io
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.errors import PictureError
from mekiki.seeds import stream
from mekiki.tensors.augmentation.change import Stroke
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.strokes import draw_strokes, painted
from mekiki.tensors.damage.damaging import damaged, thrown_dust
from mekiki.tensors.damage.marking import Dust, Mark, MarkedPicture, marked
from mekiki.tensors.geometry import Picture, square
from tests.conftest import draw_photo

STROKES = tuple(islice(draw_strokes(stream(0, "marks")), 3))
DUST = Dust(Key(0, ("a", 1)), 16)


def as_png(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def large() -> Picture:
    return draw_photo((200, 50, 40), 3, 400)[:300]


@pytest.mark.parametrize("fit", ["letterbox", "squash", "crop"])
def test_without_marks_a_network_sees_to_the_last_bit_what_the_file_gives(large: Picture, fit: str) -> None:
    picture = MarkedPicture(as_png(large), 100, 200)
    np.testing.assert_array_equal(picture.prepared((), 64, fit), square(large, 64, fit))


def test_dust_is_that_of_stress_with_the_same_key() -> None:
    photo = draw_photo((40, 60, 200), 1, 96)
    wanted = damaged(photo, "dust", DUST.count, DUST.key, 96, "letterbox")
    assert (wanted != photo).any()
    np.testing.assert_array_equal(marked(photo, [DUST]), wanted)


def test_dust_changes_only_what_its_rectangles_cover_and_lies_at_the_same_place_at_any_size() -> None:
    centres = []
    for size in (96, 480):
        photo = np.full((size, size, 3), 7, np.uint8)
        covered = np.zeros((size, size), bool)
        grains = thrown_dust(DUST.key, DUST.count, size, size)
        for grain in grains:
            covered[grain.top : grain.bottom, grain.left : grain.right] = True
        changed = (marked(photo, [DUST]) != photo).any(axis=2)
        assert changed.any() and not (changed & ~covered).any()
        centres.append([((each.left + each.right) / size, (each.top + each.bottom) / size) for each in grains])
    np.testing.assert_allclose(centres[0], centres[1], atol=3 / 96)


def test_marks_come_in_their_order(large: Picture) -> None:
    over, under = marked(large, [*STROKES, DUST]), marked(large, [DUST, *STROKES])
    np.testing.assert_array_equal(under, painted(marked(large, [DUST]), STROKES))
    assert (over != under).any()


def test_a_picture_that_was_painted_stroke_by_stroke_is_the_one_that_was_painted_at_once(large: Picture) -> None:
    content = as_png(large)
    picture, marks = MarkedPicture(content, 100, 200), (*STROKES, DUST)
    clean = picture.shown(()).copy()
    for count in (1, 2, 3, 4, 2, 3, 0, 4):
        fresh = MarkedPicture(content, 100, 200)
        np.testing.assert_array_equal(picture.shown(marks[:count]), fresh.shown(marks[:count]))
        np.testing.assert_array_equal(
            picture.prepared(marks[:count], 64, "letterbox"), fresh.prepared(marks[:count], 64, "letterbox")
        )
    np.testing.assert_array_equal(picture.shown(()), clean)


def test_other_strokes_in_the_place_of_earlier_ones_are_painted(large: Picture) -> None:
    picture = MarkedPicture(as_png(large), 100, 200)
    first = picture.shown(STROKES[:1])
    other = picture.shown(STROKES[1:2])
    assert (first != other).any()
    np.testing.assert_array_equal(other, marked(picture.shown(()), STROKES[1:2]))


def test_a_stroke_covers_the_same_part_of_the_picture_at_every_size() -> None:
    course = np.array([[0.2, 0.5], [0.8, 0.5]])
    marks: tuple[Mark, ...] = (Stroke(course, 0.1, (255, 0, 0)),)
    picture = MarkedPicture(as_png(np.full((300, 300, 3), 9, np.uint8)), 100, 300)
    shares = [(each[..., 0] > 128).mean() for each in (picture.shown(marks), picture.prepared(marks, 60, "letterbox"))]
    wanted = 0.6 * 0.1 + np.pi * 0.05**2
    np.testing.assert_allclose(shares, wanted, atol=0.006)


def test_what_is_shown_and_what_is_saved_have_their_sizes(large: Picture) -> None:
    picture = MarkedPicture(as_png(large), 100, 200)
    assert (picture.width, picture.height) == (200, 150)
    assert picture.shown(STROKES).shape == (150, 200, 3)
    assert picture.enlarged(STROKES, 2048).shape == large.shape


def test_a_broken_or_too_large_file_is_refused_at_once(large: Picture, tmp_path: Path) -> None:
    content = as_png(large)
    with pytest.raises(PictureError, match="is truncated"):
        MarkedPicture(content[: len(content) // 2], 100, 200)
    with pytest.raises(PictureError, match=r"has 0\.12 megapixels; the limit is 0\.1"):
        MarkedPicture(content, 0.1, 200)
    with pytest.raises(PictureError, match="does not exist"):
        MarkedPicture(tmp_path / "none.png", 100, 200)
