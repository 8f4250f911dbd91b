"""Applies a drawn change to one picture, on the CPU: one resampling, then colours, flaws and marks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from mekiki.config import FillMode, FitName
from mekiki.tensors.augmentation.change import Change, Operation, Rectangle
from mekiki.tensors.augmentation.noise import LEVELS, normal_quantiles, random_levels
from mekiki.tensors.geometry import Picture, from_square_point, in_place, padded, resample

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
    height, width = picture.shape[:2]
    matrix = from_square_point(width, height, size, fit, change.matrix)
    if fill_mode != "nearest":
        picture, before = padded(picture, to_square=fit == "letterbox")
        matrix[:, 2] += before
    push = None if change.bend is None else _pushes(change.bend, size, size)
    return _apply_to_pixels(resample(picture, matrix, size, fill_mode, cval, push), change)


def change_in_place(picture: Picture, change: Change, fill_mode: FillMode = "nearest", cval: float = 0.0) -> Picture:
    """Change a picture that keeps its size and shape, (H, W, 3); see ``change_into_square``."""
    height, width = picture.shape[:2]
    push = None if change.bend is None else _pushes(change.bend, width, height)
    matrix = in_place(width, height, change.matrix)
    return _apply_to_pixels(resample(picture, matrix, (width, height), fill_mode, cval, push), change)


def _pushes(bend: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(bend, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _apply_to_pixels(picture: Picture, change: Change) -> Picture:
    """Apply all that is no change of position; the picture may be written to."""
    if change.channel_shift:
        shifted = picture.astype(np.float32) + np.float32(change.channel_shift)
        picture = np.rint(np.clip(shifted, picture.min(), picture.max())).astype(np.uint8)
    if change.brightness != 1:
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=change.brightness), dtype=np.uint8)
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
    return picture


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
