"""What covers parts of a picture: dust, Cutout, random erasing, as rectangles in pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mekiki.tensors.augmentation.change import Rectangle

REFERENCE_SIDE = 224
"""The side of the pictures that the 2017 recipe was made for; pixels are meant at this size and scaled."""
MEAN_GREY = 124
DUST_HALF_SIZES = (1, 7)
ERASED_AREA = (0.02, 0.4)
ERASED_SHAPE = 0.3
TRIES = 10


def throw_dust(numbers: np.random.Generator, most: int, width: int, height: int) -> Iterator[Rectangle]:
    """Throw 0 to ``most`` small grey rectangles at a picture; see ``grains_of_dust``.

    Args:
        numbers: The stream of this purpose.
        most: The most rectangles.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    yield from grains_of_dust(numbers, int(numbers.integers(0, most + 1)), width, height)


def grains_of_dust(numbers: np.random.Generator, count: int, width: int, height: int) -> Iterator[Rectangle]:
    """Yield small grey rectangles.

    Their centres are N(0.5, 0.25) of height and width, clipped to the picture; half sizes U{1..7} pixels at 224, scaled
    with the picture's shorter side; grey levels U{0..255}. A recipe of 2017 against scribbles.

    Args:
        numbers: The stream of this purpose.
        count: How many.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    scale = min(width, height) / REFERENCE_SIDE
    centres = np.clip(numbers.normal(0.5, 0.25, (count, 2)), 0, 1) * (height - 1, width - 1)
    halves = numbers.integers(DUST_HALF_SIZES[0], DUST_HALF_SIZES[1] + 1, (count, 2)) * scale
    greys = numbers.integers(0, 256, count)
    for (y, x), (tall, wide), grey in zip(centres, halves, greys, strict=True):
        top, left, bottom, right = round(y - tall), round(x - wide), round(y + tall) + 1, round(x + wide) + 1
        yield _clipped(top, left, bottom, right, width, height, int(grey))


def cut_out(numbers: np.random.Generator, fraction: float, width: int, height: int) -> Rectangle:
    """Cover a square whose centre lies anywhere in the picture, so that it may hang over the edge.

    Source: DeVries & Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017. It is grey
    like the mean of ImageNet, which is 0 after normalisation.

    Args:
        numbers: The stream of this purpose.
        fraction: Side of the square, of the picture's shorter side.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    side = round(fraction * min(width, height))
    top, left = int(numbers.integers(0, height)) - side // 2, int(numbers.integers(0, width)) - side // 2
    return _clipped(top, left, top + side, left + side, width, height, MEAN_GREY)


def erase(numbers: np.random.Generator, chance: float, width: int, height: int) -> Rectangle | None:
    """Choose a rectangle to fill with random pixels, or none.

    Its area is 2 to 40 % of the picture's, its height over its width log-uniform from 0.3 to 1 / 0.3.
    Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020, algorithm 1.

    Args:
        numbers: The stream of this purpose.
        chance: That there is one, 0..1.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    if numbers.random() >= chance:
        return None
    for _ in range(TRIES):
        area = numbers.uniform(*ERASED_AREA) * width * height
        shape = math.exp(numbers.uniform(math.log(ERASED_SHAPE), -math.log(ERASED_SHAPE)))
        tall, wide = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < tall < height and 0 < wide < width:
            top, left = int(numbers.integers(0, height - tall + 1)), int(numbers.integers(0, width - wide + 1))
            return Rectangle(top, left, top + tall, left + wide, None)
    return None


def _clipped(top: int, left: int, bottom: int, right: int, width: int, height: int, grey: int) -> Rectangle:
    top, left = max(0, top), max(0, left)
    return Rectangle(top, left, max(top, min(height, bottom)), max(left, min(width, right)), grey)
