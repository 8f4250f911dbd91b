"""Backbones of every order of axes look alike; names, counts and stages are what they are said to be."""

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from mekiki.errors import SettingsError, WeightsError
from mekiki.model.backbones import create_backbone, create_pretrained, drop_top, feature_map, list_backbones, stages
from mekiki.model.layout import layout_of
from mekiki.model.weights import resolve_weights


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_resnet50_without_its_top_is_keras_resnet50_less_the_biases_of_its_convolutions() -> None:
    """Keras: 23,587,712 parameters, of which 53,120 are batch statistics, which torch does not count as parameters."""
    network = create_backbone("resnet50")
    biases_in_keras = sum(layer.out_channels for layer in network.modules() if isinstance(layer, nn.Conv2d))
    statistics = sum(2 * layer.num_features for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    assert (count(network), biases_in_keras, statistics) == (23_508_032, 26_560, 53_120)
    assert count(network) + biases_in_keras == 23_587_712 - statistics


def test_vgg16_without_its_top_is_keras_vgg16() -> None:
    assert count(create_backbone("vgg16")) == 14_714_688


@pytest.mark.parametrize("name", ["vgg16", "test_resnet", "test_vit", "nin_small", "mobilenetv3_small_050"])
def test_a_backbone_from_pretrained_weights_has_the_same_parts(name: str) -> None:
    with torch.device("meta"):
        whole = drop_top(timm.create_model(name))
        plain = create_backbone(name)
    assert {key: tensor.shape for key, tensor in whole.state_dict().items()} == {
        key: tensor.shape for key, tensor in plain.state_dict().items()
    }


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"no backbone 'resnet5O'\nhint: did you mean resnet50\?"):
        create_backbone("resnet5O")


def test_a_name_like_nothing_gets_the_command_that_lists_them() -> None:
    with pytest.raises(SettingsError, match="mekiki backbones lists"):
        create_backbone("?")


@pytest.mark.parametrize("name", ["hf-hub:timm/resnet50", "local-dir:/tmp/x", "../resnet50", "a\\b", "timm/resnet50"])
def test_a_name_that_is_a_place_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"no plain name\nhint: .*--weights"):
        create_backbone(name)


def test_an_unknown_tag_of_weights_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no weights named 'resnet18.best'\nhint: known: resnet18.a1_in1k"):
        create_backbone("resnet18.best")


def test_padding_that_the_family_cannot_have_is_refused() -> None:
    with pytest.raises(SettingsError, match="test_vit cannot be built with padding 'same'"):
        create_backbone("test_vit", "same")


def test_a_picture_too_small_for_the_backbone_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot take pictures of 16 pixels"):
        layout_of("vgg16", "", 16)


def test_a_backbone_with_two_maps_is_refused() -> None:
    with pytest.raises(SettingsError, match="crossvit_9_240 makes no single feature map"):
        layout_of("crossvit_9_240", "", 240)


def test_the_map_of_tokens_puts_each_token_at_its_place() -> None:
    backbone = create_backbone("test_vit", image_size=96).eval()
    picture = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        tokens, features = backbone.forward_features(picture), feature_map(backbone, picture)
    assert features.shape == (1, 64, 6, 6)
    assert torch.equal(features[0, :, 2, 5], tokens[0, 1 + 2 * 6 + 5])


def test_a_stripe_on_the_right_changes_the_right_of_a_token_map_most() -> None:
    backbone = create_backbone("test_vit", image_size=96).eval()
    plain = torch.zeros(1, 3, 96, 96)
    striped = plain.clone()
    striped[..., 80:] = 3.0
    with torch.no_grad():
        change = (feature_map(backbone, striped) - feature_map(backbone, plain)).abs().mean((0, 1, 2))
    assert int(change.argmax()) == 5


def test_the_map_of_a_network_with_channels_last_has_channels_second() -> None:
    backbone = create_backbone("test_mambaout").eval()
    picture = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        raw, features = backbone.forward_features(picture), feature_map(backbone, picture)
    assert raw.shape == (1, 2, 3, 64)
    assert torch.equal(features[0, :, 1, 2], raw[0, 1, 2])


@pytest.mark.parametrize(
    ("name", "expected", "first", "last"),
    [
        ("resnet50", 5, "conv1.weight", "layer4.2.bn3.bias"),
        ("mobilenetv1_100", 6, "conv_stem.weight", "blocks.4.1.bn2.bias"),
        ("vgg16", 13, "features.0.weight", "features.28.bias"),
        ("vgg16_bn", 13, "features.0.weight", "features.41.bias"),
        ("nin", 4, "blocks.0.0.conv.weight", "blocks.3.2.bn.bias"),
        ("test_vit", 7, "cls_token", "norm.bias"),
        ("test_mambaout", 6, "stem.conv1.weight", "head.pre_logits.fc.bias"),
        ("poolformer_s12", 5, "stem.conv.weight", "head.norm.bias"),
    ],
)
def test_stages_hold_each_parameter_once_and_run_from_input_to_output(
    name: str, expected: int, first: str, last: str
) -> None:
    with torch.device("meta"):
        backbone = create_backbone(name)
    parts = stages(backbone)
    names = [each for part in parts for each in part]
    assert len(parts) == expected
    assert sorted(names) == sorted(each for each, _ in backbone.named_parameters())
    assert (names[0], names[-1]) == (first, last)


def test_a_batch_norm_is_in_the_stage_of_its_convolution() -> None:
    with torch.device("meta"):
        parts = stages(create_backbone("vgg16_bn"))
    assert parts[0] == ["features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias"]


def test_weights_for_another_picture_size_are_fitted_by_timm(make_folder: Callable[..., Path]) -> None:
    pretrained = resolve_weights("test_vit", str(make_folder("test_vit")))
    assert pretrained is not None
    network = create_pretrained("test_vit", pretrained, image_size=96)
    assert network.pos_embed.shape == (1, 37, 64)
    assert pretrained.state["pos_embed"].shape == (1, 101, 64)
    assert torch.equal(network.blocks[0].attn.qkv.weight, pretrained.state["blocks.0.attn.qkv.weight"])


def test_weights_that_cannot_be_fitted_to_a_picture_size_name_the_size_that_fits(
    make_folder: Callable[..., Path],
) -> None:
    pretrained = resolve_weights("test_coatnet", str(make_folder("test_coatnet")))
    assert pretrained is not None
    pretrained.state["stem.conv1.weight"] = torch.zeros(1, 3, 3, 3)
    with pytest.raises(WeightsError, match=r"do not fit test_coatnet: .*\nhint: .*--image-size 160"):
        create_pretrained("test_coatnet", pretrained, image_size=160)


def test_loaded_weights_are_not_kept_a_second_time_inside_the_network(make_folder: Callable[..., Path]) -> None:
    pretrained = resolve_weights("test_resnet", str(make_folder("test_resnet")))
    assert pretrained is not None
    assert "state_dict" not in create_pretrained("test_resnet", pretrained).pretrained_cfg


def test_the_list_says_where_weights_would_come_from(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = make_folder("test_resnet")
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(folder.parent))
    places = {each.name: each.weights for each in list_backbones("test_res")}
    assert places == {"test_resnet": f"from {folder}"}
    assert {each.name: each.weights for each in list_backbones("nin*")} == {"nin": "", "nin_small": ""}
    assert list_backbones("resnet50")[0].weights.startswith("hub timm/")
    assert len(list_backbones()) > 1000
