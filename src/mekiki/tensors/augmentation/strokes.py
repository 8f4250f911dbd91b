"""Scribbles: brush strokes of random colour, width and course, as somebody makes them in a paint program.

A stroke is numbers in shares of the picture's sides, so that networks of all sizes face the same scribble. Each takes
the same count of random numbers, so that the first eight of nine are the eight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from mekiki.tensors.augmentation.change import Stroke
from mekiki.tensors.geometry import Picture

KNOTS = (4, 9)
STEP = (0.08, 0.3)
TURN_DEGREES = 50.0
WIDTH = (0.005, 0.025)
POINTS_PER_STEP = 16
FINER = 4


def scribble(numbers: np.random.Generator, most: int) -> Iterator[Stroke]:
    """Yield 0 to ``most`` strokes, each count as likely as any other; see ``draw_strokes``.

    Args:
        numbers: The stream of this purpose.
        most: The most strokes.
    """
    yield from islice(draw_strokes(numbers), int(numbers.integers(0, most + 1)))


def draw_strokes(numbers: np.random.Generator) -> Iterator[Stroke]:
    """Yield strokes without end.

    The hand starts anywhere, goes 3 to 8 steps of 0.08 to 0.3 of the side, turns by N(0, 50°) at each and comes back
    from the edges; the course is the cubic spline through these points. Widths are log-even from 0.005 to 0.025 of the
    side, colours even in RGB.

    Args:
        numbers: The stream of this purpose.
    """
    while True:
        place, heading, count, width = numbers.random(2), numbers.random(), numbers.random(), numbers.random()
        steps, turns = numbers.uniform(*STEP, KNOTS[1] - 1), numbers.normal(0, math.radians(TURN_DEGREES), KNOTS[1] - 1)
        colour = numbers.integers(0, 256, 3)
        knots = KNOTS[0] + int(count * (KNOTS[1] + 1 - KNOTS[0]))
        course = _course(place, 2 * math.pi * heading, steps[: knots - 1], turns[: knots - 1])
        red, green, blue = colour.tolist()
        yield Stroke(course, WIDTH[0] * (WIDTH[1] / WIDTH[0]) ** width, (red, green, blue))


def _course(
    place: NDArray[np.float64], heading: float, steps: NDArray[np.float64], turns: NDArray[np.float64]
) -> NDArray[np.float64]:
    angles = heading + np.cumsum(turns)
    moves = steps[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    knots = place + np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    inside = 1 - np.abs(1 - knots % 2)
    return np.asarray(_splines(len(knots)) @ inside, dtype=np.float64)


@cache
def _splines(knots: int) -> NDArray[np.float64]:
    """Return the (points, knots) weights of each knot on each point of the cubic spline through the knots."""
    times = np.linspace(0, knots - 1, (knots - 1) * POINTS_PER_STEP + 1)
    return np.asarray(CubicSpline(np.arange(knots), np.eye(knots))(times), dtype=np.float64)


def painted(picture: Picture, strokes: Iterable[Stroke]) -> Picture:
    """Return a picture with strokes over it, one after the other, with smooth edges.

    OpenCV draws an even thickness one pixel too wide, an odd one two, and smooth lines by one and a half; so a stroke
    is drawn four times as large with an even thickness of one pixel less, and averaged.

    Args:
        picture: (H, W, 3); it is not changed.
        strokes: What to paint.
    """
    canvas = picture.copy()
    for stroke in strokes:
        _paint(canvas, stroke)
    return canvas


def _paint(canvas: Picture, stroke: Stroke) -> None:
    sides = (canvas.shape[1], canvas.shape[0])
    points, width = stroke.course * sides, stroke.width * min(sides)
    left, top = np.clip(np.floor(points.min(axis=0) - width), 0, sides).astype(int).tolist()
    right, bottom = np.clip(np.ceil(points.max(axis=0) + width), 0, sides).astype(int).tolist()
    if left >= right or top >= bottom:
        return
    large = np.zeros(((bottom - top) * FINER, (right - left) * FINER), np.uint8)
    places = np.rint((points - (left, top)) * FINER - 0.5).astype(np.int32)
    cv2.polylines(large, [places], False, 255, max(1, 2 * round((width * FINER - 1) / 2)))
    cover = np.asarray(cv2.resize(large, (right - left, bottom - top), interpolation=cv2.INTER_AREA))
    touched = cover > 0
    area, share = canvas[top:bottom, left:right], cover[touched][:, None] / np.float32(255)
    area[touched] = np.rint(area[touched] * (1 - share) + share * np.array(stroke.colour, np.float32))
