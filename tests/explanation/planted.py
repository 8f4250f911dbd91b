"""Small networks that learnt to tell a red patch from a blue one, at any place among other patches on grey noise.

Every picture also holds a green and a yellow patch, as large and as bright, which say nothing of the class: a map that
marks whatever stands out marks the wrong patch in two of three cases. That is what chance is here. Each network is
trained in seconds and must be right on pictures that it has not seen before any map of it is believed.
"""

import functools

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from mekiki.config import EvaluateSettings, ModelSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import PhotoClassifier, build_classifier
from mekiki.records.card import ModelCard, Preprocessing
from mekiki.seeds import stream

COLOURS = {"red": (230, 40, 40), "blue": (40, 40, 230)}
OTHERS = ((40, 230, 40), (230, 230, 40))
"""Green and yellow: every channel of every patch is 95 from the noise's mean, so that none stands out more."""
SIZES = {"test_resnet": 128, "nin_small": 96, "test_vit": 96}
"""A residual network, Network-in-Network and a vision transformer, with sizes that give maps of 4 x 4 or 6 x 6 places."""
STEPS = {"test_resnet": 28, "nin_small": 14, "test_vit": 70}
BATCH = 16
CHANCE = 1 / (1 + len(OTHERS))


def noise(number: int, size: int) -> np.ndarray:
    return stream(0, "planted", number).integers(87, 184, (size, size, 3), np.uint8)


def planted(number: int, colour: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noise with a patch of this colour and two that say nothing, and the mask of the first."""
    picture, side = noise(number, size), size // 4
    lots = stream(0, "planted corner", number)
    corners: list[tuple[int, int]] = []
    while len(corners) < 1 + len(OTHERS):
        top, left = (int(value) for value in lots.integers(0, size - side, 2))
        if all(max(abs(top - row), abs(left - column)) >= side for row, column in corners):
            corners.append((top, left))
    for (top, left), shade in zip(corners, (COLOURS[colour], *OTHERS), strict=True):
        picture[top : top + side, left : left + side] //= 4
        picture[top : top + side, left : left + side] += np.uint8(np.array(shade) * 3 // 4)
    mask = np.zeros((size, size), bool)
    top, left = corners[0]
    mask[top : top + side, left : left + side] = True
    return picture, mask


def some_planted(first: int, count: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures of both classes by turns, their masks and the numbers of their classes."""
    drawn = [planted(number, tuple(COLOURS)[number % 2], size) for number in range(first, first + count)]
    return np.stack([picture for picture, _ in drawn]), np.stack([mask for _, mask in drawn]), np.arange(count) % 2


@functools.cache
def _trained(backbone: str) -> tuple[PhotoClassifier, Preprocessing]:
    size = SIZES[backbone]
    settings = ModelSettings.model_validate({"backbone": backbone, "weights": "none", "image_size": size})
    model, preprocessing, _ = build_classifier(settings, list(COLOURS), seed=1)
    card = ModelCard(backbone=backbone, head="gap", classes=list(COLOURS), preprocessing=preprocessing)
    classifier = Classifier(model, card, EvaluateSettings(batch_size=BATCH))
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS[backbone])
    for module in model.train().modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.3  # a few dozen steps are all it has to learn the means
    for step in range(STEPS[backbone]):
        pictures, _, labels = some_planted(10_000 + step * BATCH, BATCH, size)
        optimiser.zero_grad()
        cross_entropy(model(classifier.normaliser(pictures)), torch.as_tensor(labels)).backward()
        optimiser.step()
        schedule.step()
    optimiser.zero_grad(set_to_none=True)
    return model.eval(), preprocessing


@functools.cache
def planted_classifier(backbone: str, views: str = "plain") -> Classifier:
    """Return a classifier of red and blue patches that is right on more than 95 % of 48 new pictures."""
    model, preprocessing = _trained(backbone)
    card = ModelCard(backbone=backbone, head="gap", classes=list(COLOURS), preprocessing=preprocessing, views=views)
    classifier = Classifier(model, card, EvaluateSettings(batch_size=BATCH))
    pictures, _, labels = some_planted(5_000, 48, SIZES[backbone])
    right = float((classifier.probabilities(pictures).argmax(axis=1) == labels).mean())
    assert right > 0.95, f"{backbone} is right on {right:.0%} only, so its maps would say nothing"
    return classifier
