"""Which frames of a video the model is asked about, and how many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from mekiki.data.videos import Frame

GROUP_BYTES = 128 * 2**20
"""Frames of a file are asked about in batches, as long as those that wait take no more memory than this."""
LONGEST_WAIT_SECONDS = 1.0
"""However late it is, the model is asked so often by the clip's own clock."""


class Pace:
    """Decides which frames the model is asked about.

    Args:
        every: Each N-th frame that can be decoded.
        keep_up: Of those none while the work is behind the clip's own clock, but one in ``LONGEST_WAIT_SECONDS``. The
            clock starts after the first answer, before which the network is made ready.
        clock: Gives the time, seconds.
    """

    def __init__(self, every: int, keep_up: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.every, self.keep_up, self.clock = every, keep_up, clock
        self._began = 0.0
        self._last_asked = 0.0
        self._pictures = 0

    def asks(self, frame: Frame) -> bool:
        """Tell whether the model is asked about a frame; to be called once for each, in order."""
        if frame.picture is None:
            return False
        number, self._pictures = self._pictures, self._pictures + 1
        if number <= 1:
            self._began = self.clock() - frame.seconds
        if number % self.every or (number > 1 and self.keep_up and self._is_late(frame)):
            return False
        self._last_asked = frame.seconds
        return True

    def _is_late(self, frame: Frame) -> bool:
        waited = frame.seconds - self._last_asked
        return self.clock() - self._began > frame.seconds and waited < LONGEST_WAIT_SECONDS


def in_groups(frames: Iterable[Frame], pace: Pace, most: int) -> Iterator[list[tuple[Frame, bool]]]:
    """Yield the frames in groups, each frame with whether the model is asked about it.

    Args:
        frames: In order.
        pace: Which of them are asked about.
        most: A group ends with so many of those, or when it fills ``GROUP_BYTES``; 1: each frame is a group.
    """
    group: list[tuple[Frame, bool]] = []
    asked = size = 0
    for frame in frames:
        group.append((frame, pace.asks(frame)))
        asked += group[-1][1]
        size += 0 if frame.picture is None else frame.picture.nbytes
        if most == 1 or asked >= most or size >= GROUP_BYTES:
            yield group
            group, asked, size = [], 0, 0
    if group:
        yield group
