import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import f1_score, precision_score, recall_score, top_k_accuracy_score

from mekiki.scoring.metrics import calibration_error, confusion_matrix, score, top_share


def draw(seed: int, n: int, classes: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    numbers = np.random.default_rng(seed)
    labels = numbers.integers(0, classes, n)
    return labels, numbers.dirichlet(np.full(classes, 0.5), n).astype(np.float32)


@given(st.integers(0, 10**6), st.integers(1, 80), st.integers(2, 9))
def test_figures_are_scikit_learns(seed: int, n: int, classes: int) -> None:
    labels, chances = draw(seed, n, classes)
    names = [f"c{number}" for number in range(classes)]
    figures = score(labels, chances, names, "val")
    predicted = chances.argmax(1)
    present = sorted(set(labels) | set(predicted))
    assert figures.confusion == sklearn_confusion(labels, predicted, labels=range(classes)).tolist()
    assert figures.accuracy.value == pytest.approx((predicted == labels).mean())
    assert figures.f1_macro == pytest.approx(f1_score(labels, predicted, labels=present, average="macro"))
    for number, each in enumerate(figures.per_class):
        assert each.n == (labels == number).sum()
        if each.recall is not None:
            expected = recall_score(labels, predicted, labels=[number], average="macro", zero_division=0)
            assert each.recall.value == pytest.approx(expected)
        if each.precision is not None:
            expected = precision_score(labels, predicted, labels=[number], average="macro", zero_division=0)
            assert each.precision == pytest.approx(expected)


@given(st.integers(0, 10**6))
def test_top_share_is_scikit_learns(seed: int) -> None:
    labels, chances = draw(seed, 40, 8)
    assert top_share(labels, chances, 5) == pytest.approx(top_k_accuracy_score(labels, chances, k=5, labels=range(8)))


def test_calibration_error_by_hand() -> None:
    chances = np.array([[0.95, 0.05], [0.95, 0.05], [0.55, 0.45], [0.45, 0.55]], np.float32)
    labels = np.array([0, 1, 0, 1])
    # two photos at 0.95, one right: |0.5 - 0.95|; two at 0.55, both right: |1 - 0.55|
    assert calibration_error(labels, chances) == pytest.approx((2 * 0.45 + 2 * 0.45) / 4, abs=1e-6)


def test_sure_and_right_is_perfectly_calibrated() -> None:
    chances = np.eye(3, dtype=np.float32)
    assert calibration_error(np.arange(3), chances) == 0


def test_confusion_rows_are_the_truth() -> None:
    assert confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 1]), 2).tolist() == [[0, 2], [0, 1]]


def test_a_class_without_photos_has_no_recall_rather_than_zero() -> None:
    figures = score(np.array([0]), np.array([[0.9, 0.1]], np.float32), ["a", "b"], "val")
    assert figures.per_class[1].recall is None
    assert figures.per_class[1].f1 is None
    assert figures.f1_macro == 1
    assert figures.top5 is None


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score(np.array([0]), np.zeros((1, 3), np.float32), ["a", "b"], "val")
