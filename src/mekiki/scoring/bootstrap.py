"""The bootstrap over groups: how far a figure would move if other photos of the same kind had been taken.

Copies of a photo, and whatever else the split holds together, are drawn as one: they are no independent witnesses. A
figure is a function of sums over photos, so that thousands of resamples are one matrix product. Memory is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mekiki.seeds import stream

RESAMPLES = 2000
_NUMBERS_AT_ONCE = 2_000_000


def group_numbers(groups: Sequence[str] | None, n: int) -> NDArray[np.int64]:
    """Number the groups of n photos.

    Args:
        groups: (n,) a name for each photo's group; empty: the photo stands alone. Not given: all stand alone.
        n: How many photos there are.

    Returns:
        (n,) numbers 0, 1, … in the order of first appearance; equal for photos of one group.

    Raises:
        ValueError: There are more or fewer groups than photos.
    """
    if groups is None:
        return np.arange(n, dtype=np.int64)
    if len(groups) != n:
        raise ValueError(f"{len(groups)} groups for {n} photos")
    known: dict[tuple[str, int], int] = {}
    names = [("", place) if not name else (name, -1) for place, name in enumerate(groups)]
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def group_sums(values: NDArray[np.float64] | sparse.csr_array, groups: NDArray[np.int64]) -> sparse.csc_array:
    """Add up the rows of each group.

    Args:
        values: (n, k) what is summed over photos.
        groups: (n,) as ``group_numbers`` gives them.

    Returns:
        (groups, k).
    """
    n = len(groups)
    belongs = sparse.csr_array((np.ones(n), (groups, np.arange(n))), shape=(int(groups.max()) + 1, n))
    rows = sparse.csr_array(values) if isinstance(values, np.ndarray) else values
    return sparse.csc_array(belongs @ rows)


def resampled_sums(
    sums: sparse.csc_array, resamples: int, seed: int, purpose: str, numbers_at_once: int = _NUMBERS_AT_ONCE
) -> NDArray[np.float64]:
    """Draw as many groups as there are, with replacement, and add up their rows, again and again.

    Args:
        sums: (groups, k) as ``group_sums`` gives them.
        resamples: How many times.
        seed: Of the draws.
        purpose: What it is for; two purposes draw independently.
        numbers_at_once: Bounds memory; it does not change the result.

    Returns:
        (resamples, k).

    Source: Davison & Hinkley, "Bootstrap Methods and their Application", 1997, section 2.4; whole groups as in
    Field & Welsh, "Bootstrapping clustered data", JRSS B 2007.
    """
    columns = sparse.csr_array(sums.T)
    drawn = [columns @ times.T for times in times_drawn(sums.shape[0], resamples, seed, purpose, numbers_at_once)]
    found: NDArray[np.float64] = np.concatenate(drawn, axis=1).T
    return found


def times_drawn(
    groups: int, resamples: int, seed: int, purpose: str, numbers_at_once: int = _NUMBERS_AT_ONCE
) -> Iterator[NDArray[np.float64]]:
    """Yield how many times each group was drawn, (some resamples, groups), until there are ``resamples`` rows."""
    numbers = stream(seed, "bootstrap", purpose)
    at_once = max(1, numbers_at_once // groups)
    for done in range(0, resamples, at_once):
        rows = min(at_once, resamples - done)
        drawn = numbers.integers(0, groups, (rows, groups)) + groups * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)
