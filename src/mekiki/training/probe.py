"""The head start: a logistic regression on the frozen backbone's features becomes the first head.

Features of the plain photos are computed once. Its strength is chosen on the validation photos.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from mekiki.errors import TrainingError
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine
from mekiki.progress import Progress
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser

STRENGTHS = (0.0003, 0.001, 0.003, 0.01)
ITERATIONS = 200
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True)
class Probe:
    """A linear classifier on pooled features.

    Attributes:
        weight: (classes, features).
        bias: (classes,).
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


def pooled_features(
    model: PhotoClassifier,
    photos: PhotoSet,
    normaliser: Normaliser,
    machine: Machine,
    batch_size: int,
    workers: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Return the pooled features of all photos, (n, features) float32, with the model in evaluation mode."""
    rows = []
    model.eval()
    with torch.inference_mode(), progress.task("features", len(photos)) as task:
        for batch in photos.plain_batches(batch_size, workers):
            with machine.precision():
                features = model.pooled(normaliser(batch.pictures))
            rows.append(features.float().cpu().numpy())
            task.advance(len(batch.labels))
    return np.concatenate(rows)


def fit_probe(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    val_features: NDArray[np.float32],
    val_labels: NDArray[np.int64],
    balanced: bool,
    progress: Progress,
) -> Probe:
    """Fit the logistic regression; its penalty is weakened until the validation log loss grows.

    Args:
        features: (n, features) of the training photos.
        labels: (n,) class numbers; every class occurs.
        val_features: (m, features).
        val_labels: (m,).
        balanced: Weigh classes by the inverse of their number of photos.
        progress: Where to report to.

    Raises:
        TrainingError: The features are not finite.
    """
    if not np.isfinite(features).all():
        raise TrainingError("the backbone's features are not finite numbers", "its weights are damaged; use others")
    centre, spread = features.mean(axis=0), np.maximum(features.std(axis=0), SMALLEST_SPREAD)
    standard, val_standard = (features - centre) / spread, (val_features - centre) / spread
    lowest, chosen = np.inf, None
    with progress.task("head start", len(STRENGTHS), unit="fits") as task:
        for strength in STRENGTHS:
            regression = _regress(standard, labels, strength, balanced)
            loss = log_loss(val_labels, regression.predict_proba(val_standard), labels=regression.classes_)
            if chosen is not None and loss >= lowest:
                break
            lowest, chosen = loss, regression
            task.advance()
    weight, bias = _one_row_per_class(chosen)
    return Probe(weight / spread, bias - (weight / spread) @ centre)


def _regress(
    features: NDArray[np.float32], labels: NDArray[np.int64], strength: float, balanced: bool
) -> LogisticRegression:
    regression = LogisticRegression(C=strength, max_iter=ITERATIONS, class_weight="balanced" if balanced else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return regression.fit(features, labels)


def _one_row_per_class(regression: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weight and bias with a row for each class; for two classes scikit-learn keeps one row for both."""
    weight, bias = regression.coef_, regression.intercept_
    if len(weight) == 1:
        return np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight, bias
