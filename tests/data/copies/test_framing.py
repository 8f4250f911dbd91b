import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.data.copies.descriptors import WAYS, turned
from mekiki.data.copies.framing import frames_of, turned_frames
from mekiki.data.copies.hashing import SIDE


def textured(number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)


def bordered(top: int, bottom: int, left: int, right: int, level: int, inner: np.ndarray | None = None) -> np.ndarray:
    picture = textured() if inner is None else inner.copy()
    picture[:top], picture[SIDE - bottom :] = level, level
    picture[:, :left], picture[:, SIDE - right :] = level, level
    return picture


@given(*[st.integers(1, 20)] * 4, st.integers(0, 255))
def test_an_even_border_is_cut_with_one_line_more(top: int, bottom: int, left: int, right: int, level: int) -> None:
    whole, once, twice = frames_of(bordered(top, bottom, left, right, level)[None])[0].tolist()
    assert whole == [0, SIDE, 0, SIDE]
    assert once == twice == [top + 1, SIDE - bottom - 1, left + 1, SIDE - right - 1]


def test_a_border_in_a_border_is_cut_in_two_rounds() -> None:
    inner = bordered(14, 14, 10, 20, 255)
    _, once, twice = frames_of(bordered(5, 5, 5, 5, 0, inner)[None])[0].tolist()
    assert once == [6, 58, 6, 58]
    assert twice == [15, 49, 11, 43]


def test_a_mark_in_the_border_stops_the_cut_on_its_side_only() -> None:
    picture = bordered(20, 20, 0, 0, 255)
    picture[50, 30:40] = 90
    assert frames_of(picture[None])[0, 1].tolist() == [21, 50, 0, SIDE]


def test_noise_of_compression_does_not_save_a_border() -> None:
    picture = bordered(10, 10, 8, 8, 240).astype(int)
    border = np.ones((SIDE, SIDE), bool)
    border[10:54, 8:56] = False
    picture[border] += np.random.default_rng(1).integers(-6, 7, int(border.sum()))
    assert frames_of(picture.astype(np.uint8)[None])[0, 1].tolist() == [11, 53, 9, 55]


@pytest.mark.parametrize("picture", [np.full((SIDE, SIDE), 200, np.uint8), textured()], ids=["even", "textured"])
def test_what_has_no_border_or_nothing_else_is_left_whole(picture: np.ndarray) -> None:
    assert frames_of(picture[None])[0].tolist() == [[0, SIDE, 0, SIDE]] * 3


def test_a_thing_too_small_to_compare_is_left_in_its_border() -> None:
    assert frames_of(bordered(28, 28, 0, 0, 255)[None])[0, 2].tolist() == [0, SIDE, 0, SIDE]


@given(*[st.integers(0, 20)] * 4, st.integers(0, WAYS - 1))
def test_turned_frames_are_the_frames_of_the_turned_picture(
    top: int, bottom: int, left: int, right: int, way: int
) -> None:
    picture = bordered(top, bottom, left, right, 255)[None]
    expected = frames_of(np.ascontiguousarray(turned(picture, way)))
    assert np.array_equal(turned_frames(frames_of(picture)[:, 2], way), expected[:, 2])
