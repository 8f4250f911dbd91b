"""Descriptors of pictures: in which directions brightness grows, in each of 4x4 cells.

As in Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005, with soft cells and bins so
that a shift of a tenth changes little. The eight ways to turn and mirror a picture only permute the cells and the bins,
so copies of all eight kinds are found from one descriptor. A picture without detail has a descriptor of zeros.
"""

from __future__ import annotations

import numpy as np

CELLS = 4
BINS = 8
WAYS = 8
"""A picture can be turned and mirrored in eight ways; see ``turned``."""
LENGTH = CELLS * CELLS * BINS
WINDOW = 24

_NOISE = 2.0


def descriptors_of(windows: np.ndarray) -> np.ndarray:
    """Return the descriptors of pictures.

    Args:
        windows: float32 (N, 24, 24), brightness 0..255.

    Returns:
        float32 (N, 128) of length 1, or of zeros where a picture has no detail.
    """
    right = windows[:, 1:-1, 2:] - windows[:, 1:-1, :-2]
    down = windows[:, 2:, 1:-1] - windows[:, :-2, 1:-1]
    squares = right * right + down * down
    strength = np.sqrt(np.sqrt(squares)) / np.maximum(squares, 1.0)
    strength *= squares > _NOISE * _NOISE
    pooled = np.empty((len(windows), BINS, CELLS, CELLS), np.float32)
    for number in range(BINS // 2):
        angle = number * 2 * np.pi / BINS
        along = right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
        weighted = along * along * strength
        forward = weighted * (along > 0)
        pooled[:, number] = _pooled(forward)
        pooled[:, number + BINS // 2] = _pooled(weighted - forward)
    return _unit(np.sqrt(pooled).transpose(0, 2, 3, 1).reshape(len(windows), LENGTH))


def _pooled(values: np.ndarray) -> np.ndarray:
    """Add up (N, 22, 22) in 4x4 soft cells."""
    count, height, width = values.shape
    across = (values.reshape(-1, width) @ _CELL_WEIGHTS.T).reshape(count, height, CELLS)
    return np.asarray(_CELL_WEIGHTS @ across)


def _cell_weights() -> np.ndarray:
    """Return float32 (4, 22): tents as wide as two cells, around the middles of the cells."""
    middles = (np.arange(CELLS) + 0.5) * WINDOW / CELLS
    tents = 1 - np.abs(np.arange(1, WINDOW - 1) + 0.5 - middles[:, None]) / (WINDOW / CELLS)
    return np.maximum(tents, 0).astype(np.float32)


_CELL_WEIGHTS = _cell_weights()


def _unit(values: np.ndarray) -> np.ndarray:
    detail = values.max(axis=1, keepdims=True) > 0
    values = (values - values.mean(axis=1, keepdims=True)) * detail
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6), np.float32)


def turned(pictures: np.ndarray, way: int) -> np.ndarray:
    """Turn pictures one of eight ways: mirrored left to right from 4 on, then by ``way % 4`` quarter turns to the left.

    Args:
        pictures: (N, S, S, ...).
        way: 0..7; 0 leaves them as they are.
    """
    mirrored = pictures[:, :, ::-1] if way >= 4 else pictures
    return np.rot90(mirrored, way % 4, axes=(1, 2))


def turned_descriptors(descriptors: np.ndarray, way: int) -> np.ndarray:
    """Return the descriptors (..., 128) that the turned pictures would have; see ``turned``."""
    return np.take(descriptors, _PERMUTATIONS[way], axis=-1)


def _permutation(way: int) -> np.ndarray:
    """Turn a descriptor of place numbers: cells as ``turned`` turns them, bins with them."""
    places = np.arange(LENGTH).reshape(1, CELLS, CELLS, BINS)
    if way >= 4:
        places = places[:, :, ::-1, (BINS // 2 - np.arange(BINS)) % BINS]
    quarters = way % 4
    places = np.rot90(places, quarters, axes=(1, 2))[..., (np.arange(BINS) + quarters * BINS // 4) % BINS]
    return np.ascontiguousarray(places).reshape(-1)


_PERMUTATIONS = tuple(_permutation(way) for way in range(8))
