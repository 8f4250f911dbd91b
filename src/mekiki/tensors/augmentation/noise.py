"""Random pixels by counter: a pixel's number comes from the picture's key and the pixel's place, and nothing else.

It is an integer hash (C. Wellons, "Prospecting for hash functions", lowbias32) in 32-bit arithmetic, so NumPy and torch
come to the same bits in any order. Normal numbers are looked up in a table of 65,536 quantiles.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FIRST, SECOND = 0x7FEB352D, 0x846CA68B
STEP = 0x9E3779B9
LEVELS = 65_536


def random_levels(key: int, count: int) -> NDArray[np.uint16]:
    """Return evenly distributed whole numbers in [0, 65536), one for each place from 0 to ``count``."""
    places = np.arange(count, dtype=np.uint32)
    mixed = places * np.uint32(STEP) + np.uint32(key & 0xFFFFFFFF)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(FIRST)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(SECOND)
    mixed ^= mixed >> np.uint32(16)
    return mixed.astype(np.uint16)


@cache
def normal_quantiles() -> NDArray[np.float32]:
    """Return the (65536,) table that turns even levels into normal numbers of spread 1."""
    table: NDArray[np.float32] = ndtri((np.arange(LEVELS) + 0.5) / LEVELS).astype(np.float32)
    table.flags.writeable = False
    return table
