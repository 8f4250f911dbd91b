"""Probabilities that mean what they say: one temperature, fitted on validation photos, for all logits of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mekiki.records.calibration import Calibration
from mekiki.records.evaluation import Uncalibrated
from mekiki.scoring.metrics import answers_of, calibration_error, reliability_bins
from mekiki.scoring.uncertainty import calibration_interval

LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Find the temperature at which a model's probabilities tell most of the true classes.

    Where every photo is recognised, plain log loss would ask for ever lower temperatures: a sureness that no number of
    photos can show. So each label keeps 1 / (n + 2) of doubt, as in Platt's scaling, spread over the other classes.

    Args:
        logits: (n, classes) of validation photos, n >= 1, at temperature 1.
        labels: (n,) true class numbers.

    Returns:
        The temperature, in 0.05..20, and the figures before and after.

    Raises:
        ValueError: No photo, fewer than two classes, logits that are not finite, or shapes that do not fit.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2; the doubt: Platt,
    "Probabilistic outputs for support vector machines", 1999, section 2.2.
    """
    n = len(labels)
    if n == 0 or logits.ndim != 2 or len(logits) != n or logits.shape[1] < 2 or not np.isfinite(logits).all():
        raise ValueError(f"{n} labels and logits {logits.shape} do not fit, or are not finite")
    wide = logits.astype(np.float64)
    doubt = 1 / (n + 2)
    targets = np.full(wide.shape, doubt / (wide.shape[1] - 1))
    targets[np.arange(n), labels] = 1 - doubt

    def loss(log_temperature: float) -> float:
        return float(-(targets * log_softmax(wide / math.exp(log_temperature), axis=1)).sum() / n)

    bounds = (math.log(LOWEST), math.log(HIGHEST))
    temperature = math.exp(float(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x))
    before, after = at_temperature(logits, 1.0), at_temperature(logits, temperature)
    return Calibration(
        temperature=temperature,
        n=n,
        log_loss_before=log_loss(logits, labels),
        log_loss_after=log_loss(logits / temperature, labels),
        ece_before=calibration_error(labels, before),
        ece_after=calibration_error(labels, after),
    )


def at_temperature(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return probabilities, (n, classes), of logits divided by a temperature above 0."""
    chances: NDArray[np.float32] = softmax(logits.astype(np.float64) / temperature, axis=1).astype(np.float32)
    return chances


def uncalibrated(
    labels: NDArray[np.int64], logits: NDArray[np.float32], groups: Sequence[str] | None = None
) -> Uncalibrated:
    """Return how sure a model was before its temperature.

    Args:
        labels: (n,) true class numbers, n >= 1.
        logits: (n, classes) at temperature 1.
        groups: (n,) names as for ``score``.
    """
    answers = answers_of(labels, at_temperature(logits, 1.0), groups)
    return Uncalibrated(ece=calibration_interval(answers), reliability=reliability_bins(answers))


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean negative log of the true class's probability; lower is better."""
    return float(-log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean())
