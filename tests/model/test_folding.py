"""A folded network answers as the whole one does, and nothing is folded where it would not."""

import pytest
import torch
from timm.layers import StdConv2d
from torch import Tensor, nn

from mekiki.model.classifier import PhotoClassifier, assemble
from mekiki.model.folding import folded

SIZE = 64


def made(backbone: str) -> PhotoClassifier:
    """Return a classifier whose batch norms have statistics of their own, so that folding them matters."""
    model = assemble(backbone, "", "gap", 5, SIZE, seed=1).eval()
    drawn = torch.Generator().manual_seed(2)
    for norm in norms(model):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.normal_(0, 0.1, generator=drawn)
        norm.running_var.uniform_(0.5, 2, generator=drawn)
        norm.weight.data.uniform_(0.5, 1.5, generator=drawn)
        norm.bias.data.normal_(0, 0.1, generator=drawn)
    return model


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def pictures() -> Tensor:
    return torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("backbone", ["mobilenetv1_100", "resnet18", "test_efficientnet", "nin_small", "vgg11_bn"])
def test_a_folded_network_answers_the_same_without_batch_norms(backbone: str) -> None:
    model = made(backbone)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fast = folded(model, SIZE)
    assert norms(model)
    assert not norms(fast)
    with torch.no_grad():
        whole, answer = model(pictures()), fast(pictures())
    assert float((answer - whole).abs().max()) <= 1e-4 * float(whole.abs().max())
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_a_norm_that_follows_no_convolution_stays() -> None:
    model = made("densenet121")
    fast = folded(model, SIZE)
    assert 0 < len(norms(fast)) < len(norms(model))
    with torch.no_grad():
        whole, answer = model(pictures()), fast(pictures())
    assert float((answer - whole).abs().max()) <= 1e-4 * float(whole.abs().max())


@pytest.mark.parametrize("backbone", ["test_vit", "convnext_atto"])
def test_a_network_without_batch_norms_is_itself(backbone: str) -> None:
    model = made(backbone)
    assert folded(model, SIZE) is model


def test_what_would_answer_differently_is_not_folded() -> None:
    """A convolution that standardises its own weights undoes what was folded into them."""
    model = made("resnet18")
    first = StdConv2d(3, 64, 7, stride=2, padding=3)
    model.backbone.conv1 = first
    assert folded(model, SIZE) is model


def test_a_convolution_whose_output_is_read_twice_is_not_folded() -> None:
    model = made("resnet18")
    network: nn.Module = model.backbone

    class Twice(nn.Conv2d):
        def forward(self, input: Tensor) -> Tensor:
            return super().forward(input) + super().forward(input.flip(3)).flip(3)

    network.conv1 = Twice(3, 64, 7, stride=2, padding=3)
    assert folded(model, SIZE) is model


def test_the_mode_and_the_global_generator_stay_as_they_were() -> None:
    model = made("resnet18").train()
    state = torch.get_rng_state()
    fast = folded(model, SIZE)
    assert model.training
    assert not fast.training
    assert torch.equal(state, torch.get_rng_state())
