"""How many photos a comparison would take: the answer to "these cannot tell", with a number.

All counts are of independent photos: copies do not count. What is seen stands for what is true, so a number here is an
order of magnitude, not a promise.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

ALPHA = 0.05
POWER = 0.8
MOST_PHOTOS = 10_000_000


def photos_for_difference(only_first: float, only_second: float, power: float = POWER) -> int | None:
    """Return how many photos, seen by both models, show a difference with McNemar's test at 5 %.

    Args:
        only_first: Share of photos that the first alone recognises, 0..1.
        only_second: Share of photos that the second alone recognises, 0..1.
        power: How often it should show.

    Returns:
        Photos in all; None where both shares are equal, for then no number shows a difference.

    Source: Connor, "Sample size for testing differences in proportions for the paired-sample design", Biometrics
    1987, eq. 3; with what the exact test needs more, 1 / |difference|, as for Fisher's test by Casagrande, Pike &
    Smith, Biometrics 1978.
    """
    delta, apart = abs(only_first - only_second), only_first + only_second
    if delta == 0:
        return None
    by_chance, by_truth = float(-ndtri(ALPHA / 2)), float(ndtri(power))
    root = by_chance * math.sqrt(apart) + by_truth * math.sqrt(max(apart - delta * delta, 0.0))
    return _whole(root * root / (delta * delta) + 1 / delta)


def photos_for_equivalence(apart: float, margin: float, power: float = POWER) -> int:
    """Return how many photos show that two equally good models are so within a margin, at 5 %.

    Args:
        apart: Share of photos that one of both alone recognises, 0..1. At least the margin is reckoned with: that none
            was seen does not mean that there is none.
        margin: Largest difference of accuracy that does not matter, above 0.
        power: How often it should show.

    Source: Lu & Bean, "On the sample size for one-sided equivalence of sensitivities based upon McNemar's test", Stat.
    Med. 1995; both sides as in Chow, Shao & Wang, "Sample Size Calculations in Clinical Research", 2008, section 3.2.
    """
    by_chance, by_truth = float(-ndtri(ALPHA)), float(ndtri(0.5 + power / 2))
    reach = (by_chance + by_truth) / margin
    return _whole(max(apart, margin) * reach * reach)


def photos_for_two_shares(first: float, second: float, power: float = POWER) -> int | None:
    """Return how many photos for each of two models, other ones for each, show a difference at 5 %.

    Args:
        first: Share of right answers of one, 0..1.
        second: Share of right answers of the other, 0..1.
        power: How often it should show.

    Returns:
        Photos for each; None where both shares are equal.

    Source: Fleiss, Levin & Paik, "Statistical Methods for Rates and Proportions", 2003, eq. 4.14 and 4.17.
    """
    delta = abs(first - second)
    if delta == 0:
        return None
    by_chance, by_truth = float(-ndtri(ALPHA / 2)), float(ndtri(power))
    middle = (first + second) / 2
    root = by_chance * math.sqrt(2 * middle * (1 - middle)) + by_truth * math.sqrt(
        first * (1 - first) + second * (1 - second)
    )
    plain = root * root / (delta * delta)
    return _whole(plain / 4 * (1 + math.sqrt(1 + 4 / (plain * delta))) ** 2)


def _whole(photos: float) -> int:
    return math.ceil(photos) if photos < MOST_PHOTOS else MOST_PHOTOS
