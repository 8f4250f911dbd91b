"""RandAugment's choice of operations; those of position join the picture's one matrix.

Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", 2019. The
strengths are those of ``torchvision.transforms.v2.RandAugment`` with its 31 levels; shears are about the middle.
"""

from __future__ import annotations

import math

import numpy as np

from mekiki.tensors.augmentation.change import Operation, OperationName
from mekiki.tensors.geometry import STILL, Matrix

LEVELS = 30
ENHANCERS: tuple[OperationName, ...] = ("Brightness", "Color", "Contrast", "Sharpness")
LARGEST_SHEAR, LARGEST_SHIFT, LARGEST_TURN, LARGEST_GAIN = 0.3, 150 / 331, 30.0, 0.9
MOST_BITS_LOST = 4
NAMES = (
    "Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", *ENHANCERS, "Posterize", "Solarize",
    "AutoContrast", "Equalize",
)  # fmt: skip


def choose_operations(
    numbers: np.random.Generator, count: int, strength: float, width: int, height: int
) -> tuple[Matrix, tuple[Operation, ...]]:
    """Choose some operations, each of the fourteen as likely as any other, either way where there are two.

    Args:
        numbers: The stream of this purpose.
        count: How many; one may come twice.
        strength: 0..30.
        width: Of the picture, pixels.
        height: Of the picture, pixels.

    Returns:
        The matrix of all changes of position, about the middle, and the changes of colour in their order.
    """
    share = strength / LEVELS
    matrix, operations = np.vstack([STILL, [0.0, 0.0, 1.0]]), []
    for number, sign in zip(numbers.integers(0, len(NAMES), count), numbers.choice((-1.0, 1.0), count), strict=True):
        name = NAMES[number]
        step = _position(name, sign * share, width, height)
        if step is not None:
            matrix = matrix @ np.vstack([step, [0.0, 0.0, 1.0]])
        elif name in ENHANCERS:
            operations.append(Operation(name, 1 + sign * share * LARGEST_GAIN))
        elif name == "Posterize":
            operations.append(Operation(name, 8 - round(share * MOST_BITS_LOST)))
        elif name == "Solarize":
            operations.append(Operation(name, 255 * (1 - share)))
        elif name in ("AutoContrast", "Equalize"):
            operations.append(Operation(name))
    return matrix[:2], tuple(operations)


def _position(name: str, share: float, width: int, height: int) -> Matrix | None:
    if name == "ShearX":
        return np.array([[1.0, share * LARGEST_SHEAR, 0.0], [0.0, 1.0, 0.0]])
    if name == "ShearY":
        return np.array([[1.0, 0.0, 0.0], [share * LARGEST_SHEAR, 1.0, 0.0]])
    if name == "TranslateX":
        return np.array([[1.0, 0.0, share * LARGEST_SHIFT * width], [0.0, 1.0, 0.0]])
    if name == "TranslateY":
        return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, share * LARGEST_SHIFT * height]])
    if name == "Rotate":
        angle = math.radians(share * LARGEST_TURN)
        return np.array([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]])
    return None
