"""Measures of one picture that tell a blank or blurred one: numbers, no verdicts (``judging.py`` has the bounds).

Sharpness compares fine detail with coarse detail: what a small blur takes away from the picture, and from the picture
at a quarter of its size. Blur takes the fine and leaves the coarse; contrast and flat areas change neither. Large
pictures are reduced first, so that the number hardly depends on their size. Detail counts by its contrast, so a sharp
thing before a soft ground is sharp; so is a blurred photo with strong grain, a caption or a frame. Every photo passes
here once: a few calls of OpenCV, no loops over pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

MEASURES_VERSION = 1
"""Grows whenever the same picture would get other numbers: what was remembered is of no use then."""
STANDARD_SIDE = 256
"""Pixels on the shorter side of what is measured, up to half as many more; decode with ``at_least`` this."""

_BLUR = (3, 3)
_NOISE = 2
"""Grey levels; lesser detail is grain, rounding or the edges of JPEG's blocks, which a blurred photo has too."""
_LEAST_DETAIL = 0.3
_FLAT_LINE = 6.0
_CUT_GREY = (126, 130)


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured.

    Attributes:
        spread: Standard deviation of the inner picture, or if that is near 0 of the liveliest colour channel of all
            that lies within a plain border; grey levels 0..127.
        sharpness: Fine detail by coarse detail, 0 or more: below 0.12 blurred, above 0.25 sharp; 1 where there is
            hardly any detail to judge by.
        cut: Share of the height, from below, that is the one grey of missing JPEG data, 0..1.
    """

    spread: float
    sharpness: float
    cut: float


def measure(picture: np.ndarray) -> Measures:
    """Measure a picture.

    Args:
        picture: uint8 (H, W, 3) RGB, its shorter side ``STANDARD_SIDE`` or more, or the whole picture if smaller.
    """
    grey = _standard_grey(picture)
    return Measures(_spread(picture, grey), _sharpness(grey), _cut(picture))


def _standard_grey(picture: np.ndarray) -> np.ndarray:
    """Reduce to the standard side or up to half as much again: by whole pixels first, which is quick."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    shorter = min(grey.shape)
    if shorter >= 2 * STANDARD_SIDE:
        whole = shorter // STANDARD_SIDE
        height, width = (side // whole for side in grey.shape)
        grey = cv2.resize(grey[: height * whole, : width * whole], (width, height), interpolation=cv2.INTER_AREA)
        shorter = min(height, width)
    if shorter > 1.5 * STANDARD_SIDE:
        scale = STANDARD_SIDE / shorter
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return np.asarray(grey)


def _sharpness(grey: np.ndarray) -> float:
    """Compare the finest detail with that at a quarter of the size; where there is none either, go on from there."""
    while min(grey.shape) >= 16:
        coarse = _half(_half(grey))
        coarse_detail = _detail(coarse)
        if coarse_detail >= _LEAST_DETAIL:
            return float((_detail(grey) / coarse_detail) ** 0.5)
        grey = coarse
    return 1.0


def _half(grey: np.ndarray) -> np.ndarray:
    height, width = (side // 2 for side in grey.shape)
    return np.asarray(cv2.resize(grey[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA))


def _detail(grey: np.ndarray) -> float:
    """Return the mean square of what a small blur takes away beyond noise, squared grey levels."""
    lost = np.maximum(cv2.absdiff(grey, cv2.GaussianBlur(grey, _BLUR, 0)), _NOISE) - _NOISE
    return float(cv2.norm(lost, cv2.NORM_L2SQR)) / grey.size


def _spread(picture: np.ndarray, grey: np.ndarray) -> float:
    height, width = (side // 4 for side in grey.shape)
    inner = float(cv2.meanStdDev(grey[height : grey.shape[0] - height, width : grey.shape[1] - width])[1][0, 0])
    return inner if inner >= _FLAT_LINE else float(cv2.meanStdDev(_without_border(picture))[1].max())


def _without_border(picture: np.ndarray) -> np.ndarray:
    """Cut off the outer lines that are of one colour each, at most a quarter of the picture on each side."""
    for _ in range(2):
        lines = np.ptp(picture, axis=1).max(axis=1) > _FLAT_LINE
        most = len(picture) // 4
        first = next((index for index in range(most) if lines[index]), most)
        last = next((index for index in range(most) if lines[-1 - index]), most)
        picture = picture[first : len(picture) - last].transpose(1, 0, 2)
    return np.ascontiguousarray(picture)


def _cut(picture: np.ndarray) -> float:
    """Return the share of the height that is one middle grey from below, if the top is not; 0 as a rule."""
    low, high = _CUT_GREY
    if not low <= picture[-1, -1, 0] <= high:
        return 0.0
    grey = (picture.min(axis=(1, 2)) >= low) & (picture.max(axis=(1, 2)) <= high)
    return float(np.argmin(grey[::-1]) / len(grey)) if grey[-1] and not grey[0] else 0.0
