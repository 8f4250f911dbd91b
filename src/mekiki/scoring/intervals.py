"""Intervals of shares: Wilson's, of counted photos or of as many as they are worth where copies are among them.

A photo and its copies get the same answer, so they are no independent witnesses. ``effective_number`` says how many
independent photos a set is worth; Wilson's interval of the same share of that many photos is the honest one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mekiki.records.evaluation import Estimate

LEAST_GROUPS = 10
"""Groups with a right and groups with a wrong answer that it takes to measure how alike a group's answers are."""


def wilson(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Return a share with its Wilson score interval.

    Args:
        successes: How many of the n, 0..n.
        n: How many in all, at least 1.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        The share and its interval, all in 0..1. It never leaves 0..1, and is not empty at 0 or n successes.

    Raises:
        ValueError: n is below 1, or successes is outside 0..n.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927, eq. 3.

    Example:
        >>> wilson(26, 28).low > 0.77
        True
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}: expected 0 <= successes <= n and n >= 1")
    return wilson_of_share(successes / n, n, confidence)


def wilson_of_share(share: float, n: float, confidence: float = 0.95) -> Estimate:
    """Return a share with the Wilson interval that n independent photos would give it.

    Args:
        share: 0..1.
        n: How many photos it is worth, above 0; it need not be whole.
        confidence: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: n is not above 0, or the share is outside 0..1.
    """
    if not (n > 0 and 0 <= share <= 1):
        raise ValueError(f"a share of {share} of {n}: expected 0 <= share <= 1 and n > 0")
    z = float(ndtri(0.5 + confidence / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    low = 0.0 if share == 0 else min(centre - half, share)
    high = 1.0 if share == 1 else max(centre + half, share)
    return Estimate(value=share, low=low, high=high)


def effective_number(right: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """Return how many independent photos a set is worth for its share of right answers.

    Where enough groups hold right answers and enough hold wrong ones, it is measured how alike the answers within a
    group are. Else they are taken for entirely alike, as those of copies are.

    Args:
        right: (n,) whether each photo's answer is right, n >= 1.
        groups: (n,) numbers; photos of one group are copies, or belong together.

    Returns:
        From Kish's (sum of sizes)² / sum of squared sizes, which is the number of groups where all are of one size, to
        n; n itself if no photo shares its group.

    Source: Kish, "Survey Sampling", 1965, section 8.2; the measured design effect within a Wilson interval as in Korn &
    Graubard, Survey Methodology 1998, and Franco et al., J. Survey Statistics and Methodology 2019.
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    right_ones = np.bincount(numbers, right)
    telling = min(int((right_ones > 0).sum()), int((right_ones < sizes).sum()))
    return _worth(right.astype(np.float64), numbers, sizes, telling)


def effective_number_apart(apart: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    """Return how many independent photos a set is worth for the difference of two models; see ``effective_number``.

    Args:
        apart: (n,) 1 where the first model alone is right, -1 where the second alone is, else 0; n >= 1.
        groups: (n,) numbers.
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    telling = int((np.bincount(numbers, np.abs(apart)) > 0).sum())
    return _worth(apart.astype(np.float64), numbers, sizes, telling)


def _worth(
    values: NDArray[np.float64], numbers: NDArray[np.int64], sizes: NDArray[np.int64], telling_groups: int
) -> float:
    n, groups = len(values), len(sizes)
    if groups == n:
        return float(n)
    entirely_alike = n * n / float((sizes.astype(np.float64) ** 2).sum())
    if telling_groups < LEAST_GROUPS:
        return entirely_alike
    off = values - values.mean()
    together = groups / (groups - 1) * float((np.bincount(numbers, off) ** 2).sum())
    if together <= 0:  # every group has the same share: they could not differ less
        return float(n)
    return float(np.clip(n * float((off**2).sum()) / together, entirely_alike, n))


def share_of(right: NDArray[np.bool_], groups: NDArray[np.int64]) -> Estimate:
    """Return the share of right answers with the Wilson interval of as many photos as the set is worth.

    Args:
        right: (n,) whether each photo's answer is right, n >= 1.
        groups: (n,) numbers; photos of one group are copies, or belong together.
    """
    return wilson_of_share(float(right.mean()), effective_number(right, groups))
