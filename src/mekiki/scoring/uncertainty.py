"""How sure the figures of an evaluation are: intervals of macro F1, of the calibration error and of each class.

All rest on groups of photos, because copies are no independent witnesses. ``docs/comparison.md`` has how often each
interval held the truth in simulations, and which simpler ones did not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq

from mekiki.records.evaluation import Estimate
from mekiki.scoring.bootstrap import RESAMPLES, group_sums, resampled_sums
from mekiki.scoring.intervals import effective_number, share_of
from mekiki.seeds import stream

_TAIL = 0.025
_MOST_TIMES = 64.0


@dataclass(frozen=True)
class Answers:
    """What a model said of labelled photos.

    Attributes:
        labels: (n,) true class numbers.
        predicted: (n,) class numbers.
        confidence: (n,) probability of ``predicted``.
        groups: (n,) numbers; photos of one group are copies, or belong together.
        classes: How many classes there are.
        bins: Bins of the calibration error.
    """

    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    groups: NDArray[np.int64]
    classes: int
    bins: int

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the answer is the label."""
        return np.asarray(self.predicted == self.labels)

    @property
    def bin_of(self) -> NDArray[np.int64]:
        """(n,) the bin of each photo's confidence; bins divide 0..1 evenly and hold their upper edge."""
        return np.clip(np.ceil(self.confidence * self.bins).astype(np.int64) - 1, 0, self.bins - 1)


def precision_interval(answers: Answers, number: int) -> Estimate | None:
    """Return the share of the photos given a class that were right; None if none was given it."""
    given = answers.predicted == number
    return share_of(answers.right[given], answers.groups[given]) if given.any() else None


def recall_interval(answers: Answers, number: int) -> Estimate | None:
    """Return the share of a class's photos that were recognised; None without photos."""
    own = answers.labels == number
    return share_of(answers.right[own], answers.groups[own]) if own.any() else None


def f1_interval(answers: Answers, number: int) -> Estimate | None:
    """Return the F1 of a class; None without photos and predictions.

    F1 = 2 s / (1 + s), where s is the share of right ones among the photos that are of the class or were given it; so
    the ends of the interval of s are those of F1. It is not empty where no mistake was seen.

    Source: Lam, Gopal & Qian, "Confidence Intervals for the F1 Score: A Comparison of Four Methods", 2023, section 3.3.
    """
    touched = (answers.predicted == number) | (answers.labels == number)
    if not touched.any():
        return None
    share = share_of(answers.right[touched], answers.groups[touched])
    return Estimate(value=_f1(share.value), low=_f1(share.low), high=_f1(share.high))


def _f1(share: float) -> float:
    return 2 * share / (1 + share)


def f1_macro_and_calibration(answers: Answers, per_class: list[Estimate | None]) -> tuple[Estimate, Estimate]:
    """Return macro F1 and the expected calibration error, each with its interval, from one set of resamples.

    Args:
        answers: Of n >= 1 photos.
        per_class: ``f1_interval`` of each class.
    """
    sums = group_sums(_summed(answers), answers.groups)
    drawn = resampled_sums(sums, RESAMPLES, 0, "figures")
    classes = answers.classes
    macro = _macro_interval(_macro_f1(drawn[:, : 3 * classes], classes), [each for each in per_class if each])
    return macro, _calibration(
        answers, np.asarray(sums.sum(axis=0), dtype=np.float64).ravel()[3 * classes :], drawn[:, 3 * classes :]
    )


def calibration_interval(answers: Answers) -> Estimate:
    """Return the expected calibration error with its interval, as ``f1_macro_and_calibration`` does.

    Args:
        answers: Of n >= 1 photos.
    """
    sums = group_sums(_summed(answers)[:, 3 * answers.classes :], answers.groups)
    drawn = resampled_sums(sums, RESAMPLES, 0, "figures")
    return _calibration(answers, np.asarray(sums.sum(axis=0), dtype=np.float64).ravel(), drawn)


def _calibration(answers: Answers, totals: NDArray[np.float64], drawn: NDArray[np.float64]) -> Estimate:
    """Return the calibration error from sums over all photos, and over each resample: gaps per bin; photos."""
    gaps, photos = totals[:-1] / totals[-1], drawn[:, -1:]
    noise = drawn[:, :-1] / photos - gaps
    found = _calibration_interval(gaps, noise, _chance_spread(answers))
    return found.model_copy(update={"high": max(found.high, _overall_gap(answers))})


def _overall_gap(answers: Answers) -> float:
    """Return how far confidence may be from accuracy over all photos, which no calibration error is below.

    It is what is left of the upper end where no mistake was seen, and resamples know of none.
    """
    accuracy, confidence = share_of(answers.right, answers.groups), float(answers.confidence.mean())
    return max(confidence - accuracy.low, accuracy.high - confidence)


