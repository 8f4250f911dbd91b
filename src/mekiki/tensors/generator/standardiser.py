"""What the generator does to a picture after its changes: options that agree, and what they were fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mekiki.errors import SettingsError
from mekiki.tensors.generator import standardising
from mekiki.tensors.generator.changing import DataFormat

Values = NDArray[Any]
Preprocessing = Callable[[Values], Values]
FEATUREWISE = ("featurewise_center", "featurewise_std_normalization", "zca_whitening")
SAMPLEWISE = ("samplewise_center", "samplewise_std_normalization")


def is_number(given: object) -> bool:
    """Tell whether something is one finite number."""
    return isinstance(given, int | float | np.integer | np.floating) and math.isfinite(given)


class Standardiser:
    """The normalising half of ``ImageDataGenerator``, which says what the arguments mean.

    Args:
        switched: Names of ``FEATUREWISE`` and ``SAMPLEWISE`` that are switched on.
        zca_epsilon: Added to the singular values.
        rescale: Factor or None.
        preprocessing_function: Called before all else, or None.
        data_format: Where the channels are.
        dtype: Of the results; None: float32.

    Raises:
        SettingsError: Options that contradict one another, a number that is none, or a type that is no float.
    """

    def __init__(
        self,
        switched: list[str],
        zca_epsilon: float,
        rescale: float | None,
        preprocessing_function: Preprocessing | None,
        data_format: DataFormat,
        dtype: DTypeLike | None,
    ) -> None:
        samplewise = [name for name in switched if name in SAMPLEWISE]
        featurewise = [name for name in switched if name in FEATUREWISE]
        standardising.check_options(samplewise, featurewise)
        if rescale is not None and not is_number(rescale):
            raise SettingsError(f"rescale {rescale!r}: expected a number such as 1 / 255, or None")
        if not is_number(zca_epsilon) or zca_epsilon < 0:
            raise SettingsError(f"zca_epsilon {zca_epsilon!r}: expected a number of at least 0, such as 1e-6")
        self.samplewise_center, self.featurewise_center = bool(samplewise), bool(featurewise)
        self.samplewise_std_normalization = "samplewise_std_normalization" in switched
        self.featurewise_std_normalization = "featurewise_std_normalization" in switched
        self.zca_whitening, self.zca_epsilon = "zca_whitening" in switched, zca_epsilon
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format: DataFormat = data_format
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if dtype is None else dtype)
        if self.dtype.kind != "f":
            raise SettingsError(f"dtype {self.dtype}: expected float32, float16 or float64")
        self.mean: Values | None = None
        self.std: Values | None = None
        self.zca_whitening_matrix: Values | None = None

    @property
    def factor(self) -> float | None:
        """Return what levels are multiplied by; None if more than that is done to them."""
        more = self.preprocessing_function or self.featurewise_center or self.samplewise_center
        return None if more else self.rescale or 1.0

    def standardize(self, x: Values) -> Values:
        """Normalise one picture or (n, ...) of them; floats are changed in place, as in Keras.

        Raises:
            SettingsError: ``fit`` has to be called first, or the preprocessing function changed the shape.
        """
        shape = np.shape(x)
        if self.preprocessing_function:
            x = np.asarray(self.preprocessing_function(x))
            if x.shape != shape:
                raise SettingsError(f"preprocessing_function made {x.shape} of {shape}; expected the same shape")
        x = np.asarray(x)
        if x.dtype.kind != "f" or not x.flags.writeable:
            x = x.astype(self.dtype)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            standardising.centre_samples(x, self.samplewise_std_normalization)
        if self.featurewise_center:
            x -= standardising.fitted(self.mean, "featurewise_center")
        if self.featurewise_std_normalization:
            x /= standardising.fitted(self.std, "featurewise_std_normalization") + standardising.SMALL
        if self.zca_whitening:
            x = standardising.whiten(x, standardising.fitted(self.zca_whitening_matrix, "zca_whitening"))
        return x

    def measure(self, pictures: Values) -> None:
        """Fit the featurewise options and the whitening.

        Args:
            pictures: (n, ...) floats, not yet rescaled; they are written to.

        Raises:
            DataError: They hold values that are no numbers.
            SettingsError: They are too large to whiten.
        """
        if self.rescale:
            pictures *= self.rescale
        found = standardising.fit_statistics(
            pictures, self.data_format, self.featurewise_std_normalization, self.zca_whitening, self.zca_epsilon
        )
        self.mean, self.std, self.zca_whitening_matrix = found.mean, found.std, found.whitening
