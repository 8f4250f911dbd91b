"""Two published counts, such as 26 of 28 against 23 of 28: is it evidence that one model is better?

The photos behind them are not known here. So both ways are judged: as if each model had seen photos of its own, and as
if both had seen the same ones and these favoured the better model as much as they possibly could.
"""

from __future__ import annotations

import numpy as np

from mekiki.records.comparison import CountComparison
from mekiki.records.evaluation import Estimate
from mekiki.scoring.intervals import wilson
from mekiki.scoring.power import photos_for_two_shares
from mekiki.scoring.verdicts import count_verdict

_LARGEST_BOSCHLOO = 40_000
"""Product of both numbers of photos: a second of work."""


def compare_counts(first: tuple[int, int], second: tuple[int, int]) -> CountComparison:
    """Compare two counts of right answers.

    Args:
        first: Right answers of one model, and of how many photos.
        second: The same of the other.

    Returns:
        All figures with the verdict.

    Raises:
        ValueError: A count that cannot be: no photo, or more right answers than photos.

    Example:
        >>> compare_counts((26, 28), (23, 28)).p_most_favourable
        0.25
    """
    from scipy.stats import boschloo_exact, fisher_exact  # not above: it takes a second to load

    (x, m), (y, n) = first, second
    one, other = wilson(x, m), wilson(y, n)
    table = np.array([[x, y], [m - x, n - y]])
    fisher = float(fisher_exact(table).pvalue)
    differ = 0 < x + y < m + n
    exact = float(boschloo_exact(table).pvalue) if differ and m * n <= _LARGEST_BOSCHLOO else fisher
    favourable = min(1.0, 2.0 ** (1 - abs(x - y))) if m == n else None  # McNemar's exact p where only one is ever alone
    comparison = CountComparison(
        first=one,
        first_n=m,
        second=other,
        second_n=n,
        difference=newcombe(one, other),
        p_fisher=min(fisher, 1.0),
        p=min(exact, 1.0),
        p_most_favourable=favourable,
        photos_to_show=photos_for_two_shares(one.value, other.value),
    )
    return comparison.model_copy(update={"verdict": count_verdict(comparison)})


def newcombe(first: Estimate, second: Estimate) -> Estimate:
    """Return the difference of two independent shares with its interval, from their Wilson intervals.

    Source: Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med. 1998,
    method 10.
    """
    value = first.value - second.value
    below = ((first.value - first.low) ** 2 + (second.high - second.value) ** 2) ** 0.5
    above = ((first.high - first.value) ** 2 + (second.value - second.low) ** 2) ** 0.5
    return Estimate(value=value, low=value - below, high=value + above)
