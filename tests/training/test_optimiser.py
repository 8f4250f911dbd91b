import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import ModelSettings, TrainSettings
from mekiki.model.classifier import PhotoClassifier, build_classifier
from mekiki.training.optimiser import make_optimiser, rate_at, set_rate


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from(["cosine", "constant"]))
def test_the_rate_is_never_0_nor_above_the_highest(total: int, warmup: float, schedule: str) -> None:
    settings = TrainSettings(learning_rate=0.3, warmup=warmup, schedule=schedule)
    rates = [rate_at(step, total, settings) for step in range(total)]
    assert all(0 < rate <= 0.3 for rate in rates)
    warm = round(warmup * total)
    assert rates[:warm] == sorted(rates[:warm])
    assert rates[warm:] == sorted(rates[warm:], reverse=True)


def test_cosine_is_torchs() -> None:
    settings = TrainSettings(learning_rate=0.1, warmup=0, schedule="cosine")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=50)
    for step in range(50):
        assert rate_at(step, 50, settings) == pytest.approx(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()


def small_model() -> PhotoClassifier:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=32)
    return build_classifier(settings, ["a", "b"], seed=0)[0]


def test_decay_spares_biases_and_norms_and_frozen_parameters_are_left_out() -> None:
    model = small_model()
    model.freeze(2)
    groups = make_optimiser(model, TrainSettings(weight_decay=0.1)).param_groups
    assert {group["weight_decay"]: {p.ndim >= 2 for p in group["params"]} for group in groups} == {
        0.1: {True},
        0: {False},
    }
    given = {id(p) for group in groups for p in group["params"]}
    assert given == {id(p) for p in model.parameters() if p.requires_grad}
    assert len(given) < len(list(model.parameters()))


def test_the_rate_falls_by_stage_towards_the_input() -> None:
    model = small_model()
    optimiser = make_optimiser(model, TrainSettings(layer_decay=0.5))
    set_rate(optimiser, 0.8)
    rate_of = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    rates = {name: rate_of[id(p)] for name, p in model.named_parameters()}
    assert {rate for name, rate in rates.items() if name.startswith("head")} == {0.8}
    assert {rate for name, rate in rates.items() if name.startswith("backbone.layer4")} == {0.4}
    assert {rate for name, rate in rates.items() if name.startswith("backbone.layer3")} == {0.2}
    assert (
        min(rates.values())
        == rates["backbone.conv1.0.weight" if "backbone.conv1.0.weight" in rates else "backbone.conv1.weight"]
    )


def test_sgd_is_nesterovs() -> None:
    model = small_model()
    settings = TrainSettings(optimizer="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0)
    optimiser = make_optimiser(model, settings)
    reference = small_model()
    theirs = torch.optim.SGD(reference.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    picture = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        for network, stepper in ((model, optimiser), (reference, theirs)):
            stepper.zero_grad()
            network(picture).square().sum().backward()
            stepper.step()
    for ours, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, other)


def test_half_way_down_the_cosine_is_half_the_rate() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0, schedule="cosine")
    assert rate_at(50, 100, settings) == pytest.approx(0.5)
    assert math.isclose(rate_at(0, 100, settings), 1.0)
