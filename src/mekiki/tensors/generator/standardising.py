"""Centring, scaling and whitening of arrays as Keras' generator does it, and the statistics that it is fitted to.

Sources: Keras 3, ``legacy/preprocessing/image.py``; ZCA: Krizhevsky, "Learning Multiple Layers of Features from Tiny
Images", 2009. ``tests/tensors/keras`` compares all of it with Keras' own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError, SettingsError
from mekiki.tensors.generator.changing import DataFormat

Array = NDArray[Any]
SMALL = 1e-6
MOST_WHITENED = 20_000
"""Values a picture may have for whitening; its matrix has the square of that, 1.6 GB as float32."""


@dataclass(frozen=True)
class Statistics:
    """What was seen of the training pictures; None where it was not asked for.

    Attributes:
        mean: Of each channel, shaped so that it can be subtracted from a picture.
        std: Likewise.
        whitening: (d, d), for a picture as one row of d values.
    """

    mean: Array | None = None
    std: Array | None = None
    whitening: Array | None = None


def check_options(samplewise: list[str], featurewise: list[str]) -> None:
    """Refuse normalisations that contradict one another.

    Args:
        samplewise: Names of the options that are switched on and look at one picture.
        featurewise: Names of those that are fitted to all pictures, and zca_whitening.

    Raises:
        SettingsError: With the reason.
    """
    if samplewise and featurewise:
        raise SettingsError(
            f"{featurewise[0]} contradicts {samplewise[0]}: the one is fitted to pictures as they are, and "
            "the other changes them before it is applied",
            "choose one of the two kinds",
        )
    if "zca_whitening" in featurewise and "featurewise_std_normalization" in featurewise:
        raise SettingsError(
            "zca_whitening contradicts featurewise_std_normalization: whitening divides by the spread already",
            "leave out featurewise_std_normalization",
        )


def fit_statistics(
    pictures: Array, data_format: DataFormat, scale: bool, whiten: bool, zca_epsilon: float
) -> Statistics:
    """Measure training pictures.

    Args:
        pictures: (n, ...) floats, rescaled and perhaps augmented; they are written to.
        data_format: Where the channels are.
        scale: Whether the std is wanted.
        whiten: Whether the whitening matrix is wanted.
        zca_epsilon: Added to the singular values.

    Raises:
        DataError: They hold values that are no numbers.
        SettingsError: They are too large to whiten.
    """
    axes = (0, 1, 2) if data_format == "channels_last" else (0, 2, 3)
    mean = pictures.mean(axis=axes, keepdims=True, dtype=np.float64)[0].astype(pictures.dtype)
    if not np.isfinite(mean).all():
        raise DataError("the pictures hold values that are no numbers (NaN or infinite), so they have no mean")
    pictures -= mean
    std = pictures.std(axis=axes, keepdims=True, dtype=np.float64)[0].astype(pictures.dtype) if scale else None
    return Statistics(mean, std, _whitening(pictures, zca_epsilon) if whiten else None)


def _whitening(centred: Array, zca_epsilon: float) -> Array:
    count, values = len(centred), centred[0].size
    if values > MOST_WHITENED:
        shape = " x ".join(map(str, centred.shape[1:]))
        raise SettingsError(
            f"zca_whitening of {shape} pictures needs a matrix of {values**2 * 4 / 1e9:.0f} GB",
            f"whiten pictures of at most {MOST_WHITENED:,} values, such as 64 x 64 x 3",
        )
    vectors, sizes, _ = np.linalg.svd(centred.reshape(count, -1).T, full_matrices=False)
    whitening: Array = (vectors * (np.sqrt(count) / (sizes + zca_epsilon))) @ vectors.T
    return whitening.astype(centred.dtype)


def centre_samples(pictures: Array, scale: bool) -> None:
    """Subtract each picture's own mean, and divide by its own std, in place.

    Args:
        pictures: One, or (n, ...); each is centred by itself.
        scale: Whether to divide.
    """
    own = (-3, -2, -1)
    pictures -= pictures.mean(axis=own, keepdims=True)
    if scale:
        pictures /= pictures.std(axis=own, keepdims=True) + SMALL


def fitted(value: Array | None, option: str) -> Array:
    """Return a statistic.

    Raises:
        SettingsError: It was not fitted.
    """
    if value is None:
        raise SettingsError(f"{option} was not fitted to any pictures", "call .fit(x) with the training pictures first")
    return value


def whiten(pictures: Array, matrix: Array) -> Array:
    """Return pictures, one or more, times the whitening matrix.

    Raises:
        SettingsError: The matrix was fitted to pictures of another size.
    """
    values = int(np.prod(pictures.shape[-3:]))
    if values != len(matrix):
        raise SettingsError(
            f"zca_whitening was fitted to pictures of {len(matrix)} values, and this one has {values}",
            "whiten pictures of one size",
        )
    whitened: Array = (pictures.reshape(-1, values) @ matrix).reshape(pictures.shape)
    return whitened
