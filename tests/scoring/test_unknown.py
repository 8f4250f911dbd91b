"""Scores of the known, their threshold and their choice: against scikit-learn and scipy, and in worlds of known truth."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors

from mekiki.errors import RunError
from mekiki.records.unknown import FEATURE_SCORES, SCORE_NAMES, ScoreName, UnknownRule, read_reference, write_reference
from mekiki.scoring.detection import auroc
from mekiki.scoring.unknown import choose_rule, known_scores, measure_reference, threshold_keeping


def world(seed: int, per_class: int, classes: int = 4, d: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Draw features about well separated class means."""
    numbers = np.random.default_rng(seed)
    means = 4 * np.random.default_rng(99).normal(size=(classes, d))
    labels = np.repeat(np.arange(classes), per_class)
    spread = np.linspace(0.3, 2.0, d)
    return (means[labels] + spread * numbers.normal(size=(len(labels), d))).astype(np.float32), labels


def test_logit_scores_are_what_the_papers_say() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    np.testing.assert_allclose(known_scores("energy", logits), logsumexp(logits, axis=1), rtol=1e-6)
    np.testing.assert_allclose(known_scores("max_logit", logits), logits.max(axis=1))
    np.testing.assert_allclose(known_scores("max_softmax", logits), softmax(logits, axis=1).max(axis=1), rtol=1e-6)


def test_mahalanobis_is_scikit_learns() -> None:
    features, labels = world(0, 30)
    reference = measure_reference(features, labels)
    others, _ = world(1, 5)
    logits, raw = np.zeros((len(others), 4), np.float32), others
    features, others = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (features, others))
    means = np.stack([features[labels == number].mean(axis=0) for number in range(4)])
    within = LedoitWolf(assume_centered=True).fit(features - means[labels])
    distances = np.stack([within.mahalanobis(others - mean) for mean in means])
    ours = known_scores("mahalanobis", logits, raw, reference)
    np.testing.assert_allclose(-ours, distances.min(axis=0), rtol=2e-3)
    between = np.cov((means[labels]).T, bias=True)
    off = others - features.mean(axis=0)
    background = (off @ np.linalg.inv(within.covariance_ + between) * off).sum(axis=1)
    relative = known_scores("relative_mahalanobis", logits, raw, reference)
    np.testing.assert_allclose(relative, background - distances.min(axis=0), rtol=2e-3, atol=0.05)


def test_neighbours_are_scikit_learns() -> None:
    features, labels = world(0, 30)
    reference = measure_reference(features, labels)
    others, _ = world(1, 5)

    def long_1(rows: np.ndarray) -> np.ndarray:
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def on_sphere(rows: np.ndarray) -> np.ndarray:
        centred = long_1(rows) - long_1(features).mean(axis=0)
        return centred / np.linalg.norm(centred, axis=1, keepdims=True)

    distances, _ = NearestNeighbors(n_neighbors=5).fit(on_sphere(features)).kneighbors(on_sphere(others))
    ours = known_scores("neighbours", np.zeros((20, 4), np.float32), others, reference)
    np.testing.assert_allclose(-ours, distances[:, -1], atol=2e-3)


@pytest.mark.parametrize("per_class", [3, 40])
def test_strangers_are_told_also_where_photos_are_fewer_than_directions(per_class: int) -> None:
    features, labels = world(0, per_class, d=60)
    reference = measure_reference(features, labels)
    known, _ = world(1, 20, d=60)
    strangers = (8 * np.random.default_rng(3).normal(size=(40, 60))).astype(np.float32)
    for name in FEATURE_SCORES:
        scores = [
            known_scores(name, np.zeros((len(each), 4), np.float32), each, reference, (1.0, 1.0))
            for each in (known, strangers)
        ]
        assert auroc(*scores) > 0.9, name


def test_many_features_are_kept_small() -> None:
    numbers = np.random.default_rng(0)
    reference = measure_reference(numbers.normal(size=(600, 300)).astype(np.float32), np.arange(600) % 3)
    assert reference.basis.shape == (300, 256)
    np.testing.assert_allclose(reference.basis.T @ reference.basis, np.eye(256), atol=1e-4)


@given(st.integers(1, 300), st.floats(0.5, 0.99), st.integers(0, 10**6))
def test_the_threshold_keeps_the_share_it_was_asked_to(n: int, kept: float, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=n)
    assert (scores >= threshold_keeping(scores, kept)).mean() >= kept


def test_new_photos_pass_the_threshold_as_often() -> None:
    numbers = np.random.default_rng(0)
    passed = [(numbers.normal(size=200) >= threshold_keeping(numbers.normal(size=60))).mean() for _ in range(400)]
    assert 0.945 < np.mean(passed) < 0.965


def test_the_better_score_is_chosen_on_validation_alone() -> None:
    features, labels = world(0, 30)
    reference = measure_reference(features, labels)
    val, val_labels = world(1, 12)
    noise = np.random.default_rng(2).normal(size=(len(val), 4)).astype(np.float32)
    rule = choose_rule(noise, val_labels, val, reference)
    assert rule.score in FEATURE_SCORES and rule.trials[0].auroc > 0.95
    assert [trial.auroc for trial in rule.trials] == sorted((trial.auroc for trial in rule.trials), reverse=True)
    assert {trial.score for trial in rule.trials} == set(SCORE_NAMES)
    assert (known_scores(rule.score, noise, val, reference) >= rule.threshold).mean() >= 0.95
    telling = (6 * np.eye(4)[val_labels] + noise).astype(np.float32)
    assert choose_rule(telling, val_labels).score in ("energy", "max_logit", "max_softmax")
    muddled = np.random.default_rng(3).normal(size=val.shape).astype(np.float32)
    assert choose_rule(telling, val_labels, muddled, reference).score not in FEATURE_SCORES[:3]


