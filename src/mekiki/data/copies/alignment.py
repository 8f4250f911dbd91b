"""Lays one sketch upon another: the shift and the scale, each way, at which two pictures agree best.

Gauss-Newton steps on brightness (Lucas and Kanade, "An iterative image registration technique", IJCAI 1981), from
coarse to fine, for many pairs at once. Brightness may differ by a gain and an offset; places that do not fit, such
as a watermark, lose their weight. Pictures that are turned against each other are turned by the caller first.
"""

from __future__ import annotations

import cv2
import numpy as np

_ROBUST = 0.6
_DAMPING = np.array([0.15, 0.1, 0.15, 0.1, 1e-3, 1e-3], np.float32)
_FURTHEST = 0.35


def framed(pictures: np.ndarray, frames: np.ndarray, side: int) -> np.ndarray:
    """Squash frames of pictures to squares.

    Args:
        pictures: uint8 (N, S, S).
        frames: int (N, 4): top, bottom, left, right in pixels of ``pictures``.
        side: Of the squares, pixels.

    Returns:
        float32 (N, side, side).
    """
    squares = np.empty((len(pictures), side, side), np.float32)
    for picture, (top, bottom, left, right), square in zip(pictures, frames.tolist(), squares, strict=True):
        part = picture[top:bottom, left:right].astype(np.float32)
        smaller = (min(side, right - left), min(side, bottom - top))
        part = cv2.resize(part, smaller, interpolation=cv2.INTER_AREA)
        cv2.resize(part, (side, side), dst=square, interpolation=cv2.INTER_LINEAR)
    return squares


def blurred(pictures: np.ndarray, times: int) -> np.ndarray:
    """Blur pictures by 1 2 1 both ways, so that coarse steps find their way.

    Args:
        pictures: float32 (N, n, n).
        times: 0 for not at all.
    """
    for _ in range(times):
        for axis in (1, 2):
            lines = np.swapaxes(pictures, 1, axis)
            both = lines * np.float32(0.5)
            both[:, 1:] += lines[:, :-1] * np.float32(0.25)
            both[:, :-1] += lines[:, 1:] * np.float32(0.25)
            both[:, :: lines.shape[1] - 1] += lines[:, :: lines.shape[1] - 1] * np.float32(0.25)
            pictures = np.swapaxes(both, 1, axis)
    return np.ascontiguousarray(pictures)


def identity(count: int) -> np.ndarray:
    """Return the motions that change nothing, float32 (N, 4): shift down, growth down, shift across, growth across."""
    return np.zeros((count, 4), np.float32)


def moved(pictures: np.ndarray, motions: np.ndarray) -> np.ndarray:
    """Read pictures at the places where motions take the grid of the other pictures; outside, the nearest edge.

    The pictures are read as one tall picture, because OpenCV takes longer to begin than to read a small one; it can
    count to 32,767 rows.

    Args:
        pictures: float32 (N, n, n).
        motions: float32 (N, 4), in shares of the side; place u (-0.5..0.5) goes to u * (1 + growth) + shift.

    Returns:
        float32 (N, n, n).
    """
    count, side, _ = pictures.shape
    down, across = (np.clip((places + 0.5) * side - 0.5, 0, side - 1) for places in places_of(motions, side))
    down += (np.arange(count, dtype=np.float32) * side)[:, None]
    shape = (count * side, side)
    rows = np.broadcast_to(down.reshape(-1, 1), shape).copy()
    columns = np.broadcast_to(across[:, None], pictures.shape).reshape(shape)
    seen = cv2.remap(pictures.reshape(shape), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen.reshape(pictures.shape)


def places_of(motions: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where the rows and the columns of a grid go, float32 (N, side) each; inside the picture is -0.5..0.5."""
    steps = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    return steps * (1 + motions[:, 1:2]) + motions[:, :1], steps * (1 + motions[:, 3:]) + motions[:, 2:3]


def overlap(motions: np.ndarray, side: int) -> np.ndarray:
    """Return which places of a grid fall inside the other picture, bool (N, side, side)."""
    down, across = places_of(motions, side)
    return np.asarray((np.abs(down) <= 0.5)[:, :, None] & (np.abs(across) <= 0.5)[:, None, :])


def aligned(fixed: np.ndarray, loose: np.ndarray, motions: np.ndarray, rounds: int) -> np.ndarray:
    """Improve the motions by which loose pictures fall upon fixed ones.

    Args:
        fixed: float32 (N, n, n), brightness.
        loose: float32 (N, n, n).
        motions: float32 (N, 4), where to begin.
        rounds: Steps of Gauss-Newton.

    Returns:
        float32 (N, 4).
    """
    target, source = _standardised(fixed), _standardised(loose)
    count, side, _ = target.shape
    solver = _solver(target)
    gain, offset = np.ones((count, 1, 1), np.float32), np.zeros((count, 1, 1), np.float32)
    for _ in range(rounds):
        error = moved(source, motions)
        error -= gain * target
        error -= offset
        trust = error * (1 / _ROBUST)
        trust *= trust
        trust += 1
        error /= trust
        error *= overlap(motions, side)
        step = (solver @ error.reshape(count, -1, 1))[..., 0]
        motions = np.clip(motions - np.clip(step[:, :4], -0.1, 0.1) / gain[:, 0], -_FURTHEST, _FURTHEST)
        gain = np.clip(gain + step[:, 4, None, None], 0.5, 2.0)
        offset = offset + step[:, 5, None, None]
    return np.asarray(motions, np.float32)


def _standardised(pictures: np.ndarray) -> np.ndarray:
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    deviation = np.sqrt(np.einsum("nij,nij->n", centred, centred)) / pictures.shape[1]
    return np.asarray(centred / np.maximum(deviation, 1.0)[:, None, None])


def _solver(target: np.ndarray) -> np.ndarray:
    """Return float32 (N, 6, n * n): from an error to the step of four motions, gain and offset that explains it."""
    count, side, _ = target.shape
    place = ((np.arange(side, dtype=np.float32) + 0.5) / side - 0.5)[:, None]
    columns = np.zeros((count, 6, side, side), np.float32)
    columns[:, 0, 1:-1] = (target[:, 2:] - target[:, :-2]) * (side / 2)
    columns[:, 2, :, 1:-1] = (target[:, :, 2:] - target[:, :, :-2]) * (side / 2)
    columns[:, 1] = columns[:, 0] * place
    columns[:, 3] = columns[:, 2] * place.T
    columns[:, 4] = target
    columns[:, 5] = 1
    flat = columns.reshape(count, 6, -1)
    normal = flat @ flat.transpose(0, 2, 1)
    normal[:, range(6), range(6)] += side * side * _DAMPING
    return np.asarray(np.linalg.inv(normal) @ flat)
