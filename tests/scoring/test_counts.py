"""Two published counts: 26 of 28 against 23 of 28 is not evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import boschloo_exact, fisher_exact
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep

from mekiki.scoring.counts import compare_counts
from mekiki.scoring.paired import exact_mcnemar
from mekiki.scoring.power import photos_for_two_shares

COUNTS = st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_26_of_28_against_23_of_28_is_not_evidence() -> None:
    counts = compare_counts((26, 28), (23, 28))
    assert counts.p_most_favourable == 0.25
    assert counts.p == pytest.approx(0.319, abs=0.001)
    assert counts.p_fisher == pytest.approx(0.422, abs=0.001)
    assert counts.difference.low < 0 < counts.difference.high
    assert "26 of 28 against 23 of 28 is not evidence that one is better than the other" in counts.verdict
    assert "would give p = 0.25: no pairing makes it evidence" in counts.verdict
    assert "about 170 photos for each" in counts.verdict


def test_ten_times_the_counts_are_evidence() -> None:
    counts = compare_counts((260, 280), (230, 280))
    assert counts.p < 0.001
    assert counts.verdict.startswith("260 of 280 against 230 of 280 is evidence that the first is better (p < 0.001)")
    assert "second is better" in compare_counts((230, 280), (260, 280)).verdict


def test_where_the_pairing_decides_it_says_so() -> None:
    verdict = compare_counts((90, 100), (80, 100)).verdict
    assert "is not evidence" in verdict and "which photos each got right would decide" in verdict


def test_equal_counts_ask_for_no_number() -> None:
    counts = compare_counts((28, 28), (28, 28))
    assert counts.p == 1 and counts.photos_to_show is None
    assert "(p = 1)" in counts.verdict and "would show it" not in counts.verdict


@given(COUNTS, COUNTS)
@settings(max_examples=8)
def test_figures_are_scipys_and_statsmodels(first: tuple[int, int], second: tuple[int, int]) -> None:
    counts = compare_counts(first, second)
    (x, m), (y, n) = first, second
    table = np.array([[x, y], [m - x, n - y]])
    assert counts.p_fisher == pytest.approx(fisher_exact(table).pvalue, abs=1e-9)
    if 0 < x + y < m + n:
        assert counts.p == pytest.approx(boschloo_exact(table).pvalue, abs=1e-6)
    low, high = confint_proportions_2indep(x, m, y, n, method="newcomb", compare="diff")
    assert counts.difference.low == pytest.approx(low, abs=1e-9)
    assert counts.difference.high == pytest.approx(high, abs=1e-9)
    assert (counts.p_most_favourable is None) == (m != n)
    assert counts.verdict


def test_photos_for_two_shares_are_near_statsmodels_with_the_exact_tests_surcharge() -> None:
    effect = 2 * np.arcsin(0.9**0.5) - 2 * np.arcsin(0.8**0.5)
    usual = NormalIndPower().solve_power(effect, power=0.8, alpha=0.05)
    assert usual < (photos_for_two_shares(0.9, 0.8) or 0) < usual + 30


@pytest.mark.parametrize(("first", "second"), [((3, 2), (1, 2)), ((0, 0), (1, 2)), ((-1, 2), (1, 2))])
def test_impossible_counts_are_refused(first: tuple[int, int], second: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected 0 <= successes <= n"):
        compare_counts(first, second)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_the_most_favourable_p_is_mcnemars(counts: tuple[int, int, int]) -> None:
    x, y, n = counts
    expected = exact_mcnemar(np.full(abs(x - y), 1 if x > y else -1, dtype=np.int64))[0]
    assert compare_counts((x, n), (y, n)).p_most_favourable == pytest.approx(expected, abs=1e-12)


def test_the_largest_counts_take_no_memory() -> None:
    most = 999_999_999
    assert compare_counts((most, most), (0, most)).p_most_favourable == 0