def test_energy_and_both_distances_are_added_as_the_rule_weighs_them() -> None:
    features, labels = world(0, 30)
    reference = measure_reference(features, labels)
    val, val_labels = world(1, 12)
    logits = (6 * np.eye(4)[val_labels] + np.random.default_rng(2).normal(size=(len(val), 4))).astype(np.float32)
    rule = choose_rule(logits, val_labels, val, reference)
    assert rule.score == "energy_mahalanobis"
    energy, distance, relative = (
        known_scores(name, logits, val, reference) for name in ("energy", "mahalanobis", "relative_mahalanobis")
    )
    assert rule.weights == pytest.approx((energy.std() / distance.std(), energy.std() / relative.std()))
    together = known_scores(rule.score, logits, val, reference, rule.weights)
    np.testing.assert_allclose(together, energy + rule.weight * distance + rule.relative_weight * relative)
    before = UnknownRule(score="energy_mahalanobis", threshold=0.0, kept=0.95, n=48, weight=rule.weight)
    of_before = known_scores(before.score, logits, val, reference, before.weights)
    np.testing.assert_allclose(of_before, energy + rule.weight * distance)


def test_strangers_far_and_near_are_told_by_both_distances_together() -> None:
    """A far stranger hides from the relative distance where all photos vary, a near one from the plain distance."""
    numbers = np.random.default_rng(7)
    spread = np.r_[np.full(10, 0.2), np.full(2, 3.0)]
    means = np.c_[numbers.normal(size=(4, 10)), np.zeros((4, 2))] + np.r_[np.zeros(10), 6, 6]
    labels = np.repeat(np.arange(4), 60)
    between, aside = np.repeat([means[:2].mean(axis=0)], 60, axis=0), np.r_[np.zeros(10), -14, 0]
    centres = (means[labels], means[labels], between, means[labels][:60] + aside)
    taught, known, near, far = (
        (each + spread * numbers.normal(size=each.shape)).astype(np.float32) for each in centres
    )
    reference = measure_reference(taught, labels)
    dull = [numbers.normal(size=(len(each), 4)).astype(np.float32) for each in (known, near, far)]
    rule = choose_rule(dull[0], labels, known, reference)

    def told(name: ScoreName, weights: tuple[float, float]) -> tuple[float, float]:
        scores = [
            known_scores(name, logits, each, reference, weights)
            for logits, each in zip(dull, (known, near, far), strict=True)
        ]
        return auroc(scores[0], scores[1]), auroc(scores[0], scores[2])

    assert told("mahalanobis", (0, 0))[0] < 0.9
    assert told("relative_mahalanobis", (0, 0))[1] < 0.8
    assert told("energy_mahalanobis", (rule.weight, 0))[0] < 0.7
    assert rule.score == "energy_mahalanobis"
    assert min(told(rule.score, rule.weights)) > 0.9


def test_two_classes_still_get_a_threshold() -> None:
    rule = choose_rule(np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32), np.arange(30) % 2)
    assert {trial.auroc for trial in rule.trials} == {0.5}
    assert np.isfinite(rule.threshold)


def test_rule_and_reference_survive_the_disk(tmp_path: Path) -> None:
    features, labels = world(0, 9)
    reference = measure_reference(features, labels)
    write_reference(tmp_path / "unknown.safetensors", reference)
    back = read_reference(tmp_path / "unknown.safetensors")
    logits = np.zeros((len(features), 4), np.float32)
    for name in FEATURE_SCORES:
        np.testing.assert_array_equal(
            known_scores(name, logits, features, back), known_scores(name, logits, features, reference)
        )
    rule = choose_rule(logits, labels, features, reference)
    assert UnknownRule.model_validate_json(rule.model_dump_json()) == rule


def test_damaged_references_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "unknown.safetensors"
    with pytest.raises(RunError, match=r"cannot read .*unknown.safetensors: No such file"):
        read_reference(path)
    path.write_bytes(b"no tensors")
    with pytest.raises(RunError, match="is no safetensors file"):
        read_reference(path)
    features, labels = world(0, 9)
    reference = measure_reference(features, labels)
    from dataclasses import replace

    write_reference(path, replace(reference, centre=reference.centre[:-1]))
    with pytest.raises(RunError, match="do not fit each other: centre"):
        read_reference(path)
    write_reference(path, replace(reference, centre=np.full_like(reference.centre, np.nan)))
    with pytest.raises(RunError, match="not finite float32"):
        read_reference(path)
    write_reference(path, replace(reference, neighbour_classes=reference.neighbour_classes + 9))
    with pytest.raises(RunError, match="do not fit each other"):
        read_reference(path)


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="the score mahalanobis needs features"):
        known_scores("mahalanobis", np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match="cannot be measured"):
        measure_reference(np.zeros((2, 3), np.float32), np.array([0, 0]))
    with pytest.raises(ValueError, match="all of which must be finite"):
        threshold_keeping(np.array([np.nan]))
