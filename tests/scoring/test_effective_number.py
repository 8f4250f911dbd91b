"""How many photos a set with copies is worth, and that the interval of that many holds what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from mekiki.scoring.intervals import effective_number, effective_number_apart, share_of, wilson_of_share


@given(st.floats(0, 1), st.floats(0.5, 1e6), st.floats(0.5, 0.999))
def test_wilson_of_a_share_is_statsmodels(share: float, n: float, confidence: float) -> None:
    ours = wilson_of_share(share, n, confidence)
    low, high = proportion_confint(share * n, n, 1 - confidence, method="wilson")
    assert ours.low == pytest.approx(low, abs=1e-9)
    assert ours.high == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize(("share", "n"), [(0.5, 0.0), (1.1, 3.0), (-0.1, 3.0), (float("nan"), 3.0)])
def test_impossible_shares_are_refused(share: float, n: float) -> None:
    with pytest.raises(ValueError, match="expected 0 <= share <= 1 and n > 0"):
        wilson_of_share(share, n)


@given(st.integers(1, 60), st.integers(0, 10**6))
def test_photos_alone_count_in_full_and_copies_never_more(n: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    right, groups = numbers.random(n) < 0.7, numbers.integers(0, 20, n)
    assert effective_number(right, np.arange(n)) == n
    sizes = np.bincount(groups)
    kish = n**2 / (sizes**2).sum()
    assert kish - 1e-9 <= effective_number(right, groups) <= n
    apart = numbers.integers(-1, 2, n)
    assert kish - 1e-9 <= effective_number_apart(apart, groups) <= n


def test_entire_copies_count_once_and_unlike_members_count_nearly_in_full() -> None:
    numbers = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), 3)
    alike = np.repeat(numbers.random(300) < 0.7, 3)
    assert effective_number(alike, groups) == pytest.approx(300, rel=0.02)
    unlike = numbers.random(900) < 0.7
    assert effective_number(unlike, groups) > 750


def test_few_mistakes_do_not_pass_for_a_measurement() -> None:
    right = np.ones(60, dtype=bool)
    right[0] = False
    assert effective_number(right, np.repeat(np.arange(30), 2)) == 30


def test_interval_over_copies_holds_the_truth_where_the_plain_one_does_not() -> None:
    numbers = np.random.default_rng(5)
    held = plain = 0
    for _ in range(400):
        sizes = numbers.integers(1, 6, 40)
        groups = np.repeat(np.arange(40), sizes)
        right = np.repeat(numbers.random(40) < 0.8, sizes)
        interval = share_of(right, groups)
        held += interval.low <= 0.8 <= interval.high
        naive = wilson_of_share(float(right.mean()), len(right))
        plain += naive.low <= 0.8 <= naive.high
    assert held / 400 > 0.93
    assert plain / 400 < 0.85


def test_groups_that_cannot_differ_count_in_full() -> None:
    """Each pair has one photo of two classes, and a model that names one class has half of every pair right."""
    groups = np.repeat(np.arange(12), 2)
    assert effective_number(np.tile([True, False], 12), groups) == 24
    assert effective_number_apart(np.tile([1, -1], 12), groups) == 24
