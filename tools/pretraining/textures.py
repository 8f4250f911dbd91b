"""Textures: each class is a sum of waves and spots, each picture another cut, scale and palette of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.seeds import stream
from pretraining.noise import noise


@dataclass(frozen=True)
class Texture:
    """A class.

    Attributes:
        waves: (n, 2) waves per picture, across and down.
        strengths: (n,) of each wave.
        bend: How strongly a slow wave bends the others, radians.
        hard: How sharply levels turn over: 1 soft, 20 a stencil.
        grain: Share of random spots.
        spot: Side of a spot, pixels of 96.
    """

    waves: NDArray[np.float64]
    strengths: NDArray[np.float64]
    bend: float
    hard: float
    grain: float
    spot: float


def design(seed: int, number: int) -> Texture:
    """Return the formula of one class."""
    rng = stream(seed, "texture", number)
    count = int(rng.integers(1, 5))
    angle = rng.uniform(0, np.pi, count)
    often = np.exp(rng.uniform(np.log(2), np.log(20), count))
    return Texture(
        np.stack([np.cos(angle), np.sin(angle)], axis=1) * often[:, None],
        rng.uniform(0.4, 1.0, count),
        float(rng.choice([0.0, rng.uniform(0.5, 4.0)])),
        float(np.exp(rng.uniform(0, 3))),
        float(rng.choice([0.0, rng.uniform(0.2, 1.5)])),
        float(np.exp(rng.uniform(0, 2.3))),
    )


def draw_texture(texture: Texture, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one picture of a class, (side, side, 3)."""
    scale = rng.uniform(0.7, 1.4)
    angle = rng.uniform(-0.6, 0.6)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    along = np.arange(side, dtype=np.float32) * np.float32(2 * np.pi / side)
    down, across = along[:, None], along[None]
    field = np.zeros((side, side), np.float32)
    slow = np.float32(0)
    if texture.bend:
        first, second = rng.uniform(0.5, 2, 2).astype(np.float32)
        slow = np.float32(texture.bend) * np.sin(down * first + across * second)
    waves = (texture.waves @ turn.T * scale).astype(np.float32)
    for (right, low), strength in zip(waves, texture.strengths.astype(np.float32), strict=True):
        field += strength * np.sin(right * across + low * down + (slow + np.float32(rng.uniform(0, 2 * np.pi))))
    if texture.grain:
        cells = max(2, round(side / max(1.0, texture.spot * scale * side / 96)))
        coarse = cv2.resize(noise(cells, rng), (side, side), interpolation=cv2.INTER_CUBIC)
        field += np.float32(texture.grain) * coarse
    share = np.tanh(np.float32(texture.hard) * field)[..., None] / 2 + np.float32(0.5)
    first, last = rng.uniform(0, 255, (2, 3))
    return np.asarray((share * (last - first).astype(np.float32) + first.astype(np.float32)).astype(np.uint8))
