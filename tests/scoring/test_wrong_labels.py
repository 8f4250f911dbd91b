"""The share of wrong labels, its interval and each label's probability hold where the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize_scalar
from scipy.special import expit, softmax
from sklearn.metrics import average_precision_score

from mekiki.scoring.wrong_labels import _Likelihood, find_wrong_labels


def honest(n: int, classes: int, seed: int, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated probabilities and truths that were drawn from them."""
    numbers = np.random.default_rng(seed)
    chances = softmax(sharpness * numbers.normal(size=(n, classes)), axis=1)
    truth = (chances.cumsum(axis=1) < numbers.random((n, 1))).sum(axis=1).clip(max=classes - 1)
    return chances, truth


def with_wrong(truth: np.ndarray, classes: int, share: float, seed: int) -> np.ndarray:
    numbers, labels = np.random.default_rng(seed + 1000), truth.copy()
    chosen = numbers.choice(len(truth), round(share * len(truth)), replace=False)
    labels[chosen] = (truth[chosen] + numbers.integers(1, classes, len(chosen))) % classes
    return labels


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2])
def test_the_interval_holds_the_planted_share_as_often_as_it_says(share: float) -> None:
    held, values = 0, []
    for seed in range(25):
        chances, truth = honest(400, 5, seed, 4.0)
        found = find_wrong_labels([chances], with_wrong(truth, 5, share, seed), np.arange(400)).share
        held += found.low <= share <= found.high
        values.append(found.value)
    assert held >= 21, "of 25 intervals of 95 %"
    assert np.mean(values) == pytest.approx(share, abs=0.015)


def test_scores_are_probabilities() -> None:
    """Of labels with a score about s, a share of about s is wrong."""
    scores, wrong = [], []
    for seed in range(6):
        chances, truth = honest(1000, 6, seed, 4.0)
        labels = with_wrong(truth, 6, 0.1, seed)
        scores.append(find_wrong_labels([chances], labels, np.arange(1000)).scores)
        wrong.append(labels != truth)
    every, bad = np.concatenate(scores), np.concatenate(wrong)
    for low, high in ((0.02, 0.2), (0.2, 0.5), (0.5, 0.9), (0.9, 1.0)):
        some = (every >= low) & (every < high)
        assert bad[some].mean() == pytest.approx(every[some].mean(), abs=0.08)


def test_a_good_opinion_counts_and_a_worthless_one_does_not() -> None:
    chances, truth = honest(600, 4, 1, 4.0)
    noise, _ = honest(600, 4, 77, 4.0)
    labels = with_wrong(truth, 4, 0.05, 1)
    both = find_wrong_labels([chances, noise], labels, np.arange(600))
    assert both.weights[0] > 0.7 and both.weights[1] < 0.15


def test_two_opinions_find_more_than_either() -> None:
    numbers = np.random.default_rng(3)
    truth = numbers.integers(0, 4, 800)
    one, other = (softmax(numbers.normal(size=(800, 4)) + 2.5 * np.eye(4)[truth], axis=1) for _ in range(2))
    labels = with_wrong(truth, 4, 0.05, 3)
    bad, groups = labels != truth, np.arange(800)
    alone = [average_precision_score(bad, find_wrong_labels([each], labels, groups).log_odds) for each in (one, other)]
    together = average_precision_score(bad, find_wrong_labels([one, other], labels, groups).log_odds)
    assert together > max(alone) + 0.05


def test_the_likeliest_share_is_found_as_by_a_plain_search() -> None:
    chances, truth = honest(3000, 5, 5, 4.0)
    labels = with_wrong(truth, 5, 0.1, 5)
    found = find_wrong_labels([chances], labels, np.arange(3000))

    def loss(share: float) -> float:
        right = found.chances[np.arange(3000), labels]
        return -float(np.log((1 - share) * right + share * (1 - right) / 4).sum())

    assert found.share.value == pytest.approx(minimize_scalar(loss, bounds=(0.001, 0.5)).x, abs=0.002)
    by_hand = 1 / (
        1
        + (1 - found.share.value)
        * found.chances[0, labels[0]]
        / (found.share.value * (1 - found.chances[0, labels[0]]) / 4)
    )
    assert found.scores[0] == pytest.approx(by_hand)


def test_slopes_are_those_of_the_loss() -> None:
    chances, labels = honest(50, 4, 2)
    other, _ = honest(50, 4, 3)
    likelihood = _Likelihood(np.log([chances, other]), labels, np.linspace(0.2, 1, 50))

    def loss(values: np.ndarray) -> float:
        return likelihood.loss(values[:2], float(expit(values[2])))[0]

    at = np.array([0.6, 0.3, -2.0])
    _, by_weights, by_share = likelihood.loss(at[:2], float(expit(at[2])))
    assert approx_fprime(at, loss, 1e-7) == pytest.approx([*by_weights, by_share], rel=1e-4)


def test_copies_count_as_one_witness() -> None:
    chances, truth = honest(150, 4, 8, 4.0)
    labels = with_wrong(truth, 4, 0.1, 8)
    alone = find_wrong_labels([chances], labels, np.arange(150))
    eight = find_wrong_labels([np.repeat(chances, 8, axis=0)], np.repeat(labels, 8), np.repeat(np.arange(150), 8))
    assert eight.share.value == pytest.approx(alone.share.value, rel=0.01)
    assert (eight.share.low, eight.share.high) == pytest.approx((alone.share.low, alone.share.high), rel=0.05)


def test_few_labels_are_no_proof_that_none_is_wrong() -> None:
    chances = np.tile([0.97, 0.03], (12, 1))
    found = find_wrong_labels([chances], np.zeros(12, np.int64), np.arange(12))
    assert found.share.low == 0 and found.share.high > 0.05 and found.scores.max() < 0.1


@given(st.integers(2, 5), st.integers(1, 30), st.integers(0, 1000))
def test_it_holds_for_any_labels(classes: int, n: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    opinions = [numbers.dirichlet(np.full(classes, 0.05), n) for _ in range(2)]
    found = find_wrong_labels(opinions, numbers.integers(0, classes, n), numbers.integers(0, n, n))
    assert np.isfinite(found.log_odds).all() and (found.scores >= 0).all() and (found.scores <= 1).all()
    assert found.chances.sum(axis=1) == pytest.approx(np.ones(n))
    assert 0 <= found.share.low <= found.share.value <= found.share.high <= 1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"opinions \(1, 3, 2\) of 2 labels: expected"):
        find_wrong_labels([np.full((3, 2), 0.5)], np.zeros(2, np.int64), np.zeros(2, np.int64))
