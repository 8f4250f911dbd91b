"""Intervals of macro F1, calibration and classes: they hold the truth, are never empty, and count copies once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_score

from mekiki.records.evaluation import Estimate
from mekiki.scoring import uncertainty
from mekiki.scoring.metrics import answers_of, calibration_error, reliability_bins, score

NAMES = list("abcdefghij")


def draw(
    numbers: np.random.Generator, n: int, classes: int, apart: float, sharpened: float = 1.0, copies: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float32], list[str]]:
    """Draw photos whose true probabilities are known; ``sharpened`` 1 is a calibrated model."""
    labels = numbers.integers(0, classes, n)
    logits = numbers.normal(size=(n, classes))
    logits[np.arange(n), labels] += apart
    chances = np.exp(logits * apart * sharpened)
    chances /= chances.sum(axis=1, keepdims=True)
    times = numbers.integers(1, copies + 1, n)
    which = np.repeat(np.arange(n), times)
    return labels[which], chances[which].astype(np.float32), [str(each) for each in which]


@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(2, 7))
@settings(max_examples=15)
def test_every_interval_holds_its_value_and_stays_in_0_to_1(seed: int, n: int, classes: int) -> None:
    labels, chances, groups = draw(np.random.default_rng(seed), n, classes, 1.5, 1.0, 3)
    figures = score(labels, chances, NAMES[:classes], "val", groups=groups)
    assert figures.intervals is not None
    found: list[Estimate | None] = [figures.accuracy, figures.intervals.f1_macro, figures.intervals.ece]
    for each in figures.per_class:
        found += [each.recall, each.precision_interval, each.f1_interval]
        assert (each.f1_interval.value if each.f1_interval else None) == each.f1
        assert (each.precision_interval.value if each.precision_interval else None) == each.precision
    for interval in filter(None, found):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.low < interval.high
    assert figures.intervals.f1_macro.value == figures.f1_macro
    assert figures.intervals.ece.value == pytest.approx(calibration_error(labels, chances))
    assert figures.intervals.groups == len(set(groups))


def test_a_perfect_score_is_not_a_certain_one() -> None:
    chances = np.eye(3, dtype=np.float32)[np.repeat(np.arange(3), 9)]
    figures = score(np.repeat(np.arange(3), 9), chances, NAMES[:3], "test")
    assert figures.intervals is not None
    assert figures.f1_macro == 1 and figures.intervals.f1_macro.low < 0.93
    assert figures.ece == 0 and figures.intervals.ece.high > 0.1


def test_copies_add_nothing() -> None:
    labels, chances, _ = draw(np.random.default_rng(3), 80, 4, 1.2)
    once = score(labels, chances, NAMES[:4], "test")
    thrice = score(
        np.repeat(labels, 3), np.repeat(chances, 3, axis=0), NAMES[:4], "test", groups=[str(n // 3) for n in range(240)]
    )
    blind = score(np.repeat(labels, 3), np.repeat(chances, 3, axis=0), NAMES[:4], "test")
    assert once.intervals and thrice.intervals and blind.intervals
    assert thrice.intervals.effective_n == pytest.approx(80, rel=0.02)
    assert (thrice.n, thrice.intervals.groups) == (240, 80)
    for name in ("f1_macro", "ece"):
        one, three, naive = (getattr(each.intervals, name) for each in (once, thrice, blind))
        assert three.high - three.low == pytest.approx(one.high - one.low, rel=0.1)
        assert naive.high - naive.low < 0.9 * (one.high - one.low)


@pytest.mark.parametrize(
    ("n", "classes", "apart", "sharpened", "copies"),
    [
        (60, 3, 2.5, 2.0, 3),
        pytest.param(150, 10, 3.5, 2.0, 1, marks=pytest.mark.slow),
        pytest.param(60, 3, 4.5, 1.0, 1, marks=pytest.mark.slow),
        pytest.param(100, 5, 1.5, 1.0, 4, marks=pytest.mark.slow),
    ],
)
def test_intervals_hold_the_truth(
    monkeypatch: pytest.MonkeyPatch, n: int, classes: int, apart: float, sharpened: float, copies: int
) -> None:
    """Of 95 % intervals, nearly nine in ten of a few must hold it, for good and bad, calibrated and overconfident models."""
    monkeypatch.setattr(uncertainty, "RESAMPLES", 200)
    numbers = np.random.default_rng(11)
    labels, chances, _ = draw(numbers, 60_000, classes, apart, sharpened)
    predicted = chances.argmax(axis=1)
    truth = {
        "accuracy": (predicted == labels).mean(),
        "f1": f1_score(labels, predicted, average="macro"),
        "ece": calibration_error(labels, chances),
        "precision": precision_score(labels, predicted, average=None)[0],
        "f1 of a": f1_score(labels, predicted, average=None)[0],
    }
    held = dict.fromkeys(truth, 0)
    for _ in range(60):
        labels, chances, groups = draw(numbers, n, classes, apart, sharpened, copies)
        figures = score(labels, chances, NAMES[:classes], "val", groups=groups)
        assert figures.intervals is not None
        found = {
            "accuracy": figures.accuracy,
            "f1": figures.intervals.f1_macro,
            "ece": figures.intervals.ece,
            "precision": figures.per_class[0].precision_interval,
            "f1 of a": figures.per_class[0].f1_interval,
        }
        for name, interval in found.items():
            held[name] += interval is None or interval.low <= truth[name] <= interval.high
    assert {name: count for name, count in held.items() if count < 52} == {}


def test_a_plain_bootstrap_would_miss_a_calibrated_model() -> None:
    """Why the calibration error has an interval of its own kind."""
    labels, chances, _ = draw(np.random.default_rng(2), 300, 5, 2.0)
    numbers, errors = np.random.default_rng(0), []
    for _ in range(300):
        drawn = numbers.integers(0, 300, 300)
        errors.append(calibration_error(labels[drawn], chances[drawn]))
    assert np.quantile(errors, 0.025) > 0.01  # the truth is 0
    figures = score(labels, chances, NAMES[:5], "val")
    assert figures.intervals is not None and figures.intervals.ece.low == 0


def test_overconfidence_is_told_from_chance() -> None:
    labels, chances, _ = draw(np.random.default_rng(2), 600, 5, 1.5, 3.0)
    figures = score(labels, chances, NAMES[:5], "val")
    assert figures.intervals is not None and figures.intervals.ece.low > 0.05


@given(st.integers(0, 10**6), st.integers(1, 80))
def test_reliability_bins_hold_all_photos_and_give_the_error(seed: int, n: int) -> None:
    labels, chances, _ = draw(np.random.default_rng(seed), n, 4, 1.0)
    bins = reliability_bins(answers_of(labels, chances))
    assert sum(each.n for each in bins) == n
    for each in bins:
        assert each.low - 1e-6 <= each.confidence <= each.high + 1e-6
    error = sum(each.n * abs(each.accuracy.value - each.confidence) for each in bins) / n
    assert error == pytest.approx(calibration_error(labels, chances))
