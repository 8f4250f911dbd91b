"""How likely each label is wrong, and how many are, from honest opinions about what each photo shows: numpy alone.

The model: a share of the labels, the same in all classes, was replaced by any other class; the others are the truth, of
which several opinions (a classifier's, the neighbours') say how probable each class is. How much each opinion counts
and the share are what makes the given labels likeliest, so nothing is fitted to any data set but the one in question.
Labels that were confused between look-alike classes break the assumption: then the share is rather too low.

Source: mixture of a classifier and class-independent label noise, as in Angluin & Laird, "Learning from noisy
examples", Machine Learning 1988; profile likelihood intervals: Venzon & Moolgavkar, Applied Statistics 1988.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import chdtri, expit, log_expit, log_softmax, logit

from mekiki.records.evaluation import Estimate

LEAST_CHANCE = 1e-12
MOST_WEIGHT = 10.0
SHARES = (1e-6, 0.9)
PSEUDO_LABELS = 0.5
"""Right and wrong labels that are added to those seen (Jeffreys' prior), so that the share is never quite 0."""


@dataclass(frozen=True)
class WrongLabels:
    """What opinions say of labels.

    Attributes:
        scores: (n,) probability that the label is wrong, 0..1.
        log_odds: (n,) the same as log(score / (1 - score)); it tells apart what rounds to 1.
        chances: (n, classes) probabilities of the true class, all opinions together; rows sum to 1.
        share: Of wrong labels in all, with its 95 % interval.
        weights: (opinions,) how much each opinion counts, 0 or more.
    """

    scores: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    chances: NDArray[np.float64]
    share: Estimate
    weights: NDArray[np.float64]

    def combined(self, opinions: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the probabilities that the same opinions come to for any photos, weighed as here.

        Args:
            opinions: Each (m, classes), as many as there are weights.
        """
        return np.asarray(np.exp(log_softmax(np.tensordot(self.weights, _logs(opinions), 1), axis=1)))


def find_wrong_labels(
    opinions: Sequence[NDArray[np.float64]], labels: NDArray[np.int64], groups: NDArray[np.int64]
) -> WrongLabels:
    """Say of each label how likely it is wrong.

    Args:
        opinions: Each (n, classes), probabilities that were made without the label of their photo; a row of equal ones
            says nothing.
        labels: (n,) class numbers as given, n >= 1, at least two classes.
        groups: (n,) numbers; photos of one group are copies, or belong together, and count as one witness.

    Raises:
        ValueError: Shapes that do not fit.
    """
    stacked = _logs(opinions)
    if stacked.shape[1] != len(labels) or len(labels) == 0 or stacked.shape[2] < 2:
        raise ValueError(f"opinions {stacked.shape} of {len(labels)} labels: expected (opinions, n, 2 or more classes)")
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    likelihood = _Likelihood(stacked, labels, 1 / sizes[numbers])
    share, weights = likelihood.best()
    log_chances = log_softmax(np.tensordot(weights, stacked, 1), axis=1)
    own = log_chances[np.arange(len(labels)), labels]
    odds = _log_others(own) - own + logit(share) - np.log(stacked.shape[2] - 1)
    low, high = likelihood.interval(share, weights)
    return WrongLabels(expit(odds), odds, np.exp(log_chances), Estimate(value=share, low=low, high=high), weights)


def _logs(opinions: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.stack([np.log(np.maximum(each, LEAST_CHANCE)) for each in opinions])


def _log_others(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(1 - exp(own)) of log probabilities, finite."""
    return np.asarray(np.log(np.maximum(-np.expm1(own), LEAST_CHANCE)))


class _Likelihood:
    """Of the given labels, as a function of the opinions' weights and the share of wrong labels."""

    def __init__(self, opinions: NDArray[np.float64], labels: NDArray[np.int64], worth: NDArray[np.float64]) -> None:
        self.opinions, self.labels, self.worth = opinions, labels, worth
        self.own = opinions[:, np.arange(len(labels)), labels]
        self.classes = opinions.shape[2]
        self.start = np.full(len(opinions), 1 / len(opinions))

    def loss(self, weights: NDArray[np.float64], share: float) -> tuple[float, NDArray[np.float64], float]:
        """Return the negative log likelihood and its derivatives by the weights and by logit(share)."""
        log_chances = log_softmax(np.tensordot(weights, self.opinions, 1), axis=1)
        own = log_chances[np.arange(len(self.labels)), self.labels]
        right = np.exp(own)
        astray = share / (self.classes - 1)
        total = (1 - share) * right + astray * (1 - right)
        slope = (1 - share - astray) * right / total * self.worth
        mean = np.einsum("nc,onc->on", np.exp(log_chances), self.opinions)
        by_weights = -((self.own - mean) * slope).sum(axis=1)
        by_share = -((((1 - right) / (self.classes - 1) - right) / total) * self.worth).sum()
        return -float((np.log(total) * self.worth).sum()), by_weights, float(by_share) * share * (1 - share)

    def best(self) -> tuple[float, NDArray[np.float64]]:
        """Return the likeliest share and weights; both are held by weak beliefs where labels are few."""

        def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            share = float(expit(values[-1]))
            found, by_weights, by_share = self.loss(values[:-1], share)
            off = values[:-1] - self.start
            believed = PSEUDO_LABELS * float(log_expit(values[-1]) + log_expit(-values[-1]))
            slope = PSEUDO_LABELS * (1 - 2 * share)
            return found + float(off @ off) / 2 - believed, np.append(by_weights + off, by_share - slope)

        least, most = SHARES
        bounds = [(0.0, MOST_WEIGHT)] * len(self.start) + [(float(logit(least)), float(logit(most)))]
        found = minimize(loss, np.append(self.start, logit(0.03)), jac=True, method="L-BFGS-B", bounds=bounds)
        return float(expit(found.x[-1])), np.asarray(found.x[:-1])

    def interval(self, share: float, weights: NDArray[np.float64]) -> tuple[float, float]:
        """Return where the likelihood, weights fitted anew at each share, is not too low to be believed (95 %)."""
        bounds = [(0.0, MOST_WEIGHT)] * len(weights)
        last = weights

        def profile(log_odds: float) -> float:
            nonlocal last

            def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
                found, by_weights, _ = self.loss(values, float(expit(log_odds)))
                off = values - self.start
                return found + float(off @ off) / 2, by_weights + off

            fitted = minimize(loss, last, jac=True, method="L-BFGS-B", bounds=bounds)
            last = fitted.x
            return float(fitted.fun)

        bound = profile(float(logit(share))) + float(chdtri(1, 0.05)) / 2
        ends = []
        for end in (0.0, 1.0):
            far = float(logit(min(max(end, SHARES[0]), SHARES[1])))
            last = weights
            if profile(far) <= bound:
                ends.append(end)
                continue
            last = weights
            ends.append(float(expit(brentq(lambda at: profile(at) - bound, far, float(logit(share)), xtol=0.01))))
        return ends[0], ends[1]
