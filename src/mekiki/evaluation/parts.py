"""Score a run on one of its parts or on other labelled photos. The only scorer of test; it records each opening."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError, PictureError, RunError
from mekiki.evaluation.classifier import Classifier
from mekiki.progress import Progress
from mekiki.records.evaluation import Evaluation
from mekiki.records.openings import TestOpening, add_test_opening
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder
from mekiki.scoring.detection import unknown_figures
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
    groups: Sequence[str] | None = None,
    unknown: NDArray[np.float64] | None = None,
) -> Scored:
    """Predict labelled photos and score the answers.

    Args:
        classifier: The trained model.
        root: The folder that the paths are relative to.
        photos: (relative path, label) pairs.
        part: "val", "test", "train" or "data".
        progress: Where to report to.
        groups: For each of ``photos`` the name of its group: copies, or what else belongs together and is no
            independent witness. Empty: the photo stands alone; not given: all stand alone.
        unknown: What ``known_scores_of`` gave for pictures of none of the classes, if there are such.

    Raises:
        DataError: No photo can be read, or a label is not one of the model's classes.
    """
    check_labels(classifier, {label for _, label in photos})
    number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
    began = time.perf_counter()
    rows: list[NDArray[np.float32]] = []
    known: list[float | None] = []
    read: list[tuple[str, str]] = []
    read_groups: list[str] = []
    answers = classifier.answers([root / path for path, _ in photos], progress)
    for photo, group, (_, answer) in zip(photos, groups or [""] * len(photos), answers, strict=True):
        if not isinstance(answer, PictureError):
            rows.append(answer.chances)
            known.append(answer.known_score)
            read.append(photo)
            read_groups.append(group)
    if not rows:
        raise DataError(f"none of the {len(photos)} {part} photos in {root} can be read")
    labels = np.array([number_of[label] for _, label in read], dtype=np.int64)
    chances = np.stack(rows)
    evaluation = score(
        labels,
        chances,
        [str(name) for name in classifier.classes_],
        part,
        unreadable=len(photos) - len(read),
        seconds=time.perf_counter() - began,
        groups=read_groups,
    )
    rule = classifier.card.unknown
    if rule is not None:
        right = chances.argmax(axis=1) == labels
        figures = unknown_figures(rule, np.array(known, dtype=np.float64), right, read_groups, unknown)
        evaluation = evaluation.model_copy(update={"unknown": figures})
    rankings = tuple(classifier.rank("", chances, RANKED).top for chances in rows)
    said = tuple(
        _said(path, part, label, ranked, float(chances[number_of[label]]))
        for (path, label), ranked, chances in zip(read, rankings, rows, strict=True)
    )
    return Scored(evaluation, said, rankings)


def check_labels(classifier: Classifier, labels: Iterable[str], who: str = "the model") -> None:
    """Refuse labels that are none of a model's classes.

    Raises:
        DataError: There is one.
    """
    classes = [str(name) for name in classifier.classes_]
    foreign = sorted(set(labels) - set(classes))
    if foreign:
        raise DataError(
            f"{who} does not know the class {foreign[0]!r} ({len(foreign)} such); it knows {', '.join(classes)}",
            "the class folders must be named as in training",
        )


def known_scores_of(classifier: Classifier, pictures: Sequence[Path], progress: Progress) -> NDArray[np.float64]:
    """Return how well known pictures look, (n,), higher for what is known; those that cannot be read are left out.

    Raises:
        RunError: The model has no threshold for what is unknown.
        DataError: None can be read.
    """
    if classifier.card.unknown is None:
        raise RunError(
            "this model has no threshold for what is unknown: it was made without validation photos, or long ago",
            "train it again with validation photos",
        )
    answers = [answer for _, answer in classifier.answers(pictures, progress)]
    scores = [answer.known_score for answer in answers if not isinstance(answer, PictureError)]
    if not scores:
        raise DataError(f"none of the {len(pictures)} unknown pictures can be read")
    return np.array(scores, dtype=np.float64)


def open_test(
    run: RunFolder,
    classifier: Classifier,
    root: Path,
    photos: Sequence[tuple[str, str]],
    progress: Progress,
    groups: Sequence[str] | None = None,
    unknown: NDArray[np.float64] | None = None,
) -> Scored:
    """Score the test part and write down in the run that it was opened; the rest as for ``score_photos``."""
    scored = score_photos(classifier, root, photos, "test", progress, groups, unknown)
    record_opening(run, [photo.right for photo in scored.photos])
    return scored


def record_opening(run: RunFolder, right: Sequence[bool]) -> None:
    """Write down in the run that test photos of it were scored, and for each whether the answer was right."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    add_test_opening(run.test_openings, TestOpening(now, len(right), sum(right) / len(right)))


def _said(path: str, part: str, label: str, ranked: tuple[tuple[str, float], ...], label_score: float) -> ScoredPhoto:
    return ScoredPhoto(path, part, label, ranked[0][0], ranked[0][1], label_score, ranked[1][0])
