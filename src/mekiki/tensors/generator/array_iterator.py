"""Batches from an array of pictures (Keras' ``NumpyArrayIterator``).

The array is kept as it is given: a memory map of bytes stays one, and each picture becomes floats when it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mekiki.errors import DataError, SettingsError, unknown_name
from mekiki.tensors.generator.changing import size_of
from mekiki.tensors.generator.iterating import PictureIterator, Samples
from mekiki.tensors.generator.ranges import check_levels
from mekiki.tensors.generator.saving import Saving

if TYPE_CHECKING:
    from mekiki.tensors.generator.image_data_generator import ImageDataGenerator

SUBSETS = ("training", "validation")


@dataclass(frozen=True)
class Arrays:
    """Pictures and what goes with them, row by row.

    Attributes:
        pictures: (n, ...).
        others: Arrays that stand beside the pictures in each batch, as further inputs of the network.
        labels: None where there are none.
        weights: None where there are none.
    """

    pictures: NDArray[Any]
    others: tuple[NDArray[Any], ...] = ()
    labels: NDArray[Any] | None = None
    weights: NDArray[Any] | None = None

    def rows(self, part: slice) -> Arrays:
        """Return some of the rows."""
        labels, weights = (None if given is None else given[part] for given in (self.labels, self.weights))
        return Arrays(self.pictures[part], tuple(other[part] for other in self.others), labels, weights)


def read_arrays(x: Any, y: ArrayLike | None, sample_weight: ArrayLike | None) -> Arrays:
    """Check what was given to ``flow``.

    Args:
        x: Pictures, or a pair of pictures and one or more further arrays.
        y: Labels, one row for each picture.
        sample_weight: Weights, one for each picture.

    Raises:
        DataError: No pictures, or arrays of different lengths.
    """
    others: tuple[NDArray[Any], ...] = ()
    if isinstance(x, tuple | list) and len(x) == 2 and np.ndim(x[0]) == 4:
        x, beside = x
        others = tuple(np.asarray(other) for other in (beside if isinstance(beside, list) else [beside]))
    pictures = np.asarray(x)
    if pictures.ndim != 4 or pictures.dtype.kind not in "buif":
        raise DataError(
            f"x has the shape {pictures.shape} and the type {pictures.dtype}; expected numbers of 4 dimensions",
            "one picture is x[None]",
        )
    labels, weights = (None if given is None else np.asarray(given) for given in (y, sample_weight))
    for name, other in (("y", labels), ("sample_weight", weights), *(("a further input", other) for other in others)):
        if other is not None and len(other) != len(pictures):
            raise DataError(f"x has {len(pictures)} pictures and {name} has {len(other)} rows; expected as many")
    return Arrays(pictures, others, labels, weights)


def subset_of(arrays: Arrays, subset: str | None, validation_split: float, ignore_class_split: bool) -> Arrays:
    """Return the part before (validation) or after (training) the split, as Keras cuts it.

    Raises:
        SettingsError: Another name, or no split.
        DataError: The parts do not have the same classes.
    """
    if subset is None:
        return arrays
    if subset not in SUBSETS:
        raise unknown_name("subset", subset, SUBSETS)
    if not validation_split:
        raise SettingsError(
            f"subset {subset}: there is no validation_split", "ImageDataGenerator(validation_split=0.2)"
        )
    cut, labels = int(len(arrays.pictures) * validation_split), arrays.labels
    if labels is not None and not ignore_class_split:
        first, second = np.unique(labels[:cut]), np.unique(labels[cut:])
        if not np.array_equal(first, second):
            raise DataError(
                f"validation (the first {cut}) and training would not have the same classes",
                "shuffle x and y together first, or give ignore_class_split=True",
            )
    return arrays.rows(slice(cut) if subset == "validation" else slice(cut, None))


class NumpyArrayIterator(PictureIterator):
    """Batches of an array's pictures; made by ``ImageDataGenerator.flow``.

    Attributes:
        x: The pictures, as given.
        x_misc: Further inputs.
        y: Labels or None.
        sample_weight: Weights or None.

    Raises:
        DataError: No pictures.
        SettingsError: The pictures are not what the transforms need.
    """

    def __init__(
        self,
        arrays: Arrays,
        generator: ImageDataGenerator,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        saving: Saving,
    ) -> None:
        if not len(arrays.pictures):
            raise DataError("there are no pictures: x has 0 rows")
        self.x, self.x_misc = arrays.pictures, list(arrays.others)
        self.y, self.sample_weight = arrays.labels, arrays.weights
        self.image_shape = self.x.shape[1:]
        channels = size_of(self.image_shape, generator.data_format)[2]
        check_levels(self.x, channels, generator.ranges)
        super().__init__(len(self.x), generator, batch_size, shuffle, seed, saving)

    def _picture(self, sample: int) -> NDArray[Any]:
        picture: NDArray[Any] = self.x[sample]
        return picture

    def _with_labels(self, pictures: NDArray[Any], samples: Samples) -> Any:
        inputs = [pictures, *(other[samples] for other in self.x_misc)] if self.x_misc else pictures
        if self.y is None:
            return inputs
        if self.sample_weight is None:
            return inputs, self.y[samples]
        return inputs, self.y[samples], self.sample_weight[samples]
