"""A backbone's map is found out alike by computing and by shapes alone, and weights that a file fills are not drawn."""

from unittest.mock import patch

import pytest
import torch
from torch import nn

from mekiki.model import layout
from mekiki.model.backbones import create_backbone
from mekiki.model.layout import _read_by, layout_of
from mekiki.model.undrawn import undrawn

NAMES = [
    "test_resnet",
    "mobilenetv3_small_050",
    "test_vit",
    "test_vit_relpos",
    "test_convnext",
    "test_mambaout",
    "nin_small",
]


@pytest.mark.parametrize("name", NAMES)
def test_computing_and_shapes_alone_find_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = layout_of.__wrapped__
    computed = find(name, "", 96)
    monkeypatch.setattr(layout, "LARGEST_COMPUTED", 0)
    assert find(name, "", 96) == computed


def test_a_large_picture_is_not_computed() -> None:
    devices = set()
    original = layout.shape_of

    def watch(backbone: nn.Module, image_size: int) -> layout.Layout:
        devices.add(next(backbone.parameters()).device.type)
        return original(backbone, image_size)

    with patch.object(layout, "shape_of", watch):
        assert layout_of.__wrapped__("test_resnet", "", 1024).rows == 32
        assert devices == {"meta"}
        layout_of.__wrapped__("test_resnet", "", 64)
        assert devices == {"meta", "cpu"}


def test_what_a_result_was_computed_from_is_what_has_a_gradient() -> None:
    parts = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)])
    result = parts[2](parts[0](torch.ones(1, 2)).relu()).sum() + parts[1].weight.detach().sum()
    gradients = torch.autograd.grad(result, list(parts.parameters()), allow_unused=True)
    pairs = zip(parts.parameters(), gradients, strict=True)
    assert _read_by(result) == {id(each) for each, gradient in pairs if gradient is not None}


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "vgg11_bn", "test_efficientnet"])
def test_nothing_is_drawn_and_what_is_no_weight_is_as_it_was(name: str) -> None:
    drawn = create_backbone(name, image_size=None)
    before = torch.random.get_rng_state()
    with undrawn():
        bare = create_backbone(name, image_size=None)
    assert torch.equal(torch.random.get_rng_state(), before), "no number was drawn"
    create_backbone(name)
    assert not torch.equal(torch.random.get_rng_state(), before)
    for (key, one), (other, two) in zip(drawn.named_buffers(), bare.named_buffers(), strict=True):
        assert key == other and torch.equal(one, two)
    assert {key: value.shape for key, value in drawn.state_dict().items()} == {
        key: value.shape for key, value in bare.state_dict().items()
    }
