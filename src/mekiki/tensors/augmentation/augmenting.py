"""From a picture, the settings and a key to the augmented picture: draws, then applies."""

from __future__ import annotations

from mekiki.config import AugmentSettings
from mekiki.tensors.augmentation.applying import change_in_place
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.geometry import Picture


def augment_in_place(picture: Picture, settings: AugmentSettings, key: Key) -> Picture:
    """Draw one augmented picture that keeps its size and shape, (H, W, 3)."""
    height, width = picture.shape[:2]
    return change_in_place(picture, draw_change(settings, key, width, height), settings.fill_mode, settings.cval)
