"""How much damage it takes: the severity at which an accuracy has fallen by so many points, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mekiki.records.stress import Loss
from mekiki.scoring.bootstrap import group_numbers, group_sums, resampled_sums

RESAMPLES = 1000


def loss_of(
    severities: Sequence[float],
    clean: NDArray[np.bool_],
    right: NDArray[np.bool_],
    points: float,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> Loss:
    """Return the least severity at which accuracy lies ``points`` below that on the clean pictures.

    It is read off the straight lines between the measured severities, from 0 on. The interval comes from the bootstrap
    over groups of photos: each is drawn with all its answers, as all severities saw the same photos.

    Args:
        severities: Rising, above 0.
        clean: (n,) whether each clean photo was recognised.
        right: (n, severities) whether each damaged one was.
        points: The loss, 0..1.
        groups: (n,) copies of one photo bear one name; empty: the photo stands alone. None: all do.
        seed: Of the bootstrap.

    Returns:
        The severity with its 95 % interval; None stands for one beyond the last severity.

    Source: Efron, "Better Bootstrap Confidence Intervals", JASA 1987, section 1: the percentile interval.
    """
    table = np.column_stack([clean, right, np.ones(len(clean))]).astype(np.float64)
    at = np.array([0.0, *severities])
    sums = group_sums(table, group_numbers(groups, len(table)))
    drawn = resampled_sums(sums, RESAMPLES, seed, "loss")
    crossings = _crossings(at, drawn[:, :-1] / drawn[:, -1:], points)
    low, high = np.quantile(crossings, (0.025, 0.975), method="inverted_cdf")
    (severity,) = _crossings(at, table[:, :-1].mean(axis=0, keepdims=True), points)
    return Loss(points=points, severity=_known(severity), low=_known(low), high=_known(high))


def _crossings(at: NDArray[np.float64], curves: NDArray[np.float64], points: float) -> NDArray[np.float64]:
    """Return where each of (n, severities) curves first lies ``points`` below its beginning; infinite if nowhere."""
    floors, each = curves[:, 0] - points, np.arange(len(curves))
    below = curves <= floors[:, None] + 1e-12
    after = np.maximum(below.argmax(axis=1), 1)
    higher, lower = curves[each, after - 1], curves[each, after]
    with np.errstate(divide="ignore", invalid="ignore"):
        fallen = (higher - floors) / (higher - lower)
    places = at[after - 1] + fallen * (at[after] - at[after - 1])
    return np.where(below.any(axis=1), places, np.inf)


def _known(severity: float) -> float | None:
    return float(severity) if np.isfinite(severity) else None
