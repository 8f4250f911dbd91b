"""The same maps as pytorch-grad-cam's, for each method and kind of backbone, to 1e-5."""

import functools

import numpy as np
import pytest
import torch

from mekiki.config import ExplainSettings, ModelSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.layers import layer_name, layer_to_watch
from mekiki.explanation.maps import explain_batch
from mekiki.model.backbones import as_map
from mekiki.model.classifier import build_classifier
from mekiki.records.card import ModelCard

library = pytest.importorskip("pytorch_grad_cam")
METHODS = {
    "grad-cam": library.GradCAM,
    "grad-cam++": library.GradCAMPlusPlus,
    "layercam": library.LayerCAM,
    "hirescam": library.HiResCAM,
}
BACKBONES = {"test_resnet": 96, "mobilenetv1_100": 96, "test_efficientnet": 96, "nin_small": 64, "test_vit": 64}

BACKBONES_BY_SPEED = [
    pytest.param(name, marks=[pytest.mark.slow] if name == "mobilenetv1_100" else []) for name in BACKBONES
]


class Difference:
    """The library's target for "why A and not B"."""

    def __init__(self, first: int, second: int) -> None:
        self.first, self.second = first, second

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[self.first] - logits[self.second]


@functools.cache
def make_classifier(backbone: str, image_size: int, head: str = "gap") -> Classifier:
    """A network of random weights whose batch norms do something, so that no number is 0 or 1 by accident."""
    settings = ModelSettings.model_validate(
        {"backbone": backbone, "weights": "none", "image_size": image_size, "head": head}
    )
    classes = ["a", "b", "c", "d"]
    model, preprocessing, _ = build_classifier(settings, classes, seed=3)
    numbers = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if value.ndim == 1 and value.is_floating_point():
                value.add_(torch.rand(value.shape, generator=numbers) * (0.5 if name.endswith("var") else 0.1))
    card = ModelCard(backbone=backbone, head=settings.head, classes=classes, preprocessing=preprocessing)
    return Classifier(model, card)


def pictures(count: int, size: int) -> torch.Tensor:
    numbers = torch.Generator().manual_seed(size)
    coarse = torch.randn(count, 3, 8, 8, generator=numbers)
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")


def theirs(classifier: Classifier, x: torch.Tensor, method: str, layer: str, targets: list) -> np.ndarray:
    backbone = classifier.model.backbone
    cam = METHODS[method](
        model=classifier.model,
        target_layers=[backbone.get_submodule(layer)],
        reshape_transform=lambda values: as_map(backbone, values, 1.0),
    )
    with cam:
        return cam(input_tensor=x, targets=targets)


def as_theirs(signed: np.ndarray, size: int) -> np.ndarray:
    """The library's own scaling and enlarging, so that only the map itself is compared."""
    scaled = library.utils.image.scale_cam_image(np.maximum(signed, 0), (size, size))
    return library.utils.image.scale_cam_image(scaled)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("backbone", BACKBONES_BY_SPEED)
def test_the_maps_are_theirs(backbone: str, method: str) -> None:
    size = BACKBONES[backbone]
    classifier, x = make_classifier(backbone, size), pictures(3, size)
    maps = explain_batch(classifier, x, ExplainSettings(method=method))
    layer = layer_name(classifier.model, None, size)
    targets = [library.utils.model_targets.ClassifierOutputTarget(int(each)) for each in maps.question.classes]
    expected = theirs(classifier, x, method, layer, targets)
    assert expected.max() > 0.9 and np.ptp(expected) > 0.5
    np.testing.assert_allclose(as_theirs(maps.signed, size), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("backbone", "layer"),
    [
        ("test_resnet", "layer3"),
        pytest.param("mobilenetv1_100", "blocks.3", marks=pytest.mark.slow),
        ("nin_small", "blocks.1"),
        ("nin_small", "blocks.1.1.bn"),
        ("test_vit", "blocks.4"),
        ("test_vit", "blocks.5.norm1"),
    ],
)
@pytest.mark.parametrize("method", ["layercam", "grad-cam++"])
def test_the_maps_of_earlier_layers_are_theirs(backbone: str, layer: str, method: str) -> None:
    size = BACKBONES[backbone]
    classifier, x = make_classifier(backbone, size), pictures(2, size)
    maps = explain_batch(classifier, x, ExplainSettings(method=method, layer=layer, of_class="c"))
    targets = [library.utils.model_targets.ClassifierOutputTarget(2)] * 2
    expected = theirs(classifier, x, method, layer, targets)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(as_theirs(maps.signed, size), expected, atol=1e-5)
    assert layer_to_watch(classifier.model, layer) == layer


@pytest.mark.parametrize(("head", "first", "second"), [("gap", "d", "a"), ("flatten-dense", "a", "d")])
def test_why_a_and_not_b_is_the_gradient_of_the_difference(head: str, first: str, second: str) -> None:
    """The other way round the map has the other sign, so there is evidence in one of the two; this is the one."""
    classifier, x = make_classifier("test_resnet", 96, head), pictures(3, 96)
    maps = explain_batch(classifier, x, ExplainSettings(of_class=first, instead_of=second))
    numbers = ["abcd".index(name) for name in (first, second)]
    expected = theirs(classifier, x, "grad-cam", "layer4", [Difference(*numbers)] * 3)
    assert np.ptp(expected, axis=(1, 2)).min() > 0.5
    turned = explain_batch(classifier, x, ExplainSettings(of_class=second, instead_of=first))
    np.testing.assert_allclose(turned.signed, -maps.signed, atol=1e-5 * np.abs(maps.signed).max())
    np.testing.assert_allclose(as_theirs(maps.signed, 96), expected, atol=1e-5)
