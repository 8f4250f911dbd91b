"""Neighbours are the nearest others, copies are none, and the space is not told any label."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from mekiki.evaluation import nearness
from mekiki.evaluation.nearness import nearest_others, votes_of, whitened


def test_neighbours_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "ROWS_AT_ONCE", 7)
    space = whitened(np.random.default_rng(0).normal(size=(50, 12)).astype(np.float32))
    everyone = np.arange(50)
    places, cosines = nearest_others(space, everyone, everyone, everyone, 5)
    distances, theirs = NearestNeighbors(n_neighbors=6, metric="cosine").fit(space).kneighbors(space)
    assert (places == theirs[:, 1:]).all()
    assert cosines == pytest.approx(1 - distances[:, 1:], abs=1e-5)


def test_a_photo_of_the_same_group_is_never_a_neighbour() -> None:
    numbers = np.random.default_rng(1)
    features = np.repeat(numbers.normal(size=(20, 8)), 2, axis=0).astype(np.float32)
    groups, everyone = np.repeat(np.arange(20), 2), np.arange(40)
    places, _ = nearest_others(whitened(features), groups, everyone, everyone, 5)
    assert (groups[places] != groups[:, None]).all()
    apart, _ = nearest_others(whitened(features), everyone, everyone, everyone, 1)
    assert (groups[apart[:, 0]] == groups).all(), "this data would not show it"


def test_only_those_that_may_be_named_are_and_missing_ones_are_marked() -> None:
    space, groups = whitened(np.random.default_rng(2).normal(size=(10, 4)).astype(np.float32)), np.arange(10) // 2
    places, cosines = nearest_others(space, groups, np.array([0, 5]), np.array([1, 4, 9]), 5)
    assert places.shape == (2, 3) and set(places.ravel().tolist()) == {1, 4, 9}
    assert cosines[0, 2] == -np.inf and places[0, 2] == 1
    assert cosines[1, 2] == -np.inf and places[1, 2] == 4
    none, _ = nearest_others(space, groups, np.array([0, 5]), np.array([], np.int64), 5)
    assert none.shape == (2, 0)
    assert votes_of(none, none.astype(np.float32), groups, 3) == pytest.approx(np.full((2, 3), 1 / 3))


def test_what_many_numbers_say_alike_does_not_outvote_the_others() -> None:
    """Four numbers tell the classes apart; 180 others repeat three that have nothing to do with them."""
    numbers, everyone = np.random.default_rng(4), np.arange(200)
    labels = everyone % 2
    told = numbers.normal(size=(200, 4)) + 2 * labels[:, None]
    features = np.hstack([told, np.repeat(numbers.normal(size=(200, 3)), 60, axis=1)]).astype(np.float32) + 50
    places, _ = nearest_others(whitened(features), everyone, everyone, everyone, 5)
    plain = (features - features.mean(axis=0)) / features.std(axis=0)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    by_plain, _ = nearest_others(plain, everyone, everyone, everyone, 5)
    assert (labels[places] == labels[:, None]).mean() > 0.85 > 0.65 > (labels[by_plain] == labels[:, None]).mean()


def test_nearer_neighbours_have_more_of_a_say_and_no_share_is_0() -> None:
    votes = votes_of(np.array([[1, 2, 3]]), np.array([[0.9, 0.8, -np.inf]], np.float32), np.array([0, 1, 2, 0]), 4)
    weights = np.array([0.125, 1.125, 0.125 + np.exp(-1), 0.125])
    assert votes[0] == pytest.approx(weights / weights.sum(), rel=1e-5)
