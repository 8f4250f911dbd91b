"""A heat map must lie on the evidence, and must depend on what the network learnt."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mekiki
from mekiki.config import ExplainSettings, ModelSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import as_heat, explain_batch
from mekiki.explanation.overlay import explain_picture, lay_over
from mekiki.model.classifier import PhotoClassifier, build_classifier
from mekiki.records.card import ModelCard
from mekiki.seeds import stream
from tests.explanation.planted import SIZES, planted_classifier, some_planted

PATCH = 40
SIZE = 128


def patched(number: int, striped: bool) -> tuple[np.ndarray, tuple[int, int]]:
    """Grey noise with one patch: stripes or a checkerboard. Nothing else tells the classes apart."""
    numbers = stream(0, "patch", number, int(striped))
    picture = numbers.integers(90, 160, (SIZE, SIZE, 3), np.uint8)
    top, left = (int(value) for value in numbers.integers(0, SIZE - PATCH, 2))
    rows, columns = np.mgrid[0:PATCH, 0:PATCH] // 5
    pattern = rows % 2 if striped else (rows + columns) % 2
    picture[top : top + PATCH, left : left + PATCH] = (pattern * 255)[..., None]
    return picture, (top, left)


@pytest.fixture(scope="module")
def photo_classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder = tmp_path_factory.mktemp("patches")
    for name, striped in (("checks", False), ("stripes", True)):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(40):
            Image.fromarray(patched(number, striped)[0]).save(folder / "photos" / name / f"{number}.png")
    settings = {"backbone": "nin_small", "weights": "none", "image_size": SIZE, "epochs": 14, "learning_rate": 0.005}
    run = mekiki.train(folder / "photos", folder / "run", **settings, batch_size=16, rotation_range=0, zoom_range=0)
    return mekiki.load(run.path)


@pytest.fixture(scope="module")
def patch_classifier() -> Classifier:
    return planted_classifier("nin_small")


def random_classifier(trained: Classifier) -> Classifier:
    settings = ModelSettings(backbone="nin_small", weights="none", image_size=SIZE)
    model, preprocessing, _ = build_classifier(settings, list(trained.classes_), seed=5)
    card = trained.card.model_copy(update={"preprocessing": preprocessing})
    return Classifier(model, card)


def distance_to_patch(heat: np.ndarray, corner: tuple[int, int]) -> float:
    """Pixels from the hottest point to the patch; 0 on it."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return float(
        max(corner[0] - row, row - corner[0] - PATCH + 1, corner[1] - column, column - corner[1] - PATCH + 1, 0)
    )


@pytest.mark.slow
def test_the_hottest_point_lies_on_the_planted_patch_and_random_weights_do_not_find_it(
    photo_classifier: Classifier,
) -> None:
    blank = random_classifier(photo_classifier)
    trained_hits = random_hits = right = 0
    differences = []
    for number in range(1000, 1020):
        for striped in (False, True):
            picture, corner = patched(number, striped)
            heat_map = explain_picture(photo_classifier, picture)
            right += heat_map.explained == ("stripes" if striped else "checks")
            other = explain_picture(blank, picture)
            trained_hits += distance_to_patch(heat_map.heat, corner) == 0
            random_hits += distance_to_patch(other.heat, corner) == 0
            differences.append(np.abs(heat_map.heat - other.heat).mean())
    assert right >= 36
    assert trained_hits >= 34
    assert random_hits <= trained_hits - 8
    assert np.mean(differences) > 0.1


def test_the_map_is_the_papers_formula(patch_classifier: Classifier) -> None:
    """Eq. 1 and 2 worked by finite differences instead of autograd, on the real network's head."""
    model = patch_classifier.model
    batch = patch_classifier.normaliser(some_planted(0, 1, SIZES["nin_small"])[0])
    with torch.no_grad():
        features = model.feature_map(batch).double()
        head = model.double()
        base = head.logits_of(features)[0, 0]
        step = 1e-4
        weights = torch.zeros(features.shape[1], dtype=torch.float64)
        for channel in range(features.shape[1]):
            moved = features.clone()
            moved[:, channel] += step
            weights[channel] = (head.logits_of(moved)[0, 0] - base) / step / features[0, 0].numel()
        expected = torch.relu((weights[:, None, None] * features[0]).sum(0))
        expected = expected / expected.max()
    model.float()
    assert expected.min() < 0.1
    found = explain_batch(patch_classifier, batch, ExplainSettings(of_class="red")).signed[0]
    np.testing.assert_allclose(as_heat(found), expected.numpy(), atol=1e-3)


def test_nothing_is_left_behind(patch_classifier: Classifier) -> None:
    model: PhotoClassifier = patch_classifier.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    explain_picture(patch_classifier, patched(1, True)[0])
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.training
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit", "nin_small"])
@pytest.mark.parametrize("head", ["gap", "flatten-dense"])
def test_every_kind_of_backbone_and_head_can_be_explained(backbone: str, head: str) -> None:
    settings = ModelSettings.model_validate({"backbone": backbone, "weights": "none", "image_size": 160, "head": head})
    model, preprocessing, _ = build_classifier(settings, ["a", "b"], seed=0)
    card = ModelCard(backbone=backbone, head=settings.head, classes=["a", "b"], preprocessing=preprocessing)
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    heat_map = explain_picture(Classifier(model, card), picture)
    assert heat_map.heat.shape == (50, 70)
    assert 0 <= heat_map.heat.min() and heat_map.heat.max() <= 1
    assert heat_map.overlay.shape == picture.shape


def test_jet_is_blue_where_cold_and_red_where_hot() -> None:
    picture = np.full((2, 2, 3), 128, np.uint8)
    overlay = lay_over(picture, np.array([[0, 1], [0.5, 0]], np.float32), strength=1.0).astype(int)
    red, green, blue = overlay[0, 0]
    assert blue > red + 100
    red, green, blue = overlay[0, 1]
    assert red > blue + 100
    red, green, blue = overlay[1, 0]
    assert green > 200


def test_strength_0_is_the_picture(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 5, 3), np.uint8)
    np.testing.assert_array_equal(lay_over(picture, np.ones((5, 5), np.float32), 0.0), picture)
