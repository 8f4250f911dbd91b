"""How long answers take on this machine now: measured when a model is loaded, and followed while it answers.

A batch of n pictures takes ``first + (n - 1) * further`` seconds, and a picture ``prepare`` before that. All three move
together when other work slows the machine down, so what is worked out from them does not depend on how busy it is. It
does not depend on how many pictures are under way either: a pace that was measured in small batches would keep them
small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SHARE = 0.1
"""Of a new picture in the running averages."""


@dataclass
class Speed:
    """What pictures cost.

    Attributes:
        prepare: Seconds of a thread to decode and prepare one; a running average.
        first: Seconds that the model took for one alone, when it was tried out.
        further: Seconds that each further one of a batch took, when it was tried out.
        slower: How many times as long batches take now; a running average.
        explain: Seconds of the model to explain one; a running average, 0 until one was explained.
    """

    prepare: float
    first: float
    further: float
    slower: float = 1.0
    explain: float = 0.0

    @property
    def alone(self) -> float:
        """Seconds from a picture to its answer when nobody else asks."""
        return self.prepare + self.slower * self.first

    def together(self, pictures: int, explained: int, most_batch: int, workers: int) -> float:
        """Return the seconds in which so many pictures that are there at once are answered.

        Args:
            pictures: How many.
            explained: To how many of them a heat map belongs.
            most_batch: Pictures in the largest batch.
            workers: Threads that prepare.
        """
        batches = math.ceil(pictures / most_batch)
        asking = self.slower * (batches * self.first + (pictures - batches) * self.further)
        return max(asking + explained * self.explain, pictures * self.prepare / workers)

    def note_explained(self, seconds: float) -> None:
        """Learn from one picture that was explained."""
        self.explain = seconds if not self.explain else self.explain + _SHARE * (seconds - self.explain)

    def note_prepared(self, seconds: float) -> None:
        """Learn from one picture that was prepared."""
        self.prepare += _SHARE * (seconds - self.prepare)

    def note_batch(self, pictures: int, seconds: float) -> None:
        """Learn from one batch."""
        usual = self.first + (pictures - 1) * self.further
        share = 1 - (1 - _SHARE) ** pictures
        self.slower += share * (seconds / usual - self.slower)
