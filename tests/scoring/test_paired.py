"""Two models on the same photos, against statsmodels, published examples, and worlds whose truth is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from mekiki.scoring.paired import compare_answers, equivalence, exact_mcnemar, holm, tango, tango_z
from mekiki.scoring.power import photos_for_difference, photos_for_equivalence


def answers(both: int, b: int, c: int, neither: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    first = np.array([True] * (both + b) + [False] * (c + neither))
    second = np.array([True] * both + [False] * b + [True] * c + [False] * neither)
    return first, second


@given(st.integers(0, 60), st.integers(0, 60))
def test_exact_p_is_mcnemars(b: int, c: int) -> None:
    p, mid = exact_mcnemar(np.array([1] * b + [-1] * c + [0, 0], dtype=np.int64))
    assert p == pytest.approx(mcnemar([[5, b], [c, 5]], exact=True).pvalue, abs=1e-12)
    if b + c:
        assert p == pytest.approx(binomtest(b, b + c).pvalue, abs=1e-9)
    assert mid < p


@given(st.lists(st.integers(-4, 4), max_size=11))
def test_p_over_groups_counts_all_ways_in_which_they_might_have_fallen(differences: list[int]) -> None:
    ways = [sum(signs) for signs in itertools.product(*[(value, -value) for value in differences])]
    seen = abs(sum(differences))
    p, mid = exact_mcnemar(np.array(differences, dtype=np.int64))
    beyond, as_far = (sum(abs(way) > seen for way in ways), sum(abs(way) >= seen for way in ways))
    assert p == pytest.approx(as_far / len(ways))
    assert mid == pytest.approx((beyond + as_far) / 2 / len(ways))


def test_copies_are_one_witness() -> None:
    first, second = answers(20, 3, 0, 5)
    once = compare_answers(first, second)
    names = [str(number // 4) for number in range(4 * len(first))]
    fourfold = compare_answers(np.repeat(first, 4), np.repeat(second, 4), names)
    blind = compare_answers(np.repeat(first, 4), np.repeat(second, 4))
    assert once.p == fourfold.p == 0.25
    assert blind.p < 0.001  # twelve photos, but three witnesses
    assert fourfold.effective_n == pytest.approx(28)
    assert fourfold.difference.low == pytest.approx(once.difference.low, abs=1e-6)
    assert fourfold.bootstrap == once.bootstrap


def test_the_published_28_photos_at_their_most_favourable() -> None:
    pair = compare_answers(*answers(23, 3, 0, 2), margin=0.02)
    assert (pair.both_right, pair.only_first, pair.only_second, pair.both_wrong) == (23, 3, 0, 2)
    assert pair.p == 0.25 and pair.difference.low < 0
    assert pair.equivalence is not None and not pair.equivalence.equivalent


def test_where_none_differ_the_interval_has_a_closed_form() -> None:
    z = 1.959963984540054
    none = tango(0, 0, 30)
    assert none.high == pytest.approx(z * z / (30 + z * z)) and none.low == pytest.approx(-none.high)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 60), st.floats(-0.4, 0.4))
def test_the_score_rests_on_the_most_likely_shares_under_the_supposed_difference(
    b: int, c: int, rest: int, delta: float
) -> None:
    """Against a search for the share of photos that the second alone recognises."""
    n = b + c + rest

    def unlikely(second: float) -> float:
        return -float(xlogy(b, second + delta) + xlogy(c, second) + xlogy(rest, 1 - 2 * second - delta))

    bounds = (max(0.0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9)
    second = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x
    variance = n * (2 * second + delta * (1 - delta))
    if variance > 1e-3:
        assert tango_z(b, c, n, delta) == pytest.approx((b - c - n * delta) / variance**0.5, rel=1e-3, abs=1e-3)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200))
def test_tango_is_symmetric_holds_its_value_and_ends_where_the_score_is_196(b: int, c: int, rest: int) -> None:
    n = b + c + rest
    if n == 0:
        return
    one, other = tango(b, c, n), tango(c, b, n)
    assert -1 <= one.low <= one.value <= one.high <= 1 and one.low < one.high
    assert one.low == pytest.approx(-other.high, abs=1e-6)
    if -0.999 < one.low and one.high < 0.999:
        assert tango_z(b, c, n, one.low) == pytest.approx(1.96, abs=0.01)
        assert tango_z(b, c, n, one.high) == pytest.approx(-1.96, abs=0.01)


def test_the_score_at_no_difference_is_mcnemars_chi() -> None:
    assert tango_z(31, 12, 650, 0.0) ** 2 == pytest.approx(
        mcnemar([[0, 31], [12, 0]], exact=False, correction=False).statistic
    )


def test_intervals_of_the_difference_hold_the_truth() -> None:
    numbers = np.random.default_rng(0)
    drawn = numbers.multinomial(60, (0.75, 0.12, 0.05, 0.08), 1500)
    intervals = [tango(b, c, 60) for _, b, c, _ in drawn]
    assert 0.935 < np.mean([each.low <= 0.07 <= each.high for each in intervals]) < 0.975


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 300), st.floats(0.005, 0.3))
def test_equivalence_is_the_90_percent_interval_within_the_margin(b: int, c: int, rest: int, margin: float) -> None:
    equal = equivalence(b, c, b + c + rest, margin)
    inside = -margin < equal.interval.low and equal.interval.high < margin
    near = min(abs(equal.interval.low + margin), abs(equal.interval.high - margin)) < 1e-6
    assert equal.equivalent == inside or near
    assert equal.equivalent == (equal.first_not_worse and equal.second_not_worse)


def test_a_real_difference_is_seldom_called_equivalent() -> None:
    numbers = np.random.default_rng(1)
    drawn = numbers.multinomial(400, (0.8, 0.09, 0.04, 0.07), 600)  # 5 points apart: at the margin
    assert np.mean([equivalence(b, c, 400, 0.05).equivalent for _, b, c, _ in drawn]) < 0.07


@pytest.mark.parametrize(("b", "c"), [(0.10, 0.02), (0.2, 0.12), (0.06, 0.0)])
def test_as_many_photos_as_it_says_show_the_difference_in_four_cases_of_five(b: float, c: float) -> None:
    n = photos_for_difference(b, c)
    assert n is not None
    drawn = np.random.default_rng(2).multinomial(n, (b, c, 1 - b - c), 600)
    power = np.mean([binomtest(int(x), int(x + y)).pvalue <= 0.05 if x + y else False for x, y, _ in drawn])
    assert 0.77 < power < 0.9


def test_as_many_photos_as_it_says_show_equivalence_in_four_cases_of_five() -> None:
    n = photos_for_equivalence(0.1, 0.05)
    drawn = np.random.default_rng(3).multinomial(n, (0.05, 0.05, 0.9), 800)
    assert 0.72 < np.mean([equivalence(b, c, n, 0.05).equivalent for b, c, _ in drawn]) < 0.85


def test_no_difference_asks_for_no_number() -> None:
    assert photos_for_difference(0.1, 0.1) is None
    assert photos_for_equivalence(0.0, 0.02) > 100


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_swapping_the_models_turns_the_signs(seed: int, n: int) -> None:
    numbers = np.random.default_rng(seed)
    one, other = numbers.random((2, n)) < 0.6
    groups = [str(each) for each in numbers.integers(0, 12, n)]
    there, back = compare_answers(one, other, groups, margin=0.1), compare_answers(other, one, groups, margin=0.1)
    assert there.p == pytest.approx(back.p)
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-6)
    assert (there.only_first, there.only_second) == (back.only_second, back.only_first)
    assert there.equivalence and back.equivalence and there.equivalence.equivalent == back.equivalence.equivalent


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1])
def test_impossible_margins_are_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="0 < margin < 1"):
        compare_answers(*answers(1, 1, 1, 1), margin=margin)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=14), st.booleans())
def test_one_model_right_on_all_copies_and_the_other_on_none(sizes: list[int], first: bool) -> None:
    n = sum(sizes)
    groups = [f"group {number}" for number, size in enumerate(sizes) for _ in range(size)]
    found = compare_answers(np.full(n, first), np.full(n, not first), groups)
    assert found.difference.value == pytest.approx(1 if first else -1)
    assert -1 <= found.difference.low <= found.difference.high <= 1
    assert max(abs(found.difference.low), abs(found.difference.high)) == pytest.approx(1)


@given(st.integers(1, 60), st.floats(0.5, 60))
def test_a_rounding_above_all_photos_is_all_of_them(n: int, worth: float) -> None:
    all_of_them = n * worth / n * (1 + 1e-15)
    for found in (tango(all_of_them, 0, worth), tango(0, all_of_them, worth)):
        assert abs(found.value) == pytest.approx(1) and -1 <= found.low <= found.high <= 1


def test_the_narrowest_margin_takes_the_most_photos() -> None:
    assert photos_for_equivalence(0.1, 1e-160) == photos_for_equivalence(0.0, 1e-300) == 10_000_000