def _summed(answers: Answers) -> sparse.csr_array:
    """Return what is summed over photos, (n, 3c + b + 1): per class right, true, given ones; gaps per bin; photos."""
    rows = np.arange(len(answers.labels))
    right = answers.right.astype(np.float64)
    classes, ones = answers.classes, np.ones(len(rows))
    blocks = [
        (answers.labels, right),
        (answers.labels + classes, ones),
        (answers.predicted + 2 * classes, ones),
        (answers.bin_of + 3 * classes, right - answers.confidence),
        (np.full(len(rows), 3 * classes + answers.bins), ones),
    ]
    columns = np.concatenate([column for column, _ in blocks])
    values = np.concatenate([value for _, value in blocks])
    shape = (len(rows), 3 * classes + answers.bins + 1)
    return sparse.csr_array((values, (np.tile(rows, len(blocks)), columns)), shape=shape)


def _macro_f1(sums: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Return the mean F1 over the classes that a resample has photos or predictions of, (resamples,)."""
    right, true, given = (sums[:, part * classes : (part + 1) * classes] for part in range(3))
    both = true + given
    f1 = np.divide(2 * right, both, out=np.zeros_like(right), where=both > 0)
    means: NDArray[np.float64] = f1.sum(axis=1) / (both > 0).sum(axis=1)
    return means


def _macro_interval(drawn: NDArray[np.float64], per_class: list[Estimate]) -> Estimate:
    """Join the bootstrap's percentiles with the interval that the classes' own intervals give their mean.

    The bootstrap knows nothing of mistakes that were not seen: without any, its interval is empty. The other one takes
    classes for independent, and is too narrow where many mistakes are. The wider of both holds.

    Source of the second: Zou & Donner, "Construction of confidence limits about effect measures", Stat. Med. 2008,
    eq. 5.
    """
    value = float(np.mean([each.value for each in per_class]))
    below = float(np.sqrt(sum((each.value - each.low) ** 2 for each in per_class))) / len(per_class)
    above = float(np.sqrt(sum((each.high - each.value) ** 2 for each in per_class))) / len(per_class)
    low, high = (float(end) for end in np.quantile(drawn, (_TAIL, 1 - _TAIL)))
    return Estimate(value=value, low=max(0.0, min(low, value - below)), high=min(1.0, max(high, value + above)))


def _chance_spread(answers: Answers) -> NDArray[np.float64]:
    """Return the standard deviation of each bin's gap if the probabilities were true, (bins,)."""
    n = len(answers.labels)
    variance = np.bincount(answers.bin_of, answers.confidence * (1 - answers.confidence), minlength=answers.bins)
    worth = effective_number(answers.right, answers.groups)
    spread: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0) / (n * worth))
    return spread


def _calibration_interval(
    gaps: NDArray[np.float64], noise: NDArray[np.float64], chance_spread: NDArray[np.float64]
) -> Estimate:
    """Return the calibration error with the range of true errors that could well have given it.

    The error is a sum of absolute values: chance alone makes it larger than 0, and a plain bootstrap adds chance a
    second time, so that its interval nearly always misses the truth of a calibrated model. Instead, the true gaps are
    taken as t times those seen; the interval holds each t whose errors, with the resamples' noise, the seen one lies
    amid.

    Args:
        gaps: (bins,) sum of right minus confidence, divided by all photos.
        noise: (resamples, bins) how resampled gaps differ from them.
        chance_spread: (bins,) standard deviation of the gaps of a calibrated model.

    Source: Carpenter, "Test inversion bootstrap confidence intervals", JRSS B 1999, section 2; that a calibrated model
    is judged against its own chance errors: Bröcker & Smith, "Increasing the reliability of reliability diagrams",
    Weather and Forecasting 2007.
    """
    seen = float(np.abs(gaps).sum())

    def beyond(times: float, tail: float) -> float:
        return float(np.quantile(np.abs(times * gaps + noise).sum(axis=1), tail)) - seen

    by_chance = np.abs(stream(0, "calibrated").standard_normal(noise.shape) * chance_spread).sum(axis=1)
    calibrated = beyond(0, 1 - _TAIL) >= 0 or float(np.quantile(by_chance, 1 - _TAIL)) >= seen
    above = beyond(1, 1 - _TAIL) > 0
    low = 0.0 if calibrated else float(brentq(beyond, 0, 1, args=(1 - _TAIL,))) if above else 1.0
    high = 1.0 if beyond(1, _TAIL) >= 0 else float(brentq(beyond, 1, _MOST_TIMES, args=(_TAIL,)))
    return Estimate(value=seen, low=low * seen, high=min(1.0, high * seen))
