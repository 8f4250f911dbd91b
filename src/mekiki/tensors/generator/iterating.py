"""What both iterators are: endless batches, by ``next`` or by number, whose pictures depend on no batch size.

A pass over all samples is an epoch, counted from 1. A picture's numbers come from (seed, epoch, sample) and the order
of an epoch from (seed, epoch); so a batch asked for twice is the same, until the epoch ends.
"""

from __future__ import annotations

import secrets
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import SettingsError
from mekiki.seeds import entropy, stream
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.generator.saving import Saving

if TYPE_CHECKING:
    from mekiki.tensors.generator.image_data_generator import ImageDataGenerator

Samples = NDArray[np.intp]
NAMES_OF_DRAWS = 10_000_000


def chosen_seed(seed: int | None) -> int:
    """Return a seed, or a new one of the system's if there is none."""
    return secrets.randbits(32) if seed is None else int(seed)


class PictureIterator(ABC):
    """Batches of changed and standardised pictures without end.

    Args:
        count: Samples.
        generator: Changes and standardises a picture.
        batch_size: Pictures a batch; the last of an epoch may have fewer.
        shuffle: Whether each epoch has an order of its own.
        seed: Of the order and the changes; None: a new one, which is then ``seed``.
        saving: Where pictures are written to.

    Attributes:
        n: Samples.
        batch_size: As given.
        shuffle: As given.
        seed: As given or drawn.
        epoch: Counted from 1.
        batch_index: Of the batch that ``next`` gives.
        total_batches_seen: Batches given so far.
        index_array: The order of the epoch.
        image_data_generator: As given.
        image_shape: Of one picture.

    Raises:
        SettingsError: A batch of no pictures.
    """

    image_shape: tuple[int, ...]

    def __init__(
        self,
        count: int,
        generator: ImageDataGenerator,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        saving: Saving,
    ) -> None:
        super().__init__()
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise SettingsError(f"batch_size {batch_size!r}: expected a whole number of at least 1")
        self.n = count
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.seed = chosen_seed(seed)
        self.image_data_generator = generator
        self.data_format, self.dtype = generator.data_format, generator.dtype
        self.save_to_dir, self.save_prefix, self.save_format = saving.folder, saving.prefix, saving.ending
        self.batch_index = self.total_batches_seen = 0
        self.epoch = 1
        self.index_array = self._order()
        self.lock = threading.Lock()
        self._saving = saving

    def _order(self) -> Samples:
        if not self.shuffle:
            return np.arange(self.n)
        return stream(self.seed, "order", self.epoch).permutation(self.n)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> PictureIterator:
        return self

    def __getitem__(self, number: int) -> Any:
        """Return a batch of this epoch; the same each time.

        Raises:
            SettingsError: There is no such batch.
        """
        if not -len(self) <= number < len(self):
            raise SettingsError(f"there is no batch {number}: there are {len(self)}, counted from 0")
        with self.lock:
            self.total_batches_seen += 1
            samples, epoch = self._samples(number % len(self)), self.epoch
        return self._batch(samples, epoch)

    def __next__(self) -> Any:
        with self.lock:
            samples, epoch = self._samples(self.batch_index), self.epoch
            self.total_batches_seen += 1
            self.batch_index += 1
            if self.batch_index == len(self):
                self.on_epoch_end()
        return self._batch(samples, epoch)

    def _samples(self, number: int) -> Samples:
        return self.index_array[number * self.batch_size : (number + 1) * self.batch_size]

    def on_epoch_end(self) -> None:
        """Begin the next epoch: another order and other changes."""
        self.batch_index = 0
        self.epoch += 1
        self.index_array = self._order()

    def reset(self) -> None:
        """Go to the first batch: of this epoch if none of it was taken by ``next``, else of the next one."""
        if self.batch_index:
            self.on_epoch_end()

    def _batch(self, samples: Samples, epoch: int) -> Any:
        generator = self.image_data_generator
        pictures = np.empty((len(samples), *self.image_shape), dtype=self.dtype)
        for place, sample in enumerate(samples.tolist()):
            drawn = generator.draw(self._picture(sample), Key(self.seed, (epoch, sample)))
            pictures[place] = generator.standardize(drawn)
        if self._saving.folder is not None:
            self._save(pictures, samples, epoch)
        return self._with_labels(pictures, samples)

    def _save(self, pictures: NDArray[Any], samples: Samples, epoch: int) -> None:
        for values, sample in zip(pictures, samples.tolist(), strict=True):
            draw = entropy(self.seed, "file", epoch, sample) % NAMES_OF_DRAWS
            last = values if self.data_format == "channels_last" else np.moveaxis(values, 0, 2)
            self._saving.save(last, self.image_data_generator.factor, sample, draw)

    @abstractmethod
    def _picture(self, sample: int) -> NDArray[Any]:
        """Return one picture before it is changed, in the generator's layout."""

    @abstractmethod
    def _with_labels(self, pictures: NDArray[Any], samples: Samples) -> Any:
        """Return a batch as Keras' iterator does: the pictures alone, or with labels, or with weights too."""
