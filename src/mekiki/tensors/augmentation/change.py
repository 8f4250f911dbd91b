"""What was drawn for one picture: numbers only, so that the CPU and torch can do the same with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mekiki.tensors.geometry import STILL, Matrix

OperationName = Literal[
    "Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize"
]


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of RandAugment that changes colours.

    Attributes:
        name: As in the paper.
        strength: What the step needs: a factor, bits, or a grey level; 0 where it needs nothing.
    """

    name: OperationName
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A covered rectangle.

    Attributes:
        top: First row.
        left: First column.
        bottom: Row after the last.
        right: Column after the last.
        grey: Its level, 0..255; None: random pixels.
    """

    top: int
    left: int
    bottom: int
    right: int
    grey: int | None


@dataclass(frozen=True)
class Stroke:
    """One stroke of a round brush.

    Attributes:
        course: (points, 2) its smooth course in x and y, of the picture's width and height; it may run out of 0..1 a
            little.
        width: Of the brush, of the picture's shorter side.
        colour: RGB, 0..255.
    """

    course: NDArray[np.float64]
    width: float
    colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """All changes of one picture, in the order in which they are applied; the default changes nothing.

    Attributes:
        matrix: Of position, about the picture's middle, in pixels of the result; see ``geometry``.
        bend: (4, 4, 2) pushes in x and y of a grid of points over the picture, pixels; None: no deformation.
        channel_shift: Added to all channels, grey levels, within the picture's own least and most.
        brightness: Factor.
        operations: Steps of RandAugment.
        blur: Sigma, pixels.
        gaussian_noise: Spread, grey levels.
        jpeg_quality: 1..100; None: not saved as JPEG.
        pepper: Share of the pixels turned black, 0..1.
        salt: Share of the pixels turned white, 0..1.
        rectangles: Covered in this order.
        strokes: Painted over all else, in this order.
        key: Of the noise of each pixel, a 32-bit number.
    """

    matrix: Matrix = field(default_factory=lambda: STILL)
    bend: NDArray[np.float32] | None = None
    channel_shift: float = 0.0
    brightness: float = 1.0
    operations: tuple[Operation, ...] = ()
    blur: float = 0.0
    gaussian_noise: float = 0.0
    jpeg_quality: int | None = None
    pepper: float = 0.0
    salt: float = 0.0
    rectangles: tuple[Rectangle, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    key: int = 0
