"""A linear discriminant with shrunk covariance: the classifier of frozen features, for few photos of many numbers.

It gives a linear function of the features, so it can become a network's last layer, and it is fitted by one
factorisation instead of iterations. One covariance serves all amounts of shrinkage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

SMALLEST_VARIANCE = 1e-12
RANDOM_LABELS = 0.05
LOG_SCALES = (-7.0, 3.0)

Linear = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weight (classes, features) and bias (classes,)."""


class Moments:
    """What a discriminant needs to know of features, added up batch by batch: the memory does not grow with the photos.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros(classes, np.int64)
        self._origin: NDArray[np.float64] | None = None

    def add(self, features: NDArray[np.floating], labels: NDArray[np.int64]) -> None:
        """Take in some photos.

        Args:
            features: (n, features), finite.
            labels: (n,) class numbers below ``classes``.
        """
        if self._origin is None:  # near the mean, so that little is lost when the means' products are taken away
            self._origin = features.mean(axis=0, dtype=np.float64)
            self._sums = np.zeros((len(self.counts), len(self._origin)))
            self._products = np.zeros((len(self._origin), len(self._origin)))
        centred = features - self._origin
        np.add.at(self._sums, labels, centred)
        self._products += centred.T @ centred
        self.counts += np.bincount(labels, minlength=len(self.counts))

    def discriminants(self, shrinkages: Sequence[float], balanced: bool = False) -> Iterator[Linear]:
        """Fit a discriminant for each amount of shrinkage; every class must have occurred.

        Args:
            shrinkages: Each in 0..1: how far the covariance is drawn towards a multiple of the identity.
            balanced: Take all classes for equally frequent, whatever their number of photos.

        Yields:
            Weight and bias: ``features @ weight.T + bias`` is log density plus log prior, up to a constant. The same
            function as scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage=…)``.

        Raises:
            ValueError: A class did not occur.

        Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", 2004, eq. 1.
        """
        if self._origin is None or not self.counts.all():
            raise ValueError(f"a discriminant needs photos of every class, and has {self.counts.tolist()}")
        n = int(self.counts.sum())
        means = self._sums / self.counts[:, None]
        covariance = (self._products - (means.T * self.counts) @ means) / n
        middle = self._sums.sum(axis=0) / n
        means = means - middle  # takes the same from all logits
        ridge = max(float(np.trace(covariance)) / len(covariance), SMALLEST_VARIANCE)
        priors = np.full(len(means), 1 / len(means)) if balanced else self.counts / n
        for shrinkage in shrinkages:
            shrunk = (1 - shrinkage) * covariance
            shrunk[np.diag_indices(len(shrunk))] += shrinkage * ridge
            weight = cho_solve(cho_factor(shrunk, overwrite_a=True), means.T).T
            yield weight, np.log(priors) - (weight * means).sum(axis=1) / 2 - weight @ (self._origin + middle)


def honest_scale(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the number by which logits are to be multiplied to be honest log probabilities of these labels.

    A share of the labels is taken to be random, lest a few wrong ones make all probabilities timid.

    Args:
        logits: (n, classes), of photos that were not learnt from; -inf for classes that cannot be.
        labels: (n,).

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2 (temperature scaling).
    """
    return float(np.exp(minimize_scalar(lambda scale: _loss(logits, labels, scale), bounds=LOG_SCALES).x))


def mixed_log_loss(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the mean log loss if a share of the labels is taken to be random; lower is better."""
    return _loss(logits, labels, 0.0)


def _loss(logits: NDArray[np.float64], labels: NDArray[np.int64], log_scale: float) -> float:
    chances = np.exp(log_softmax(np.exp(log_scale) * logits, axis=1)[np.arange(len(labels)), labels])
    mixed = (1 - RANDOM_LABELS) * chances + RANDOM_LABELS / logits.shape[1]
    return -float(np.log(mixed).mean())
