"""The discriminant against scikit-learn's, and that it can be added up in pieces."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mekiki.scoring.discriminant import Moments, honest_scale, mixed_log_loss


def photos(
    seed: int, n: int = 120, width: int = 9, classes: int = 4, offset: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), numbers.integers(0, classes, n - classes)])
    mixing = numbers.normal(size=(width, width))
    features = numbers.normal(size=(n, width)) @ mixing + numbers.normal(size=(classes, width))[labels] * 2 + offset
    return features, labels


@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("balanced", [False, True])
def test_it_is_scikit_learns(shrinkage: float, balanced: bool) -> None:
    features, labels = photos(0)
    moments = Moments(4)
    moments.add(features, labels)
    weight, bias = next(moments.discriminants([shrinkage], balanced))
    logits = features @ weight.T + bias
    priors = np.full(4, 0.25) if balanced else np.bincount(labels) / len(labels)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=priors).fit(features, labels)
    ours = np.exp(logits - logits.max(1, keepdims=True))
    if not balanced:  # scikit-learn weighs the covariance by the priors, too
        np.testing.assert_allclose(ours / ours.sum(1, keepdims=True), theirs.predict_proba(features), atol=1e-6)
    else:
        assert (logits.argmax(1) == theirs.predict(features)).mean() > 0.95


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.lists(st.integers(1, 60), min_size=1, max_size=8), st.sampled_from([0.0, 1000.0]))
def test_pieces_add_up(seed: int, pieces: list[int], offset: float) -> None:
    features, labels = photos(seed, offset=offset)
    whole, parts = Moments(4), Moments(4)
    whole.add(features, labels)
    edges = [0, *np.minimum(np.cumsum(pieces), len(labels)).tolist(), len(labels)]
    for start, end in pairwise(edges):
        if end > start:
            parts.add(features[start:end], labels[start:end])
    for (weight, bias), (other, other_bias) in zip(
        whole.discriminants([0.1, 0.5]), parts.discriminants([0.1, 0.5]), strict=True
    ):
        np.testing.assert_allclose(other, weight, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(features @ other.T + other_bias, features @ weight.T + bias, rtol=1e-5, atol=1e-5)


def test_a_class_without_photos_is_an_error() -> None:
    moments = Moments(3)
    moments.add(np.ones((4, 2)), np.array([0, 0, 1, 1]))
    with pytest.raises(ValueError, match=r"needs photos of every class, and has \[2, 2, 0\]"):
        next(moments.discriminants([0.5]))


def test_features_that_never_change_do_no_harm() -> None:
    features, labels = photos(0)
    features[:, 3] = 5.0
    moments = Moments(4)
    moments.add(features, labels)
    weight, bias = next(moments.discriminants([0.05]))
    assert np.isfinite(weight).all() and np.isfinite(bias).all()
    moments = Moments(2)
    moments.add(np.ones((4, 3)), np.array([0, 0, 1, 1]))
    assert np.isfinite(next(moments.discriminants([0.05]))[0]).all()


@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_the_honest_scale_undoes_what_was_done(scale: float) -> None:
    numbers = np.random.default_rng(0)
    logits = numbers.normal(size=(20_000, 3)) * 2
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (numbers.random(len(logits))[:, None] > chances.cumsum(1)).sum(1)
    found = honest_scale(logits * scale, labels)
    assert found * scale == pytest.approx(1, rel=0.12)
    assert mixed_log_loss(found * scale * logits, labels) <= mixed_log_loss(0.5 * logits, labels)
