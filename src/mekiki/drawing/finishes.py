"""Body finishes: solid colours, natural wood, sunbursts that follow the outline, gold tops, and gloss on all of them.

A finish is a ramp of colours from the edge of the body to its middle, with or without grain. ``paint`` turns it into
pixels on a body's relief.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mekiki.drawing.canvas import Colour, Image
from mekiki.drawing.relief import Relief


@dataclass(frozen=True)
class Finish:
    """One finish.

    Args:
        stops: Pairs of depth (0 at the edge, 1 in the middle) and colour, from the edge inwards.
        grain: Strength of the wood grain, 0 for opaque paint.
        flame: Strength of figured maple's cross stripes.
        sparkle: Strength of metal flakes.
        gloss: Strength of reflections, 0..1.
    """

    stops: tuple[tuple[float, Colour], ...]
    grain: float = 0.0
    flame: float = 0.0
    sparkle: float = 0.0
    gloss: float = 0.6

    @property
    def edge(self) -> Colour:
        """The colour at the edge and on the side."""
        return self.stops[0][1]

    @property
    def middle(self) -> Colour:
        """The colour in the middle."""
        return self.stops[-1][1]


SOLIDS: tuple[Colour, ...] = (
    (22, 22, 24), (22, 22, 24), (234, 231, 220), (234, 231, 220), (228, 215, 176), (196, 32, 34), (222, 62, 40),
    (134, 16, 30), (168, 204, 216), (74, 128, 176), (118, 176, 184), (150, 206, 172), (46, 92, 66), (92, 104, 66),
    (232, 178, 178), (236, 206, 120), (222, 122, 40), (118, 76, 150), (28, 46, 96), (150, 156, 164), (66, 70, 76),
)  # fmt: skip
WOODS: tuple[Colour, ...] = (
    (214, 162, 96), (226, 186, 124), (222, 170, 78), (196, 128, 66), (150, 82, 44), (110, 58, 36), (158, 26, 28),
    (122, 18, 24), (84, 50, 34), (232, 206, 158),
)  # fmt: skip
BURSTS: tuple[tuple[tuple[float, Colour], ...], ...] = (
    ((0.10, (18, 14, 14)), (0.34, (110, 52, 18)), (0.62, (216, 150, 54)), (1.0, (228, 168, 70))),
    ((0.08, (20, 14, 14)), (0.26, (120, 22, 16)), (0.46, (196, 74, 24)), (0.74, (230, 166, 58)), (1.0, (234, 176, 70))),
    ((0.08, (150, 22, 26)), (0.34, (204, 62, 34)), (0.68, (238, 176, 84)), (1.0, (240, 188, 100))),
    ((0.06, (44, 22, 14)), (0.34, (112, 60, 26)), (0.72, (206, 142, 62)), (1.0, (216, 156, 74))),
    ((0.06, (140, 76, 24)), (0.40, (214, 140, 48)), (0.75, (240, 190, 90)), (1.0, (242, 198, 104))),
    ((0.10, (16, 16, 18)), (0.45, (92, 96, 102)), (0.80, (190, 194, 200)), (1.0, (204, 206, 210))),
    ((0.06, (12, 14, 34)), (0.40, (24, 44, 110)), (0.80, (52, 92, 172)), (1.0, (64, 106, 186))),
)
_BURST_WEIGHTS = (0.24, 0.26, 0.17, 0.17, 0.1, 0.03, 0.03)
_GOLD_TOP: Colour = (198, 156, 76)


def choose_finish(rng: np.random.Generator, wooden: bool, figured: bool) -> Finish:
    """Draw a finish by lot.

    Args:
        rng: Source of the lots.
        wooden: Whether to lean to natural wood and sunbursts.
        figured: Whether the wood may be flamed maple.
    """
    solid, wood, burst = (0.3, 0.3, 0.36) if wooden else (0.46, 0.2, 0.3)
    lot, gloss = rng.random(), float(rng.uniform(0.25, 1.0))
    if lot < solid:
        colour = _varied(SOLIDS[int(rng.integers(len(SOLIDS)))], rng, 8)
        return Finish(((0.0, _darker(colour)), (0.12, colour), (1.0, colour)), 0, 0, 3 * (rng.random() < 0.3), gloss)
    if lot < solid + wood:
        colour = _varied(WOODS[int(rng.integers(len(WOODS)))], rng, 10)
        return Finish(((0.0, _darker(colour)), (0.2, colour), (1.0, colour)), float(rng.uniform(10, 26)), 0, 0, gloss)
    if lot < solid + wood + burst:
        stops = BURSTS[int(np.searchsorted(np.cumsum(_BURST_WEIGHTS), rng.random() * sum(_BURST_WEIGHTS)))]
        stops = tuple((share, _varied(colour, rng, 6)) for share, colour in stops)
        flamed = figured and rng.random() < 0.35
        return Finish(stops, float(rng.uniform(5, 16)), float(rng.uniform(6, 15)) * flamed, 0, gloss)
    gold = _varied(_GOLD_TOP, rng, 8)
    return Finish(((0.0, _darker(gold)), (0.2, gold), (1.0, gold)), 0, 0, 4, gloss)


def _varied(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    red, green, blue = (int(np.clip(round(level + rng.normal(0, spread)), 4, 250)) for level in colour)
    return red, green, blue


def _darker(colour: Colour) -> Colour:
    red, green, blue = (round(level * 0.86) for level in colour)
    return red, green, blue


def _ramp(finish: Finish) -> Image:
    shares = [share for share, _ in finish.stops]
    levels = np.array([colour for _, colour in finish.stops], float)
    depth = np.linspace(0, 1, 256)
    return np.stack([np.interp(depth, shares, levels[:, channel]) for channel in range(3)], -1).astype(np.uint8)[None]


def paint(relief: Relief, finish: Finish, light: tuple[float, float], rng: np.random.Generator) -> Image:
    """Paint a body.

    Args:
        relief: The body's surface.
        finish: What to paint it with.
        light: Direction (x, y) of length 1 that the light comes from.
        rng: Draws grain, flakes and reflections.

    Returns:
        RGB pixels of the relief's size; what lies outside the body is painted too.
    """
    painted = cv2.LUT(cv2.merge([relief.depth] * 3), _ramp(finish))
    tone = _facing(relief, light, 0.66, 126)
    texture = _texture(relief, finish, rng)
    if texture is not None:
        cv2.multiply(tone, texture, tone, 1 / 128)
    cv2.multiply(painted, cv2.merge([tone] * 3), painted, 1 / 128)
    shine = _facing(relief, light, 1.9 * finish.gloss, -57 * finish.gloss)
    cv2.add(shine, _reflection(tone.shape, finish, rng), shine)
    return np.asarray(cv2.add(painted, cv2.merge([shine] * 3), painted), np.uint8)


def _facing(relief: Relief, light: tuple[float, float], gain: float, base: float) -> Image:
    """How much each pixel faces the light, cut to 0..255."""
    x, y = light[0] * gain, light[1] * gain
    return np.asarray(cv2.addWeighted(relief.steep_x, x, relief.steep_y, y, base, dtype=cv2.CV_8U), np.uint8)


def _waves(rng: np.random.Generator, rows: int, columns: int, shape: tuple[int, ...], strength: float) -> Image:
    """Smooth random waves about 128: a few random numbers, enlarged."""
    coarse = rng.standard_normal((max(2, rows), max(2, columns)), dtype=np.float32)
    levels = cv2.convertScaleAbs(coarse, None, strength, 128)
    return np.asarray(cv2.resize(levels, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _texture(relief: Relief, finish: Finish, rng: np.random.Generator) -> Image | None:
    """Return the factor to paint with, 128 for no change."""
    shape, wide, high = relief.depth.shape, relief.width_mm, relief.height_mm
    layers: list[Image] = []
    if finish.grain:
        layers.append(_waves(rng, int(high / 70), int(wide / 2.2), shape, finish.grain * 0.35))
        layers.append(_rings(relief, rng, finish.grain * (0.2 if finish.flame else 0.65)))
    if finish.flame:
        layers.append(_waves(rng, int(high / 5), 4, shape, finish.flame))
    if finish.sparkle:
        layers.append(_waves(rng, shape[0] // 2, shape[1] // 2, shape, finish.sparkle))
    for layer in layers[1:]:
        cv2.addWeighted(layers[0], 1, layer, 1, -128, layers[0])
    return layers[0] if layers else None


def _rings(relief: Relief, rng: np.random.Generator, strength: float) -> Image:
    """The year rings of a sawn board: long arches about a heart that lies somewhere beyond the body's end."""
    rows, columns = relief.depth.shape
    y, x = np.ogrid[0 : relief.height_mm : 3.0, 0 : relief.width_mm : 3.0]
    heart_x, heart_y = rng.uniform(0.1, 0.9) * relief.width_mm, rng.choice([-1.0, 2.0]) * relief.height_mm
    sway = _waves(rng, 5, 4, (y.shape[0], x.shape[1]), 40).astype(np.float32) / 40
    radius = np.sqrt((x - heart_x) ** 2 + ((y - heart_y) * rng.uniform(0.04, 0.12)) ** 2)
    rings = np.sin(radius / rng.uniform(4.5, 8.0) + 1.3 * sway)
    levels = (128 + strength * (rings + 0.5 * np.abs(rings) - 0.5)).astype(np.uint8)
    return np.asarray(cv2.resize(levels, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _reflection(shape: tuple[int, ...], finish: Finish, rng: np.random.Generator) -> Image:
    """Soft pictures of windows and lamps in the lacquer."""
    small = np.zeros((max(8, shape[0] // 6), max(8, shape[1] // 6)), np.uint8)
    height, width = small.shape
    for _ in range(int(rng.integers(1, 4))):
        middle = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        reach = (float(rng.uniform(0.1, 0.9)) * height, float(rng.uniform(0.04, 0.2)) * width)
        corners = cv2.boxPoints((middle, reach, float(rng.uniform(0, 180))))
        cv2.fillPoly(small, [np.rint(corners).astype(np.int32)], float(rng.uniform(15, 70)) * finish.gloss)
    cv2.GaussianBlur(small, (0, 0), max(1.0, width / float(rng.uniform(14, 40))), small)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)
