"""A picture and its class number: a thing, fractal or texture, lit, partly covered, blurred and noisy.

A picture depends on (seed, number of the picture) alone, so any worker draws the same ones.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.seeds import stream
from pretraining import fractals, textures, things
from pretraining.noise import noise

Levels = NDArray[np.uint8]
BACKGROUNDS = ("white", "plain", "gradient", "clouds", "leaves", "texture")
BACKGROUND_CHANCES = (0.16, 0.16, 0.18, 0.18, 0.18, 0.14)


class Scenes:
    """All classes and their pictures.

    Args:
        seed: Of the formulas and of the pictures.
        thing_count: Classes that are things.
        fractal_count: Classes that are fractals.
        texture_count: Classes that are textures.
    """

    def __init__(self, seed: int, thing_count: int, fractal_count: int, texture_count: int) -> None:
        self.seed = seed
        self.counts = (thing_count, fractal_count, texture_count)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return sum(self.counts)

    @cached_property
    def _things(self) -> list[things.Thing]:
        return [things.design(self.seed, number) for number in range(self.counts[0])]

    @cached_property
    def _fractals(self) -> list[NDArray[np.float32]]:
        return [fractals.design(self.seed, number) for number in range(self.counts[1])]

    @cached_property
    def _textures(self) -> list[textures.Texture]:
        return [textures.design(self.seed, number) for number in range(self.counts[2])]

    def picture(self, number: int, side: int) -> tuple[Levels, int]:
        """Return picture ``number``, (side, side, 3) RGB, and its class.

        Args:
            number: From 0, without end.
            side: Height and width, pixels.
        """
        rng = stream(self.seed, "picture", number)
        label = int(rng.integers(self.classes))
        return self.picture_of(label, side, rng), label

    def picture_of(self, label: int, side: int, rng: np.random.Generator) -> Levels:
        """Return a picture of one class."""
        canvas = self._drawn(label, side, rng)
        if rng.random() < 0.4:
            _cover(canvas, rng)
        return _photographed(canvas, rng)

    def _drawn(self, label: int, side: int, rng: np.random.Generator) -> Levels:
        thing_count, fractal_count, _ = self.counts
        if label >= thing_count + fractal_count:
            return textures.draw_texture(self._textures[label - thing_count - fractal_count], side, rng)
        canvas = self._background(side, rng)
        if label < thing_count:
            if rng.random() < 0.3:
                _shadow(canvas, rng)
            things.draw_thing(self._things[label], canvas, rng)
        else:
            fractals.draw_fractal(self._fractals[label - thing_count], canvas, rng)
        return canvas

    def _background(self, side: int, rng: np.random.Generator) -> Levels:
        kind = str(rng.choice(BACKGROUNDS, p=BACKGROUND_CHANCES))
        if kind == "white":
            return np.full((side, side, 3), rng.integers(235, 256), np.uint8)
        first, last = np.clip(rng.uniform(0, 255, (2, 1)) + rng.normal(0, rng.uniform(0, 60), (2, 3)), 0, 255)
        if kind == "plain":
            return _flat(first, side)
        if kind == "texture":
            return textures.draw_texture(textures.design(self.seed, -1 - int(rng.integers(500))), side, rng)
        if kind == "leaves":
            canvas = _flat(first, side)
            for _ in range(int(rng.integers(4, 30))):
                _leaf(canvas, rng)
            return canvas
        cells = 2 if kind == "gradient" else int(rng.integers(3, 12))
        coarse = rng.random((cells, cells, 1), dtype=np.float32)
        coarse = (first + (last - first) * coarse).astype(np.float32)
        return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.uint8))


def _flat(colour: NDArray[np.float64], side: int) -> Levels:
    return np.full((side, side, 3), colour.astype(np.uint8), np.uint8)


def _leaf(canvas: Levels, rng: np.random.Generator) -> None:
    side = len(canvas)
    corners = int(rng.integers(3, 9))
    middle = rng.uniform(0, side, 2)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = side * rng.uniform(0.05, 0.35)
    points = middle + np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach * rng.uniform(0.5, 1.0, (corners, 1))
    cv2.fillPoly(canvas, [points.astype(np.int32)], tuple(rng.uniform(0, 255, 3).tolist()), cv2.LINE_AA)


def _shadow(canvas: Levels, rng: np.random.Generator) -> None:
    side = len(canvas)
    middle = (rng.uniform(0.3, 0.7, 2) * side).astype(int).tolist()
    axes = (rng.uniform(0.2, 0.5, 2) * side).astype(int).tolist()
    mask = np.zeros((side, side), np.uint8)
    cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 90, -1)
    mask = cv2.blur(mask, (side // 8, side // 8))
    np.copyto(canvas, cv2.multiply(canvas, cv2.merge([255 - mask] * 3), scale=1 / 255))


def _cover(canvas: Levels, rng: np.random.Generator) -> None:
    side = len(canvas)
    for _ in range(int(rng.integers(1, 4))):
        colour = tuple(rng.uniform(0, 255, 3).tolist())
        if rng.random() < 0.5:
            corner = rng.uniform(0, side, 2)
            far = corner + rng.uniform(0.05, 0.3, 2) * side
            cv2.rectangle(canvas, corner.astype(int).tolist(), far.astype(int).tolist(), colour, -1)
        else:
            points = np.cumsum(rng.normal(0, side / 8, (6, 2)), axis=0) + rng.uniform(0, side, 2)
            cv2.polylines(canvas, [points.astype(np.int32)], False, colour, int(rng.integers(1, 4)), cv2.LINE_AA)


def _photographed(canvas: Levels, rng: np.random.Generator) -> Levels:
    side = len(canvas)
    if rng.random() < 0.3:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 1.6)))
    contrast = rng.uniform(0.6, 1.2)
    tint = (128 * (1 - contrast) + rng.normal(0, 15) + rng.normal(0, 6, 3)).astype(np.float32)
    light = cv2.resize(rng.uniform(-1, 1, (2, 2)).astype(np.float32) * np.float32(rng.uniform(0, 50)), (side, side))
    light += noise(side, rng) * np.float32(rng.uniform(0, 12))
    levels = canvas.astype(np.float32)
    levels *= np.float32(contrast)
    levels += light[..., None]
    levels += tint
    np.clip(levels, 0, 255, out=levels)
    return levels.astype(np.uint8)
