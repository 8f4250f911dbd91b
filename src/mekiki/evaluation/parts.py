"""Score a run on one of its parts or on other labelled photos. The only scorer of test; it records each opening."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.data.copies.hashing import sha256_of
from mekiki.errors import DataError, PictureError
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.strangers import Strangers
from mekiki.progress import Progress
from mekiki.records.evaluation import Evaluation
from mekiki.records.manifest import Photo, read_manifest
from mekiki.records.openings import TestOpening, add_test_opening
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder
from mekiki.records.split import SplitRow, read_split
from mekiki.scoring.calibration import uncalibrated
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


@dataclass(frozen=True)
class Answered:
    """What a model said of labelled photos that could be read; all but the last two have one entry for each.

    Attributes:
        part: "val", "test", "train" or "data".
        labels: int (n,), the numbers of their classes.
        logits: float32 (n, classes), divided by the temperature.
        chances: float32 (n, classes), rows sum to 1.
        groups: Names of their groups; empty: the photo stands alone.
        said: The answers for the record.
        rankings: As in ``Scored``.
        places: Which of the photos that were asked about they are, ascending.
        unreadable: Photos that cannot be read.
        seconds: Wall time of prediction.
    """

    part: str
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]
    chances: NDArray[np.float32]
    groups: tuple[str, ...]
    said: tuple[ScoredPhoto, ...]
    rankings: tuple[tuple[tuple[str, float], ...], ...]
    places: tuple[int, ...]
    unreadable: int
    seconds: float

    def at(self, places: Sequence[int]) -> Answered:
        """Return some of them, by their places among these."""
        chosen = np.array(places, dtype=np.int64)
        return replace(
            self,
            labels=self.labels[chosen],
            logits=self.logits[chosen],
            chances=self.chances[chosen],
            groups=tuple(self.groups[place] for place in places),
            said=tuple(self.said[place] for place in places),
            rankings=tuple(self.rankings[place] for place in places),
            places=tuple(self.places[place] for place in places),
        )


def score_answers(classifier: Classifier, answered: Answered, strangers: Strangers | None = None) -> Scored:
    """Score what ``ask`` gave.

    Args:
        classifier: What answered.
        answered: At least one answer.
        strangers: What it made of pictures of none of the classes, if there are such.
    """
    return Scored(figures_of(classifier, answered, strangers), answered.said, answered.rankings)


def ask(
    classifier: Classifier,
    root: Path,
    photos: Sequence[Photo | SplitRow],
    part: str,
    progress: Progress,
    before: Sequence[Answer | PictureError] | None = None,
) -> Answered:
    """Return what a model says of labelled photos.

    Args:
        classifier: The trained model.
        root: The folder that the paths are relative to.
        photos: With their labels and groups; photos of one group are copies, or belong together, and are no independent
            witnesses.
        part: "val", "test", "train" or "data".
        progress: Where to report to.
        before: What the model answered before it had a temperature, so that it need not be asked again.

    Raises:
        DataError: No photo can be read, or a label is not one of the model's classes.
    """
    check_labels(classifier, {photo.label for photo in photos})
    number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
    began = time.perf_counter()
    asked = classifier.answers([root / photo.path for photo in photos], progress) if before is None else ()
    answers = (answer for _, answer in asked) if before is None else classifier.reconsider(before)
    found = [(place, answer) for place, answer in enumerate(answers) if not isinstance(answer, PictureError)]
    if not found:
        raise DataError(f"none of the {len(photos)} {part} photos in {root} can be read")
    read = [photos[place] for place, _ in found]
    labels = [number_of[photo.label] for photo in read]
    rankings = tuple(classifier.rank("", answer.chances, RANKED).top for _, answer in found)
    return Answered(
        part=part,
        labels=np.array(labels, dtype=np.int64),
        logits=np.stack([answer.logits for _, answer in found]),
        chances=np.stack([answer.chances for _, answer in found]),
        groups=tuple(photo.group for photo in read),
        said=tuple(
            _said(part, photo, label, ranked, answer)
            for photo, label, ranked, (_, answer) in zip(read, labels, rankings, found, strict=True)
        ),
        rankings=rankings,
        places=tuple(place for place, _ in found),
        unreadable=len(photos) - len(found),
        seconds=time.perf_counter() - began,
    )


def _said(
    part: str, photo: Photo | SplitRow, label: int, ranked: tuple[tuple[str, float], ...], answer: Answer
) -> ScoredPhoto:
    return ScoredPhoto(
        photo.path, part, photo.label, *ranked[0], float(answer.chances[label]), ranked[1][0], answer.known_score
    )


def figures_of(classifier: Classifier, answers: Answered, strangers: Strangers | None = None) -> Evaluation:
    """Score answers, at least one of them; ``strangers`` as for ``score_answers``."""
    labels, groups = answers.labels, list(answers.groups)
    evaluation = score(
        labels,
        answers.chances,
        [str(name) for name in classifier.classes_],
        answers.part,
        unreadable=answers.unreadable,
        seconds=answers.seconds,
        groups=groups,
    )
    if classifier.card.calibration is not None:
        before = uncalibrated(labels, answers.logits * np.float32(classifier.temperature), groups)
        evaluation = evaluation.model_copy(update={"uncalibrated": before})
    rule = classifier.card.unknown
    if rule is not None:
        right = answers.chances.argmax(axis=1) == labels
        known = np.array([photo.known_score for photo in answers.said], dtype=np.float64)
        figures = unknown_figures(
            rule, known, right, groups, *((strangers.scores, strangers.groups) if strangers else ())
        )
        evaluation = evaluation.model_copy(update={"unknown": figures})
    return evaluation


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


def record_opening(run: RunFolder, right: Sequence[bool], verb: str) -> None:
    """Write down in the run that test photos of it were looked at.

    Args:
        run: The run.
        right: For each of them whether the answer was right, at least one.
        verb: What looked: "train", "evaluate", "compare" …
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    add_test_opening(run.test_openings, TestOpening(now, len(right), sum(right) / len(right), verb))


def record_pictures(run: RunFolder, files: Sequence[Path | bytes], answers: Sequence[str]) -> None:
    """Write down in a run that pictures were explained, if its test photos are among them.

    Args:
        run: The run; one without a split, such as a model alone, records nothing.
        files: Pictures, or their bytes, by which they are known.
        answers: For each of them the class that the model named; empty: it could not be read.
    """
    if not (run.split.is_file() and run.manifest.is_file()):
        return
    labels = {row.path: row.label for row in read_split(run.split).part("test")}
    tests = {
        photo.sha256: labels[photo.path]
        for photo in read_manifest(run.manifest, Path()).usable()
        if photo.path in labels
    }
    asked = [(file, answer) for file, answer in zip(files, answers, strict=True) if tests and answer]
    right = [tests[sha256] == answer for file, answer in asked if (sha256 := _sha256_of(file)) in tests]
    if right:
        record_opening(run, right, "explain")


def _sha256_of(file: Path | bytes) -> str:
    return sha256_of(file if isinstance(file, bytes) else file.read_bytes())
