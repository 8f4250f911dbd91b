"""Batches of labelled photos, prepared by threads beside the work that uses them.

What is read again in every epoch comes from a cache on disk (``cache.py``); no picture is kept in memory, however many
there are. Photos are changed one by one by the threads, or read by them and changed batch by batch on a device.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_file, read_picture
from mekiki.errors import DataError, PictureError
from mekiki.records.card import Preprocessing
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.batched import change_batch, mix_batch
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.augmentation.mixing import Mix, draw_mix, mix
from mekiki.tensors.cache import PictureCache, picture_name
from mekiki.tensors.geometry import Picture, fit_scale, reduce, square

UNLABELLED = -1
"""In place of a photo's class number."""
LEFT_ALONE = 1.1
"""A training photo up to this times too large is not reduced: that takes as long as to decode it."""


@dataclass(frozen=True)
class Batch:
    """Some photos, ready for the network.

    Attributes:
        pictures: (n, size, size, 3) uint8 RGB; a tensor if they were made on a device.
        labels: (n,) class numbers.
        others: (n,) class numbers of the photos that were mixed in; ``labels`` where there are none.
        shares: (n,) how much of ``labels`` counts, 0..1; the rest is that of ``others``.
        answers: (n, classes) a teacher's logits; None: there is no teacher. A photo without a label has ``UNLABELLED``.
    """

    pictures: NDArray[np.uint8] | torch.Tensor
    labels: NDArray[np.int64]
    others: NDArray[np.int64]
    shares: NDArray[np.float32]
    answers: NDArray[np.float32] | None = None

    @property
    def array(self) -> NDArray[np.uint8]:
        """Return the pictures in the computer's own memory."""
        return self.pictures.cpu().numpy() if isinstance(self.pictures, torch.Tensor) else self.pictures

    @property
    def is_mixed(self) -> bool:
        """Return whether any picture shows two photos."""
        return bool((self.shares < 1).any())

    @property
    def truth(self) -> NDArray[np.int64]:
        """Return the labels, (n,); where there is none, the teacher's first choice."""
        if self.answers is None:
            return self.labels
        return np.where(self.labels == UNLABELLED, self.answers.argmax(axis=1), self.labels)


@dataclass(frozen=True)
class _Drawn:
    """A photo, what is to happen to it, and what is mixed into it."""

    picture: Picture
    change: Change
    mix: Mix | None = None
    partner: _Drawn | None = None


