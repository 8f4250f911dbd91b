"""From labels and probabilities to the figures of an ``Evaluation``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mekiki.records.evaluation import ClassFigures, Evaluation, Intervals, ReliabilityBin
from mekiki.scoring.bootstrap import RESAMPLES, group_numbers
from mekiki.scoring.intervals import effective_number, share_of, wilson_of_share
from mekiki.scoring.uncertainty import (
    Answers,
    f1_interval,
    f1_macro_and_calibration,
    precision_interval,
    recall_interval,
)

CALIBRATION_BINS = 15


def score(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    classes: Sequence[str],
    part: str,
    unreadable: int = 0,
    seconds: float = 0.0,
    groups: Sequence[str] | None = None,
) -> Evaluation:
    """Score predictions.

    Args:
        labels: (n,) true class numbers, n >= 1.
        probabilities: (n, classes), rows sum to 1.
        classes: Class names in the order of the columns.
        part: What was scored: "train", "val", "test" or "data".
        unreadable: Photos left out because they could not be read.
        seconds: Wall time of the prediction.
        groups: (n,) names; photos of one group are copies or belong together, and are no independent witnesses. Empty:
            the photo stands alone; not given: all stand alone.

    Returns:
        All figures; higher is better, but for ``ece``.

    Raises:
        ValueError: No photo, or shapes that do not fit.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(classes)):
        raise ValueError(
            f"{len(labels)} labels, probabilities {probabilities.shape}, {len(classes)} classes do not fit"
        )
    answers = answers_of(labels, probabilities, groups)
    per_class = [_class_figures(answers, number, name) for number, name in enumerate(classes)]
    f1_macro, ece = f1_macro_and_calibration(answers, [figures.f1_interval for figures in per_class])
    worth = effective_number(answers.right, answers.groups)
    return Evaluation(
        part=part,
        n=len(labels),
        unreadable=unreadable,
        classes=list(classes),
        accuracy=wilson_of_share(float(answers.right.mean()), worth),
        top5=top_share(labels, probabilities, 5) if len(classes) > 5 else None,
        f1_macro=f1_macro.value,
        ece=ece.value,
        per_class=per_class,
        confusion=confusion_matrix(labels, answers.predicted, len(classes)).tolist(),
        seconds=seconds,
        intervals=Intervals(
            groups=int(answers.groups.max()) + 1, effective_n=worth, resamples=RESAMPLES, f1_macro=f1_macro, ece=ece
        ),
        reliability=reliability_bins(answers),
    )


def answers_of(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], groups: Sequence[str] | None = None
) -> Answers:
    """Return what a model said, from its probabilities; see ``score``."""
    return Answers(
        labels,
        probabilities.argmax(axis=1).astype(np.int64),
        probabilities.max(axis=1).astype(np.float64),
        group_numbers(groups, len(labels)),
        probabilities.shape[1],
        CALIBRATION_BINS,
    )


def reliability_bins(answers: Answers) -> list[ReliabilityBin]:
    """Return the bins of the reliability diagram that hold photos, from the lowest.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.
    """
    found = []
    for number in np.unique(answers.bin_of).tolist():
        inside = answers.bin_of == number
        found.append(
            ReliabilityBin(
                low=number / answers.bins,
                high=(number + 1) / answers.bins,
                n=int(inside.sum()),
                confidence=float(answers.confidence[inside].mean()),
                accuracy=share_of(answers.right[inside], answers.groups[inside]),
            )
        )
    return found


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return counts, (classes, classes): row = true, column = predicted."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def top_share(labels: NDArray[np.int64], probabilities: NDArray[np.float32], top: int) -> float:
    """Return the share of rows whose label is among the ``top`` most probable classes, 0..1."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return float((best == labels[:, None]).any(axis=1).mean())


def calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Return the expected calibration error, 0..1, lower is better.

    The mean over photos of |accuracy - confidence| of the photo's bin; 15 bins divide the largest probability evenly.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 3.
    """
    answers = answers_of(labels, probabilities)
    gap = np.bincount(answers.bin_of, answers.right - answers.confidence, minlength=answers.bins)
    return float(np.abs(gap).sum() / len(labels))


def _class_figures(answers: Answers, number: int, name: str) -> ClassFigures:
    precision, f1 = precision_interval(answers, number), f1_interval(answers, number)
    return ClassFigures(
        label=name,
        n=int((answers.labels == number).sum()),
        recall=recall_interval(answers, number),
        precision=precision.value if precision else None,
        f1=f1.value if f1 else None,
        precision_interval=precision,
        f1_interval=f1,
    )
