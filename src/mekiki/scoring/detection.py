"""How well a score tells what is known from what is not, and answers that are right from wrong ones.

Scores are high for what is known. Nothing is chosen here; photos of unknown things are for measuring alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from mekiki.records.evaluation import Estimate, UnknownFigures
from mekiki.records.unknown import UnknownRule
from mekiki.scoring.bootstrap import RESAMPLES, group_numbers, times_drawn
from mekiki.scoring.intervals import share_of

_TAIL = 0.025
_TINY = 1e-9
"""How far a limit lies from 0 and 1, where its equation has another root."""
TRUE_POSITIVES = 0.95


def auroc(known: NDArray[np.float64], unknown: NDArray[np.float64]) -> float:
    """Return the chance that a known photo scores higher than an unknown one, ties counted half; 0..1.

    Args:
        known: (n,) scores, n >= 1.
        unknown: (m,) scores, m >= 1.

    Source: Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982.
    """
    from scipy.stats import rankdata  # not above: it takes a second to load

    ranks = rankdata(np.concatenate([known, unknown]))
    n, m = len(known), len(unknown)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def auroc_interval(
    known: NDArray[np.float64],
    unknown: NDArray[np.float64],
    known_groups: Sequence[str] | None = None,
    unknown_groups: Sequence[str] | None = None,
) -> Estimate:
    """Return the area under the ROC curve with its 95 % interval.

    Known and unknown photos are drawn anew, each by whole groups. Where they are told apart (nearly) without a mistake
    the bootstrap knows of none that were not seen, so the interval is at least as wide as the one that the numbers of
    photos alone allow (Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic",
    Stat. Med. 2006, method 5).

    Args:
        known: (n,) scores, n >= 1.
        unknown: (m,) scores, m >= 1.
        known_groups: (n,) names as for ``score``.
        unknown_groups: (m,) the same.
    """
    own, other = group_numbers(known_groups, len(known)), group_numbers(unknown_groups, len(unknown))
    value = auroc(known, unknown)
    drawn = _resampled_areas(known, unknown, own, other)
    low, high = (float(end) for end in np.quantile(drawn, (_TAIL, 1 - _TAIL)))
    least, most = area_limits(value, _kish(own), _kish(other))
    return Estimate(value=value, low=min(low, least, value), high=max(high, most, value))


def _kish(groups: NDArray[np.int64]) -> float:
    sizes = np.bincount(groups).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def _resampled_areas(
    known: NDArray[np.float64],
    unknown: NDArray[np.float64],
    known_groups: NDArray[np.int64],
    unknown_groups: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the area of each resample, from how often each photo was drawn: one running sum over sorted scores."""
    order = np.argsort(unknown, kind="stable")
    below = np.searchsorted(unknown[order], known, "left")
    up_to = np.searchsorted(unknown[order], known, "right")
    areas = []
    at_once = 4 * max(len(known), len(unknown))
    rows = max(1, 2_000_000 // at_once)
    own_draws = times_drawn(int(known_groups.max()) + 1, RESAMPLES, 0, "known", rows * (int(known_groups.max()) + 1))
    other_draws = times_drawn(
        int(unknown_groups.max()) + 1, RESAMPLES, 0, "unknown", rows * (int(unknown_groups.max()) + 1)
    )
    for own, other in zip(own_draws, other_draws, strict=True):
        times_known, times_unknown = own[:, known_groups], other[:, unknown_groups[order]]
        running = np.concatenate([np.zeros((len(own), 1)), times_unknown.cumsum(axis=1)], axis=1)
        beaten = (running[:, below] + running[:, up_to]) / 2
        areas.append((times_known * beaten).sum(axis=1) / (times_known.sum(axis=1) * running[:, -1]))
    return np.concatenate(areas)


def area_limits(value: float, n: float, m: float) -> tuple[float, float]:
    """Return the 95 % limits that the numbers of photos alone allow an area; the source as for ``auroc_interval``.

    Args:
        value: The area, 0..1.
        n: How many known photos it rests on, at least 1; it need not be whole.
        m: How many unknown ones, at least 1.
    """
    z = -float(ndtri(_TAIL))
    middle = (n + m) / 2 - 1

    def spread(area: float) -> float:
        return area * (1 - area) * (1 + middle * (1 - area) / (2 - area) + middle * area / (1 + area)) / (n * m)

    def off(area: float) -> float:
        return (area - value) ** 2 - z * z * max(spread(area), 0.0)

    low = 0.0 if value <= 0 or off(0.0) <= 0 else float(brentq(off, 0.0, min(value, 1 - _TINY)))
    high = 1.0 if value >= 1 or off(1.0) <= 0 else float(brentq(off, max(value, _TINY), 1.0))
    return low, high


def false_positives(
    known: NDArray[np.float64],
    unknown: NDArray[np.float64],
    unknown_groups: Sequence[str] | None = None,
    true_positives: float = TRUE_POSITIVES,
) -> Estimate:
    """Return the share of unknown photos that pass a threshold which most known ones pass; lower is better.

    Args:
        known: (n,) scores, n >= 1.
        unknown: (m,) scores, m >= 1.
        unknown_groups: (m,) names as for ``score``.
        true_positives: Share of known photos that must pass.

    Returns:
        The share with the Wilson interval of the unknown photos; that the threshold rests on n photos is not in it.

    Source: Hendrycks & Gimpel, ICLR 2017; Liang et al., "ODIN", ICLR 2018, section 4.
    """
    lowest = np.sort(known)[int(np.floor((1 - true_positives) * len(known) + 1e-9))]
    return share_of(unknown >= lowest, group_numbers(unknown_groups, len(unknown)))


@dataclass(frozen=True)
class CoverageCurve:
    """What accuracy costs in answers: photos are answered from the best known on.

    Attributes:
        threshold: (k,) score from which on photos are answered, falling.
        coverage: (k,) share of photos that is answered, 0..1, rising.
        accuracy: (k,) share of these that is right, 0..1.
        area: Mean share of wrong answers over all coverages (AURC), 0..1; lower is better.
    """

    threshold: NDArray[np.float64]
    coverage: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    area: float


def coverage_curve(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> CoverageCurve:
    """Return accuracy against coverage.

    Args:
        scores: (n,) one for each photo, n >= 1.
        right: (n,) whether the answer is right; False for a photo of nothing that is known.

    Returns:
        One point for each different score: photos of equal score are answered together.

    Source: Geifman & El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017; the area: Geifman,
    Uziel & El-Yaniv, ICLR 2019, eq. 4.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    answered = last + 1
    accuracy = right[order].cumsum()[last] / answered
    shares = np.diff(np.concatenate([[0], answered])) / len(scores)
    return CoverageCurve(falling[last], answered / len(scores), accuracy, float(((1 - accuracy) * shares).sum()))


def unknown_figures(
    rule: UnknownRule,
    scores: NDArray[np.float64],
    right: NDArray[np.bool_],
    groups: Sequence[str] | None = None,
    unknown: NDArray[np.float64] | None = None,
    unknown_groups: Sequence[str] | None = None,
) -> UnknownFigures:
    """Return how well a model's rule tells the unknown.

    Args:
        rule: The model's.
        scores: (n,) of known photos, by the rule's score, n >= 1.
        right: (n,) whether the answer is right.
        groups: (n,) names as for ``score``.
        unknown: (m,) scores of photos of nothing that is known; not given or empty: only the known ones are judged.
        unknown_groups: (m,) names of their groups.
    """
    numbers = group_numbers(groups, len(scores))
    answered = scores >= rule.threshold
    coverage = share_of(answered, numbers)
    figures = UnknownFigures(
        score=rule.score,
        threshold=rule.threshold,
        coverage=coverage.value,
        coverage_interval=coverage,
        accuracy_answered=share_of(right[answered], numbers[answered]) if answered.any() else None,
        curve_area=coverage_curve(scores, right).area,
    )
    if unknown is None or len(unknown) == 0:
        return figures
    area = auroc_interval(scores, unknown, groups, unknown_groups)
    passed = false_positives(scores, unknown, unknown_groups)
    told = {
        "n_unknown": len(unknown),
        "refused": share_of(unknown < rule.threshold, group_numbers(unknown_groups, len(unknown))),
        "auroc": area.value,
        "auroc_interval": area,
        "fpr_at_95_tpr": passed.value,
        "fpr_interval": passed,
    }
    return figures.model_copy(update=told)
