"""Which device, which precision, and how its memory is kept: decided from what the machine has, so the same each time.

On this choice a run's bits depend, so nothing here is decided by a stopwatch.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Literal

import torch
import torch.distributed as dist
from torch import nn

from mekiki.config import Precision
from mekiki.errors import SettingsError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


@dataclass(frozen=True)
class Machine:
    """Where and how the network computes.

    Attributes:
        device: The torch device.
        bfloat16: Whether convolutions and matrix products run in bfloat16.
    """

    device: torch.device
    bfloat16: bool

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Compute in the chosen precision inside the block."""
        with torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext():
            yield

    def describe(self) -> str:
        """Return the choice in words."""
        return f"{self.device}, {'bfloat16' if self.bfloat16 else 'float32'}"


def choose_machine(device: str, precision: Precision) -> Machine:
    """Resolve ``auto`` and check that the device is there.

    Args:
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto takes bfloat16 on GPUs that have instructions for it, else float32.

    Raises:
        SettingsError: There is no such device on this machine.
    """
    chosen = _device(device)
    if precision == "auto":
        return Machine(chosen, chosen.type == "cuda" and torch.cuda.get_device_capability(chosen) >= (8, 0))
    return Machine(chosen, precision == "bfloat16")


def machine_to_learn(machine: Machine, precision: Precision, network: nn.Module) -> Machine:
    """Return how a network takes its training steps; it is asked on ``machine`` as that is.

    A processor with matrix instructions for bfloat16 (AMX) learns in it, unless the network has depthwise convolutions:
    their gradients take longer there than in float32 (``docs/log.md`` has the figures). Answers, heat maps and
    features stay in float32 on every processor, so that they do not depend on which one it is.

    Args:
        machine: What ``choose_machine`` gave for this precision.
        precision: Only auto is anybody's choice but the person's.
        network: Is looked at only.
    """
    if precision != "auto" or machine.device.type != "cpu" or not _has_bfloat16_tiles():
        return machine
    return replace(machine, bfloat16=not any(map(_is_depthwise, network.modules())))


def _has_bfloat16_tiles() -> bool:
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)())


def _is_depthwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and 1 < module.in_channels == module.groups


def _device(name: str) -> torch.device:
    if _is_one_of_many():
        if name in ("auto", "cuda") and torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        name = "cpu" if name == "auto" else name
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise SettingsError(f"there is no device {name!r}", "auto, cpu, cuda, cuda:1 or mps") from None
    if device.type == "cuda":
        found = torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    else:
        found = device.type == "cpu" or (device.type == "mps" and torch.backends.mps.is_available())
    if not found:
        raise SettingsError(f"device {name!r} was asked for, and torch finds none on this machine", "--device auto")
    return device


def _is_one_of_many() -> bool:
    """Tell whether this process trains together with others; then its own GPU is torch's current one."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def compiles(wanted: Literal["auto", "on", "off"], machine: Machine) -> bool:
    """Resolve ``auto``: compile where torch does it with Triton, on CUDA GPUs of version 7.0 and above."""
    if wanted != "auto":
        return wanted == "on"
    if machine.device.type != "cuda" or find_spec("triton") is None:
        return False
    return torch.cuda.get_device_capability(machine.device) >= (7, 0)


def give_back_memory() -> None:
    """Hand memory that was freed back to the system, where glibc holds it; for the end of a stage such as the scan."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@functools.cache
def keep_memory() -> None:
    """Tell glibc to keep freed memory for the next step instead of giving it back after each tensor.

    A training step frees and takes the same hundreds of megabytes again and again; without this the kernel clears each
    page anew (``docs/log.md`` has the figures). Elsewhere than glibc it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_M_TOP_PAD, 2**26)
