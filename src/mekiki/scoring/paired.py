"""Two models on the same photos: is one better, by how much, and are they as good as each other?

Only photos that one alone recognises tell them apart. Copies change sides together: a group of them is one witness.
How many photos it would take is in ``power.py``; words are in ``verdicts.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from mekiki.records.comparison import Equivalence, PairComparison
from mekiki.records.evaluation import Estimate
from mekiki.scoring.bootstrap import RESAMPLES, group_numbers, group_sums, resampled_sums
from mekiki.scoring.intervals import effective_number_apart
from mekiki.scoring.power import photos_for_difference, photos_for_equivalence

ALPHA = 0.05
_TAIL = 0.025
_ROUNDING = 1e-12


def compare_answers(
    first_right: NDArray[np.bool_],
    second_right: NDArray[np.bool_],
    groups: Sequence[str] | None = None,
    names: tuple[str, str] = ("first", "second"),
    margin: float | None = None,
) -> PairComparison:
    """Compare the answers of two models to the same photos.

    Args:
        first_right: (n,) whether the first model's answer is right, n >= 1.
        second_right: (n,) the same of the second.
        groups: (n,) names; photos of one group are copies or belong together. Empty: the photo stands alone; not
            given: all stand alone.
        names: What the models are called.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1.

    Returns:
        All figures, without a verdict; ``p_holm`` is ``p``, as for a single pair.

    Raises:
        ValueError: No photo, lengths that differ, or a margin outside 0..1.
    """
    n = len(first_right)
    if n == 0 or len(second_right) != n or (margin is not None and not 0 < margin < 1):
        raise ValueError(f"{n} and {len(second_right)} answers, margin {margin}: expected as many, and 0 < margin < 1")
    numbers = group_numbers(groups, n)
    apart = first_right.astype(np.int64) - second_right.astype(np.int64)
    only_first, only_second = int((apart > 0).sum()), int((apart < 0).sum())
    worth = effective_number_apart(apart, numbers)
    b, c = only_first * worth / n, only_second * worth / n
    p, p_mid = exact_mcnemar(np.bincount(numbers, apart).astype(np.int64))
    return PairComparison(
        first=names[0],
        second=names[1],
        n=n,
        effective_n=worth,
        both_right=int((first_right & second_right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first_right & ~second_right).sum()),
        p=p,
        p_mid=p_mid,
        p_holm=p,
        difference=tango(b, c, worth),
        bootstrap=_bootstrap_interval(apart, numbers),
        photos_to_show=photos_for_difference(only_first / n, only_second / n),
        equivalence=None if margin is None else equivalence(b, c, worth, margin),
    )


def exact_mcnemar(differences: NDArray[np.int64]) -> tuple[float, float]:
    """Return the exact p of McNemar's test, and its mid-p, both two-sided.

    If neither model is better, each group might as well have favoured the other one. All these ways are counted: the p
    is the share of them whose sum lies as far from 0 as the one seen. Where no group has two photos that is McNemar's.

    Args:
        differences: (groups,) photos that the first alone recognises minus those that the second alone does.

    Source: McNemar, Psychometrika 1947; the mid-p: Fagerland, Lydersen & Laake, BMC Med. Res. Methodol. 2013; whole
    groups: the sign-flip test of Fisher, "The Design of Experiments", 1935, section 21.
    """
    from scipy.stats import binom  # not above: it takes a second to load

    sizes = Counter(np.abs(differences[differences != 0]).tolist())
    chances = np.ones(1)
    for size, groups in sizes.items():
        flips = np.zeros(2 * size * groups + 1)
        flips[:: 2 * size] = binom.pmf(np.arange(groups + 1), groups, 0.5)
        chances = np.convolve(chances, flips)
    sums = np.arange(len(chances)) - len(chances) // 2
    seen = abs(int(differences.sum()))
    as_far = float(chances[np.abs(sums) >= seen].sum())
    return min(1.0, as_far), min(1.0, as_far - float(chances[np.abs(sums) == seen].sum()) / 2)


def tango(b: float, c: float, n: float, confidence: float = 0.95) -> Estimate:
    """Return the difference of two paired shares, (b - c) / n, with its score interval.

    Args:
        b: Photos that the first alone recognises; it need not be whole.
        c: Photos that the second alone recognises.
        n: All photos, above 0.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        The difference and its interval, in -1..1; it is not empty where b and c are 0.

    Source: Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design", Stat. Med. 1998, eq. 6 and 10.
    """
    if abs(b - c) > n * (1 - _ROUNDING):  # one model alone has all, but for the rounding of counts that are not whole
        b, c = (n, 0.0) if b > c else (0.0, n)
    z, value = float(ndtri(0.5 + confidence / 2)), (b - c) / n
    low = -1.0 if value <= -1 else brentq(lambda delta: tango_z(b, c, n, delta) - z, -1, value)
    high = 1.0 if value >= 1 else brentq(lambda delta: tango_z(b, c, n, delta) + z, value, 1)
    return Estimate(value=value, low=min(float(low), value), high=max(float(high), value))


def tango_z(b: float, c: float, n: float, delta: float) -> float:
    """Return how many standard errors the difference seen lies above a supposed one.

    Args:
        b: Photos that the first alone recognises; it need not be whole.
        c: Photos that the second alone recognises.
        n: All photos, above 0.
        delta: The supposed difference, -1..1.

    Source: as for ``tango``.
    """
    above = b - c - n * delta
    half = -b - c + (2 * n - b + c) * delta
    root = max(half * half - 8 * n * (-c * delta * (1 - delta)), 0.0) ** 0.5
    only_second = max((root - half) / (4 * n), 0.0)
    variance = n * (2 * only_second + delta * (1 - delta))
    return 0.0 if above == 0 else above / variance**0.5 if variance > 0 else float(np.copysign(np.inf, above))


def equivalence(b: float, c: float, n: float, margin: float) -> Equivalence:
    """Return whether two models are equally good within a margin, by two one-sided score tests at 5 % each.

    Args:
        b: Photos that the first alone recognises; it need not be whole.
        c: Photos that the second alone recognises.
        n: All photos, above 0.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1.

    Source: Schuirmann, J. Pharmacokinetics and Biopharmaceutics 1987 (TOST); Tango 1998, section 2, for paired shares.
    """
    first_worse = float(ndtr(-tango_z(b, c, n, -margin)))
    second_worse = float(ndtr(tango_z(b, c, n, margin)))
    return Equivalence(
        margin=margin,
        p=max(first_worse, second_worse),
        interval=tango(b, c, n, 1 - 2 * ALPHA),
        equivalent=max(first_worse, second_worse) <= ALPHA,
        first_not_worse=first_worse <= ALPHA,
        second_not_worse=second_worse <= ALPHA,
        photos=photos_for_equivalence((b + c) / n, margin),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values that hold for all of several tests together, in the order given.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 1979.
    """
    order = np.argsort(p_values, kind="stable")
    steps = [min(1.0, p_values[place] * (len(order) - rank)) for rank, place in enumerate(order)]
    found = np.empty(len(order))
    found[order] = np.maximum.accumulate(steps) if steps else []
    return [float(each) for each in found]


def _bootstrap_interval(apart: NDArray[np.int64], groups: NDArray[np.int64]) -> Estimate:
    values = np.column_stack([apart, np.ones(len(apart))]).astype(np.float64)
    drawn = resampled_sums(group_sums(values, groups), RESAMPLES, 0, "difference")
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (_TAIL, 1 - _TAIL))
    value = float(apart.mean())
    return Estimate(value=value, low=min(float(low), value), high=max(float(high), value))
