"""Augmented copies of one photo, as the bytes of files.

A copy's random numbers come from (seed, the photo's path, the number of the copy) and nothing else: other photos, the
order and the number of threads do not change it. It is the augmentation of training, at the photo's own shape.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from mekiki.config import AugmentSettings, CopySettings
from mekiki.data.pictures import read_picture
from mekiki.tensors.augmentation.augmenting import augment_in_place
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.geometry import Picture, reduce

JPEG_QUALITY = 95
ENDINGS: dict[Literal["jpeg", "png"], str] = {"jpeg": ".jpg", "png": ".png"}


def draw_copies(
    root: Path,
    path: str,
    numbers: Sequence[int],
    settings: CopySettings,
    ranges: AugmentSettings,
    max_megapixels: float,
) -> Iterator[Picture]:
    """Draw some of a photo's copies.

    Args:
        root: The folder that the path is relative to.
        path: The photo, as in the manifest.
        numbers: Which copies, counted from 1.
        settings: The seed, and how large copies are.
        ranges: Of the changes.
        max_megapixels: A photo with more is refused, in millions.

    Yields:
        One uint8 (H, W, 3) RGB picture per number.

    Raises:
        PictureError: The photo cannot be read.
    """
    whole = read_picture(root / path, max_megapixels=max_megapixels, at_least=settings.longest_side)
    picture = reduce(whole, settings.longest_side, "letterbox")
    name = unicodedata.normalize("NFC", path)
    for number in numbers:
        yield augment_in_place(picture, ranges, Key(settings.seed, ("copy", name, number)))


def encode(picture: Picture, picture_format: Literal["jpeg", "png"]) -> bytes:
    """Return a picture as the bytes of a file: JPEG of quality 95, or PNG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if picture_format == "jpeg" else []
    _, encoded = cv2.imencode(ENDINGS[picture_format], cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    return np.asarray(encoded, dtype=np.uint8).tobytes()
