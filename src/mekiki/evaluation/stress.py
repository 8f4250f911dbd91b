"""How a model does on the same photos under every kind and severity of damage: figures, and what flipped.

Nothing is written here, and no test part is recorded as opened: the verb does both. The asking is in ``asking.py``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import KindName, StressSettings, severities_of
from mekiki.errors import DataError
from mekiki.evaluation.asking import Asking
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.flips import Flip
from mekiki.progress import Progress
from mekiki.records.manifest import Photo
from mekiki.records.stress import FlipRow, Loss, PairedPoint, Stress, StressPoint
from mekiki.scoring.bootstrap import group_numbers
from mekiki.scoring.intervals import share_of
from mekiki.scoring.paired import exact_mcnemar
from mekiki.scoring.robustness import loss_of
from mekiki.seeds import entropy
from mekiki.tensors.geometry import Picture

POINTS_LOST = 0.1
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """What one model said of damaged photos.

    Attributes:
        figures: The numbers.
        photos: Those that could be read, in the order given.
        clean: (photos,) whether each was recognised undamaged.
        right: (photos, severities) of each kind, whether each damaged one was.
        flips: Photos that flipped, of each kind those that did so first, with their pictures.
        flip_rows: All that flipped.
        samples: Of each kind the first photo clean and at each severity, (1 + severities, size, size, 3).
    """

    figures: Stress
    photos: tuple[Photo, ...]
    clean: Bools
    right: dict[KindName, Bools]
    flips: tuple[Flip, ...]
    flip_rows: tuple[FlipRow, ...]
    samples: dict[KindName, Picture]


def choose_photos(photos: Sequence[Photo], limit: int | None, seed: int) -> list[Photo]:
    """Return ``limit`` photos of each class, chosen by the seed and their bytes; more photos keep the ones before.

    Args:
        photos: Any order, which is kept.
        limit: Of each class; None: all.
        seed: Of the choice.
    """
    if limit is None:
        return list(photos)
    chosen: set[str] = set()
    for label in {photo.label for photo in photos}:
        own = [photo for photo in photos if photo.label == label]
        own.sort(key=lambda photo: (entropy(seed, "stress limit", photo.sha256), photo.path))
        chosen.update(photo.path for photo in own[:limit])
    return [photo for photo in photos if photo.path in chosen]


def stress_photos(
    classifier: Classifier,
    root: Path,
    photos: Sequence[Photo],
    settings: StressSettings,
    progress: Progress,
    run: str = "",
    part: str = "data",
) -> Answers:
    """Damage labelled photos, and score what the model says of them.

    Args:
        classifier: The model; it knows all their labels.
        root: The folder that the paths are relative to.
        photos: With label and sha256.
        settings: Kinds, severities and seed; ``limit`` is for ``choose_photos``.
        progress: Where to report to.
        run: The run's name for the record.
        part: What the photos are, for the record.

    Raises:
        DataError: No photo can be read.
    """
    began = time.perf_counter()
    asked = Asking(classifier, root, settings)
    pictures = sum(len(severities_of(kind, settings.fine)) for kind in settings.wanted) + 1
    with progress.task("stress", len(photos) * pictures, "pictures") as task:
        read = asked.plainly(photos, task)
        if not read:
            raise DataError(f"none of the {len(photos)} photos in {root} can be read")
        asked.adversarially(read, task)
    labels = asked.numbers(read)
    clean = np.array(asked.clean, dtype=np.int64) == labels
    right = {kind: np.stack(asked.answers[kind]) == labels[:, None] for kind in settings.wanted}
    groups = group_numbers([photo.group for photo in read], len(read))
    accuracy = share_of(clean, groups)
    figures = Stress(
        run=run,
        part=part,
        n=len(read),
        unreadable=len(photos) - len(read),
        image_size=classifier.card.preprocessing.image_size,
        seed=settings.seed,
        pgd_steps=settings.pgd_steps,
        clean=accuracy.value,
        clean_low=accuracy.low,
        clean_high=accuracy.high,
        kinds={
            kind: _points(severities_of(kind, settings.fine), clean, right[kind], groups) for kind in settings.wanted
        },
        losses={kind: _loss(kind, settings, clean, right[kind], read) for kind in settings.wanted},
        seconds=time.perf_counter() - began,
    )
    flips = asked.flips
    return Answers(figures, tuple(read), clean, right, flips.first(), flips.rows(run), asked.samples)


def paired(first: Answers, other: Answers) -> dict[KindName, list[PairedPoint]]:
    """Compare two models on the same photos, at every severity of every kind, and clean.

    Args:
        first: The one that is compared with.
        other: With answers to the same photos.
    """
    groups = group_numbers([photo.group for photo in first.photos], len(first.photos))
    return {
        kind: [
            _paired(severity, one, two, groups)
            for severity, one, two in zip(
                (0.0, *(point.severity for point in points)),
                (first.clean, *first.right[kind].T),
                (other.clean, *other.right[kind].T),
                strict=True,
            )
        ]
        for kind, points in first.figures.kinds.items()
    }


def _paired(severity: float, first: Bools, other: Bools, groups: NDArray[np.int64]) -> PairedPoint:
    apart = first.astype(np.int64) - other.astype(np.int64)
    p_value, _ = exact_mcnemar(np.bincount(groups, apart).astype(np.int64))
    only_first, only_this = int((apart > 0).sum()), int((apart < 0).sum())
    return PairedPoint(severity=severity, only_first=only_first, only_this=only_this, p_value=p_value)


def _points(severities: Sequence[float], clean: Bools, right: Bools, groups: NDArray[np.int64]) -> list[StressPoint]:
    known = int(clean.sum())
    points = []
    for severity, column in zip(severities, right.T, strict=True):
        accuracy = share_of(column, groups)
        points.append(
            StressPoint(
                severity=severity,
                accuracy=accuracy.value,
                low=accuracy.low,
                high=accuracy.high,
                n=len(column),
                kept=int(column.sum()) / known if known else None,
            )
        )
    return points


def _loss(kind: KindName, settings: StressSettings, clean: Bools, right: Bools, photos: Sequence[Photo]) -> Loss:
    groups = [photo.group for photo in photos]
    return loss_of(severities_of(kind, settings.fine), clean, right, POINTS_LOST, groups, settings.seed)
