"""How a picture of any shape becomes the network's square: one matrix and one resampling.

Points are (x, y) in pixels with the centre of the first pixel at (0, 0), as OpenCV has it. A matrix is 2x3 and maps
a point of the picture to a point of the square. What lies outside the picture repeats its nearest edge pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.config import FitName

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """A change of position, drawn for one picture; the default changes nothing.

    Attributes:
        degrees: Turned clockwise.
        zoom: Scaled by this factor, above 0.
        shift_x: Moved right, as a fraction of the square.
        shift_y: Moved down, as a fraction of the square.
        mirrored: Left and right swapped.
        flipped: Top and bottom swapped.
    """

    degrees: float = 0.0
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    mirrored: bool = False
    flipped: bool = False


def fit_scale(width: int, height: int, size: int, fit: FitName) -> tuple[float, float]:
    """Return the horizontal and vertical scale from a picture to a square of ``size`` pixels."""
    if fit == "squash":
        return size / width, size / height
    scale = (min if fit == "letterbox" else max)(size / width, size / height)
    return scale, scale


def reduce(picture: Picture, size: int, fit: FitName) -> Picture:
    """Shrink a picture by area averaging to the scale of a square of ``size`` pixels; never enlarge it.

    Args:
        picture: (H, W, 3).
        size: Side of the square that it is to fit, pixels.
        fit: How it is to fit.

    Returns:
        The whole picture, at least 1 pixel a side; the same array if it is small enough already.
    """
    height, width = picture.shape[:2]
    scale_x, scale_y = fit_scale(width, height, size, fit)
    if scale_x >= 1 and scale_y >= 1:
        return picture
    target = max(1, round(width * min(1.0, scale_x))), max(1, round(height * min(1.0, scale_y)))
    return np.asarray(cv2.resize(picture, target, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def to_square(width: int, height: int, size: int, fit: FitName, pose: Pose | None = None) -> Matrix:
    """Return the matrix from a picture to the square, its centre on the square's centre.

    Args:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        size: Side of the square, pixels.
        fit: letterbox (all of the picture), squash (all of it, out of shape) or crop (its centre).
        pose: A change of position about the square's centre.
    """
    scale_x, scale_y = fit_scale(width, height, size, fit)
    linear = np.diag([scale_x, scale_y])
    middle = np.array([(size - 1) / 2, (size - 1) / 2])
    if pose is not None:
        angle = np.deg2rad(pose.degrees)
        turn = pose.zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        mirror = np.diag([-1.0 if pose.mirrored else 1.0, -1.0 if pose.flipped else 1.0])
        linear = turn @ mirror @ linear
        middle = middle + size * np.array([pose.shift_x, pose.shift_y])
    offset = middle - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([linear, offset])


def resample(picture: Picture, matrix: Matrix, size: int | tuple[int, int]) -> Picture:
    """Draw a picture into the square.

    Args:
        picture: (H, W, 3).
        matrix: From ``to_square`` or ``in_place``.
        size: Side of the square, or width and height, pixels.

    Returns:
        (size, size, 3) or (height, width, 3), bilinear.
    """
    shape = (size, size) if isinstance(size, int) else size
    return np.asarray(
        cv2.warpAffine(picture, matrix, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.uint8,
    )


def in_place(width: int, height: int, pose: Pose) -> Matrix:
    """Return the matrix of a change of position that leaves a picture its size and shape.

    It is what happens to the picture in the middle of the smallest square that holds it, so shifts are fractions of
    its longer side.

    Args:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        pose: A change of position about the picture's centre.
    """
    side = max(width, height)
    matrix = to_square(width, height, side, "letterbox", pose)
    matrix[:, 2] -= (side - width) / 2, (side - height) / 2
    return matrix


def square(picture: Picture, size: int, fit: FitName, pose: Pose | None = None) -> Picture:
    """Fit a picture into the square: area averaging down to its scale, then one resampling.

    Args:
        picture: (H, W, 3), any size.
        size: Side of the square, pixels.
        fit: letterbox, squash or crop.
        pose: A change of position.

    Returns:
        (size, size, 3).
    """
    small = reduce(picture, size, fit)
    return resample(small, to_square(small.shape[1], small.shape[0], size, fit, pose), size)


def from_square(values: NDArray[np.float32], width: int, height: int, fit: FitName) -> NDArray[np.float32]:
    """Carry a map on the square back onto the picture, at the picture's own size.

    Args:
        values: (h, w), any resolution, covering the whole square.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        fit: How the picture was fitted into the square.

    Returns:
        (height, width), bilinear; what a crop cut off repeats the nearest known value.
    """
    size = max(values.shape[0], 256)
    fine = cv2.resize(values, (size, size), interpolation=cv2.INTER_LINEAR)
    matrix = to_square(width, height, size, fit)
    return np.asarray(
        cv2.warpAffine(
            fine,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        dtype=np.float32,
    )
