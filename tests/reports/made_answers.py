"""Answers of a made-up model, scored by the real scorer: too sure by a known factor before its temperature."""

from dataclasses import dataclass

import numpy as np

from mekiki.records.evaluation import Evaluation
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.unknown import UnknownRule
from mekiki.scoring.calibration import at_temperature, uncalibrated
from mekiki.scoring.detection import unknown_figures
from mekiki.scoring.metrics import score
from mekiki.scoring.unknown import known_scores, threshold_keeping
from mekiki.seeds import stream

TEMPERATURE = 3.0


@dataclass(frozen=True)
class Made:
    evaluation: Evaluation
    photos: list[ScoredPhoto]
    chances: np.ndarray
    logits: np.ndarray
    labels: np.ndarray


def make_answers(n: int, classes: list[str], part: str = "test", sharp: float = 2.0) -> Made:
    """Draw labels from known probabilities; the model gave their logits three times too large."""
    numbers = stream(0, "made answers")
    plain = (sharp * numbers.normal(size=(n, len(classes)))).astype(np.float32)
    chances = at_temperature(plain, 1.0)
    labels = (chances.cumsum(axis=1) > numbers.random((n, 1))).argmax(axis=1).astype(np.int64)
    known = known_scores("energy", plain)
    rule = UnknownRule(score="energy", threshold=threshold_keeping(known, 0.9), kept=0.9, n=n)
    evaluation = score(labels, chances, classes, part).model_copy(
        update={
            "uncalibrated": uncalibrated(labels, TEMPERATURE * plain),
            "unknown": unknown_figures(rule, known, chances.argmax(axis=1) == labels),
        }
    )
    photos = [
        ScoredPhoto(
            f"{classes[label]}/{number}.png", part, classes[label], classes[row.argmax()], float(row.max()),
            float(row[label]), classes[np.argsort(-row)[1]], float(known[number]),
        )
        for number, (label, row) in enumerate(zip(labels, chances, strict=True))
    ]  # fmt: skip
    return Made(evaluation, photos, chances, TEMPERATURE * plain, labels)
