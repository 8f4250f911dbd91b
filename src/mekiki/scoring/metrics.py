"""From labels and probabilities to the figures of an ``Evaluation``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mekiki.records.evaluation import ClassFigures, Evaluation
from mekiki.scoring.intervals import wilson

CALIBRATION_BINS = 15


def score(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    classes: Sequence[str],
    part: str,
    unreadable: int = 0,
    seconds: float = 0.0,
) -> Evaluation:
    """Score predictions.

    Args:
        labels: (n,) true class numbers, n >= 1.
        probabilities: (n, classes), rows sum to 1.
        classes: Class names in the order of the columns.
        part: What was scored: "train", "val", "test" or "data".
        unreadable: Photos left out because they could not be read.
        seconds: Wall time of the prediction.

    Returns:
        All figures; higher is better, but for ``ece``.

    Raises:
        ValueError: No photo, or shapes that do not fit.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(classes)):
        raise ValueError(
            f"{len(labels)} labels, probabilities {probabilities.shape}, {len(classes)} classes do not fit"
        )
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, len(classes))
    per_class = [_class_figures(confusion, number, name) for number, name in enumerate(classes)]
    f1_known = [figures.f1 for figures in per_class if figures.f1 is not None]
    return Evaluation(
        part=part,
        n=len(labels),
        unreadable=unreadable,
        classes=list(classes),
        accuracy=wilson(int((predicted == labels).sum()), len(labels)),
        top5=top_share(labels, probabilities, 5) if len(classes) > 5 else None,
        f1_macro=float(np.mean(f1_known)),
        ece=calibration_error(labels, probabilities),
        per_class=per_class,
        confusion=confusion.tolist(),
        seconds=seconds,
    )


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return counts, (classes, classes): row = true, column = predicted."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def top_share(labels: NDArray[np.int64], probabilities: NDArray[np.float32], top: int) -> float:
    """Return the share of rows whose label is among the ``top`` most probable classes, 0..1."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return float((best == labels[:, None]).any(axis=1).mean())


def calibration_error(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], bins: int = CALIBRATION_BINS
) -> float:
    """Return the expected calibration error, 0..1, lower is better.

    The mean over photos of |accuracy - confidence| of the photo's bin; bins divide the largest probability evenly.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 3.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(bin_of, right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def _class_figures(confusion: NDArray[np.int64], number: int, name: str) -> ClassFigures:
    right = int(confusion[number, number])
    n = int(confusion[number].sum())
    given = int(confusion[:, number].sum())
    return ClassFigures(
        label=name,
        n=n,
        recall=wilson(right, n) if n else None,
        precision=right / given if given else None,
        f1=2 * right / (n + given) if n + given else None,
    )
