from collections.abc import Iterator

import numpy as np
import pytest

from mekiki.errors import TrainingError
from mekiki.training.probe import Features, fit_probe


def blobs(seed: int, classes: int, per_class: int = 30, views: int = 1) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(classes, 6)) * 2
    labels = np.repeat(np.arange(classes), per_class)
    return (centres[labels] + numbers.normal(size=(views, len(labels), 6))).astype(np.float32), labels


def in_batches(features: np.ndarray, labels: np.ndarray, size: int = 16) -> Iterator[Features]:
    for start in range(0, len(labels), size):
        yield features[:, start : start + size], labels[start : start + size]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("views", [1, 2])
def test_the_probe_is_a_linear_classifier_with_a_row_for_each_class(classes: int, views: int) -> None:
    val_features, val_labels = blobs(1, classes, views=views)
    probe = fit_probe(in_batches(*blobs(0, classes, views=views)), in_batches(val_features, val_labels), classes, False)
    assert probe.weight.shape == (classes, 6)
    logits = val_features.mean(axis=0) @ probe.weight.T + probe.bias
    assert (logits.argmax(1) == val_labels).mean() > 0.85


def test_its_probabilities_are_honest_on_validation() -> None:
    features, labels = blobs(0, 4)
    val_features, val_labels = blobs(1, 4, per_class=200)
    probe = fit_probe(in_batches(features * 50, labels), in_batches(val_features * 50, val_labels), 4, False)
    logits = val_features[0] * 50 @ probe.weight.T + probe.bias
    chances = np.exp(logits - logits.max(1, keepdims=True))
    sure = (chances / chances.sum(1, keepdims=True)).max(1)
    assert sure.mean() == pytest.approx((logits.argmax(1) == val_labels).mean(), abs=0.05)


def test_how_it_comes_in_batches_does_not_matter() -> None:
    train, val = blobs(0, 3), blobs(1, 3)
    one = fit_probe(in_batches(*train, size=1000), in_batches(*val, size=1000), 3, False)
    other = fit_probe(in_batches(*train, size=7), in_batches(*val, size=5), 3, False)
    np.testing.assert_allclose(other.weight, one.weight, rtol=1e-3)
    np.testing.assert_allclose(other.bias, one.bias, rtol=1e-3, atol=1e-3)


def test_balanced_takes_a_rare_class_for_as_likely_as_another() -> None:
    features, labels = blobs(0, 2, per_class=100)
    few = np.r_[0:100, 100:105]
    val = blobs(1, 2)
    plain, balanced = (fit_probe([(features[:, few], labels[few])], [val], 2, choice) for choice in (False, True))
    middle = features[0].mean(axis=0)

    def towards_the_rare(probe: object) -> float:
        logits = middle @ probe.weight.T + probe.bias  # type: ignore[attr-defined]
        return float(logits[1] - logits[0])

    assert towards_the_rare(balanced) > towards_the_rare(plain) + 0.5


def test_shuffled_labels_score_near_chance_on_validation() -> None:
    features, labels = blobs(0, 4)
    val_features, val_labels = blobs(1, 4)
    shuffled = np.random.default_rng(2).permutation(labels)
    probe = fit_probe([(features, shuffled)], [(val_features, val_labels)], 4, False)
    assert ((val_features[0] @ probe.weight.T + probe.bias).argmax(1) == val_labels).mean() < 0.5


@pytest.mark.parametrize("damaged", [0, 1])
def test_damaged_features_are_refused(damaged: int) -> None:
    parts = [blobs(0, 2), blobs(1, 2)]
    parts[damaged][0][0, 3, 2] = np.nan
    with pytest.raises(TrainingError, match="not finite numbers"):
        fit_probe([parts[0]], [parts[1]], 2, False)


def test_validation_chooses_the_views_that_are_learnt_from() -> None:
    """Of four views the first two are noise; then the last two; then none."""
    train, labels = blobs(0, 3, views=4)
    val = blobs(1, 3, per_class=100)
    noise = np.random.default_rng(5).normal(size=train.shape).astype(np.float32) * 9
    for bad, best in [(slice(0, 2), slice(2, 4)), (slice(2, 4), slice(0, 2)), (slice(0, 0), slice(None))]:
        seen = train.copy()
        seen[bad] = noise[bad]
        one = fit_probe([(seen, labels)], [val], 3, False, learnt=[best])
        choices = [slice(None), slice(0, 2), slice(2, 4)]
        several = fit_probe([(seen, labels)], [val], 3, False, learnt=choices)
        assert several.loss == min(fit_probe([(seen, labels)], [val], 3, False, learnt=[each]).loss for each in choices)
        assert several.loss <= one.loss
        if bad != slice(0, 0):
            np.testing.assert_array_equal(several.weight, one.weight)
            assert several.shrinkage == one.shrinkage


def test_a_rival_that_is_better_stays() -> None:
    centres = np.random.default_rng(99).normal(size=(4, 6)) * 2
    true = (centres, -(centres**2).sum(1) / 2)  # the classes' own densities, of which the photos tell too little
    few, val = blobs(0, 4, per_class=3), blobs(1, 4, per_class=300)
    probe = fit_probe(in_batches(*few), in_batches(*val), 4, False, rival=true)
    assert not probe.is_better
    assert probe.rival is not None
    assert probe.rival[0] == ((val[0][0] @ true[0].T + true[1]).argmax(1) == val[1]).mean()


def test_a_rival_that_is_worse_gives_way() -> None:
    train, val = blobs(0, 4), blobs(1, 4)
    probe = fit_probe(in_batches(*train), in_batches(*val), 4, False, rival=(np.ones((4, 6)), np.zeros(4)))
    alone = fit_probe(in_batches(*train), in_batches(*val), 4, False)
    assert probe.is_better
    assert np.array_equal(probe.weight, alone.weight)
    assert probe.accuracy == alone.accuracy > 0.85


def test_a_discriminant_is_no_better_than_itself() -> None:
    train, val = blobs(0, 4), blobs(1, 4)
    once = fit_probe(in_batches(*train), in_batches(*val), 4, False)
    stored = (once.weight.astype(np.float32).astype(np.float64), once.bias.astype(np.float32).astype(np.float64))
    again = fit_probe(in_batches(*train), in_batches(*val), 4, False, rival=stored)
    assert not again.is_better
    assert again.rival == pytest.approx((again.accuracy, again.loss))
