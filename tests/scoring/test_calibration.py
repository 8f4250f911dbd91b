"""The temperature is that of a plain search, means what it says, and never asks for certainty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss

from mekiki.scoring.calibration import at_temperature, fit_temperature, log_loss, uncalibrated


def made(seed: int, n: int, sharpened: float, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels from known probabilities; their logits are given too sharp by a known factor."""
    numbers = np.random.default_rng(seed)
    logits = 2 * numbers.normal(size=(n, classes))
    chances = at_temperature(logits.astype(np.float32), 1.0)
    labels = (chances.cumsum(axis=1) > numbers.random((n, 1))).argmax(axis=1)
    return (sharpened * logits).astype(np.float32), labels


@pytest.mark.parametrize("sharpened", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_a_known_overconfidence(sharpened: float) -> None:
    logits, labels = made(0, 6000, sharpened)
    found = fit_temperature(logits, labels)
    assert found.temperature == pytest.approx(sharpened, rel=0.06)
    assert found.log_loss_after <= found.log_loss_before + 1e-4
    assert found.ece_after < 0.02
    grid = sharpened * np.linspace(0.85, 1.15, 61)
    losses = [sklearn_log_loss(labels, at_temperature(logits, each)) for each in grid]
    assert found.temperature == pytest.approx(grid[int(np.argmin(losses))], rel=0.015)


def test_overconfidence_is_cured_on_other_photos() -> None:
    found = fit_temperature(*made(1, 600, 3.0))
    logits, labels = made(2, 4000, 3.0)
    assert log_loss(logits / found.temperature, labels) < log_loss(logits, labels) - 0.3


@given(st.integers(2, 200), st.integers(2, 6))
def test_all_right_is_no_reason_for_certainty(n: int, classes: int) -> None:
    labels = np.arange(n) % classes
    logits = (5 * np.eye(classes)[labels]).astype(np.float32)
    found = fit_temperature(logits, labels)
    sureness = float(at_temperature(logits, found.temperature).max(axis=1).mean())
    assert sureness == pytest.approx(1 - 1 / (n + 2), abs=2e-3)


def test_the_answer_stays() -> None:
    logits, _ = made(3, 50, 2.0)
    assert (at_temperature(logits, 2.5).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_before_a_low_temperature_a_sure_model_was_as_sure_as_its_logits_say() -> None:
    labels = np.arange(40) % 20
    logits = (12 * np.eye(20)[labels]).astype(np.float32)  # at 0.05 the other classes' probabilities vanish in float32
    sure = float(at_temperature(logits, 1.0).max(axis=1).mean())
    assert uncalibrated(labels, logits).ece.value == pytest.approx(1 - sure, abs=1e-6)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [(np.zeros((0, 3)), []), (np.zeros((2, 1)), [0, 0]), (np.zeros((2, 3)), [0]), (np.full((1, 2), np.nan), [0])],
)
def test_what_cannot_be_fitted_is_refused(logits: np.ndarray, labels: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit, or are not finite"):
        fit_temperature(logits.astype(np.float32), np.array(labels, dtype=np.int64))