class PhotoSet:
    """Labelled photos of one part, read on demand.

    Args:
        root: The folder that the paths are relative to.
        paths: Relative paths.
        labels: Class numbers, one for each path.
        preprocessing: Size and fit of the network's input.
        max_megapixels: A larger picture is refused.
        margin: Photos are reduced to this times the network's scale: 1 for plain use, more where augmentation enlarges.
        sha256s: Of the photos' files, hexadecimal, one for each path; a file that has changed since is not kept.
        cache: Keeps the reduced photos; None: they are read each time. It needs the ``sha256s``.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        labels: Sequence[int],
        preprocessing: Preprocessing,
        max_megapixels: float = 100.0,
        margin: float = 1.0,
        sha256s: Sequence[str] = (),
        cache: PictureCache | None = None,
    ) -> None:
        self.root = root
        self.paths = tuple(paths)
        self.labels = np.asarray(labels, dtype=np.int64)
        self.preprocessing = preprocessing
        self.max_megapixels = max_megapixels
        self._margin = margin
        self._reduced_size = round(preprocessing.image_size * margin)
        self._left_alone = LEFT_ALONE if margin > 1 else 1.0
        self._sha256s = tuple(sha256s)
        self._cache = cache
        self._checked = np.zeros(len(self.paths), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.paths)

    def at_size(self, image_size: int) -> PhotoSet:
        """Return the same photos for a network's input of another size; they share the cache."""
        if image_size == self.preprocessing.image_size:
            return self
        return self.prepared_as(self.preprocessing.model_copy(update={"image_size": image_size}))

    def prepared_as(self, preprocessing: Preprocessing) -> PhotoSet:
        """Return the same photos for another network's input; they share the cache."""
        other = copy(self)
        other.preprocessing = preprocessing
        other._reduced_size = round(preprocessing.image_size * self._margin)
        other._checked = np.zeros_like(self._checked)
        return other

    def with_unlabelled(self, paths: Sequence[str], sha256s: Sequence[str]) -> PhotoSet:
        """Return these photos and others after them that have no label.

        Args:
            paths: Absolute, or relative to ``root``.
            sha256s: Of their files, one for each path.
        """
        other = copy(self)
        other.paths = (*self.paths, *paths)
        other.labels = np.concatenate([self.labels, np.full(len(paths), UNLABELLED, dtype=np.int64)])
        other._sha256s = (*self._sha256s, *sha256s)
        other._checked = np.zeros(len(other.paths), dtype=np.bool_)
        return other

    def reduced(self, number: int) -> Picture:
        """Return one photo, reduced to the scale from which it is resampled, (H, W, 3); it may be read-only.

        Raises:
            DataError: It can no longer be read.
        """
        if self._cache is None:
            return self._read(number)[0]
        name = picture_name(self._sha256s[number], self._reduced_size, self.preprocessing.fit, self._left_alone)
        picture = self._cache.recall(name, trusted=bool(self._checked[number]))
        if picture is None:
            picture, sha256 = self._read(number)
            if sha256 == self._sha256s[number]:
                self._cache.keep(name, picture)
        else:
            self._checked[number] = True
        return picture

    def _read(self, number: int) -> tuple[Picture, str]:
        """Return a photo, reduced, and the SHA-256 of its file; it is empty where there is no cache to need it."""
        path = self.root / self.paths[number]
        try:
            content = read_file(path)
            picture = read_picture(content, max_megapixels=self.max_megapixels, at_least=self._reduced_size)
        except PictureError as error:
            raise DataError(
                f"{path} could be read when it was scanned and cannot now: {error.message}",
                "was it moved or changed? start again",
            ) from error
        sha256 = "" if self._cache is None else hashlib.sha256(content).hexdigest()
        size, fit = self._reduced_size, self.preprocessing.fit
        scale = min(fit_scale(picture.shape[1], picture.shape[0], size, fit))
        return picture if scale * self._left_alone >= 1 else reduce(picture, size, fit), sha256

    def plain(self, number: int) -> Picture:
        """Return one photo unchanged, (size, size, 3); with a margin of 1 to the last bit what prediction sees."""
        return square(self.reduced(number), self.preprocessing.image_size, self.preprocessing.fit)

    def plain_batches(self, batch_size: int, workers: int, first: int = 0, every: int = 1) -> Generator[Batch]:
        """Yield all photos in order, unchanged; with ``every`` above 1 only one of so many batches, from ``first``."""
        order = [list(range(start, min(start + batch_size, len(self)))) for start in range(0, len(self), batch_size)]
        return self._batches(order[first::every], lambda number: (self.plain(number), None), workers)

    def augmented_batches(
        self,
        order: Sequence[Sequence[int]],
        settings: AugmentSettings,
        seed: int,
        epoch: int,
        workers: int,
        device: torch.device | None = None,
    ) -> Generator[Batch]:
        """Yield augmented photos.

        Args:
            order: For each batch the draws: a photo's number, plus ``len(self)`` for each further pass in the epoch.
            settings: The ranges of the augmentation.
            seed: The run's seed.
            epoch: Counted from 1.
            workers: Threads; 0 prepares in the caller's thread. The pictures do not depend on it.
            device: Where whole batches are changed, with torch; None: the threads change photo by photo.
        """

        def draw(sample: int) -> _Drawn:
            return self._drawn(sample % len(self), settings, Key(seed, (epoch, sample)))

        if device is None:
            return self._batches(order, lambda sample: self._changed(draw(sample), settings), workers)
        return self._changed_batches(order, draw, settings, workers, device)

    def _drawn(self, number: int, settings: AugmentSettings, key: Key) -> _Drawn:
        """Read a photo and draw its numbers, and those of the photo that is mixed in."""
        size = self.preprocessing.image_size
        change, drawn = draw_change(settings, key, size, size), draw_mix(settings, key, len(self), size)
        if drawn is None:
            return _Drawn(self.reduced(number), change)
        partner_change = draw_change(settings, Key(key.seed, (*key.counters, "partner")), size, size)
        return _Drawn(self.reduced(number), change, drawn, _Drawn(self.reduced(drawn.partner), partner_change))

    def _changed(self, drawn: _Drawn, settings: AugmentSettings) -> tuple[Picture, Mix | None]:
        """Change one photo."""
        size, fit = self.preprocessing.image_size, self.preprocessing.fit
        picture = change_into_square(drawn.picture, drawn.change, size, fit, settings.fill_mode, settings.cval)
        if drawn.mix is None or drawn.partner is None:
            return picture, None
        partner, _ = self._changed(drawn.partner, settings)
        return mix(picture, partner, drawn.mix), drawn.mix

    def _changed_batches(
        self,
        order: Sequence[Sequence[int]],
        draw: Callable[[int], _Drawn],
        settings: AugmentSettings,
        workers: int,
        device: torch.device,
    ) -> Generator[Batch]:
        """Let the threads read and draw; change whole batches on the device."""
        size, fit = self.preprocessing.image_size, self.preprocessing.fit

        def change(photos: list[_Drawn]) -> torch.Tensor:
            pictures, changes = [photo.picture for photo in photos], [photo.change for photo in photos]
            return change_batch(pictures, changes, size, fit, settings.fill_mode, settings.cval, device)

        with closing(prepared_ahead(order, draw, workers)) as groups:
            for samples, photos in groups:
                pictures = change(photos)
                mixes = [photo.mix for photo in photos if photo.mix is not None]
                if mixes:  # then all of them are mixed
                    partners = [photo.partner for photo in photos if photo.partner is not None]
                    pictures = mix_batch(pictures, change(partners), mixes)
                yield self._labelled(pictures, samples, [photo.mix for photo in photos])

    def _batches(
        self, order: Sequence[Sequence[int]], prepare: Callable[[int], tuple[Picture, Mix | None]], workers: int
    ) -> Generator[Batch]:
        with closing(prepared_ahead(order, prepare, workers)) as groups:
            for samples, prepared in groups:
                yield self._labelled(
                    np.stack([picture for picture, _ in prepared]), samples, [drawn for _, drawn in prepared]
                )

    def _labelled(
        self, pictures: NDArray[np.uint8] | torch.Tensor, samples: Sequence[int], mixes: Sequence[Mix | None]
    ) -> Batch:
        numbers = [sample % len(self) for sample in samples]
        partners = [own if drawn is None else drawn.partner for own, drawn in zip(numbers, mixes, strict=True)]
        shares = [1.0 if drawn is None else drawn.share for drawn in mixes]
        return Batch(pictures, self.labels[numbers], self.labels[partners], np.array(shares, dtype=np.float32))
