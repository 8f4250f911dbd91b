"""Frames of a sketch: the whole of it, and what is left when even borders are cut away, once and once more.

A copy may have got a border, and a photo may have had one from the start: twice cut, both show the same. The whole
is kept too, since a mark in a border stops the cutting. Each side's border may have its own colour; it must be even
within ``_EVEN`` grey levels, as it still is after strong JPEG compression.
"""

from __future__ import annotations

import numpy as np

from mekiki.data.copies.hashing import SIDE

ROUNDS = 2

_EVEN = 20
_STEADY = 8
_LEAST_SIDE = 12


def frames_of(greys: np.ndarray) -> np.ndarray:
    """Return the frames of sketches.

    Args:
        greys: uint8 (N, 64, 64).

    Returns:
        int16 (N, 3, 4): the whole, once cut, twice cut, each as top, bottom, left, right in pixels of the sketch
        (bottom and right are the first ones outside). A frame that could not be cut equals the one before it.
    """
    frames = np.empty((len(greys), ROUNDS + 1, 4), np.int16)
    frames[:, 0] = (0, SIDE, 0, SIDE)
    for level in range(1, ROUNDS + 1):
        frames[:, level] = _cut(greys, frames[:, level - 1])
    return frames


def turned_frames(frames: np.ndarray, way: int) -> np.ndarray:
    """Return the frames that turned sketches would have; see ``descriptors.turned``.

    Args:
        frames: (N, 4).
        way: 0..7.
    """
    top, bottom, left, right = frames.T
    if way >= 4:
        left, right = SIDE - right, SIDE - left
    for _ in range(way % 4):
        top, bottom, left, right = SIDE - right, SIDE - left, top, bottom
    return np.stack([top, bottom, left, right], axis=1)


def _cut(greys: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Cut even lines off the four sides of each frame; a cut that leaves too little is not made."""
    top, bottom = _ends(greys, frames[:, 0], frames[:, 1], frames[:, 2], frames[:, 3])
    left, right = _ends(greys.transpose(0, 2, 1), frames[:, 2], frames[:, 3], top, bottom)
    cut = np.stack([top, bottom, left, right], axis=1)
    small = (bottom - top < _LEAST_SIDE) | (right - left < _LEAST_SIDE)
    return np.where(small[:, None], frames, cut)


def _ends(
    greys: np.ndarray, first: np.ndarray, last: np.ndarray, start: np.ndarray, stop: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the rows from first to last stop being even between the columns start and stop, from both ends.

    One more row than the even ones is cut: it is mixed of border and picture.
    """
    place = np.arange(SIDE)
    within = ((place >= start[:, None]) & (place < stop[:, None]))[:, None, :]
    high = np.where(within, greys, 0).max(axis=2).astype(np.int16)
    low = np.where(within, greys, 255).min(axis=2).astype(np.int16)
    even, middle = high - low <= _EVEN, (high + low) // 2

    def count(outermost: np.ndarray, beyond: np.ndarray) -> np.ndarray:
        near = np.abs(middle - np.take_along_axis(middle, outermost[:, None].astype(np.intp), axis=1)) <= _STEADY
        return np.asarray((even & near) | beyond)

    above = count(first, place < first[:, None])
    below = count(last - 1, place >= last[:, None])[:, ::-1]
    top = np.where(above.all(axis=1), SIDE, above.argmin(axis=1))
    bottom = SIDE - np.where(below.all(axis=1), SIDE, below.argmin(axis=1))
    top, bottom = top + (top > first), bottom - (bottom < last)
    none = top >= bottom
    return np.where(none, first, top), np.where(none, last, bottom)
