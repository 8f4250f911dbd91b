"""Network in Network, reached like any other timm network."""

import pytest
import timm
import torch
from torch.nn.functional import conv2d, cross_entropy

import mekiki.model.nin
from mekiki.model.nin import NetworkInNetwork


def parameters_by_hand(blocks: list[tuple[int, int, int]]) -> int:
    """(width, kernel, 1x1 convolutions) of each block; every convolution has no bias and a batch norm of two vectors."""
    total, before = 0, 3
    for width, kernel, ones in blocks:
        total += before * kernel**2 * width + 2 * width + ones * (width**2 + 2 * width)
        before = width
    return total


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("nin", [(96, 11, 2), (256, 5, 2), (384, 3, 2), (1024, 3, 1)]),
        ("nin_small", [(64, 7, 2), (128, 5, 2), (256, 3, 2)]),
    ],
)
def test_widths_and_kernels_are_those_that_are_documented(name: str, blocks: list[tuple[int, int, int]]) -> None:
    network = timm.create_model(name, num_classes=0)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters_by_hand(blocks)


def test_the_small_one_has_under_a_million_parameters() -> None:
    assert (
        sum(parameter.numel() for parameter in timm.create_model("nin_small", num_classes=7).parameters()) < 1_000_000
    )


def test_timm_knows_both_and_that_they_have_no_weights() -> None:
    assert timm.list_models("nin*") == ["nin", "nin_small"]
    assert not timm.is_model_pretrained("nin")
    assert timm.get_pretrained_cfg("nin").first_conv == "blocks.0.0.conv"


@pytest.mark.parametrize(("name", "size", "side"), [("nin", 224, 7), ("nin_small", 128, 8), ("nin_small", 96, 6)])
def test_padded_convolutions_make_a_map_over_the_whole_picture(name: str, size: int, side: int) -> None:
    network = timm.create_model(name).eval()
    with torch.no_grad():
        features = network.forward_features(torch.zeros(1, 3, size, size))
    assert features.shape == (1, network.num_features, side, side)


def test_pooling_then_a_linear_layer_is_the_papers_class_maps_then_pooling() -> None:
    network = timm.create_model("nin_small", num_classes=5).eval()
    assert isinstance(network, NetworkInNetwork)
    with torch.no_grad():
        features = network.forward_features(torch.randn(2, 3, 96, 96))
        layer = network.get_classifier()
        class_maps = conv2d(features, layer.weight[:, :, None, None], layer.bias)
        torch.testing.assert_close(network.forward_head(features), class_maps.mean((2, 3)))


def test_the_classifier_can_be_replaced_and_left_out() -> None:
    network = timm.create_model("nin_small", num_classes=5).eval()
    picture = torch.randn(1, 3, 96, 96)
    network.reset_classifier(3)
    assert network(picture).shape == (1, 3)
    network.reset_classifier(0)
    features = network.forward_features(picture)
    assert torch.equal(network(picture), network.forward_head(features, pre_logits=True))
    assert network(picture).shape == (1, network.num_features)


def test_it_learns_by_heart_from_scratch_within_a_few_steps() -> None:
    network = timm.create_model("nin_small", num_classes=2)
    pictures, labels = torch.randn(8, 3, 32, 32), torch.arange(8) % 2
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for _ in range(12):
        optimiser.zero_grad()
        cross_entropy(network(pictures), labels).backward()
        optimiser.step()
    network.train()  # its running statistics have not settled after so few steps
    assert (network(pictures).argmax(1) == labels).all()


def test_the_module_registers_nothing_else() -> None:
    assert set(mekiki.model.nin.__all__) == {"NetworkInNetwork", "nin", "nin_small"}
