"""Things: each class is a formula for an outline with parts, each picture another pose, palette and wear of it.

A class fixes what a maker would fix: the outline (a Fourier series of the radius), its proportions, which parts sit
where, what each is filled with, and half of the time its colours. Everything else is drawn anew for each picture.
Lengths are shares of the thing's half height; colours are levels 0..255.

Source: the radial contours of Kataoka et al., "Replacing Labeled Real-Image Datasets with Auto-Generated Contours"
(CVPR 2022), with parts and fills added, because a whole thing is more than its outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.seeds import stream
from pretraining.noise import noise

Levels = NDArray[np.uint8]
Points = NDArray[np.float64]

CORNERS = 48
SHIFT = 4
SLOTS = 4
PART_KINDS = ("blob", "ellipse", "polygon", "bar", "ring", "curve", "star", "row", "arms")


@dataclass(frozen=True)
class Part:
    """One part of a thing.

    Attributes:
        kind: One of ``PART_KINDS``.
        points: (n, 2) its outline or course, around its own middle.
        place: Its middle, x and y.
        slot: Which colour of the palette it has.
        width: Of a line; 0: it is filled.
        closed: Whether the last point joins the first.
    """

    kind: str
    points: Points
    place: Points
    slot: int
    width: float
    closed: bool = True


@dataclass(frozen=True)
class Thing:
    """A class.

    Attributes:
        parts: From the lowest to the highest; the first is the outline of the whole.
        palette: (SLOTS, 3) levels.
        coloured: Whether pictures keep the palette, up to a small change.
        fills: Of each slot: "flat", "stripes", "grain" or "gradient".
        turns: How far a picture may be turned, degrees either way.
    """

    parts: tuple[Part, ...]
    palette: NDArray[np.float64]
    coloured: bool
    fills: tuple[str, ...]
    turns: float


def design(seed: int, number: int) -> Thing:
    """Return the formula of one class."""
    rng = stream(seed, "thing", number)
    mirrored = rng.random() < 0.6
    outline = Part("blob", contour(rng, mirrored), np.zeros(2), 0, 0.0)
    parts = [outline]
    for _ in range(int(rng.integers(1, 6))):
        parts += _part(rng, mirrored)
    below = rng.random() < 0.3
    if below:
        parts.append(parts.pop(0))
    fills = tuple(str(rng.choice(["flat", "flat", "stripes", "grain", "gradient"])) for _ in range(SLOTS))
    turns = float(rng.choice([25.0, 60.0, 180.0]))
    return Thing(tuple(parts), rng.uniform(0, 255, (SLOTS, 3)), bool(rng.random() < 0.5), fills, turns)


def contour(rng: np.random.Generator, mirrored: bool) -> Points:
    """Return a closed outline, (CORNERS, 2): a Fourier series of the radius, stretched."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = np.ones(CORNERS)
    falling = rng.uniform(0.6, 1.6)
    for order in range(1, 9):
        strength = rng.normal(0, 0.28) / order**falling
        phase = 0.0 if mirrored else rng.uniform(0, 2 * np.pi)
        radius += strength * np.cos(order * angle + phase)
    radius = np.clip(radius, 0.15, None)
    if rng.random() < 0.25:
        radius = radius[(np.arange(CORNERS) // (CORNERS // int(rng.integers(3, 9)))) * 4 % CORNERS]
    stretch = np.array([rng.uniform(0.3, 1.0), 1.0])
    points = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1) * stretch
    return np.asarray(points / np.abs(points).max())


def _part(rng: np.random.Generator, mirrored: bool) -> list[Part]:
    kind = str(rng.choice(PART_KINDS))
    size = rng.uniform(0.08, 0.5)
    place = rng.uniform(-0.8, 0.8, 2)
    if mirrored and rng.random() < 0.5:
        place[0] = 0.0
    slot = int(rng.integers(1, SLOTS))
    points, width, closed = _outline_of(rng, kind, size)
    if kind == "row":
        step = rng.uniform(-0.3, 0.3, 2)
        count = int(rng.integers(2, 7))
        return [Part(kind, points, place + step * number, slot, width, closed) for number in range(count)]
    made = [Part(kind, points, place, slot, width, closed)]
    if mirrored and place[0]:
        flip = np.array([-1.0, 1.0])
        made.append(Part(kind, points * flip, place * flip, slot, width, closed))
    return made


def _outline_of(rng: np.random.Generator, kind: str, size: float) -> tuple[Points, float, bool]:
    turn = rng.uniform(0, 2 * np.pi)
    if kind == "blob":
        return contour(rng, False) * size, 0.0, True
    if kind in ("ellipse", "ring", "row"):
        angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        flat = rng.uniform(0.3, 1.0)
        small = 0.3 if kind == "row" else 1.0
        points = np.stack([np.cos(angle) * flat, np.sin(angle)], axis=1) * size * small
        return _turned(points, turn), float(rng.uniform(0.02, 0.1)) if kind == "ring" else 0.0, True
    if kind in ("polygon", "star"):
        corners = int(rng.integers(3, 8)) * (2 if kind == "star" else 1)
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        radius = np.where(np.arange(corners) % 2, rng.uniform(0.3, 0.7), 1.0) if kind == "star" else np.ones(corners)
        return _turned(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None] * size, turn), 0.0, True
    if kind == "bar":
        half, thin = rng.uniform(0.3, 1.2), rng.uniform(0.02, 0.12)
        points = np.array([[-thin, -half], [thin, -half], [thin, half], [-thin, half]])
        return _turned(points, float(rng.choice([0.0, np.pi / 2, turn]))), 0.0, True
    if kind == "arms":
        ends = rng.uniform(-1, 1, (int(rng.integers(2, 5)), 2)) * size * 2
        zero = np.zeros((1, 2))
        return (
            np.concatenate([np.concatenate([zero, end[None]]) for end in ends]),
            float(rng.uniform(0.02, 0.12)),
            False,
        )
    along = np.linspace(0, 1, 16)
    bend = rng.normal(0, 1, (3, 2)) * size
    points = (
        bend[0] * along[:, None]
        + bend[1] * np.sin(np.pi * along)[:, None]
        + bend[2] * np.sin(2 * np.pi * along)[:, None]
    )
    return points, float(rng.uniform(0.02, 0.1)), False


