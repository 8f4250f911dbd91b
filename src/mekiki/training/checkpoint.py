"""How far a training came, in one file: weights, optimiser, counters. Resumed from it, the bits are the same.

One safetensors file, written whole under a temporary name and renamed, so that a kill at any instant leaves the last
one. What is random needs no state: it comes from the seed and the step. Nothing in the file can run.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mekiki.errors import RunError
from mekiki.files import replaced
from mekiki.records.history import Epoch

VERSION = 1
NAME = "last.safetensors"


@dataclass(frozen=True)
class Reached:
    """The counters of a training.

    Attributes:
        step: Steps done in all.
        batch: Steps done of the epoch under way; 0: an epoch has just ended, or none has begun.
        loss_sum: Sum of the losses of the photos of these steps.
        right: How many of them were right.
        seconds: That the training took so far.
        epochs: Figures of the finished epochs.
    """

    step: int
    batch: int
    loss_sum: float
    right: int
    seconds: float
    epochs: tuple[Epoch, ...]


def write_checkpoint(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimiser: torch.optim.Optimizer,
    reached: Reached,
    fingerprint: str,
) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: A safetensors file; an older one is replaced.
        modules: What has weights or buffers, by name.
        optimiser: Its state is kept parameter by parameter.
        reached: The counters.
        fingerprint: Of the settings, classes and photos; the checkpoint goes on with nothing else.

    Raises:
        RunError: The disk is full, or the folder cannot be written to.
    """
    tensors = {
        f"{name}.{key}": tensor for name, module in modules.items() for key, tensor in module.state_dict().items()
    }
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{key}": value for key, value in state.items() if isinstance(value, Tensor)}
    plain = {key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in tensors.items()}
    counters = json.dumps(asdict(reached))
    words = {"format": "mekiki checkpoint", "version": str(VERSION), "reached": counters, "fingerprint": fingerprint}
    try:
        with replaced(path) as temporary:
            safetensors.torch.save_file(plain, temporary, metadata=words)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RunError(f"cannot write {path}: {reason}", "make room or mend the folder, then add --resume") from error


def read_checkpoint(
    path: Path, modules: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, fingerprint: str
) -> Reached:
    """Read a checkpoint into modules and optimiser; they are not touched if it does not fit them.

    Args:
        path: What ``write_checkpoint`` wrote.
        modules: The same modules, freshly made.
        optimiser: The same optimiser, freshly made.
        fingerprint: What the checkpoint must have been made with.

    Raises:
        RunError: The file is damaged, of another version, or of another training.
    """
    hint = "the file is damaged; train again into another folder"
    try:
        with safe_open(path, framework="pt") as file:
            words = file.metadata() or {}
        if words.get("version") != str(VERSION):
            raise RunError(f"{path} is no checkpoint of this version of mekiki", hint)
        reached = TypeAdapter(Reached).validate_python(json.loads(words["reached"]))
        tensors = safetensors.torch.load_file(path)
    except (OSError, RuntimeError, SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"cannot read the checkpoint {path}: {str(error).splitlines()[0][:200]}", hint) from error
    if words.get("fingerprint") != fingerprint:
        raise RunError(
            f"{path} is of other settings, classes or photos than this run has now",
            "go on with the settings and photos that it was begun with, or train anew into another folder",
        )
    expected = {
        f"{name}.{key}": tensor for name, module in modules.items() for key, tensor in module.state_dict().items()
    }
    for key, tensor in expected.items():
        if key not in tensors or tensors[key].shape != tensor.shape or tensors[key].dtype != tensor.dtype:
            raise RunError(f"{path} does not fit the model at {key!r}", hint)
    state = _optimiser_state(path, tensors, optimiser)
    for name, module in modules.items():
        module.load_state_dict({key: tensors[f"{name}.{key}"] for key in module.state_dict()})
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return reached


def _optimiser_state(
    path: Path, tensors: Mapping[str, Tensor], optimiser: torch.optim.Optimizer
) -> dict[int, dict[str, Any]]:
    """Return each parameter's state, in the parameter's own memory order, so that later sums take the same course."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        if not key.startswith("optimiser."):
            continue
        number, _, name = key.removeprefix("optimiser.").partition(".")
        if not number.isdecimal() or not name or int(number) >= len(parameters):
            raise RunError(f"{path} does not fit the optimiser at {key!r}", "train again into another folder")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            tensor = torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
        elif tensor.numel() != 1:
            raise RunError(f"{path} does not fit the optimiser at {key!r}", "train again into another folder")
        state.setdefault(int(number), {})[name] = tensor
    return state


class Checkpoints:
    """Where a training keeps how far it came: one file, replaced again and again.

    Args:
        folder: Of the checkpoints.
        fingerprint: Of the settings, classes and photos.
        minutes: Between two checkpoints within an epoch; there is one at each epoch's end too.
    """

    def __init__(self, folder: Path, fingerprint: str, minutes: float) -> None:
        self.path = folder / NAME
        self.fingerprint = fingerprint
        self._seconds = 60 * minutes
        self._written = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the time between two checkpoints is over."""
        return time.monotonic() - self._written >= self._seconds

    def write(self, modules: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, reached: Reached) -> None:
        """Replace the checkpoint; see ``write_checkpoint``."""
        write_checkpoint(self.path, modules, optimiser, reached, self.fingerprint)
        self._written = time.monotonic()

    def read(self, modules: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer) -> Reached | None:
        """Go back to the checkpoint, if there is one; see ``read_checkpoint``."""
        if not self.path.exists():
            return None
        return read_checkpoint(self.path, modules, optimiser, self.fingerprint)


def remove_checkpoint(folder: Path) -> None:
    """Forget how far a training came, once it has ended."""
    (folder / NAME).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
