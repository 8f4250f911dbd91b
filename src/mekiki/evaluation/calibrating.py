"""What a trained model learns about itself from validation photos: its temperature, and when to answer "unknown".

Both are fitted after training, on photos that chose the snapshot and nothing else; test is never looked at here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import ViewsName
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.classifier import Classifier
from mekiki.progress import Progress
from mekiki.records.calibration import Calibration
from mekiki.records.unknown import FeatureReference, UnknownRule
from mekiki.scoring.calibration import fit_temperature
from mekiki.scoring.unknown import choose_rule, measure_reference
from mekiki.seeds import stream

MOST_REFERENCES = 1000
"""Training photos from which is measured where features lie: more would cost time and move little. Two of each class
are the least."""


@dataclass(frozen=True)
class SelfKnowledge:
    """What was fitted on validation photos.

    Attributes:
        calibration: The temperature, and what it did.
        unknown: Which score decides, and its threshold; None if there are too few photos to tell.
        reference: Where training photos lie among the features; None if there is no rule.
        answers: What the model, not calibrated yet, said of each validation photo, or why it cannot be read.
        seconds: Wall time of these answers.
    """

    calibration: Calibration
    unknown: UnknownRule | None
    reference: FeatureReference | None
    answers: tuple[Answer | PictureError, ...]
    seconds: float


def know_itself(
    classifier: Classifier,
    root: Path,
    train: Sequence[tuple[str, str]],
    val: Sequence[tuple[str, str]],
    seed: int,
    progress: Progress,
) -> SelfKnowledge | None:
    """Fit the temperature and the rule for "unknown".

    Args:
        classifier: The trained model, not calibrated yet.
        root: The folder that the paths are relative to.
        train: (relative path, label) pairs of the training photos.
        val: Those of the validation photos.
        seed: Chooses among the training photos if they are many.
        progress: Where to report to.

    Returns:
        None if no validation photo can be read.
    """
    began = time.perf_counter()
    answers = _ask(classifier, root, val, progress)
    seconds = time.perf_counter() - began
    logits, features, labels = _arrays(classifier, val, answers)
    if len(labels) == 0:
        return None
    calibration = fit_temperature(logits, labels)
    some = _some(train, seed, max(MOST_REFERENCES, 2 * len(classifier.classes_)))
    _, train_features, train_labels = _arrays(classifier, some, _ask(classifier, root, some, progress, "plain"))
    if np.bincount(train_labels, minlength=len(classifier.classes_)).min() < 2:
        progress.say("note: a class has fewer than two training photos, so the model will not answer 'unknown'")
        return SelfKnowledge(calibration, None, None, answers, seconds)
    reference = measure_reference(train_features, train_labels)
    rule = choose_rule(logits / np.float32(calibration.temperature), labels, features, reference)
    return SelfKnowledge(calibration, rule, reference, answers, seconds)


def _ask(
    classifier: Classifier,
    root: Path,
    photos: Sequence[tuple[str, str]],
    progress: Progress,
    views: ViewsName | None = None,
) -> tuple[Answer | PictureError, ...]:
    return tuple(answer for _, answer in classifier.answers([root / path for path, _ in photos], progress, views))


def _arrays(
    classifier: Classifier, photos: Sequence[tuple[str, str]], answers: Sequence[Answer | PictureError]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return logits (n, classes), features (n, d) and class numbers (n,) of the photos that can be read."""
    number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
    logits, features, labels = [], [], []
    for (_, label), answer in zip(photos, answers, strict=True):
        if not isinstance(answer, PictureError):
            logits.append(answer.logits)
            features.append(answer.features)
            labels.append(number_of[label])
    if not labels:
        return np.zeros((0, len(number_of)), np.float32), np.zeros((0, 0), np.float32), np.zeros(0, np.int64)
    return np.stack(logits), np.stack(features), np.array(labels, dtype=np.int64)


def _some(photos: Sequence[tuple[str, str]], seed: int, most: int) -> list[tuple[str, str]]:
    """Return at most so many photos, as many of each class as there are of the smallest or more."""
    numbers = stream(seed, "reference").permutation(len(photos))
    turn_of: dict[str, int] = {}
    turns = []
    for number in numbers:
        label = photos[number][1]
        turn_of[label] = turn_of.get(label, 0) + 1
        turns.append((turn_of[label], int(number)))
    return [photos[number] for _, number in sorted(turns)[:most]]
