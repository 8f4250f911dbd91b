import numpy as np
import pytest
import torch
from torch import nn

from mekiki.config import EvaluateSettings, ModelSettings
from mekiki.evaluation.adversarial import fgsm, pgd
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import build_classifier
from mekiki.records.card import ModelCard, Preprocessing
from tests.conftest import draw_photo
from tests.evaluation.planted import planted

CLASSES = ["blue", "green", "red"]
LEVELS = (1, 2, 4, 8)
SIZE = 32


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=SIZE)
    model, preprocessing, _ = build_classifier(settings, CLASSES, seed=1)
    card = ModelCard(backbone="test_resnet", head="gap", classes=CLASSES, preprocessing=preprocessing)
    return Classifier(model, card, EvaluateSettings())


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    drawn = [draw_photo((40, 60, 200), number, SIZE) for number in range(6)]
    return np.stack([*drawn, np.zeros_like(drawn[0]), np.full_like(drawn[0], 255)])


def odds(classifier: Classifier, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return log((1 - p) / p) of the true class; higher is further from right."""
    logits = classifier.logits(pictures).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    own = chances[np.arange(len(labels)), labels]
    return np.log((1 - own) / own)


class _Linear(nn.Module):
    """Two classes: weights · picture, and nothing."""

    def __init__(self, weights: torch.Tensor, gain: float = 1.0) -> None:
        super().__init__()
        self.weights, self.gain = nn.Parameter(weights), gain

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        score = self.gain * (x * self.weights).sum(dim=(1, 2, 3))
        return torch.stack([score, torch.zeros_like(score)], dim=1)


def test_fgsm_is_the_closed_form_of_a_linear_model(pictures: np.ndarray) -> None:
    weights = torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    model = planted(_Linear(weights), ["one", "two"], SIZE)
    uphill = np.sign(weights.permute(1, 2, 0).numpy()).astype(int)
    for label, sign in ((0, -1), (1, 1)):
        found = fgsm(model, pictures, np.full(len(pictures), label), LEVELS)
        for level, damaged in zip(LEVELS, found, strict=True):
            expected = np.clip(pictures.astype(int) + sign * level * uphill, 0, 255)
            np.testing.assert_array_equal(damaged, expected)


@pytest.mark.parametrize("normalise", [("weights",), ("samplewise_center", "samplewise_std_normalization")])
def test_the_gradient_goes_through_the_normaliser(normalise: tuple[str, ...], pictures: np.ndarray) -> None:
    """The direction is that of small steps, measured pixel by pixel."""
    weights = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(1))
    preprocessing = Preprocessing(
        image_size=8, fit="squash", mean=(0.1, 0.2, 0.3), std=(0.5, 1, 2), normalise=normalise
    )
    model = planted(_Linear(weights), ["one", "two"], 8, preprocessing)
    picture = np.random.default_rng(0).integers(20, 230, (1, 8, 8, 3), np.uint8)
    (moved,) = fgsm(model, picture, np.array([0]), [1])
    clean = odds(model, picture, np.array([0]))[0]
    for row, column, channel in np.random.default_rng(1).integers(0, (8, 8, 3), (40, 3)):
        stepped = picture.copy()
        stepped[0, row, column, channel] += 1
        slope = odds(model, stepped, np.array([0]))[0] - clean
        if abs(slope) > 1e-3:
            step = int(moved[0, row, column, channel]) - int(picture[0, row, column, channel])
            assert step == np.sign(slope)


def test_pictures_stay_within_the_levels_and_can_be_saved(classifier: Classifier, pictures: np.ndarray) -> None:
    labels, before = np.arange(len(pictures)) % 3, pictures.copy()
    for found in (fgsm(classifier, pictures, labels, LEVELS), pgd(classifier, pictures, labels, LEVELS, 5)):
        for level, damaged in zip(LEVELS, found, strict=True):
            assert damaged.dtype == np.uint8
            assert np.abs(damaged.astype(int) - pictures).max() <= level
    np.testing.assert_array_equal(pictures, before)
    assert not any(parameter.grad is not None for parameter in classifier.model.parameters())


@pytest.mark.parametrize("steps", [1, 4])
def test_pgd_is_never_milder_than_fgsm_nor_than_itself_with_less_room(
    classifier: Classifier, pictures: np.ndarray, steps: int
) -> None:
    labels = classifier.logits(pictures).argmax(axis=1)
    simple = [odds(classifier, found, labels) for found in fgsm(classifier, pictures, labels, LEVELS)]
    steady = [odds(classifier, found, labels) for found in pgd(classifier, pictures, labels, LEVELS, steps)]
    before = odds(classifier, pictures, labels)
    flipped = np.zeros(len(labels), bool)
    for one, other in zip(simple, steady, strict=True):
        milder = (other < one - 1e-4) & ~flipped  # what has flipped is left alone
        assert not milder.any()
        assert (other >= before - 1e-4).all()
        before, flipped = other, flipped | (other > 0)


def test_more_steps_find_worse_pictures(classifier: Classifier, pictures: np.ndarray) -> None:
    labels = classifier.logits(pictures).argmax(axis=1)
    few, many = (pgd(classifier, pictures[:3], labels[:3], (2,), steps)[0] for steps in (1, 8))
    assert odds(classifier, many, labels[:3]).mean() > odds(classifier, few, labels[:3]).mean()


def test_a_photo_that_flipped_stays_flipped_and_as_it_is(pictures: np.ndarray) -> None:
    weights = torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(3))
    model = planted(_Linear(weights), ["one", "two"], SIZE)
    labels = model.logits(pictures).argmax(axis=1)
    found = pgd(model, pictures, labels, LEVELS, 3)
    right = [model.logits(damaged).argmax(axis=1) == labels for damaged in found]
    assert 0 < right[1].sum() < right[0].sum() <= len(labels)
    for step in range(1, len(LEVELS)):
        np.testing.assert_array_equal(found[step][~right[step - 1]], found[step - 1][~right[step - 1]])


def test_sureness_is_no_defence(pictures: np.ndarray) -> None:
    """Where p is 1 to the last bit, cross entropy has no gradient; the direction must be found all the same."""
    weights = torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(2))
    sure = planted(_Linear(weights, gain=10_000.0), ["one", "two"], SIZE)
    shy = planted(_Linear(weights, gain=1.0), ["one", "two"], SIZE)
    labels = sure.logits(pictures).argmax(axis=1)
    for one, other in zip(fgsm(sure, pictures, labels, LEVELS), fgsm(shy, pictures, labels, LEVELS), strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one != pictures).any()


def test_a_photo_that_is_wrong_already_is_left_alone(classifier: Classifier, pictures: np.ndarray) -> None:
    labels = (classifier.logits(pictures).argmax(axis=1) + 1) % 3
    for found in pgd(classifier, pictures, labels, LEVELS, 3):
        np.testing.assert_array_equal(found, pictures)
