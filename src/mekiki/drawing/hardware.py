"""Bridges and tailpieces: what the strings are held by, and the arm of those that move."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mekiki.drawing.canvas import Canvas, Colour, Image, box, mixed
from mekiki.drawing.curves import Path, Points, curve, moved, outline
from mekiki.drawing.looks import Look, Metal
from mekiki.drawing.plates import BATWING_TAIL, FLOATING_TAIL, PIN_BRIDGE

_WOOD: Colour = (44, 28, 22)
_STRINGS_X = np.linspace(-26, 26, 6)


def metal_sheet(canvas: Canvas, shape: Path | Points, metal: Metal, phase: float = 0.0) -> None:
    """Fill a shape with metal that mirrors its surroundings in soft diagonal bands."""
    points = outline(shape) if isinstance(shape, tuple) else shape
    canvas.shade(points, 0.45)
    canvas.fill(points, metal.dark)
    window = canvas.window(points)
    cover = canvas.mask(points * 0.985 + points.mean(0) * 0.015, window)
    if cover.size:
        canvas.paste(_mirror(cover.shape, canvas.scale, metal, phase), cover, window)


def _mirror(shape: tuple[int, ...], scale: float, metal: Metal, phase: float) -> Image:
    rows, columns = shape
    y, x = np.arange(0, rows + 3, 4)[:, None], np.arange(0, columns + 3, 4)[None]
    share = 0.5 + 0.5 * np.sin((x * 0.5 + y) / (17 * scale) + phase)
    low, high = np.array(mixed(metal.plain, metal.dark, 0.25), float), np.array(metal.light, float)
    bands = (low + (high - low) * share[..., None]).astype(np.uint8)
    return np.asarray(cv2.resize(bands, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _bar(canvas: Canvas, metal: Metal, y: float, width: float, height: float, degrees: float = 0.0) -> None:
    whole = box(0, y, width, height, height / 2, degrees)
    canvas.shade(whole, 0.5)
    canvas.fill(whole, metal.dark)
    canvas.fill(box(0, y - height * 0.06, width - 3, height * 0.7, height / 2, degrees), metal.plain)
    canvas.fill(box(0, y - height * 0.2, width - 10, height * 0.25, 1, degrees), metal.light)


def _saddles(canvas: Canvas, metal: Metal, y: float, height: float, width: float = 8.0) -> None:
    for number, x in enumerate(_STRINGS_X):
        canvas.fill(box(x, y + (number % 3) - 1, width, height, 1.5), metal.dark)
        canvas.fill(box(x, y + (number % 3) - 1.5, width - 2.5, height - 3, 1), metal.light)


def _tremolo(canvas: Canvas, look: Look) -> None:
    plate = box(0, 11, 80, 43, 3)
    metal_sheet(canvas, plate, look.metal)
    _saddles(canvas, look.metal, 8, 22)
    canvas.discs([(x, -6.5) for x in np.linspace(-33, 33, 6)], 1.8, look.metal.dark)
    canvas.fill(box(0, 27, 72, 3, 1), look.metal.dark)


def _ashtray(canvas: Canvas, look: Look) -> None:
    metal_sheet(canvas, box(0, -14, 83, 99, 4), look.metal)
    for x in (-40.5, 40.5):
        canvas.fill(box(x, -13, 2.2, 94, 1), look.metal.light)
    canvas.fill(box(0, 33, 80, 3, 1), look.metal.dark)
    for x in (-17.5, 0.0, 17.5):
        canvas.fill(box(x, 2, 15.5, 7, 3), look.metal.dark)
        canvas.fill(box(x, 1.4, 14, 4, 2), look.metal.light)
        canvas.fill(box(x, 18, 2.5, 26, 1), look.metal.dark)


def _rocking(canvas: Canvas, look: Look) -> None:
    _bar(canvas, look.metal, 0, 88, 13)
    _saddles(canvas, look.metal, 0, 12, 7)


def _bathtub(canvas: Canvas, look: Look) -> None:
    metal = look.metal
    plate = ((-50, -14, 5), (50, -14, 5), (51, 54, 4), (38, 59), (0, 61), (-38, 59), (-51, 54, 4))
    metal_sheet(canvas, plate, metal, 2.2)
    canvas.fill(box(0, 21, 92, 26, 2), mixed(metal.dark, (0, 0, 0), 0.35))
    _bar(canvas, metal, 0, 78, 15)
    _saddles(canvas, metal, 0, 11, 7)
    _bar(canvas, metal, 41, 108, 13)


def _tune_o_matic(canvas: Canvas, look: Look) -> None:
    for x in (-39, 39):
        canvas.disc(x, 0, 7, look.metal.dark)
    _bar(canvas, look.metal, 0, 92, 14, 1.8)
    _saddles(canvas, look.metal, 0, 10, 6)
    canvas.discs([(-39, -1.2), (39, 1.2)], 3.4, look.metal.light)


def _wooden(canvas: Canvas, look: Look) -> None:
    foot = outline(((-72, -6, 3), (72, -6, 3), (76, 6, 3), (48, 9), (0, 7), (-48, 9), (-76, 6, 3)))
    canvas.shade(foot, 0.5)
    canvas.fill(foot, _WOOD)
    _bar(canvas, look.metal, -1, 84, 9)
    _saddles(canvas, look.metal, -1, 8, 6)


def _pins(canvas: Canvas, look: Look) -> None:
    wood = outline(PIN_BRIDGE)
    canvas.shade(wood, 0.5)
    canvas.fill(wood, mixed(look.board, (0, 0, 0), 0.25))
    canvas.fill(box(0, 0, 78, 3.6, 1.5, 2.5), (240, 236, 222))
    pins = [(x, 12.5 - abs(x) * 0.04) for x in _STRINGS_X * 1.05]
    canvas.discs(pins, 3.0, (238, 234, 220))
    canvas.discs(pins, 1.0, (30, 28, 26))


def _stop(canvas: Canvas, look: Look) -> None:
    for x in (-46, 46):
        canvas.disc(x, 43, 9, look.metal.dark)
    _bar(canvas, look.metal, 43, 104, 16)
    canvas.discs([(-45, 43), (45, 43)], 4.5, look.metal.light)
    canvas.discs([(-45, 43), (45, 43)], 2.0, look.metal.dark)


def _batwing(canvas: Canvas, look: Look) -> None:
    metal_sheet(canvas, BATWING_TAIL, look.metal, 1.0)
    canvas.discs([(x, 52 + abs(x) * 0.35) for x in _STRINGS_X], 2.0, look.metal.dark)


def _floating(canvas: Canvas, look: Look) -> None:
    metal_sheet(canvas, FLOATING_TAIL, look.metal, 0.7)
    canvas.fill(box(0, 113, 78, 8, 2), mixed(look.metal.dark, (0, 0, 0), 0.4))
    canvas.fill(box(0, 118, 78, 2.5, 1), look.metal.light)
    canvas.discs([(-42, 104), (42, 104), (-18, 44), (18, 44), (0, 104), (0, 62)], 3.0, look.metal.dark)


def _trapeze(canvas: Canvas, look: Look) -> None:
    end = max(point[1] for point in look.body)
    for side in (-1, 1):
        rods = [np.array([[side * top, 104.0], [side * foot, end - 8]]) for top, foot in ((27, 15), (14, 10))]
        canvas.lines([moved(rod, 1.5, 2) for rod in rods], mixed(look.finish.middle, (0, 0, 0), 0.55), 3)
        canvas.lines(rods, look.metal.plain, 3.4)
    metal_sheet(canvas, box(0, end - 7, 40, 16, 3), look.metal)
    _bar(canvas, look.metal, 100, 72, 14)


Drawer = Callable[[Canvas, Look], None]
BRIDGES: dict[str, Drawer] = {
    "tremolo": _tremolo,
    "ashtray": _ashtray,
    "rocking": _rocking,
    "bathtub": _bathtub,
    "tune_o_matic": _tune_o_matic,
    "wooden": _wooden,
    "pins": _pins,
}
TAILS: dict[str, Drawer] = {
    "": lambda canvas, look: None,
    "stop": _stop,
    "batwing": _batwing,
    "floating": _floating,
    "trapeze": _trapeze,
}
ANCHORS = {"tremolo": 10.0, "ashtray": 34.0, "bathtub": 41.0, "pins": 12.0}
TAIL_ANCHORS = {"stop": 41.0, "batwing": 56.0, "floating": 112.0, "trapeze": 100.0}
ARMS: dict[str, tuple[tuple[float, float], ...]] = {
    "tremolo": ((42, 17), (58, 2), (72, -60), (80, -112)),
    "bathtub": ((49, 41), (66, 18), (84, -30), (76, -78)),
    "floating": ((24, 62), (44, 28), (66, -30), (80, -92), (82, -126)),
}


def string_anchor(bridge: str, tail: str) -> float:
    """Return how far behind the bridge the strings end, in millimetres."""
    return TAIL_ANCHORS[tail] if tail else ANCHORS[bridge]


def draw_arm(canvas: Canvas, kind: str, look: Look) -> None:
    """Draw the tremolo arm of a bridge or tail that has one, over the strings."""
    arm = curve(ARMS[kind])
    canvas.lines([moved(arm, 2.5, 4)], mixed(look.finish.middle, (0, 0, 0), 0.5), 3)
    canvas.lines([arm], look.metal.dark, 5)
    canvas.lines([moved(arm, -0.6, -0.6)], look.metal.light, 2.4)
    canvas.lines([arm[-max(2, len(arm) // 7) :]], look.covers, 7)
    canvas.discs(arm[:1], 5, look.metal.plain)
