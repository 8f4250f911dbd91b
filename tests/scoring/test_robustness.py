import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mekiki.scoring.robustness import loss_of

STEPS = (1.0, 2.0, 4.0, 8.0)


def answers(*shares: float, n: int = 200) -> np.ndarray:
    """Return (n, severities) answers of which these shares are right; who is wrong once stays wrong."""
    return np.arange(n)[:, None] < np.round(np.array(shares) * n)[None]


def known(n: int = 200) -> np.ndarray:
    return np.ones(n, bool)


def test_the_loss_is_read_off_the_straight_lines_between_severities() -> None:
    assert loss_of(STEPS, known(), answers(0.98, 0.95, 0.85, 0.5), 0.1).severity == pytest.approx(3.0)
    assert loss_of(STEPS, known(), answers(0.5, 0.5, 0.5, 0.5), 0.1).severity == pytest.approx(0.2)
    assert loss_of(STEPS, known(), answers(0.9, 0.5, 0.5, 0.5), 0.1).severity == pytest.approx(1.0)


def test_ten_points_are_counted_from_the_clean_photos_and_the_first_fall_counts() -> None:
    clean = np.arange(200) < 160
    assert loss_of(STEPS, clean, answers(0.79, 0.7, 0.6, 0.5), 0.1).severity == pytest.approx(2.0)
    assert loss_of(STEPS, known(), answers(1.0, 0.8, 1.0, 0.1), 0.1).severity == pytest.approx(1.5)


def test_a_loss_that_is_not_reached_has_no_severity_and_may_yet_be_near() -> None:
    never = loss_of(STEPS, known(), answers(1.0, 1.0, 1.0, 0.99), 0.1)
    assert (never.severity, never.low, never.high) == (None, None, None)
    nearly = loss_of(STEPS, known(40), answers(1.0, 1.0, 1.0, 0.92, n=40), 0.1)
    assert nearly.severity is None and nearly.high is None
    assert nearly.low is not None and 4 < nearly.low < 8
    hopeless = loss_of(STEPS, np.arange(200) < 10, answers(0.0, 0.0, 0.0, 0.0), 0.1)
    assert hopeless.severity is None, "it has no ten points to lose"


def test_few_photos_and_copies_make_the_interval_wider() -> None:
    def width(n: int, groups: list[str] | None = None) -> float:
        loss = loss_of(STEPS, known(n), answers(0.97, 0.9, 0.8, 0.6, n=n), 0.1, groups)
        assert loss.low is not None and loss.high is not None and loss.severity is not None
        assert loss.low <= loss.severity <= loss.high
        return loss.high - loss.low

    assert width(2000) < 0.5 * width(200)
    copies = [f"photo {number // 10}" for number in range(2000)]
    assert width(2000, copies) > 2 * width(2000)
    assert width(2000, [""] * 2000) == width(2000)


def test_the_interval_holds_what_it_says() -> None:
    """Of many made experiments with a known curve, about 95 % have its crossing inside."""
    numbers, truth, inside = np.random.default_rng(0), np.array([0.96, 0.93, 0.86, 0.6]), 0
    exact = 2 + 2 * (0.93 - 0.9) / (0.93 - 0.86)
    for _ in range(50):
        right = numbers.random((150, 1)) < truth
        loss = loss_of(STEPS, known(150), right, 0.1)
        inside += (loss.low or 0) <= exact <= (loss.high or np.inf)
    assert 43 <= inside <= 50


@settings(max_examples=20)
@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.integers(0, 50), st.floats(0.02, 0.5))
def test_at_the_severity_the_curve_has_lost_just_that(counts: list[int], clean: int, points: float) -> None:
    right = np.arange(50)[:, None] < np.array(counts)[None]
    loss = loss_of(STEPS, np.arange(50) < clean, right, points)
    curve = np.array([clean, *counts]) / 50
    if loss.severity is None:
        assert (curve > clean / 50 - points).all()
    else:
        assert np.interp(loss.severity, [0, *STEPS], curve) == pytest.approx(clean / 50 - points)
        before = np.array([0, *STEPS]) < loss.severity
        assert (curve[before] > clean / 50 - points - 1e-9).all()
