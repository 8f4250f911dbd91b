"""How many pictures may be under way: a fixed bound, and one of time that follows what the machine can do.

A queue of fixed length is too long on a slow machine and too short on a fast one. So it is worked out from what was
measured (``speed.py``) how long those under way will take; a request that would wait longer than ``patience`` times
what a picture takes alone is refused at once. Those who are let in are answered soon, however many knock. All of it
lives in one event loop; it knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mekiki.doors.serving.refusals import busy
from mekiki.doors.serving.speed import Speed

LEAST = 4
"""So many pictures are always let in: fewer would leave the decoders or the model without work."""


class Places:
    """Room for pictures that were taken and are not answered yet.

    Args:
        most: Pictures under way at a time.
        patience: The longest wait that is begun, as a multiple of what one picture takes alone.
        most_batch: Pictures in the largest batch.
        workers: Threads that prepare.
        speed: What pictures cost.

    Attributes:
        taken: Pictures under way.
    """

    def __init__(self, most: int, patience: float, most_batch: int, workers: int, speed: Speed) -> None:
        self.most = most
        self.patience = patience
        self.speed = speed
        self.taken = 0
        self._explained = 0
        self._most_batch = most_batch
        self._workers = workers

    @property
    def wait(self) -> float:
        """What the pictures under way will take, seconds."""
        return self.speed.together(self.taken, self._explained, self._most_batch, self._workers)

    def check(self, count: int = 1) -> None:
        """Refuse pictures for which there is no room.

        Args:
            count: How many.

        Raises:
            Refusal: 429, with the seconds after which there should be room.
        """
        if self.taken + count > self.most:
            raise busy(f"{self.taken} pictures are under way, and {self.most} may be", self.wait)
        if self.taken >= LEAST and self.wait > self.patience * self.speed.alone:
            raise busy(f"{self.taken} pictures are under way, as many as can be answered soon", self.wait)

    @contextmanager
    def take(self, count: int, explain: bool = False) -> Iterator[None]:
        """Hold room for pictures; it is free again however the block is left.

        Args:
            count: How many.
            explain: Whether a heat map belongs to each.

        Raises:
            Refusal: There is no room.
        """
        self.check(count)
        explained = count if explain else 0
        self.taken += count
        self._explained += explained
        try:
            yield
        finally:
            self.taken -= count
            self._explained -= explained