def _turned(points: Points, angle: float) -> Points:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn.T)


def draw_thing(thing: Thing, canvas: Levels, rng: np.random.Generator) -> None:
    """Draw one picture of a class onto a canvas, in place.

    Args:
        thing: The class.
        canvas: (side, side, 3) RGB; what is there stays visible around the thing.
        rng: For pose, palette and wear.
    """
    side = len(canvas)
    pose = _pose(thing, side, rng)
    colours = _palette(thing, rng)
    wear = rng.normal(0, 0.02, (len(thing.parts), 2))
    swelling = rng.normal(1, 0.04, (len(thing.parts), 2))
    used = {part.slot for part in thing.parts if not part.width}
    layers = {slot: _fill(thing.fills[slot], colours[slot], side, rng) for slot in sorted(used)}
    for number, part in enumerate(thing.parts):
        points = part.points * swelling[number] + part.place + wear[number]
        placed = np.round((points @ pose[:, :2].T + pose[:, 2]) * 2**SHIFT).astype(np.int32)
        _paint(canvas, part, placed, layers.get(part.slot), colours[part.slot], float(np.linalg.norm(pose[:, 0])))


def _pose(thing: Thing, side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    size = side / 2 * rng.uniform(0.45, 1.0)
    angle = np.radians(rng.uniform(-thing.turns, thing.turns))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, rng.normal(0, 0.12)], [0.0, rng.uniform(0.8, 1.2)]])
    flip = np.diag([-1.0 if rng.random() < 0.5 else 1.0, 1.0])
    middle = side / 2 + rng.uniform(-0.15, 0.15, 2) * side
    return np.concatenate([turn @ shear @ flip * size, middle[:, None]], axis=1)


def _palette(thing: Thing, rng: np.random.Generator) -> NDArray[np.float64]:
    if thing.coloured and rng.random() < 0.7:
        return np.asarray(np.clip(thing.palette + rng.normal(0, 18, (SLOTS, 3)) + rng.normal(0, 25), 0, 255))
    grey = rng.uniform(0, 255, (SLOTS, 1))
    return np.asarray(np.clip(grey + rng.normal(0, rng.uniform(0, 80), (SLOTS, 3)), 0, 255))


def _fill(kind: str, colour: NDArray[np.float64], side: int, rng: np.random.Generator) -> Levels | None:
    if kind == "flat":
        return None
    if kind == "grain":
        wave = noise(side, rng) * np.float32(30)
    else:
        across = np.arange(side, dtype=np.float32) - side / 2
        angle = rng.uniform(0, np.pi)
        ramp = across[:, None] * np.float32(np.sin(angle)) + across[None] * np.float32(np.cos(angle))
        if kind == "stripes":
            wave = np.sign(np.sin(ramp * np.float32(rng.uniform(0.4, 1.5)))) * np.float32(rng.uniform(20, 60))
        else:
            wave = ramp * np.float32(rng.uniform(0.5, 1.5) * 96 / side)
    levels = wave[..., None] + colour.astype(np.float32)
    np.clip(levels, 0, 255, out=levels)
    return np.asarray(levels.astype(np.uint8))


def _paint(
    canvas: Levels,
    part: Part,
    placed: NDArray[np.int32],
    layer: Levels | None,
    colour: NDArray[np.float64],
    scale: float,
) -> None:
    level = tuple(float(value) for value in colour)
    thick = max(1, round(part.width * scale))
    if part.kind == "arms":
        for begin, end in zip(placed[0::2], placed[1::2], strict=True):
            cv2.line(canvas, begin.tolist(), end.tolist(), level, thick, cv2.LINE_AA, SHIFT)
    elif part.width:
        cv2.polylines(canvas, [placed], part.closed, level, thick, cv2.LINE_AA, SHIFT)
    elif layer is None:
        cv2.fillPoly(canvas, [placed], level, cv2.LINE_AA, SHIFT)
    else:
        mask = np.zeros(canvas.shape[:2], np.uint8)
        cv2.fillPoly(mask, [placed], 255, cv2.LINE_8, SHIFT)
        cv2.copyTo(layer, mask, canvas)
