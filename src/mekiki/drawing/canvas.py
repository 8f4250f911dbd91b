"""The sheet a guitar is drawn on: millimetres in, anti-aliased pixels out.

Pixels are premultiplied red, green, blue and coverage, so that the sheet can be warped and laid over a scene without
fringes. The middle of the bridge is the origin, x runs to the treble side and y towards the tail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from mekiki.drawing.curves import Path, Points, moved, outline, rounded_polygon

Colour: TypeAlias = tuple[int, int, int]
Image: TypeAlias = npt.NDArray[np.uint8]

_FRACTION_BITS = 4
_ONE_PIXEL = 1 << _FRACTION_BITS


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that is ``share`` (0..1) of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@lru_cache(maxsize=4096)
def box(x: float, y: float, width: float, height: float, radius: float = 1.0, degrees: float = 0.0) -> Points:
    """Return a rounded rectangle about (x, y), turned clockwise; the radius is cut to half the shorter side."""
    w, h = width / 2, height / 2
    r = max(0.01, min(radius, w, h))
    corners = rounded_polygon(((-w, -h), (w, -h), (w, h), (-w, h)), r)
    if degrees:
        corners = corners @ turn(degrees)
    corners = moved(corners, x, y)
    corners.setflags(write=False)
    return corners


def turn(degrees: float) -> Points:
    """Return the matrix that turns row vectors clockwise (y points down)."""
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


class Canvas:
    """A premultiplied RGBA sheet with a millimetre scale.

    Args:
        left: Smallest x in millimetres.
        top: Smallest y in millimetres.
        right: Largest x.
        bottom: Largest y.
        scale: Pixels for each millimetre.
    """

    def __init__(self, left: float, top: float, right: float, bottom: float, scale: float) -> None:
        self.scale = scale
        self.origin = np.array([left, top], float)
        self._stretch = scale * _ONE_PIXEL
        self._shift = -(self.origin * scale + 0.5) * _ONE_PIXEL + 0.5
        width, height = int(np.ceil((right - left) * scale)), int(np.ceil((bottom - top) * scale))
        self.pixels: Image = np.zeros((height, width, 4), np.uint8)

    def spots(self, points: Points) -> npt.NDArray[np.int32]:
        """Turn millimetres into the fixed-point pixel numbers that OpenCV draws with."""
        return (points * self._stretch + self._shift).astype(np.int32)

    def fill(self, shape: Points | Path, colour: Colour) -> None:
        """Fill a closed shape."""
        points = outline(shape) if isinstance(shape, tuple) else shape
        cv2.fillPoly(self.pixels, [self.spots(points)], (*colour, 255), cv2.LINE_AA, _FRACTION_BITS)

    def lines(self, lines: Iterable[Points], colour: Colour, width: float, closed: bool = False) -> None:
        """Draw open or closed lines, at least one pixel wide."""
        thickness = max(1, round(width * self.scale))
        spots = [self.spots(line) for line in lines]
        cv2.polylines(self.pixels, spots, closed, (*colour, 255), thickness, cv2.LINE_AA, _FRACTION_BITS)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        self.discs(((x, y),), radius, colour)

    def discs(self, places: Iterable[Sequence[float]], radius: float, colour: Colour) -> None:
        """Fill equal circles."""
        reach, ink, stretch = max(1, round(radius * self._stretch)), (*colour, 255), self._stretch
        right, down = self._shift.tolist()
        for x, y in places:
            centre = (int(x * stretch + right), int(y * stretch + down))
            cv2.circle(self.pixels, centre, reach, ink, -1, cv2.LINE_AA, _FRACTION_BITS)

    def window(self, points: Points) -> tuple[slice, slice]:
        """Return the rows and columns that surely hold a shape, cut to the sheet."""
        low = np.floor((points.min(0) - self.origin) * self.scale).astype(int) - 2
        high = np.ceil((points.max(0) - self.origin) * self.scale).astype(int) + 3
        height, width = self.pixels.shape[:2]
        rows = slice(max(0, low[1]), min(height, high[1]))
        return rows, slice(max(0, low[0]), min(width, high[0]))

    def mask(self, shape: Points, window: tuple[slice, slice]) -> Image:
        """Return a shape's coverage, 0..255, inside a window of the sheet."""
        rows, columns = window
        cover = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        if cover.size:
            spots = self.spots(shape) - np.array([columns.start, rows.start], np.int32) * _ONE_PIXEL
            cv2.fillPoly(cover, [spots], 255, cv2.LINE_AA, _FRACTION_BITS)
        return cover

    def shade(self, shape: Points, strength: float, shift: tuple[float, float] = (1.2, 2.0)) -> None:
        """Darken what lies under a shape's shadow; coverage stays as it is."""
        shadow = moved(shape, *shift)
        window = self.window(shadow)
        cover = self.mask(shadow, window)
        if cover.size:
            light = cv2.convertScaleAbs(cover, None, -strength, 255)
            below = self.pixels[window]
            cv2.multiply(below, cv2.merge([light, light, light, np.full_like(light, 255)]), below, 1 / 255)

    def paste(self, colours: Image, cover: Image, window: tuple[slice, slice]) -> None:
        """Lay a picture (not premultiplied) over a window through a coverage mask."""
        below = self.pixels[window]
        spread = cv2.merge([cover] * 4)
        laid = cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA)
        cv2.multiply(laid, spread, laid, 1 / 255)
        cv2.multiply(below, cv2.bitwise_not(spread, spread), below, 1 / 255)
        cv2.add(below, laid, below)
