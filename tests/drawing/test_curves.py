"""Outlines go through their points, and the spline is SciPy's."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from mekiki.drawing.curves import curve, outline, rounded_polygon


def circle(count: int, radius: float = 100.0) -> tuple[tuple[float, float], ...]:
    angles = np.arange(count) * 2 * np.pi / count
    return tuple((float(radius * np.cos(a)), float(radius * np.sin(a))) for a in angles)


def far(points: np.ndarray, line: np.ndarray) -> float:
    """The largest distance of a point from the nearest point of a line."""
    return float(np.hypot(*(points[:, None] - line[None]).transpose(2, 0, 1)).min(1).max())


def test_a_smooth_outline_goes_through_all_its_points() -> None:
    path = circle(9)
    assert far(np.array(path), outline(path)) < 1e-9


def test_a_few_points_of_a_circle_make_a_circle() -> None:
    radii = np.hypot(*outline(circle(12)).T)
    assert radii == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("closed", [True, False])
def test_the_spline_is_that_of_scipy(closed: bool) -> None:
    path = ((0.0, 0.0), (30.0, 5.0), (50.0, 60.0), (20.0, 80.0), (-40.0, 30.0))
    knots = np.array([*path, path[0]] if closed else path)
    time = np.concatenate([[0.0], np.cumsum(np.sqrt(np.hypot(*np.diff(knots, axis=0).T)))])
    reference = CubicSpline(time, knots, bc_type="periodic" if closed else "natural")
    ours = outline(path) if closed else curve(path)
    fine = reference(np.linspace(0, time[-1], 20_001))
    assert far(ours, fine) < 0.02


def test_a_sharp_corner_stays_where_it_is() -> None:
    square = ((0, 0, 0), (40, 0, 0), (40, 40, 0), (0, 40, 0))
    assert outline(square).tolist() == [[0, 0], [40, 0], [40, 40], [0, 40]]


def test_a_rounded_corner_touches_its_sides_at_the_radius() -> None:
    points = outline(((0, 0, 10), (40, 0, 0), (40, 40, 0), (0, 40, 0)))
    assert far(np.array([[10.0, 0.0], [0.0, 10.0], [2.5, 2.5]]), points) < 0.5
    assert not (points == 0).all(1).any()


def test_a_rounded_polygon_lies_inside_the_sharp_one() -> None:
    points = rounded_polygon(((-30, -10), (30, -10), (30, 10), (-30, 10)), 5)
    assert np.abs(points).max(0).tolist() == [30, 10]
    assert np.abs(points).sum(1).max() < 40
