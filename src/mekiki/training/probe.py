"""A linear discriminant of the backbone's features as the head: at the start of a training, and once more at its end.

Features of the photos, not augmented, are read once and added up, so the memory does not grow with the photos.
Shrinkage and scale are chosen on the validation photos. ``docs/log.md`` compares it with a logistic regression, and
tells what fitting it anew brings to a network that learnt from smaller photos than it is asked about.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.config import ViewsName
from mekiki.errors import TrainingError
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine
from mekiki.model.folding import folded
from mekiki.model.views import views_of
from mekiki.progress import Progress
from mekiki.scoring.discriminant import Linear, Moments, honest_scale, mixed_log_loss
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser

SHRINKAGES = (0.05, 0.1, 0.2, 0.4, 0.8)
ALL_VIEWS = slice(None)
NO_BETTER = 1e-6
"""Of log loss: a discriminant that was fitted already is its own rival, and stays to the last bit."""

Features = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Some photos' features in each view, (views, n, features), and their class numbers, (n,)."""


@dataclass(frozen=True)
class Probe:
    """A linear classifier on pooled features.

    Attributes:
        weight: (classes, features).
        bias: (classes,).
        shrinkage: Of the covariance that it comes from, 0..1.
        accuracy: Share of the validation photos that it has right, 0..1.
        loss: Its log loss there.
        rival: Accuracy and loss of the rival there, made honest likewise; None without one.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    shrinkage: float
    accuracy: float
    loss: float
    rival: tuple[float, float] | None = None

    @property
    def is_better(self) -> bool:
        """Whether its loss is lower than its rival's."""
        return self.rival is None or self.loss < self.rival[1] - NO_BETTER


def pooled_features(
    model: PhotoClassifier,
    photos: PhotoSet,
    normaliser: Normaliser,
    machine: Machine,
    batch_size: int,
    workers: int,
    progress: Progress,
    views: ViewsName = "plain",
) -> Generator[Features]:
    """Yield the pooled features of all photos in order, batch by batch, with the model in evaluation mode.

    Args:
        model: What reads the photos.
        photos: Are read plain.
        normaliser: Turns pictures into the network's input.
        machine: Where it runs.
        batch_size: Photos per batch.
        workers: Threads that prepare pictures.
        progress: Where to report to.
        views: In which forms each photo is read.
    """
    network = folded(model.eval(), photos.preprocessing.image_size)
    with progress.task("features", len(photos)) as task, closing(photos.plain_batches(batch_size, workers)) as batches:
        for batch in batches:
            with torch.inference_mode(), machine.precision():
                seen = [network.pooled(view) for view in views_of(normaliser(batch.pictures), views)]
            yield torch.stack(seen).float().cpu().numpy(), batch.labels
            task.advance(len(batch.labels))


def fit_probe(
    train: Iterable[Features],
    val: Iterable[Features],
    classes: int,
    balanced: bool,
    rival: Linear | None = None,
    learnt: Sequence[slice] = (ALL_VIEWS,),
) -> Probe:
    """Fit the discriminant; how far its covariance is shrunk is what gives the lowest validation log loss.

    Args:
        train: Of the training photos; each view is learnt from like a photo of its own, and every class occurs.
        val: Of the validation photos; the answer is the mean over the views.
        classes: Number of classes.
        balanced: Take all classes for equally frequent, whatever their number of photos.
        rival: Another classifier of these features, judged beside it.
        learnt: Views of the training photos to learn from; of several choices validation's log loss decides, too.

    Raises:
        TrainingError: The features are not finite.
    """
    moments = [Moments(classes) for _ in learnt]
    for features, labels in train:
        _check(features)
        for views, sums in zip(learnt, moments, strict=True):
            some = features[views]
            sums.add(some.reshape(-1, some.shape[2]), np.tile(labels, len(some)))
    fitted = [fit for sums in moments for fit in sums.discriminants(SHRINKAGES, balanced)]
    judged = fitted if rival is None else [*fitted, rival]
    weights, biases = np.stack([weight for weight, _ in judged]), np.stack([bias for _, bias in judged])
    rows, val_labels = [], []
    for features, labels in val:
        _check(features)
        rows.append(np.einsum("nd,fcd->fnc", features.mean(axis=0, dtype=np.float64), weights) + biases[:, None])
        val_labels.append(labels)
    return _best(fitted, np.concatenate(rows, axis=1), np.concatenate(val_labels))


def _best(fitted: Sequence[Linear], logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Probe:
    """Return the fit with the lowest log loss, made honest.

    Args:
        fitted: One for each of ``SHRINKAGES``, for each choice of views in turn.
        logits: (fits, m, classes), and those of the rival after them, if there is one.
        labels: (m,).
    """
    scales = [honest_scale(each, labels) for each in logits]
    losses = [mixed_log_loss(scale * each, labels) for scale, each in zip(scales, logits, strict=True)]
    right = [float((each.argmax(axis=1) == labels).mean()) for each in logits]
    best = int(np.argmin(losses[: len(fitted)]))
    weight, bias = fitted[best]
    rival = (right[-1], losses[-1]) if len(logits) > len(fitted) else None
    return Probe(
        scales[best] * weight, scales[best] * bias, SHRINKAGES[best % len(SHRINKAGES)], right[best], losses[best], rival
    )


def _check(features: NDArray[np.float32]) -> None:
    if not np.isfinite(features).all():
        raise TrainingError("the backbone's features are not finite numbers", "its weights are damaged; use others")
