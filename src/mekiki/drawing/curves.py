"""Control points → smooth closed outlines.

A point is ``(x, y)`` where the outline runs smoothly through it, or ``(x, y, radius)`` at a corner: the outline
turns there, rounded by that radius. Between two corners the outline is one cubic spline, or a straight line when
no point lies between. Lengths are millimetres; nothing here knows what is being drawn.

The spline is ``scipy.interpolate.CubicSpline`` ("periodic" or "natural") again in a few lines, because the drawing room
does with numpy and OpenCV alone; ``tests/drawing/test_curves.py`` compares both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Points: TypeAlias = npt.NDArray[np.float64]
Control: TypeAlias = tuple[float, ...]
Path: TypeAlias = tuple[Control, ...]

_STEP_MM = 3.0


@lru_cache(maxsize=256)
def outline(path: Path) -> Points:
    """Turn control points into a closed polyline.

    Args:
        path: At least three control points in order around the shape.

    Returns:
        Array (n, 2) in millimetres, about one point every 3 mm; read-only because it is shared.

    Example:
        >>> outline(((0, 0, 0), (9, 0, 0), (9, 9, 0))).shape
        (3, 2)
    """
    corners = [number for number, point in enumerate(path) if len(point) > 2]
    if not corners:
        joined = _spline(np.array([*path, path[0]], float), closed=True)[:-1]
    else:
        joined = _between_corners(path, corners)
    joined.setflags(write=False)
    return joined


def curve(path: Path) -> Points:
    """Turn control points into an open polyline that runs smoothly through all of them."""
    return _spline(np.array(path, float), closed=False)


def moved(points: Points, right: float, down: float) -> Points:
    """Return a polyline moved by so many millimetres."""
    return np.asarray(points + np.array([right, down]))


def _between_corners(path: Path, corners: list[int]) -> Points:
    count = len(path)
    runs: list[Points] = []
    for here, after in zip(corners, [*corners[1:], corners[0] + count], strict=True):
        run = np.array([path[number % count][:2] for number in range(here, after + 1)], float)
        runs.append(run if len(run) == 2 else _spline(run, closed=False))
    pieces: list[Points] = []
    for number, corner in enumerate(corners):
        radius = path[corner][2]
        pieces.append(_rounded(runs[number - 1], runs[number], radius))
        pieces.append(_shortened(runs[number], radius, path[corners[(number + 1) % len(corners)]][2]))
    return np.concatenate(pieces)


def _spline(points: Points, closed: bool) -> Points:
    """Sample the twice continuously differentiable cubic through all points, centripetal parameter."""
    gaps = np.sqrt(np.hypot(*np.diff(points, axis=0).T))
    count = len(points)
    system, right = np.zeros((count, count)), np.zeros((count, 2))
    slope = np.diff(points, axis=0) / gaps[:, None]
    for row in range(1, count - 1):
        system[row, row - 1 : row + 2] = gaps[row - 1], 2 * (gaps[row - 1] + gaps[row]), gaps[row]
        right[row] = 6 * (slope[row] - slope[row - 1])
    if closed:
        system[0, [0, 1, -2]] = 2 * (gaps[-1] + gaps[0]), gaps[0], gaps[-1]
        right[0] = 6 * (slope[0] - slope[-1])
        system[-1, [0, -1]] = 1, -1
    else:
        system[0, 0] = system[-1, -1] = 1
    bend = np.linalg.solve(system, right)
    pieces: list[Points] = []
    for number, gap in enumerate(gaps):
        samples = max(2, round(float(gap * gap) / _STEP_MM))
        right_share = (np.arange(samples) / samples)[:, None]
        left_share = 1 - right_share
        pieces.append(
            left_share * points[number]
            + right_share * points[number + 1]
            + ((left_share**3 - left_share) * bend[number] + (right_share**3 - right_share) * bend[number + 1])
            * (gap * gap / 6)
        )
    return np.concatenate([*pieces, points[-1:]])


def _at(run: Points, distance: float) -> tuple[Points, int]:
    """The point ``distance`` along a run, and the number of the first run point after it."""
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(run, axis=0).T))])
    distance = min(distance, steps[-1] * 0.49)
    after = int(np.searchsorted(steps, distance, side="right"))
    return np.array([np.interp(distance, steps, run[:, 0]), np.interp(distance, steps, run[:, 1])]), after


def _rounded(before: Points, after: Points, radius: float) -> Points:
    """The corner between two runs, as a quadratic curve that touches both."""
    corner = after[:1]
    if radius <= 0:
        return corner
    start, end = _at(before[::-1], radius)[0], _at(after, radius)[0]
    share = np.linspace(0, 1, 7)[:, None]
    return (1 - share) ** 2 * start + 2 * share * (1 - share) * corner + share**2 * end


def _shortened(run: Points, start: float, end: float) -> Points:
    """The inner points of a run, without the parts its rounded ends replace."""
    first = _at(run, start)[1] if start > 0 else 1
    last = len(run) - (_at(run[::-1], end)[1] if end > 0 else 1)
    return run[first:last]


def rounded_polygon(corners: tuple[tuple[float, float], ...], radius: float) -> Points:
    """Return a polygon with straight sides whose corners are all rounded alike."""
    points = np.array(corners, float)
    before = _towards(points, np.roll(points, 1, 0), radius)
    after = _towards(points, np.roll(points, -1, 0), radius)
    share = np.linspace(0, 1, 5)[None, :, None]
    curve = (1 - share) ** 2 * before[:, None] + 2 * share * (1 - share) * points[:, None] + share**2 * after[:, None]
    return np.asarray(curve.reshape(-1, 2))


def _towards(points: Points, others: Points, distance: float) -> Points:
    gaps = others - points
    return np.asarray(points + gaps * (distance / np.hypot(*gaps.T))[:, None])
