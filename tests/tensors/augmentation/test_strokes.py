from itertools import islice

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from mekiki.config import AugmentSettings
from mekiki.seeds import stream
from mekiki.tensors.augmentation import strokes as room
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.change import Stroke
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.augmentation.strokes import draw_strokes, painted, scribble


def strokes(seed: int, count: int) -> list[Stroke]:
    return list(islice(draw_strokes(stream(seed, "strokes")), count))


def mask_of(stroke: Stroke, size: int) -> np.ndarray:
    white = Stroke(stroke.course, stroke.width, (255, 255, 255))
    return painted(np.zeros((size, size, 3), np.uint8), [white])[..., 0]


@given(st.integers(0, 10_000))
def test_a_stroke_is_one_piece_of_the_said_width(seed: int) -> None:
    size = 400
    (drawn,) = strokes(seed, 1)
    stroke = Stroke(0.2 + 0.6 * drawn.course, drawn.width, drawn.colour)  # all of it inside
    mask = mask_of(stroke, size)
    assert cv2.connectedComponents((mask > 127).astype(np.uint8))[0] == 2, "the ground and one piece"
    to_edge = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5)
    places = np.rint(stroke.course * size - 0.5).astype(int)
    halves = [to_edge[y, x] for x, y in places]  # larger where the stroke runs into itself
    assert 2 * np.quantile(halves, 0.2) == pytest.approx(stroke.width * size, abs=1.5)
    assert room.WIDTH[0] <= stroke.width <= room.WIDTH[1]


@pytest.mark.parametrize("width", [1.6, 2.0, 3.3, 5.0, 8.0])
def test_a_straight_stroke_covers_its_width_in_fractions_of_pixels(width: float) -> None:
    size = 160
    for tilt in (0.0, 0.3):
        line = Stroke(np.array([[0.2, 0.4], [0.8, 0.4 + tilt]]), width / size, (0, 0, 0))
        length = size * np.hypot(0.6, tilt)
        area = mask_of(line, size).sum() / 255 - np.pi * width**2 / 4
        assert area / length == pytest.approx(width, abs=0.35)


def test_strokes_are_smooth_at_their_edges_and_of_their_colour() -> None:
    for stroke in strokes(1, 20):
        mask = mask_of(stroke, 200)
        assert ((mask > 20) & (mask < 235)).sum() > 50
        drawn = painted(np.zeros((200, 200, 3), np.uint8), [stroke])
        assert (drawn[mask == 255] == stroke.colour).all()


def test_colours_widths_places_and_courses_differ_and_fill_their_ranges() -> None:
    many = strokes(2, 600)
    colours = np.array([stroke.colour for stroke in many])
    assert colours.min() < 5 and colours.max() > 250 and np.abs(colours.mean(axis=0) - 127.5).max() < 12
    widths = np.log([stroke.width for stroke in many])
    assert np.quantile(widths, 0.5) == pytest.approx(np.mean(np.log(room.WIDTH)), abs=0.1)
    starts = np.array([stroke.course[0] for stroke in many])
    assert np.abs(np.histogram2d(*starts.T, bins=2, range=[[0, 1], [0, 1]])[0] / 600 - 0.25).max() < 0.07
    assert {len(stroke.course) // room.POINTS_PER_STEP for stroke in many} == {3, 4, 5, 6, 7, 8}
    points = np.concatenate([stroke.course for stroke in many])
    assert ((points > -0.1) & (points < 1.1)).all()


def test_a_course_is_scipys_cubic_spline_through_its_points() -> None:
    for stroke in strokes(3, 10):
        knots = stroke.course[:: room.POINTS_PER_STEP]
        times = np.linspace(0, len(knots) - 1, len(stroke.course))
        np.testing.assert_allclose(stroke.course, CubicSpline(np.arange(len(knots)), knots)(times), atol=1e-9)


def test_eight_strokes_are_the_first_of_nine_and_painting_leaves_the_picture() -> None:
    eight, nine = strokes(4, 8), strokes(4, 9)
    for one, other in zip(eight, nine, strict=False):
        np.testing.assert_array_equal(one.course, other.course)
        assert (one.width, one.colour) == (other.width, other.colour)
    picture = np.full((64, 64, 3), 9, np.uint8)
    both = painted(painted(picture, eight), nine[8:])
    np.testing.assert_array_equal(both, painted(picture, nine))
    assert (picture == 9).all()


def test_each_count_of_strokes_up_to_the_most_is_as_likely_as_any_other() -> None:
    counts = [len(list(scribble(stream(sample, "scribble"), 4))) for sample in range(1000)]
    shares = np.bincount(counts, minlength=5) / 1000
    assert len(shares) == 5 and np.abs(shares - 0.2).max() < 0.05
    assert list(scribble(stream(0, "scribble"), 0)) == []


def test_on_a_wide_picture_a_course_spans_both_sides_and_the_brush_stays_round() -> None:
    line = Stroke(np.array([[0.1, 0.5], [0.9, 0.5]]), 0.1, (255, 255, 255))
    mask = painted(np.zeros((80, 200, 3), np.uint8), [line])[..., 0] > 127
    rows, columns = np.nonzero(mask)
    assert columns.min() == pytest.approx(0.1 * 200 - 4, abs=1.5) and columns.max() == pytest.approx(
        0.9 * 200 + 4, abs=1.5
    )
    assert rows.max() - rows.min() + 1 == pytest.approx(8, abs=1.5)


def test_training_paints_the_strokes_that_stress_paints() -> None:
    """A model is hardened against what it is asked about, by the same brush: only the numbers differ."""
    settings, key = AugmentSettings(preset="none", scribble=5), Key(0, (1, 2))
    plain = np.full((64, 64, 3), 9, np.uint8)
    expected = painted(plain, scribble(key.stream("scribble"), 5))
    np.testing.assert_array_equal(change_into_square(plain, draw_change(settings, key, 64, 64), 64, "squash"), expected)
    assert (expected != 9).any()
