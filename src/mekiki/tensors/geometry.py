"""How a picture of any shape becomes the network's square: one matrix and one resampling.

Points are (x, y) in pixels with the centre of the first pixel at (0, 0), as OpenCV has it. A matrix is 2x3 and, as in
Keras and SciPy, maps a point of the result to the point of the picture that is seen there. Unless it is told otherwise,
what lies outside the picture repeats its nearest edge pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.config import FillMode, FitName

Picture = NDArray[np.uint8]
Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.float32])
Matrix = NDArray[np.float64]

BORDERS: dict[FillMode, int] = {
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
    "constant": cv2.BORDER_CONSTANT,
}
WIDEST_MARGIN = 0.3
STILL: Matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
STILL.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Pose:
    """A change of position, drawn for one picture; the default changes nothing.

    It means what the same numbers mean to Keras' ``ImageDataGenerator.apply_transform``.

    Attributes:
        degrees: Turned counter-clockwise (Keras: theta).
        shift_x: What is seen comes from this many pixels further right, so the content moves left (Keras: tx).
        shift_y: What is seen comes from this many pixels further down, so the content moves up (Keras: ty).
        shear: Sheared by this angle, degrees.
        zoom_x: Seen from this distance: above 1 narrower (Keras: zx).
        zoom_y: Seen from this distance: above 1 lower (Keras: zy).
        mirrored: Left and right swapped (Keras: flip_horizontal).
        flipped: Top and bottom swapped (Keras: flip_vertical).
    """

    degrees: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    shear: float = 0.0
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    mirrored: bool = False
    flipped: bool = False


def about_the_middle(pose: Pose) -> Matrix:
    """Return the matrix of a pose, for points that are counted from the picture's middle.

    The result is mirrored last, so its points are mirrored first; then they are zoomed, sheared, shifted and turned:
    rotation · shift · shear · zoom · mirror.
    """
    angle, shear = math.radians(pose.degrees), math.radians(pose.shear)
    cosine, sine = math.cos(angle), math.sin(angle)
    across = -pose.zoom_x if pose.mirrored else pose.zoom_x
    down = -pose.zoom_y if pose.flipped else pose.zoom_y
    lean, height = -math.sin(shear) * down, math.cos(shear) * down
    return np.array(
        [
            [cosine * across, cosine * lean - sine * height, cosine * pose.shift_x - sine * pose.shift_y],
            [sine * across, sine * lean + cosine * height, sine * pose.shift_x + cosine * pose.shift_y],
        ]
    )


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


def from_square_point(width: int, height: int, size: int, fit: FitName, change: Matrix = STILL) -> Matrix:
    """Return the matrix that tells for each point of the square which point of the picture is seen there.

    Args:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        size: Side of the square, pixels.
        fit: letterbox (all of the picture), squash (all of it, out of shape) or crop (its centre).
        change: Of position, within the square and about its middle.
    """
    scale = np.array(fit_scale(width, height, size, fit))
    return _about_centres(change, ((size - 1) / 2, (size - 1) / 2), ((width - 1) / 2, (height - 1) / 2), scale)


def in_place(width: int, height: int, change: Matrix) -> Matrix:
    """Return the matrix of a change of position that leaves a picture its size and shape.

    Args:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        change: Of position, about the picture's middle.
    """
    middle = ((width - 1) / 2, (height - 1) / 2)
    return _about_centres(change, middle, middle, np.ones(2))


def _about_centres(
    change: Matrix, result: tuple[float, float], picture: tuple[float, float], scale: NDArray[np.float64]
) -> Matrix:
    matrix = change / scale[:, None]
    matrix[:, 2] += picture - matrix[:, :2] @ np.array(result)
    return matrix


def resample(
    picture: Pixels,
    matrix: Matrix,
    size: int | tuple[int, int],
    fill_mode: FillMode = "nearest",
    cval: float = 0.0,
    push: NDArray[np.float32] | None = None,
    interpolation: int = cv2.INTER_LINEAR,
) -> Pixels:
    """Draw a picture anew, bilinear unless it is told otherwise.

    Args:
        picture: (H, W, channels), uint8 or float32.
        matrix: From a point of the result to a point of the picture.
        size: Side of the square, or width and height, pixels.
        fill_mode: What lies outside the picture, as in Keras.
        cval: The value outside for ``constant``.
        push: (height, width, 2), how far each point of the result is pushed, in x and y, before the matrix; pixels.
        interpolation: OpenCV's number; nearest is for pictures whose values are names, such as masks.

    Returns:
        (size, size, channels) or (height, width, channels), of the picture's type.
    """
    shape = (size, size) if isinstance(size, int) else size
    border, outside = BORDERS[fill_mode], (cval, cval, cval, cval)
    if push is None and picture.dtype == np.uint8 and picture.shape[2] == 3:
        four = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), dtype=np.uint8)  # OpenCV is faster with four
        if fill_mode == "nearest":
            four, matrix = _within_margins(four, matrix, shape)
        flags = interpolation | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpAffine(four, matrix, shape, flags=flags, borderMode=border, borderValue=outside)
        drawn = cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB)
    elif push is None:
        flags = interpolation | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpAffine(picture, matrix, shape, flags=flags, borderMode=border, borderValue=outside)
    else:
        points = np.stack(np.meshgrid(np.arange(shape[0]), np.arange(shape[1])), axis=-1) + push
        places = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        across, down = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
        drawn = cv2.remap(picture, across, down, interpolation, borderMode=border, borderValue=outside)
    whole = np.asarray(drawn, dtype=picture.dtype)
    return whole.reshape(shape[1], shape[0], picture.shape[2])  # OpenCV drops a single channel


def _within_margins(picture: Picture, matrix: Matrix, shape: tuple[int, int]) -> tuple[Picture, Matrix]:
    """Repeat the edges as far as the result looks beyond them: OpenCV is slow outside a picture.

    It goes no further than a share of the side; what lies beyond that is for the border mode.
    """
    height, width = picture.shape[:2]
    (xx, xy, x), (yx, yy, y) = matrix.tolist()
    across, down = shape[0] - 1, shape[1] - 1
    xs = (x, x + xx * across, x + xy * down, x + xx * across + xy * down)
    ys = (y, y + yx * across, y + yy * down, y + yx * across + yy * down)
    beyond = (-min(ys), max(ys) - (height - 1), -min(xs), max(xs) - (width - 1))
    if max(beyond) <= 0:
        return picture, matrix
    sides = (height, height, width, width)
    top, bottom, left, right = (
        min(math.ceil(max(0.0, far)), int(side * WIDEST_MARGIN)) for far, side in zip(beyond, sides, strict=True)
    )
    wider = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(wider, dtype=np.uint8), np.array([[xx, xy, x + left], [yx, yy, y + top]])


def padded(picture: Picture, to_square: bool) -> tuple[Picture, tuple[int, int]]:
    """Repeat a picture's edges by one pixel all around, and if wanted on two sides until it is square.

    One pixel, because the edge of a picture lies half a pixel beyond the middle of its last one: without it, what is
    outside would be mixed into the edge of a picture that was not moved at all.

    Returns:
        The larger picture, and how many pixels stand before its left and its top edge now.
    """
    height, width = picture.shape[:2]
    side = max(width, height)
    across, down = (side - width, side - height) if to_square else (0, 0)
    left, top = 1 + across // 2, 1 + down // 2
    right, bottom = 2 + across - left, 2 + down - top
    whole = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(whole, dtype=np.uint8), (left, top)


def square(picture: Picture, size: int, fit: FitName, change: Matrix = STILL) -> Picture:
    """Fit a picture into the square: area averaging down to its scale, then one resampling.

    Args:
        picture: (H, W, 3), any size.
        size: Side of the square, pixels.
        fit: letterbox, squash or crop.
        change: Of position, within the square and about its middle.

    Returns:
        (size, size, 3).
    """
    small = reduce(picture, size, fit)
    return resample(small, from_square_point(small.shape[1], small.shape[0], size, fit, change), size)


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
    matrix = from_square_point(width, height, size, fit)
    return np.asarray(
        cv2.warpAffine(fine, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )
