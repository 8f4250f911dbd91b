"""What training may see of one photo: random draws of an augmentation, as pictures. Nothing is written.

The pictures are made as training makes them (``PhotoSet``), so what is shown here is what a network would be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mekiki.config import AugmentSettings, FitName
from mekiki.records.card import Preprocessing
from mekiki.tensors.fitting import IMAGENET_MEAN, IMAGENET_STD
from mekiki.tensors.geometry import Picture
from mekiki.tensors.loading import PhotoSet

_MARGIN = 2.0


def draw_changes(
    photo: Path,
    ranges: AugmentSettings,
    draws: int,
    *,
    others: Sequence[Path] = (),
    side: int = 160,
    fit: FitName = "letterbox",
    seed: int = 0,
    max_megapixels: float = 100.0,
) -> list[Picture]:
    """Return a photo as the network would be given it, and then random draws of its changes.

    Args:
        photo: The file.
        ranges: What may happen to it.
        draws: How many, 1 or more.
        others: Photos that mixup and cutmix may take from.
        side: Of the pictures, pixels.
        fit: How the photo becomes square.
        seed: Of the draws.
        max_megapixels: A larger picture is refused, in millions.

    Returns:
        1 + ``draws`` pictures, uint8 (side, side, 3) RGB; the first is unchanged.

    Raises:
        DataError: A photo cannot be read.
    """
    paths = [path.name if path.parent == photo.parent else str(path) for path in (photo, *others)]
    preprocessing = Preprocessing(image_size=side, fit=fit, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    photos = PhotoSet(
        photo.parent, paths, range(len(paths)), preprocessing, max_megapixels=max_megapixels, margin=_MARGIN
    )
    samples = [draw * len(paths) for draw in range(draws)]
    (batch,) = photos.augmented_batches([samples], ranges, seed, 1, workers=0)
    return [photos.plain(0), *batch.array]
