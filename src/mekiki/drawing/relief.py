"""The surface of a body: how deep inside the outline each pixel lies, and which way the wood falls off there.

It depends on the outline, the kind of surface and the scale alone, so the last few are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from mekiki.drawing.canvas import Canvas, Image
from mekiki.drawing.curves import Path, outline

PROFILES: dict[str, tuple[tuple[float, float], ...]] = {
    "slab": ((8, 0.9),),
    "contoured": ((17, 0.9),),
    "carved": ((5, 0.5), (60, 0.5)),
    "bevelled": ((24, 0.75),),
    "arched": ((5, 0.5), (85, 0.42)),
    "flat": ((4, 0.6),),
    "raised": ((9, 0.9),),
}
"""For each kind of surface, pairs of how far in from the edge a slope reaches (millimetres) and how steep it begins."""

_ARM = (-135.0, 50.0)
"""Where a contoured body falls away under the player's arm."""

_MARGIN_MM = 3


@dataclass(frozen=True)
class Relief:
    """One body's surface on a pixel grid.

    Args:
        cover: Coverage, 0..255.
        depth: 0 at the edge to 255 in the middle of the body.
        steep_x: How much the surface faces the treble side, in hundredths.
        steep_y: How much it faces the tail, in hundredths.
        left: The grid's left edge in millimetres.
        top: The grid's top edge in millimetres.
        width_mm: The grid's width.
        height_mm: The grid's height.
    """

    cover: Image
    depth: Image
    steep_x: npt.NDArray[np.int8]
    steep_y: npt.NDArray[np.int8]
    left: float
    top: float
    width_mm: float
    height_mm: float


@lru_cache(maxsize=80)
def shape_relief(body: Path, kind: str, scale: float) -> Relief:
    """Work out a body's surface.

    Args:
        body: The outline's control points.
        kind: Key of ``PROFILES``.
        scale: Pixels for each millimetre.
    """
    points = outline(body)
    left, top = np.floor(points.min(0)) - _MARGIN_MM
    right, bottom = np.ceil(points.max(0)) + _MARGIN_MM
    sheet = Canvas(left, top, right, bottom, scale)
    cover = sheet.mask(points, (slice(0, sheet.pixels.shape[0]), slice(0, sheet.pixels.shape[1])))
    solid = (cover > 127).astype(np.uint8)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float32) / scale
    height = _height(inside, kind, left, top, scale)
    blurred = cv2.GaussianBlur(height, (0, 0), max(1.0, 1.8 * scale))
    steep_x, steep_y = (
        np.clip(-100 * cv2.Sobel(blurred, cv2.CV_32F, across, 1 - across, scale=scale / 8), -127, 127).astype(np.int8)
        for across in (1, 0)
    )
    soft = cv2.GaussianBlur(inside, (0, 0), 7 * scale)
    depth = np.clip((np.minimum(soft, inside * 1.6)) * (255 / (0.92 * soft.max())), 0, 255).astype(np.uint8)
    return Relief(cover, depth, steep_x, steep_y, float(left), float(top), float(right - left), float(bottom - top))


def _height(
    inside: npt.NDArray[np.float32], kind: str, left: float, top: float, scale: float
) -> npt.NDArray[np.float32]:
    rows, columns = inside.shape
    x = left + np.arange(columns, dtype=np.float32)[None] / scale
    y = top + np.arange(rows, dtype=np.float32)[:, None] / scale
    height = np.zeros_like(inside)
    for reach, steep in PROFILES[kind]:
        wide = np.full_like(inside, reach)
        if kind == "contoured":
            wide += 48 * np.exp(-((x - _ARM[0]) ** 2 + (y - _ARM[1]) ** 2) / (2 * 52.0**2))
        share = np.clip(inside / wide, 0, 1)
        height += steep * wide * (share if kind == "bevelled" else share * (1 - share / 2))
    if kind == "raised":
        height += 4 * np.clip((57 - np.abs(x)) / 5, 0, 1)
    return np.asarray(height, np.float32)
