"""Which device, which precision, and how its memory is kept: decided from what the machine has, so the same each time.

On this choice a run's bits depend, so nothing here is decided by a stopwatch.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch

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
        precision: auto takes bfloat16 only where there are instructions for it; elsewhere it is slower than float32.

    Raises:
        SettingsError: There is no such device on this machine.
    """
    chosen = _device(device)
    if precision == "auto":
        return Machine(chosen, _fast_bfloat16(chosen))
    return Machine(chosen, precision == "bfloat16")


def _device(name: str) -> torch.device:
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


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, check, lambda: False)() for check in checks)
    return False


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
