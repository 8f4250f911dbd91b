"""Score a run on one of its parts or on other labelled photos. The only scorer of test; it records each opening."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError, PictureError
from mekiki.evaluation.classifier import Classifier
from mekiki.progress import Progress
from mekiki.records.evaluation import Evaluation
from mekiki.records.openings import TestOpening, add_test_opening
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder
from mekiki.scoring.metrics import score

RANKED = 10


@dataclass(frozen=True)
class Scored:
    """A scored part.

    Attributes:
        evaluation: Its figures.
        photos: What was said of each readable photo, in the order given.
        rankings: For each of ``photos`` its most probable classes with their probabilities, at most ``RANKED``.
    """

    evaluation: Evaluation
    photos: tuple[ScoredPhoto, ...]
    rankings: tuple[tuple[tuple[str, float], ...], ...]


def score_photos(
    classifier: Classifier,
    root: Path,
    photos: Sequence[tuple[str, str]],
    part: str,
    progress: Progress,
) -> Scored:
    """Predict labelled photos and score the answers.

    Args:
        classifier: The trained model.
        root: The folder that the paths are relative to.
        photos: (relative path, label) pairs.
        part: "val", "test", "train" or "data".
        progress: Where to report to.

    Raises:
        DataError: No photo can be read, or a label is not one of the model's classes.
    """
    number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
    foreign = sorted({label for _, label in photos} - number_of.keys())
    if foreign:
        raise DataError(
            f"the model does not know the class {foreign[0]!r} ({len(foreign)} such); "
            f"it knows {', '.join(map(str, classifier.classes_))}",
            "the class folders must be named as in training",
        )
    began = time.perf_counter()
    rows: list[NDArray[np.float32]] = []
    read: list[tuple[str, str]] = []
    answers = classifier.each([root / path for path, _ in photos], progress)
    for photo, (_, chances) in zip(photos, answers, strict=True):
        if not isinstance(chances, PictureError):
            rows.append(chances)
            read.append(photo)
    if not rows:
        raise DataError(f"none of the {len(photos)} {part} photos in {root} can be read")
    labels = np.array([number_of[label] for _, label in read], dtype=np.int64)
    evaluation = score(
        labels,
        np.stack(rows),
        [str(name) for name in classifier.classes_],
        part,
        unreadable=len(photos) - len(read),
        seconds=time.perf_counter() - began,
    )
    rankings = tuple(classifier.rank("", chances, RANKED).top for chances in rows)
    said = tuple(
        _said(path, part, label, ranked, float(chances[number_of[label]]))
        for (path, label), ranked, chances in zip(read, rankings, rows, strict=True)
    )
    return Scored(evaluation, said, rankings)


def open_test(
    run: RunFolder, classifier: Classifier, root: Path, photos: Sequence[tuple[str, str]], progress: Progress
) -> Scored:
    """Score the test part and write down in the run that it was opened."""
    scored = score_photos(classifier, root, photos, "test", progress)
    record_opening(run, scored.photos)
    return scored


def record_opening(run: RunFolder, photos: Sequence[ScoredPhoto]) -> None:
    """Write down in the run that these of its test photos were scored."""
    accuracy = sum(photo.right for photo in photos) / len(photos)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    add_test_opening(run.test_openings, TestOpening(now, len(photos), accuracy))


def _said(path: str, part: str, label: str, ranked: tuple[tuple[str, float], ...], label_score: float) -> ScoredPhoto:
    return ScoredPhoto(path, part, label, ranked[0][0], ranked[0][1], label_score, ranked[1][0])
