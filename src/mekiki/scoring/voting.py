"""From the answers of single frames to one that does not flicker: the rule of voting in videos.

The rule. Each asked frame at time t (seconds) votes with its probabilities; a frame that the model does not know votes
for "unknown" alone. The votes are averaged with weights that fall exponentially with age: after a step of dt seconds

    average ← average + (1 − exp(−dt / smooth_seconds)) · (vote − average)

so the frame rate, or skipping frames, does not change how long the average remembers. The first answer is shown at
once. Another one replaces it when, for at least ``hold_seconds``, at each asked frame, its average was the highest and
at least ``lead`` above that of the shown one, and at least two frames of that time had it as their own answer.

What follows. One odd frame alone never changes what is shown. A clear and lasting change (from probability 1 to 0) is
shown after at most ``smooth_seconds · ln(2 / (1 − lead)) + hold_seconds`` and two steps: 0.7 seconds by default.
Probabilities are averaged and not their logarithms, because one frame that is sure and wrong would outweigh a dozen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ENOUGH_FRAMES = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown after a frame.

    Attributes:
        number: Of the class that is shown; the number of classes stands for "unknown".
        chances: (classes + 1,) averaged probabilities, which sum to 1; the last is that of "unknown".
    """

    number: int
    chances: NDArray[np.float64]

    @property
    def known(self) -> bool:
        """Whether a class is shown."""
        return self.number < len(self.chances) - 1

    @property
    def score(self) -> float:
        """The averaged probability of what is shown, 0..1."""
        return float(self.chances[self.number])


class TemporalVote:
    """The vote of the frames so far; see the file's first lines for its rule.

    Args:
        smooth_seconds: Time constant of the average, 0 or more; 0: each frame is its own average.
        lead: By how much of probability a new answer must lead, 0..1.
        hold_seconds: For how long.
    """

    def __init__(self, smooth_seconds: float, lead: float, hold_seconds: float) -> None:
        self.smooth_seconds = smooth_seconds
        self.lead = lead
        self.hold_seconds = hold_seconds
        self._average: NDArray[np.float64] | None = None
        self._last = 0.0
        self._shown = 0
        self._rival = -1
        self._since = 0.0
        self._frames_for_rival = 0

    def add(self, seconds: float, chances: NDArray[np.floating], known: bool | None) -> Verdict:
        """Count one frame.

        Args:
            seconds: Its time; a frame that is not later than the last one weighs nothing.
            chances: (classes,) its probabilities, which sum to 1.
            known: Whether it shows one of the classes; None: the model cannot tell.
        """
        vote = np.append(np.asarray(chances, np.float64), 0.0)
        if known is False:
            vote[:] = 0.0
            vote[-1] = 1.0
        vote /= vote.sum()
        own = int(vote.argmax())
        if self._average is None:
            self._average, self._shown = vote, own
        else:
            self._average = self._average + self._weight(seconds - self._last) * (vote - self._average)
        self._last = seconds
        self._judge(seconds, own, self._average)
        return Verdict(self._shown, self._average / self._average.sum())

    def _weight(self, step: float) -> float:
        if step <= 0:
            return 0.0
        return 1.0 if self.smooth_seconds == 0 else -math.expm1(-step / self.smooth_seconds)

    def _judge(self, seconds: float, own: int, average: NDArray[np.float64]) -> None:
        leader = int(average.argmax())
        if leader == self._shown or average[leader] - average[self._shown] < self.lead:
            self._rival = -1
            return
        if leader != self._rival:
            self._rival, self._since, self._frames_for_rival = leader, seconds, 0
        self._frames_for_rival += own == leader
        if seconds - self._since >= self.hold_seconds and self._frames_for_rival >= ENOUGH_FRAMES:
            self._shown, self._rival = leader, -1
