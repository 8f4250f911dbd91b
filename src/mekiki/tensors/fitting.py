"""Measure what a normalisation has to know of the training photos, before the first epoch.

The photos are seen once, plain and at the network's size. Means and spreads come from counts of the 256 levels, so
they are exact and need the same few kilobytes however many photos there are; a whitening rests on a bounded sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mekiki.config import NormaliseSettings
from mekiki.errors import DataError, SettingsError
from mekiki.progress import Progress
from mekiki.records.card import LEAST_SPREAD, Channels, Preprocessing
from mekiki.seeds import stream
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import LEAST_STD, Normaliser
from mekiki.tensors.whitening import Whitening, fit_whitening, most_photos

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LARGEST_WHITENED = 256
_LEVELS = np.arange(256)


@dataclass
class LevelCounts:
    """How often each level occurs in each channel: a running mean and std without rounding.

    Attributes:
        counts: (3, 256).
    """

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((3, 256), np.int64))

    def add(self, pictures: NDArray[np.uint8]) -> None:
        """Count a batch, (n, H, W, 3)."""
        for channel in range(3):
            self.counts[channel] += np.bincount(pictures[..., channel].ravel(), minlength=256)

    def mean(self) -> Channels:
        """Return the mean of each channel, 0..1."""
        red, green, blue = (int(row @ _LEVELS) / int(row.sum()) / 255 for row in self.counts)
        return red, green, blue

    def std(self) -> Channels:
        """Return the standard deviation of each channel over all pixels, 0..1; not the sample's n - 1."""
        spreads = []
        for row in self.counts:
            n, total, squares = int(row.sum()), int(row @ _LEVELS), int(row @ _LEVELS**2)
            spreads.append(float(np.sqrt((n * squares - total**2) / n**2)) / 255)
        red, green, blue = spreads
        return red, green, blue


def check_whitening(settings: NormaliseSettings, image_size: int) -> None:
    """Refuse to whiten pictures that are too large for it.

    Raises:
        SettingsError: They are larger than 256 pixels.
    """
    if "zca_whitening" in settings.normalise and image_size > LARGEST_WHITENED:
        raise SettingsError(
            f"zca_whitening of {image_size} px pictures: each has {3 * image_size**2:,} numbers, every one of which is "
            f"made from all of them; the largest is {LARGEST_WHITENED} px",
            "--image-size 96",
        )


def fit_normaliser(
    settings: NormaliseSettings,
    preprocessing: Preprocessing,
    photos: PhotoSet,
    seed: int,
    batch_size: int,
    workers: int,
    progress: Progress,
) -> Normaliser:
    """Make the normaliser that was asked for; photos are only opened if something has to be measured.

    Args:
        settings: Which normalisation.
        preprocessing: Size and fit, and the weights' own mean and std.
        photos: The training photos, and no others.
        seed: Chooses the photos that a whitening rests on, where there are more than it can use.
        batch_size: Photos read at a time.
        workers: Threads that read them.
        progress: Where to report to.

    Returns:
        The normaliser, on the CPU. Its ``preprocessing`` belongs into the model card.

    Raises:
        SettingsError: The pictures are too large to be whitened.
        DataError: A channel that should be divided by its spread has none.
    """
    names = settings.normalise
    if not settings.is_fitted:
        return Normaliser(_unfitted(settings, preprocessing))
    check_whitening(settings, preprocessing.image_size)
    whitens = "zca_whitening" in names
    sample = _sample(len(photos), most_photos(preprocessing.image_size), seed) if whitens else np.zeros(0, np.int64)
    counts, chosen = _measure(photos, sample, batch_size, workers, progress)
    mean, std = counts.mean(), (1.0, 1.0, 1.0)
    if "featurewise_std_normalization" in names:
        std = _divisors(counts.std())
    whitening: Whitening | None = None
    if whitens:
        progress.say(f"zca_whitening is fitted on {len(sample):,} of {len(photos):,} training photos")
        whitening = fit_whitening(chosen, mean, settings.zca_epsilon)
    components = 0 if whitening is None else len(whitening.gains)
    changes = {"normalise": names, "mean": mean, "std": std, "zca_components": components}
    return Normaliser(preprocessing.model_copy(update=changes), whitening)


def _unfitted(settings: NormaliseSettings, preprocessing: Preprocessing) -> Preprocessing:
    changes: dict[str, object] = {"normalise": settings.normalise}
    if settings.normalise == ("imagenet",):
        changes |= {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    elif settings.normalise != ("weights",):
        changes |= {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    return preprocessing.model_copy(update=changes)


def _sample(count: int, most: int, seed: int) -> NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.sort(stream(seed, "whitening").choice(count, most, replace=False))


def _measure(
    photos: PhotoSet, sample: NDArray[np.int64], batch_size: int, workers: int, progress: Progress
) -> tuple[LevelCounts, NDArray[np.uint8]]:
    """Return the counts over all photos, and the pictures of the sample, (n, size, size, 3)."""
    size = photos.preprocessing.image_size
    counts, chosen = LevelCounts(), np.empty((len(sample), size, size, 3), np.uint8)
    seen = filled = 0
    with progress.task("measure", len(photos)) as task:
        for batch in photos.plain_batches(batch_size, workers):
            counts.add(batch.array)
            own = sample[(sample >= seen) & (sample < seen + len(batch.pictures))] - seen
            chosen[filled : filled + len(own)] = batch.array[own]
            seen, filled = seen + len(batch.pictures), filled + len(own)
            task.advance(len(batch.pictures))
    return counts, chosen


def _divisors(std: Channels) -> Channels:
    """Return what each channel is divided by: Keras adds 1e-6 to the standard deviation.

    Raises:
        DataError: A channel is so plain that its noise would be blown up.
    """
    for name, spread in zip(("red", "green", "blue"), std, strict=True):
        if spread < LEAST_SPREAD:
            raise DataError(
                f"featurewise_std_normalization divides by each channel's standard deviation in the training photos, "
                f"and that of {name} is {spread:.4f}; expected at least {LEAST_SPREAD:g}",
                "--normalise featurewise_center",
            )
    red, green, blue = (spread + LEAST_STD for spread in std)
    return red, green, blue
