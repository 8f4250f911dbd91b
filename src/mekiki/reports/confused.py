"""Which class is taken for which: the most frequent mistakes with their intervals, and photos that show why.

Counts are those of the evaluation. How many photos are shown is limited here, as in ``gallery.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.evaluation.examples import confused_examples
from mekiki.records.evaluation import Estimate, Evaluation
from mekiki.records.predictions import ScoredPhoto
from mekiki.reports.gallery import Photo, photo_on_page
from mekiki.reports.story import PART_NAMES
from mekiki.scoring.intervals import wilson_of_share

MOST_PAIRS = 10
PAIRS_SHOWN = 3
EXAMPLES_OF_A_PAIR = 2
PICTURE_SIDE = 240
PICTURE_BYTES = 14_000


@dataclass(frozen=True)
class ConfusedPair:
    """How often one class was taken for another; ``share`` of the ``n`` photos of the true class."""

    true: str
    predicted: str
    count: int
    n: int
    share: Estimate


@dataclass(frozen=True)
class Beside:
    """A photo of one class that was taken for another, beside one of the other that was recognised.

    Attributes:
        wrong: The mistaken photo.
        predicted: What it was taken for.
        sure: How sure of that the model was, 0..1.
        right: A photo of that class.
    """

    wrong: Photo
    predicted: str
    sure: float
    right: Photo


def confused_pairs(evaluation: Evaluation) -> list[ConfusedPair]:
    """Return the most frequent mistakes, by count and then by share."""
    worth = evaluation.intervals.effective_n / evaluation.n if evaluation.intervals else 1.0
    pairs = [
        ConfusedPair(
            evaluation.classes[true], evaluation.classes[other], count, sum(row),
            wilson_of_share(count / sum(row), sum(row) * worth),
        )
        for true, row in enumerate(evaluation.confusion)
        for other, count in enumerate(row)
        if count and other != true
    ]  # fmt: skip
    return sorted(pairs, key=lambda pair: (-pair.count, -pair.share.value, pair.true, pair.predicted))[:MOST_PAIRS]


def photos_beside(
    pairs: Sequence[ConfusedPair], predictions: Sequence[ScoredPhoto], part: str, root: Path
) -> list[Beside]:
    """Return photos of the most confused pairs, each beside one of the class that it was taken for.

    Args:
        pairs: The most confused first.
        predictions: What was said of each photo of all parts.
        part: Where the mistakes are. The others are of validation, or of the same part where that is all there is.
        root: The folder that photo paths are relative to; where both photos of two are gone, they are left out.
    """
    scored = [photo for photo in predictions if photo.part == part]
    others = [photo for photo in predictions if photo.part == "val"] or scored
    shown = []
    for pair in pairs[:PAIRS_SHOWN]:
        for wrong, right in confused_examples(scored, others, pair.true, pair.predicted, EXAMPLES_OF_A_PAIR):
            one, other = (
                photo_on_page(root, photo.path, photo.label, PART_NAMES[photo.part], PICTURE_SIDE, PICTURE_BYTES)
                for photo in (wrong, right)
            )
            if one.picture or other.picture:
                shown.append(Beside(one, pair.predicted, wrong.score, other))
    return shown
