"""Seed → named streams of random numbers: the only source of randomness in mekiki.

A stream is keyed by what it is for, for example ``stream(seed, "augment", epoch, sample)``. It depends on nothing else:
not on the order of calls, the number of workers or the batch size.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray


def entropy(seed: int, *purpose: str | int) -> int:
    """Mix a seed and a purpose into one 128-bit number.

    Args:
        seed: The run's seed.
        purpose: What the numbers are for: words and counters.

    Returns:
        An integer in [0, 2**128), the same on every machine.
    """
    return int.from_bytes(_digest(seed, purpose), "little")


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the generator for one purpose.

    Args:
        seed: The run's seed.
        purpose: What the numbers are for: words and counters.

    Returns:
        A fresh generator (Philox, counter based); equal arguments give equal numbers.

    Example:
        >>> bool(stream(1, "split").random() == stream(1, "split").random())
        True
    """
    return np.random.Generator(np.random.Philox(_Words(_digest(seed, purpose))))  # type: ignore[arg-type]  # NumPy's stub omits ISeedSequence


def torch_seed(seed: int, *purpose: str | int) -> int:
    """Return a seed for ``torch.Generator.manual_seed`` or ``torch.manual_seed``, in [0, 2**63)."""
    return entropy(seed, *purpose) >> 65


class _Words(ISeedSequence):
    """Gives a bit generator its key as it is; given as ``key``, NumPy would ask the system for entropy and drop it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint32) -> NDArray[np.uint32 | np.uint64]:
        return np.frombuffer(self._content, dtype=dtype, count=n_words)


def _digest(seed: int, purpose: tuple[str | int, ...]) -> bytes:
    text = "\x1f".join([str(int(seed)), *(f"{type(part).__name__}:{part}" for part in purpose)])
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
