"""Areas, shares and curves of "unknown", against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from mekiki.records.unknown import UnknownRule
from mekiki.scoring.detection import (
    area_limits,
    auroc,
    auroc_interval,
    coverage_curve,
    false_positives,
    unknown_figures,
)

SCORES = st.lists(st.integers(-3, 3), min_size=1, max_size=30).map(lambda each: np.array(each, dtype=np.float64))


@given(SCORES, SCORES)
def test_area_is_scikit_learns_with_ties(known: np.ndarray, unknown: np.ndarray) -> None:
    truth = [1] * len(known) + [0] * len(unknown)
    assert auroc(known, unknown) == pytest.approx(roc_auc_score(truth, np.concatenate([known, unknown])))


@given(SCORES, SCORES)
def test_false_positives_are_scikit_learns(known: np.ndarray, unknown: np.ndarray) -> None:
    truth = [1] * len(known) + [0] * len(unknown)
    fpr, tpr, _ = roc_curve(truth, np.concatenate([known, unknown]), drop_intermediate=False)
    expected = fpr[np.flatnonzero(tpr >= 0.95 - 1e-9)[0]]
    assert false_positives(known, unknown).value == pytest.approx(expected)


@given(SCORES, SCORES, st.integers(0, 99))
@settings(max_examples=8)
def test_the_interval_holds_its_value(known: np.ndarray, unknown: np.ndarray, seed: int) -> None:
    groups = [str(each) for each in np.random.default_rng(seed).integers(0, 9, len(known))]
    area = auroc_interval(known, unknown, groups)
    assert 0 <= area.low <= area.value <= area.high <= 1


def test_a_perfect_area_is_not_a_certain_one() -> None:
    area = auroc_interval(np.arange(10.0) + 10, np.arange(10.0))
    assert (area.value, area.high) == (1, 1)
    assert 0.6 < area.low < 0.95


def test_an_area_next_to_1_of_very_many_photos_has_an_interval() -> None:
    for beaten in (1, 3, 100):
        low, high = area_limits(1 - beaten / 4e9, 50_000, 80_000)
        assert 0.999 < low < 1 - beaten / 4e9 < high <= 1


def test_the_interval_holds_the_truth_and_copies_widen_it() -> None:
    numbers = np.random.default_rng(0)
    held = 0
    for _ in range(30):
        area = auroc_interval(numbers.normal(1, 1, 40), numbers.normal(0, 1, 40))
        held += area.low <= 0.7602 <= area.high
    assert held >= 26
    known, unknown = numbers.normal(1, 1, 40), numbers.normal(0, 1, 40)
    once = auroc_interval(known, unknown)
    names = [str(number // 3) for number in range(120)]
    thrice = auroc_interval(np.repeat(known, 3), np.repeat(unknown, 3), names, names)
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.05)


def test_coverage_by_hand() -> None:
    curve = coverage_curve(np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, True, False, False]))
    assert curve.threshold.tolist() == [0.9, 0.8, 0.1]
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.accuracy.tolist() == pytest.approx([1, 2 / 3, 0.5])
    assert curve.area == pytest.approx((0 + 2 * (1 / 3) + 0.5) / 4)


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_a_score_that_knows_what_is_right_has_the_least_area(seed: int, n: int) -> None:
    numbers = np.random.default_rng(seed)
    right, scores = numbers.random(n) < 0.6, numbers.random(n)
    best = coverage_curve(right + scores, right).area
    assert best <= coverage_curve(scores, right).area + 1e-12
    assert coverage_curve(scores, right).coverage[-1] == 1


def test_figures_of_a_rule() -> None:
    rule = UnknownRule(score="energy", threshold=1.0, kept=0.95, n=40)
    scores = np.array([0.5, 1.0, 2.0, 3.0])
    right = np.array([False, True, True, False])
    alone = unknown_figures(rule, scores, right)
    assert (alone.coverage, alone.auroc, alone.n_unknown) == (0.75, None, 0)
    assert alone.accuracy_answered is not None and alone.accuracy_answered.value == pytest.approx(2 / 3)
    both = unknown_figures(rule, scores, right, unknown=np.array([0.0, 1.5]))
    assert both.refused is not None and both.refused.value == 0.5
    assert both.auroc == pytest.approx(roc_auc_score([1] * 4 + [0] * 2, [*scores, 0.0, 1.5]))
    assert both.auroc_interval is not None and both.auroc_interval.low < both.auroc
    assert {"threshold", "coverage", "auroc", "fpr_at_95_tpr"} <= set(both.model_dump())
