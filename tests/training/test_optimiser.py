import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import TrainSettings
from mekiki.training.optimiser import make_optimiser, rate_at


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


def test_decay_spares_biases_and_norms_and_frozen_parameters_are_left_out() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Conv2d(4, 4, 3))
    model[2].requires_grad_(False)
    decayed, spared = make_optimiser(model.parameters(), TrainSettings(weight_decay=0.1)).param_groups
    assert (decayed["weight_decay"], [p.ndim for p in decayed["params"]]) == (0.1, [4])
    assert (spared["weight_decay"], [p.ndim for p in spared["params"]]) == (0, [1, 1, 1])


def test_sgd_is_nesterovs() -> None:
    parameter = torch.nn.Parameter(torch.tensor([[1.0]]))
    settings = TrainSettings(optimizer="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0)
    optimiser = make_optimiser([parameter], settings)
    velocity, expected = 0.0, 1.0
    for _ in range(5):
        optimiser.zero_grad()
        (parameter**2).sum().backward()
        optimiser.step()
        gradient = 2 * expected
        velocity = 0.9 * velocity + gradient
        expected -= 0.1 * (gradient + 0.9 * velocity)
        assert parameter.item() == pytest.approx(expected, rel=1e-5)


def test_half_way_down_the_cosine_is_half_the_rate() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0, schedule="cosine")
    assert rate_at(50, 100, settings) == pytest.approx(0.5)
    assert math.isclose(rate_at(0, 100, settings), 1.0)
