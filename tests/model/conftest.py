"""Small weights made on the spot, in the forms that somebody else's weights come in."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

MakeFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_weights_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither MEKIKI_WEIGHTS nor the hub's cache of whoever runs the tests is looked at."""
    monkeypatch.delenv("MEKIKI_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))


@pytest.fixture(autouse=True)
def _global_randomness_is_left_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test's result depends on the one before it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        yield


def _whole_state(name: str, classes: int = 10, **arguments: Any) -> dict[str, torch.Tensor]:
    """Return a whole network's tensors; batch statistics are moved away from their neutral start."""
    torch.manual_seed(5)
    state = timm.create_model(name, num_classes=classes, **arguments).state_dict()
    for key, tensor in state.items():
        if key.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        if key.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    return {key: tensor.contiguous().clone() for key, tensor in state.items()}


@pytest.fixture
def whole_state() -> Callable[..., dict[str, torch.Tensor]]:
    """Make a whole network's tensors."""
    return _whole_state


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Write a timm folder and return it."""

    def make(name: str, classes: int = 10, architecture: str | None = None, **config: Any) -> Path:
        folder = tmp_path / "weights" / name
        folder.mkdir(parents=True)
        save_file(_whole_state(name, classes), folder / "model.safetensors")
        content = {
            "architecture": architecture or name,
            "num_classes": classes,
            "pretrained_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]},
            **config,
        }
        (folder / "config.json").write_text(json.dumps(content))
        return folder

    return make
