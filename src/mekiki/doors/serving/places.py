"""How many pictures may be under way: a fixed bound, and one of time that follows what the machine can do.

A queue of fixed length is too long on a slow machine and too short on a fast one. So the service measures what one
picture takes when nobody else asks, and at which pace it answers when many do; a request that would wait longer than
``patience`` times the first is refused at once. Those who are let in are answered soon, however many knock. All of it
lives in one event loop; it knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mekiki.doors.serving.refusals import busy

_SHARE = 0.1
"""Of a new measurement in the running averages."""
LEAST = 4
"""So many pictures are always let in: fewer would leave the decoders or the model without work."""


class Places:
    """Room for pictures that were taken and are not answered yet.

    Args:
        most: Pictures under way at a time.
        patience: The longest wait that is begun, as a multiple of what one picture takes alone.

    Attributes:
        taken: Pictures under way.
        pace: Seconds a picture takes among many; a running average.
        alone: Seconds from a picture's arrival to its answer when nobody else asks; a running average.
    """

    def __init__(self, most: int, patience: float) -> None:
        self.most = most
        self.patience = patience
        self.taken = 0
        self.pace = 0.0
        self.alone = 0.0

    @property
    def wait(self) -> float:
        """What the pictures under way will take, seconds."""
        return self.taken * self.pace

    def check(self, count: int = 1) -> None:
        """Refuse pictures for which there is no room.

        Args:
            count: How many.

        Raises:
            Refusal: 429, with the seconds after which there should be room.
        """
        if self.taken + count > self.most:
            raise busy(f"{self.taken} pictures are under way, and {self.most} may be", self.wait)
        if self.taken >= LEAST and self.wait > self.patience * self.alone:
            raise busy(f"{self.taken} pictures are under way, as many as can be answered soon", self.wait)

    @contextmanager
    def take(self, count: int) -> Iterator[None]:
        """Hold room for pictures; it is free again however the block is left.

        Args:
            count: How many.

        Raises:
            Refusal: There is no room.
        """
        self.check(count)
        self.taken += count
        try:
            yield
        finally:
            self.taken -= count

    def note_pace(self, seconds: float, pictures: int) -> None:
        """Learn from a batch: the time since the one before, or since it was asked for if there was a pause."""
        share = 1 - (1 - _SHARE) ** pictures
        self.pace = seconds / pictures if not self.pace else self.pace + share * (seconds / pictures - self.pace)

    def note_alone(self, seconds: float) -> None:
        """Learn from one picture that was alone."""
        self.alone = seconds if not self.alone else self.alone + _SHARE * (seconds - self.alone)
