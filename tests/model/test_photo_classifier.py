"""The classifier: everything goes through its map, a probe becomes its head exactly, and it is the same for the same seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from mekiki.config import HeadName, ModelSettings
from mekiki.errors import SettingsError
from mekiki.model.classifier import (
    PhotoClassifier,
    assemble,
    build_classifier,
    count_parameters,
    feature_layer_name,
)

NETWORKS = [
    ("resnet50", 64),
    ("mobilenetv1_100", 64),
    ("vgg16", 64),
    ("nin", 96),
    ("nin_small", 96),
    ("test_resnet", 64),
    ("test_vit", 96),  # class token
    ("test_vit_relpos", 96),  # tokens, none of them a class token
    ("test_mambaout", 64),  # channels last
    ("mobilenetv3_small_050", 64),  # a 1x1 convolution between pooling and classifier
]
HEADS: list[HeadName] = ["gap", "flatten", "flatten-dropout", "flatten-dense"]


def small(
    head: HeadName, backbone: str = "test_resnet", classes: int = 3, size: int = 64, **more: Any
) -> PhotoClassifier:
    return assemble(backbone, "", head, classes, size, **more).eval()


@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_the_answer_is_exactly_that_of_the_map(name: str, size: int) -> None:
    model = small("gap", name, size=size)
    pictures = torch.randn(2, 3, size, size)
    with torch.no_grad():
        features = model.feature_map(pictures)
        assert features.ndim == 4
        assert torch.equal(model(pictures), model.logits_of(features))
        assert torch.equal(model(pictures), model.head(model.pooled(pictures)))


@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_every_answer_has_a_gradient_on_the_map_as_grad_cam_wants_it(name: str, size: int) -> None:
    model = small("gap", name, size=size)
    with torch.no_grad():
        features = model.feature_map(torch.randn(1, 3, size, size))
    features = features.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model.logits_of(features)[0, 1], features)
    assert gradient.abs().sum((0, 1)).gt(0).all()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_every_head_answers_by_way_of_the_map(name: str, head: HeadName) -> None:
    model = small(head, name, size=96)
    pictures = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(model(pictures), model.logits_of(model.feature_map(pictures)))


@pytest.mark.parametrize("head", ["gap", "flatten", "flatten-dropout"])
@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_mambaout", "mobilenetv3_small_050"])
def test_a_probe_in_the_head_decides_exactly_like_the_logistic_regression(name: str, head: HeadName) -> None:
    model = small(head, name, size=96)
    pictures = torch.randn(24, 3, 96, 96) + torch.arange(24).remainder(3).view(-1, 1, 1, 1)
    with torch.no_grad():
        features = model.pooled(pictures).numpy().astype(np.float64)
    regression = LogisticRegression(max_iter=500).fit(features, np.arange(24) % 3)
    assert model.start_head(regression.coef_, regression.intercept_)
    with torch.no_grad():
        logits = model(pictures).numpy()
    expected = regression.decision_function(features)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert (logits.argmax(1) == regression.predict(features)).all()


def test_a_probe_cannot_be_put_behind_a_hidden_layer() -> None:
    model = small("flatten-dense")
    before = model.head.state_dict()["linear.weight"].clone()
    assert not model.accepts_probe
    assert not model.start_head(np.ones((3, 96)), np.ones(3))
    assert torch.equal(model.head.state_dict()["linear.weight"], before)


@pytest.mark.parametrize("head", ["gap", "flatten"])
def test_a_probe_of_another_shape_is_refused(head: HeadName) -> None:
    with pytest.raises(SettingsError, match=r"a probe of shape .* does not fit a head of shape"):
        small(head).start_head(np.ones((4, 96)), np.ones(4))
    with pytest.raises(SettingsError, match="a probe of shape"):
        small(head).start_head(np.ones((1, 96)), np.ones(1))


def test_a_flatten_head_refuses_pictures_of_another_size_and_gap_takes_them() -> None:
    larger = torch.zeros(1, 3, 128, 128)
    assert small("gap")(larger).shape == (1, 3)
    with pytest.raises(SettingsError, match=r"made for maps of \(96, 2, 2\), and the picture gives \(96, 4, 4\)"):
        small("flatten")(larger)


def test_dropout_acts_in_training_only() -> None:
    model = small("flatten-dropout")
    features = model.feature_map(torch.randn(1, 3, 64, 64)).detach()
    assert torch.equal(model.logits_of(features), model.logits_of(features))
    model.head.train()
    assert not torch.equal(model.logits_of(features), model.logits_of(features))


def test_the_hidden_layer_has_256_sigmoid_units() -> None:
    model = small("flatten-dense")
    features = torch.randn(2, 96, 2, 2)
    hidden = torch.sigmoid(features.flatten(1) @ model.head.hidden.weight.T + model.head.hidden.bias)
    assert hidden.shape == (2, 256)
    torch.testing.assert_close(model.logits_of(features), hidden @ model.head.linear.weight.T + model.head.linear.bias)


def test_mobilenet_at_192_pixels_with_a_flatten_head_has_the_parameters_of_the_keras_recipe() -> None:
    model = small("flatten-dropout", "mobilenetv1_100", classes=7, size=192)
    assert count_parameters(model).trainable == 3_465_031
    assert count_parameters(model.backbone).total == 3_206_976


def test_parts_that_only_the_own_pooling_uses_are_gone_under_a_flatten_head() -> None:
    assert count_parameters(small("gap", "mobilenetv3_small_050").backbone).total == 568_224
    model = small("flatten", "mobilenetv3_small_050")
    model.train()(torch.randn(2, 3, 64, 64)).sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_frozen_parameters_are_not_counted_as_trainable() -> None:
    model = small("gap")
    model.freeze("all")
    assert count_parameters(model).trainable == 96 * 3 + 3
    assert count_parameters(model).total == count_parameters(model.backbone).total + 96 * 3 + 3


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("resnet50", 64, "layer4"),
        ("mobilenetv1_100", 64, "blocks.4"),
        ("mobilenetv2_100", 64, "bn2"),
        ("vgg16", 64, "features.30"),
        ("nin", 96, "blocks.3"),
        ("test_vit", 96, "norm"),
        ("test_mambaout", 64, "stages.3"),
    ],
)
def test_the_named_layer_is_the_one_whose_output_is_the_map(name: str, size: int, expected: str) -> None:
    model = small("gap", name, size=size)
    assert feature_layer_name(model, size) == expected
    outputs = []
    layer = model.backbone.get_submodule(expected)
    with torch.no_grad(), layer.register_forward_hook(lambda _module, _inputs, output: outputs.append(output)):
        raw = model.backbone.forward_features(torch.randn(1, 3, size, size))
    assert outputs[-1] is raw


def test_looking_for_the_layer_leaves_no_trace() -> None:
    model = small("gap").train()
    model.backbone.layer1.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    feature_layer_name(model, 64)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_hooks_go_even_when_the_picture_does_not_fit() -> None:
    model = small("gap", "vgg16", size=64)
    with pytest.raises(RuntimeError):
        feature_layer_name(model, 16)
    assert not any(module._forward_hooks for module in model.modules())


def settings(**values: Any) -> ModelSettings:
    return ModelSettings(**{"backbone": "test_resnet", "weights": "none", "image_size": 64, **values})


def test_equal_seeds_give_equal_random_weights_and_leave_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first, _, source = build_classifier(settings(), ["a", "b"], seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(4)
    same, other = (build_classifier(settings(), ["a", "b"], seed)[0].state_dict() for seed in (1, 2))
    assert source == "random"
    assert all(torch.equal(tensor, same[name]) for name, tensor in first.state_dict().items())
    for name in ("backbone.conv1.0.weight", "head.linear.weight"):
        assert not torch.equal(same[name], other[name])


def test_another_number_of_classes_leaves_the_random_backbone_as_it_is() -> None:
    two, three = (build_classifier(settings(), names, 1)[0] for names in ("ab", "abc"))
    assert torch.equal(two.backbone.conv1[0].weight, three.backbone.conv1[0].weight)


def test_pretrained_weights_bring_their_own_mean_and_std(make_folder: Callable[..., Path]) -> None:
    folder = make_folder("test_resnet")
    model, preprocessing, source = build_classifier(settings(weights=str(folder), fit="squash"), ["a", "b"], 0)
    assert (preprocessing.mean, preprocessing.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (preprocessing.image_size, preprocessing.fit, model.pad_type) == (64, "squash", "")
    assert source == f"from {folder}"


def test_random_weights_take_the_mean_and_std_that_timm_has_for_the_backbone() -> None:
    _, preprocessing, _ = build_classifier(settings(backbone="test_vit"), ["a", "b"], 0)
    assert preprocessing.mean == (0.5, 0.5, 0.5)


def test_the_pretrained_tensors_are_in_the_backbone_bit_for_bit(make_folder: Callable[..., Path]) -> None:
    from safetensors.torch import load_file

    folder = make_folder("test_resnet")
    model, _, _ = build_classifier(settings(weights=str(folder)), ["a", "b"], 0)
    saved = load_file(folder / "model.safetensors")
    inside = model.backbone.state_dict()
    assert set(saved) - set(inside) == {"fc.weight", "fc.bias"}
    assert all(torch.equal(tensor, saved[name]) for name, tensor in inside.items())


def test_same_padding_shifts_what_the_network_sees() -> None:
    """TensorFlow pads right and bottom first where torch pads evenly: equal weights, another alignment."""
    plain, same = (assemble("mobilenetv1_100", pad, "gap", 3, 64, seed=0).eval() for pad in ("", "same"))
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), same.parameters(), strict=True))
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 0] = 1.0  # the left edge alone
    with torch.no_grad():
        stems = [model.backbone.conv_stem(picture) for model in (plain, same)]
        assert stems[0].shape == stems[1].shape
        assert not torch.allclose(stems[0], stems[1])
        assert not torch.allclose(plain(picture), same(picture))


def test_settings_freeze_the_classifier_that_is_built() -> None:
    model, _, _ = build_classifier(settings(freeze=2), ["a", "b"], 0)
    frozen = [name for name, parameter in model.backbone.named_parameters() if not parameter.requires_grad]
    assert frozen
    assert all(name.startswith(("conv1", "bn1", "layer1")) for name in frozen)


def test_all_kinds_of_backbones_train_a_step() -> None:
    for name in ("test_vit", "test_mambaout", "test_convnext", "nin_small"):
        model = small("gap", name, size=96).train()
        model(torch.randn(2, 3, 96, 96)).square().sum().backward()
        without = [each for each, parameter in model.named_parameters() if parameter.grad is None]
        assert without == [], name


def test_the_gap_head_of_a_network_that_pools_by_a_class_token_pools_its_places() -> None:
    model = small("gap", "test_vit", size=96)
    pictures = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        places = model.backbone.forward_features(pictures)[:, 1:]
        torch.testing.assert_close(model.pooled(pictures), places.mean(1))


def test_the_own_pooling_is_used_where_it_reads_the_map_alone() -> None:
    model = small("gap", "mobilenetv3_small_050")
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        own = model.backbone.forward_head(model.backbone.forward_features(pictures), pre_logits=True)
        assert torch.equal(model.pooled(pictures), own)
        assert own.shape == (2, 1024)
    assert isinstance(model.backbone.conv_head, nn.Conv2d)
