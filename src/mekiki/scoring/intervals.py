"""Intervals of fractions."""

from __future__ import annotations

from scipy.stats import norm

from mekiki.records.evaluation import Estimate


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
    z = float(norm.ppf(0.5 + confidence / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Estimate(value=share, low=low, high=high)
