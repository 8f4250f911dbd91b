import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mekiki.errors import TrainingError
from mekiki.progress import Silent
from mekiki.training.probe import STRENGTHS, fit_probe


def blobs(seed: int, classes: int, per_class: int = 30) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(classes, 6)) * 2
    labels = np.repeat(np.arange(classes), per_class)
    return (centres[labels] + numbers.normal(size=(len(labels), 6))).astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 4])
def test_the_probe_is_a_linear_classifier_with_a_row_for_each_class(classes: int) -> None:
    features, labels = blobs(0, classes)
    val_features, val_labels = blobs(1, classes)
    probe = fit_probe(features, labels, val_features, val_labels, False, Silent())
    assert probe.weight.shape == (classes, 6)
    logits = val_features @ probe.weight.T + probe.bias
    assert (logits.argmax(1) == val_labels).mean() > 0.85


def test_two_classes_have_scikit_learns_probabilities() -> None:
    features, labels = blobs(0, 2)
    probe = fit_probe(features, labels, features, labels, False, Silent())
    logits = features @ probe.weight.T + probe.bias
    ours = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    standard = StandardScaler().fit_transform(features)
    theirs = [
        LogisticRegression(C=strength).fit(standard, labels).predict_proba(standard)[:, 1] for strength in STRENGTHS
    ]
    assert min(np.abs(ours - each).max() for each in theirs) < 1e-4


def test_shuffled_labels_score_near_chance_on_validation() -> None:
    features, labels = blobs(0, 4)
    val_features, val_labels = blobs(1, 4)
    shuffled = np.random.default_rng(2).permutation(labels)
    probe = fit_probe(features, shuffled, val_features, val_labels, False, Silent())
    assert ((val_features @ probe.weight.T + probe.bias).argmax(1) == val_labels).mean() < 0.5


def test_damaged_features_are_refused() -> None:
    features, labels = blobs(0, 2)
    features[3, 2] = np.nan
    with pytest.raises(TrainingError, match="not finite numbers"):
        fit_probe(features, labels, features, labels, False, Silent())
