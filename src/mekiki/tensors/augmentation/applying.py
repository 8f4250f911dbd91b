"""Applies a drawn change to one picture, on the CPU: one resampling, then colours, flaws and marks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from mekiki.config import FillMode, FitName
from mekiki.tensors.augmentation.change import Change, Operation, Rectangle
from mekiki.tensors.augmentation.noise import LEVELS, normal_quantiles, random_levels
from mekiki.tensors.augmentation.strokes import painted
from mekiki.tensors.geometry import Matrix, Picture, Pixels, from_square_point, in_place, padded, resample

_ENHANCERS = {
    "Brightness": ImageEnhance.Brightness,
    "Color": ImageEnhance.Color,
    "Contrast": ImageEnhance.Contrast,
    "Sharpness": ImageEnhance.Sharpness,
}


def change_into_square(
    picture: Picture, change: Change, size: int, fit: FitName, fill_mode: FillMode = "nearest", cval: float = 0.0
) -> Picture:
    """Draw a picture into the network's square, changed.

    Args:
        picture: (H, W, 3), already reduced to about the square's scale.
        change: Drawn for a result of ``size`` by ``size``.
        size: Side of the square, pixels.
        fit: How the picture fits the square.
        fill_mode: What the change brings in from outside the square; a letterbox's margins repeat the edge always,
            as they do where nothing is changed.
        cval: Grey level for ``constant``, 0..255.

    Returns:
        (size, size, 3).
    """
    picture, matrix = placed(picture, change, size, fit, fill_mode)
    push = None if change.bend is None else _pushes(change.bend, size, size)
    return _apply_to_pixels(resample(picture, matrix, size, fill_mode, cval, push), change)


def placed(picture: Picture, change: Change, size: int, fit: FitName, fill_mode: FillMode) -> tuple[Picture, Matrix]:
    """Return a picture, padded if what is outside is not its edge, and the matrix from the square to it."""
    height, width = picture.shape[:2]
    matrix = from_square_point(width, height, size, fit, change.matrix)
    if fill_mode == "nearest":
        return picture, matrix
    picture, before = padded(picture, to_square=fit == "letterbox")
    matrix[:, 2] += before
    return picture, matrix


def change_in_place(picture: Picture, change: Change, fill_mode: FillMode = "nearest", cval: float = 0.0) -> Picture:
    """Change a picture that keeps its size and shape, (H, W, 3); see ``change_into_square``."""
    return _apply_to_pixels(_moved(picture, change, fill_mode, cval), change)


def change_values(
    values: NDArray[np.float32],
    change: Change,
    fill_mode: FillMode = "nearest",
    cval: float = 0.0,
    interpolation: int = cv2.INTER_LINEAR,
) -> NDArray[np.float32]:
    """Change a picture of floats that keeps its size and shape.

    Args:
        values: (H, W, channels). Position and channel shift are for any values, brightness for levels of 0..255, and
            all else for RGB of those; what needs levels is done in 8 bits, cut off and not rounded, as in Keras.
        change: Drawn for its size.
        fill_mode: What the change brings in from outside.
        cval: For ``constant``.
        interpolation: OpenCV's number.

    Returns:
        A new array.
    """
    shifted = _shift_channels(_moved(values, change, fill_mode, cval, interpolation), change.channel_shift)
    if not _changes_levels(change):
        return shifted
    return _apply_to_levels(shifted.astype(np.uint8), change).astype(np.float32)


def _moved(
    picture: Pixels, change: Change, fill_mode: FillMode, cval: float, interpolation: int = cv2.INTER_LINEAR
) -> Pixels:
    height, width = picture.shape[:2]
    push = None if change.bend is None else _pushes(change.bend, width, height)
    matrix = in_place(width, height, change.matrix)
    return resample(picture, matrix, (width, height), fill_mode, cval, push, interpolation)


def _pushes(bend: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(bend, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _apply_to_pixels(picture: Picture, change: Change) -> Picture:
    """Apply all that is no change of position; the picture may be written to."""
    return _apply_to_levels(_shift_channels(picture, change.channel_shift), change)


def _shift_channels(picture: Pixels, shift: float) -> Pixels:
    if not shift:
        return picture
    shifted = np.clip(picture.astype(np.float32) + np.float32(shift), picture.min(), picture.max())
    return np.asarray(np.rint(shifted) if picture.dtype == np.uint8 else shifted, dtype=picture.dtype)


def _changes_levels(change: Change) -> bool:
    """Tell whether there is anything to apply that needs levels of 0..255."""
    flaws = (change.operations, change.blur, change.gaussian_noise, change.pepper, change.salt)
    marks = (change.rectangles, change.strokes)
    return change.brightness != 1 or change.jpeg_quality is not None or any(flaws + marks)


def _brighten(picture: Picture, factor: float) -> Picture:
    """Multiply all channels but a fourth, which is no colour."""
    bright = np.asarray(cv2.convertScaleAbs(picture, alpha=factor), dtype=np.uint8).reshape(picture.shape)
    bright[..., 3:] = picture[..., 3:]
    return bright


def _apply_to_levels(picture: Picture, change: Change) -> Picture:
    if change.brightness != 1:
        picture = _brighten(picture, change.brightness)
    if change.operations:
        picture = _apply_operations(picture, change.operations)
    if change.blur:
        border = cv2.BORDER_REPLICATE
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), change.blur, borderType=border), dtype=np.uint8)
    if change.gaussian_noise:
        noise = normal_quantiles()[random_levels(change.key, picture.size)].reshape(picture.shape)
        noisy = picture.astype(np.float32) + noise * np.float32(change.gaussian_noise)
        picture = np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)
    if change.jpeg_quality is not None:
        picture = _through_jpeg(picture, change.jpeg_quality)
    if change.pepper or change.salt:
        levels = random_levels(change.key + 1, picture.shape[0] * picture.shape[1]).reshape(picture.shape[:2])
        picture[levels >= LEVELS * (1 - change.salt)] = 255
        picture[levels < LEVELS * change.pepper] = 0
    for rectangle in change.rectangles:
        _cover(picture, rectangle, change.key)
    return painted(picture, change.strokes) if change.strokes else picture


def _cover(picture: Picture, rectangle: Rectangle, key: int) -> None:
    area = picture[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right]
    area[...] = rectangle.grey if rectangle.grey is not None else _random_pixels(picture, rectangle, key)


def _random_pixels(picture: Picture, rectangle: Rectangle, key: int) -> Picture:
    levels = (random_levels(key + 2, picture.size) >> 8).astype(np.uint8).reshape(picture.shape)
    return levels[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right]


def _through_jpeg(picture: Picture, quality: int) -> Picture:
    swapped = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _apply_operations(picture: Picture, operations: tuple[Operation, ...]) -> Picture:
    image = Image.fromarray(picture)
    for operation in operations:
        if operation.name in _ENHANCERS:
            image = _ENHANCERS[operation.name](image).enhance(operation.strength)
        elif operation.name == "Posterize":
            image = ImageOps.posterize(image, int(operation.strength))
        elif operation.name == "Solarize":
            image = ImageOps.solarize(image, round(operation.strength))
        elif operation.name == "AutoContrast":
            image = ImageOps.autocontrast(image)
        else:
            image = ImageOps.equalize(image)
    return np.array(image)
