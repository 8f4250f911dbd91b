"""From a picture, the settings and a key to the augmented picture: draws, then applies."""

from __future__ import annotations

from mekiki.config import AugmentSettings, FitName
from mekiki.tensors.augmentation.applying import change_in_place, change_into_square
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.geometry import Picture


def augment(picture: Picture, size: int, fit: FitName, settings: AugmentSettings, key: Key) -> Picture:
    """Draw one augmented picture for the network.

    Args:
        picture: (H, W, 3), already reduced to about the square's scale.
        size: Side of the square, pixels.
        fit: How the picture fits the square.
        settings: The ranges.
        key: What its numbers come from.

    Returns:
        (size, size, 3).
    """
    change = draw_change(settings, key, size, size)
    return change_into_square(picture, change, size, fit, settings.fill_mode, settings.cval)


def augment_in_place(picture: Picture, settings: AugmentSettings, key: Key) -> Picture:
    """Draw one augmented picture that keeps its size and shape, (H, W, 3)."""
    height, width = picture.shape[:2]
    return change_in_place(picture, draw_change(settings, key, width, height), settings.fill_mode, settings.cval)
