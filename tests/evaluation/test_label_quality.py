"""Planted wrong labels are found, copies never vouch for each other, and odd class sizes neither stop nor mislead it."""

import builtins
import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

from mekiki.errors import DataError, MekikiError
from mekiki.evaluation import label_quality
from mekiki.evaluation.label_quality import SHRINKAGE, Judgement, discriminant, judge_labels
from mekiki.progress import Silent


def blobs(counts: list[int], distance: float = 3.0, width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return non-negative features around one centre a class, and the true labels."""
    numbers = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(len(counts), width)) * distance + 10
    labels = np.repeat(np.arange(len(counts)), counts)
    return (np.abs(centres[labels] + numbers.normal(size=(len(labels), width)))).astype(np.float32), labels


def with_wrong(labels: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    numbers, wrong = np.random.default_rng(seed), labels.copy()
    chosen = numbers.choice(len(labels), round(share * len(labels)), replace=False)
    classes = labels.max() + 1
    wrong[chosen] = (labels[chosen] + numbers.integers(1, classes, len(chosen))) % classes
    return wrong


def judged(
    features: np.ndarray, labels: np.ndarray, groups: list[str] | None = None, folds: int = 5, seed: int = 0
) -> Judgement:
    names = [str(number) for number in range(len(labels))] if groups is None else groups
    return judge_labels(features, labels, names, int(labels.max()) + 1, folds, seed, Silent())


@pytest.mark.parametrize("counts", [[40, 40, 40, 40], [60, 60], [150, 40, 20]])
def test_planted_wrong_labels_rank_first_and_are_listed_with_the_true_class(counts: list[int]) -> None:
    features, truth = blobs(counts)
    labels = with_wrong(truth, 0.05)
    bad = labels != truth
    found = judged(features, labels)
    assert average_precision_score(bad, -found.quality) > 0.99
    assert found.listed[bad].mean() > 0.8
    assert bad[found.listed].mean() > 0.8
    assert (found.probabilities.argmax(1)[bad] == truth[bad]).all()
    assert set(found.order()) == set(np.flatnonzero(found.listed))
    assert (np.diff(found.quality[found.order()]) >= 0).all()


def test_clean_separable_labels_are_left_in_peace() -> None:
    features, truth = blobs([40, 40, 40], distance=6)
    assert judged(features, truth).listed.sum() == 0


def test_labels_without_meaning_give_no_confident_probabilities() -> None:
    features, truth = blobs([60, 60, 60])
    shuffled = np.random.default_rng(5).permutation(truth)
    assert np.median(judged(features, shuffled).probabilities.max(1)) < 0.6


def hidden_copies() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Wide noise, so that each photo is far from all but its copies; two photos and their three copies are mislabelled."""
    features, truth = blobs([40, 40, 40], distance=0.9, width=60)
    labels = truth.copy()
    groups = [str(number) for number in range(len(labels))]
    wrong = np.array([0, 1, 2, 3, 40, 41, 42, 43])
    features[1:4], features[41:44] = features[0], features[40]
    labels[wrong] = (truth[wrong] + 1) % 3
    groups[1:4], groups[41:44] = [groups[0]] * 3, [groups[40]] * 3
    return features, labels, wrong, groups


def test_copies_with_the_same_wrong_label_do_not_vouch_for_each_other() -> None:
    features, labels, wrong, groups = hidden_copies()
    apart, together = judged(features, labels), judged(features, labels, groups)
    assert together.quality[wrong].max() < 0.1
    assert set(wrong) <= set(np.argsort(together.quality)[:14])
    assert apart.quality[wrong].mean() > 0.3, "this data would not show a leak"


@given(st.integers(2, 6), st.integers(0, 99), st.lists(st.integers(0, 12), min_size=30, max_size=30))
def test_no_group_is_ever_on_both_sides(folds: int, seed: int, numbers: list[int]) -> None:
    labels = np.arange(30) % 3
    groups = [str(number) for number in numbers]
    if len(set(groups)) < 2:
        return
    parts = label_quality._grouped_folds(labels, groups, folds, seed)
    assert sorted(np.concatenate([held_out for _, held_out in parts])) == list(range(30))
    for learnt, held_out in parts:
        assert not {groups[row] for row in learnt} & {groups[row] for row in held_out}


def test_a_label_that_is_the_likeliest_is_not_listed_however_many_classes_there_are() -> None:
    """Among 60 classes that are hardly told apart every probability is below 0.05."""
    features, truth = blobs([10] * 60, distance=0.15, width=40)
    found = judged(features, truth)
    own = found.probabilities.argmax(axis=1) == truth
    assert own.any() and found.probabilities[own].max(axis=1).max() < 0.2, "this data would not show it"
    assert not found.listed[own].any()


def test_it_is_the_same_each_time_and_another_seed_divides_anew() -> None:
    features, truth = blobs([30, 30, 30], distance=1)
    labels = with_wrong(truth, 0.1)
    first, again, other = judged(features, labels), judged(features, labels), judged(features, labels, seed=1)
    assert (first.probabilities == again.probabilities).all()
    assert (first.listed == again.listed).all()
    assert (first.probabilities != other.probabilities).any()


def test_a_class_with_fewer_photos_than_folds_is_judged_too() -> None:
    features, truth = blobs([40, 40, 3], distance=5)
    labels = truth.copy()
    labels[0] = 1
    found = judged(features, labels)
    assert found.judged.all()
    assert list(np.flatnonzero(found.listed)) == [0]


def test_all_classes_may_have_fewer_photos_than_folds() -> None:
    features, truth = blobs([3, 3], distance=8)
    found = judged(features, truth, folds=50)
    assert found.judged.all()
    assert not found.listed.any()


def test_a_class_that_is_one_group_cannot_be_judged_and_is_never_listed() -> None:
    features, truth = blobs([40, 40, 6], distance=5)
    groups = [str(number) for number in range(80)] + ["a burst"] * 6
    labels = truth.copy()
    labels[5] = 1
    found = judged(features, labels, groups)
    assert list(np.flatnonzero(~found.judged)) == list(range(80, 86))
    assert (found.quality[~found.judged] == 1).all()
    assert list(np.flatnonzero(found.listed)) == [5]


def test_nothing_is_listed_where_no_class_can_be_judged() -> None:
    features, truth = blobs([4, 4])
    found = judged(features, truth, ["a"] * 4 + ["b"] * 4)
    assert not found.judged.any()
    assert not found.listed.any()
    assert np.isfinite(found.probabilities).all()


def test_a_class_that_is_mostly_disputed_does_not_vanish_from_the_second_round() -> None:
    features, truth = blobs([60, 60], distance=4)
    odd = np.concatenate([truth, np.full(4, 2)])
    scattered = np.concatenate([features, features[[3, 30, 70, 100]] + 0.01])
    found = judged(scattered, odd)
    assert np.isfinite(found.probabilities).all()
    assert (found.probabilities[:, 2] > 0).any()


def test_classes_without_photos_are_allowed() -> None:
    features, truth = blobs([30, 30], distance=5)
    labels = np.where(truth == 1, 3, 0)
    labels[0] = 3
    found = judge_labels(features, labels, [str(number) for number in range(60)], 6, 5, 0, Silent())
    assert found.probabilities.shape == (60, 6)
    assert (found.probabilities[:, [1, 2, 4, 5]] == 0).all()
    assert list(np.flatnonzero(found.listed)) == [0]


@pytest.mark.parametrize("classes", [2, 4])
def test_the_discriminant_is_scikit_learns(classes: int) -> None:
    features, labels = blobs([15 + 3 * number for number in range(classes)], width=40, distance=0.5)
    asked, _ = blobs([5] * classes, width=40, distance=0.5, seed=1)
    ours = discriminant(features.astype(np.float64), labels, asked.astype(np.float64), classes)
    scaler = StandardScaler().fit(features.astype(np.float64))
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    theirs.fit(scaler.transform(features), labels)
    chances = np.exp(ours - np.logaddexp.reduce(ours, axis=1, keepdims=True))
    assert np.abs(chances - theirs.predict_proba(scaler.transform(asked))).max() < 1e-6


def test_features_that_never_change_do_no_harm() -> None:
    features, truth = blobs([20, 20], distance=5)
    features = np.hstack([features, np.zeros((40, 3), np.float32), np.full((40, 2), 7, np.float32)])
    found = judged(features, truth)
    assert np.isfinite(found.probabilities).all()
    assert (found.probabilities.argmax(1) == truth).all()


def test_probabilities_are_honest_on_clean_labels() -> None:
    features, truth = blobs([200, 200, 200], distance=0.35, width=30)
    found = judged(features, truth)
    best = found.probabilities.max(1)
    assert abs(best.mean() - (found.probabilities.argmax(1) == truth).mean()) < 0.05


def test_cleanlab_neither_prints_nor_starts_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("multiprocessing.Pool", refuse)
    features, truth = blobs([40, 40, 40])
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        judged(features, with_wrong(truth, 0.05))
    assert said.getvalue() == ""


def test_without_cleanlab_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("cleanlab"):
            raise ImportError("No module named 'cleanlab'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MekikiError, match=r"needs cleanlab, .* \(No module named 'cleanlab'\)\nhint: pip install 'mekiki\[audit\]'"
    ):
        judged(*blobs([5, 5]))


def test_one_class_or_one_group_is_refused() -> None:
    features, truth = blobs([5, 5])
    with pytest.raises(DataError, match=r"these are of 1 class\(es\) in 10 group\(s\); expected at least two of each"):
        judge_labels(features, np.zeros(10, np.int64), list("abcdefghij"), 2, 5, 0, Silent())
    with pytest.raises(DataError, match=r"2 class\(es\) in 1 group\(s\)"):
        judged(features, truth, ["a"] * 10)


def test_a_single_photo_of_each_class_is_refused() -> None:
    with pytest.raises(DataError, match="each class has a single photo\nhint: add more photos of each class"):
        judge_labels(np.eye(3, 5, dtype=np.float32), np.arange(3), list("abc"), 3, 5, 0, Silent())
