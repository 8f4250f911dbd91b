"""Batches of labelled photos, prepared by threads beside the work that uses them.

Decoding and resampling release Python's lock, so threads are enough, start at once on every system and share one cache.
A photo's reduced copy is kept in memory up to a limit; past it a photo is read again each time, so memory stays flat.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError
from mekiki.records.card import Preprocessing
from mekiki.tensors.augmentation.augmenting import augment
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.mixing import Mix, draw_mix, mix
from mekiki.tensors.geometry import Picture, reduce, square

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 3


@dataclass(frozen=True)
class Batch:
    """Some photos, ready for the network.

    Attributes:
        pictures: (n, size, size, 3) uint8 RGB.
        labels: (n,) class numbers.
        others: (n,) class numbers of the photos that were mixed in; ``labels`` where there are none.
        shares: (n,) how much of ``labels`` counts, 0..1; the rest is that of ``others``.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    others: NDArray[np.int64]
    shares: NDArray[np.float32]

    @property
    def is_mixed(self) -> bool:
        """Return whether any picture shows two photos."""
        return bool((self.shares < 1).any())


class PhotoSet:
    """Labelled photos of one part, read on demand and kept reduced.

    Args:
        root: The folder that the paths are relative to.
        paths: Relative paths.
        labels: Class numbers, one for each path.
        preprocessing: Size and fit of the network's input.
        max_megapixels: A larger picture is refused.
        margin: Photos are kept at this times the network's scale: 1 for plain use, more where augmentation enlarges.
        cache_megabytes: How much memory the reduced copies may take.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        labels: Sequence[int],
        preprocessing: Preprocessing,
        max_megapixels: float = 100.0,
        margin: float = 1.0,
        cache_megabytes: int = 1024,
    ) -> None:
        self.root = root
        self.paths = tuple(paths)
        self.labels = np.asarray(labels, dtype=np.int64)
        self.preprocessing = preprocessing
        self.max_megapixels = max_megapixels
        self._kept_size = round(preprocessing.image_size * margin)
        self._kept: dict[int, Picture] = {}
        self._lock = threading.Lock()
        self._room = cache_megabytes * 1_000_000

    def __len__(self) -> int:
        return len(self.paths)

    def reduced(self, number: int) -> Picture:
        """Return one photo, reduced to the scale at which it is kept, (H, W, 3).

        Raises:
            DataError: It can no longer be read.
        """
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        path = self.root / self.paths[number]
        try:
            picture = read_picture(path, max_megapixels=self.max_megapixels, at_least=self._kept_size)
        except PictureError as error:
            raise DataError(
                f"{path} could be read when it was scanned and cannot now: {error.message}",
                "was it moved or changed? start again",
            ) from error
        small = reduce(picture, self._kept_size, self.preprocessing.fit)
        with self._lock:
            if number not in self._kept and small.nbytes <= self._room:
                self._room -= small.nbytes
                self._kept[number] = small
        return small

    def plain(self, number: int) -> Picture:
        """Return one photo unchanged, (size, size, 3); with a margin of 1 to the last bit what prediction sees."""
        return square(self.reduced(number), self.preprocessing.image_size, self.preprocessing.fit)

    def plain_batches(self, batch_size: int, workers: int) -> Generator[Batch]:
        """Yield all photos in order, unchanged."""
        order = [list(range(start, min(start + batch_size, len(self)))) for start in range(0, len(self), batch_size)]
        return self._batches(order, lambda number: (self.plain(number), None), workers)

    def augmented_batches(
        self, order: Sequence[Sequence[int]], settings: AugmentSettings, seed: int, epoch: int, workers: int
    ) -> Generator[Batch]:
        """Yield augmented photos.

        Args:
            order: For each batch the draws: a photo's number, plus ``len(self)`` for each further pass in the epoch.
            settings: The ranges of the augmentation.
            seed: The run's seed.
            epoch: Counted from 1.
            workers: Threads; 0 prepares in the caller's thread. The pictures do not depend on it.
        """
        size, fit = self.preprocessing.image_size, self.preprocessing.fit

        def draw(sample: int) -> tuple[Picture, Mix | None]:
            key = Key(seed, (epoch, sample))
            picture = augment(self.reduced(sample % len(self)), size, fit, settings, key)
            drawn = draw_mix(settings, key, len(self), size)
            if drawn is None:
                return picture, None
            partner_key = Key(seed, (epoch, sample, "partner"))
            return mix(picture, augment(self.reduced(drawn.partner), size, fit, settings, partner_key), drawn), drawn

        return self._batches(order, draw, workers)

    def _batches(
        self, order: Sequence[Sequence[int]], prepare: Callable[[int], tuple[Picture, Mix | None]], workers: int
    ) -> Generator[Batch]:
        with closing(prepared_ahead(order, prepare, workers)) as groups:
            for samples, prepared in groups:
                numbers = [sample % len(self) for sample in samples]
                mixes = [drawn for _, drawn in prepared]
                partners = [own if drawn is None else drawn.partner for own, drawn in zip(numbers, mixes, strict=True)]
                shares = [1.0 if drawn is None else drawn.share for drawn in mixes]
                yield Batch(
                    np.stack([picture for picture, _ in prepared]),
                    self.labels[numbers],
                    self.labels[partners],
                    np.array(shares, dtype=np.float32),
                )


def prepared_ahead(
    order: Sequence[Sequence[Item]], prepare: Callable[[Item], Result], workers: int
) -> Generator[tuple[Sequence[Item], list[Result]]]:
    """Prepare groups of items with threads, a few groups ahead of the consumer, in order.

    Args:
        order: The groups.
        prepare: Called once for each item, from any thread.
        workers: Threads; 0 works in the caller's thread.

    Yields:
        Each group with its results, in order; an error of an item is raised at its group.
    """
    if workers == 0:
        for group in order:
            yield group, [prepare(item) for item in group]
        return
    with _single_threaded_opencv(), ThreadPoolExecutor(workers, thread_name_prefix="mekiki-photos") as pool:
        waiting: deque[tuple[Sequence[Item], list[Future[Result]]]] = deque()
        try:
            for group in order:
                waiting.append((group, [pool.submit(prepare, item) for item in group]))
                if len(waiting) > AHEAD:
                    yield _finished(waiting)
            while waiting:
                yield _finished(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _finished(
    waiting: deque[tuple[Sequence[Item], list[Future[Result]]]],
) -> tuple[Sequence[Item], list[Result]]:
    group, futures = waiting.popleft()
    return group, [future.result() for future in futures]


class _SingleThreadedOpencv:
    """Keeps OpenCV from starting threads of its own inside ours; loaders may overlap, the last one out restores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    cv2.setNumThreads(self._before)


_single_threaded_opencv = _SingleThreadedOpencv()
