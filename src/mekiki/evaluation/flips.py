"""Photos that were recognised clean and not under damage: those that flipped first, with their pictures.

Only a few pictures of each kind are held, however many photos flip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mekiki.config import KindName
from mekiki.records.manifest import Photo
from mekiki.records.stress import FlipRow
from mekiki.tensors.geometry import Picture

MOST_PICTURES = 4


@dataclass(frozen=True)
class Flip:
    """A photo at the least severity at which it was not recognised.

    Attributes:
        kind: Of damage.
        severity: In the kind's unit.
        path: Relative to the data root.
        label: The true class.
        predicted: What it was called.
        score: How surely, 0..1.
        before: The clean square, (size, size, 3).
        after: The damaged one.
    """

    kind: KindName
    severity: float
    path: str
    label: str
    predicted: str
    score: float
    before: Picture
    after: Picture


class Flips:
    """Gathers flips while photos are asked about.

    Args:
        classes: Names in the order of the probabilities.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes
        self._first: dict[KindName, list[tuple[int, float, str, Flip]]] = {}
        self._all: list[tuple[KindName, float, Photo, str, float]] = []

    def add(
        self,
        kind: KindName,
        step: int,
        severity: float,
        photo: Photo,
        chances: NDArray[np.float32],
        before: Picture,
        after: Picture,
    ) -> None:
        """Note one flip; ``step`` counts the kind's severities from 0. Of equals the surer mistake comes first."""
        predicted, score = self.classes[int(chances.argmax())], float(chances.max())
        self._all.append((kind, severity, photo, predicted, score))
        kept = self._first.setdefault(kind, [])
        rank = (step, -score, photo.path)
        if len(kept) < MOST_PICTURES or rank < kept[-1][:3]:
            flip = Flip(kind, severity, photo.path, photo.label, predicted, score, before.copy(), after.copy())
            kept.append((*rank, flip))
            kept.sort(key=lambda each: each[:3])
            del kept[MOST_PICTURES:]

    def first(self) -> tuple[Flip, ...]:
        """Return the few that flipped first, kind by kind."""
        return tuple(flip for kept in self._first.values() for *_, flip in kept)

    def rows(self, run: str) -> tuple[FlipRow, ...]:
        """Return all flips as rows, kind by kind, the first to flip first."""
        order = {kind: number for number, kind in enumerate(self._first)}
        ordered = sorted(self._all, key=lambda flip: (order[flip[0]], flip[1], flip[2].path))
        return tuple(
            FlipRow(run, kind, severity, photo.path, photo.label, predicted, score)
            for kind, severity, photo, predicted, score in ordered
        )
