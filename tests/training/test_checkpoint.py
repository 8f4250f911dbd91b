"""Checkpoints bring back every bit, and are refused where they do not belong."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from safetensors import safe_open
from torch import nn

from mekiki.errors import RunError
from mekiki.records.history import Epoch
from mekiki.training.checkpoint import Reached, read_checkpoint, write_checkpoint
from mekiki.training.optimiser import average_of

REACHED = Reached(7, 3, 1.25, 9, 12.5, (Epoch(0, None, None, 0.1 + 0.2, 1 / 3, 0.0, 0.0, 1.5, True),))


def net() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2))
    return layers.to(memory_format=torch.channels_last)


def optimiser_of(model: nn.Module, kind: str) -> torch.optim.Optimizer:
    groups = [{"params": [p for p in model.parameters() if p.ndim > 1]}, {"params": [p for p in model.parameters() if p.ndim == 1]}]  # fmt: skip
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=0.01)


def steps(model: nn.Module, optimiser: torch.optim.Optimizer, average: nn.Module, numbers: range) -> None:
    for number in numbers:
        torch.manual_seed(number)
        loss = model(torch.randn(8, 3, 6, 6)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average.update_parameters(model)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_from_a_checkpoint_the_same_steps_give_the_same_bits(tmp_path: Path, kind: str) -> None:
    model = net()
    optimiser, average = optimiser_of(model, kind), average_of(model, 0.9)
    steps(model, optimiser, average, range(5))
    write_checkpoint(tmp_path / "last.safetensors", {"model": model, "average": average}, optimiser, REACHED, "x")
    steps(model, optimiser, average, range(5, 12))
    other = net()
    other_optimiser, other_average = optimiser_of(other, kind), average_of(other, 0.9)
    modules = {"model": other, "average": other_average}
    assert read_checkpoint(tmp_path / "last.safetensors", modules, other_optimiser, "x") == REACHED
    steps(other, other_optimiser, other_average, range(5, 12))
    for mine, theirs in ((model, other), (average, other_average)):
        for name, tensor in mine.state_dict().items():
            assert torch.equal(tensor, theirs.state_dict()[name]), name
            assert tensor.stride() == theirs.state_dict()[name].stride(), name


def test_what_does_not_belong_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    model, path = net(), tmp_path / "last.safetensors"
    optimiser = optimiser_of(model, "adamw")
    steps(model, optimiser, average_of(model, 0.9), range(2))
    write_checkpoint(path, {"model": model}, optimiser, REACHED, "x")
    wide = nn.Sequential(nn.Linear(3, 3))
    fresh = net()
    before = {name: tensor.clone() for name, tensor in fresh.state_dict().items()}
    for modules, mark, message in [
        ({"model": fresh}, "y", "is of other settings, classes or photos"),
        ({"model": wide}, "x", "does not fit the model at 'model.0.weight'"),
        ({"model": fresh, "average": wide}, "x", "does not fit the model at 'average.0.weight'"),
    ]:
        with pytest.raises(RunError, match=message):
            read_checkpoint(path, modules, optimiser_of(fresh, "adamw"), mark)
    few = torch.optim.AdamW([fresh[0].weight])
    with pytest.raises(RunError, match="does not fit the optimiser"):
        read_checkpoint(path, {"model": fresh}, few, "x")
    assert all(torch.equal(tensor, fresh.state_dict()[name]) for name, tensor in before.items())


@pytest.mark.parametrize("name", ["optimiser.0", "optimiser.0.", "optimiser.².exp_avg", "optimiser.9.exp_avg"])
def test_a_state_under_a_foreign_name_is_refused(tmp_path: Path, name: str) -> None:
    model, path = net(), tmp_path / "last.safetensors"
    write_checkpoint(path, {"model": model}, optimiser_of(model, "adamw"), REACHED, "x")
    with safe_open(path, framework="pt") as file:
        words = file.metadata()
    safetensors.torch.save_file({**safetensors.torch.load_file(path), name: torch.zeros(1)}, path, metadata=words)
    with pytest.raises(RunError, match="does not fit the optimiser at '" + name):
        read_checkpoint(path, {"model": model}, optimiser_of(model, "adamw"), "x")
