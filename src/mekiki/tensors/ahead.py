"""Work done by threads beside the one who uses it, a little ahead, in order.

Decoding and resampling release Python's lock, so threads are enough and start at once on every system.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 3


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
    with single_threaded_opencv(), ThreadPoolExecutor(workers, thread_name_prefix="mekiki-photos") as pool:
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


single_threaded_opencv = _SingleThreadedOpencv()
