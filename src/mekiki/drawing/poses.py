"""How an instrument lies in the picture: turned, enlarged, shifted, tilted, now and then left-handed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mekiki.drawing.canvas import turn
from mekiki.drawing.curves import Points

UPRIGHT_DEGREES = 4.0


@dataclass(frozen=True)
class Pose:
    """A pose.

    Args:
        matrix: Homography (3, 3) from millimetres on the instrument to pixels in the picture.
        scale: Pixels for each millimetre in the middle.
        degrees: Clockwise turn from upright.
    """

    matrix: Points
    scale: float
    degrees: float

    def place(self, points: Points) -> Points:
        """Return where points of the instrument come to lie, in pixels."""
        flat = np.concatenate([points, np.ones((len(points), 1))], 1) @ self.matrix.T
        return np.asarray(flat[:, :2] / flat[:, 2:])


def choose_pose(rng: np.random.Generator, points: Points, size: int, upright: bool = False) -> Pose:
    """Draw a pose by lot.

    Args:
        rng: Source of the lots; the same number of lots is drawn for every instrument.
        points: Points in millimetres whose hull holds the instrument.
        size: Edge of the picture in pixels.
        upright: Head up and seen from near, as a shop hangs and photographs them all.

    Returns:
        A pose that shows the whole body, and the whole neck about every second time; seldom if upright.
    """
    degrees = float(rng.normal(0, UPRIGHT_DEGREES)) if upright else _choose_turn(rng)
    left_handed = rng.random() < 0.07
    whole, share = rng.random() < (0.15 if upright else 0.45), rng.uniform(0.5, 0.6 if upright else 0.85)
    fill = rng.uniform(0.82, 0.97) if whole else rng.uniform(0.88, 1.04)
    stretch = 1 + rng.normal(0, 0.018)
    shift = rng.uniform(-0.5, 0.5, 2)
    tilt = rng.normal(0, 0.022, (4, 2))
    top, bottom = points[:, 1].min(), points[:, 1].max()
    shown = points if whole else points[points[:, 1] > bottom - share * (bottom - top)]
    linear = np.diag([-stretch if left_handed else stretch, 1.0]) @ turn(degrees)
    turned = shown @ linear
    low, high = turned.min(0), turned.max(0)
    scale = fill * size / (high - low).max()
    room = np.maximum(size - (high - low) * scale, 0.06 * size)
    middle = size / 2 + shift * room * (0.5 if whole else 0.7) - (low + high) / 2 * scale
    flat = np.eye(3)
    flat[:2, :2], flat[:2, 2] = (linear * scale).T, middle
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    tilted = cv2.getPerspectiveTransform(corners, (corners + tilt * size).astype(np.float32))
    return Pose(np.asarray(tilted @ flat, float), float(scale), degrees)


def _choose_turn(rng: np.random.Generator) -> float:
    """Head to the right, head up, diagonal, and seldom any other way; clockwise from upright."""
    lot, jitter = rng.random(), rng.normal(0, 5)
    if lot < 0.40:
        return float(90 + jitter)
    if lot < 0.72:
        return float(jitter)
    if lot < 0.90:
        return float(rng.uniform(25, 70))
    if lot < 0.96:
        return float(rng.uniform(-70, -20))
    return float(rng.uniform(-180, 180))
