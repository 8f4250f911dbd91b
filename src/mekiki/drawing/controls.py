"""Knobs, switches, jacks, guards, control plates and holes: what lies flat on the top."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mekiki.drawing.canvas import Canvas, Colour, Image, box, mixed
from mekiki.drawing.curves import Points, moved, outline
from mekiki.drawing.hardware import metal_sheet
from mekiki.drawing.looks import Look, Plastic
from mekiki.drawing.models import GuitarModel
from mekiki.drawing.outlines import mirrored
from mekiki.drawing.plates import FHOLE

_DARK: Colour = (20, 18, 17)
_HOLE_Y = -148.0
_ROSETTE: tuple[tuple[float, Colour], ...] = (
    (62, (60, 44, 34)),
    (60, (226, 206, 160)),
    (56.5, (52, 38, 30)),
    (54.5, (222, 200, 152)),
)


def draw_guard(canvas: Canvas, look: Look, rng: np.random.Generator) -> None:
    """Draw the pick guard with its shadow, ply edge, flakes and screws."""
    if look.guard is None:
        return
    points, plastic = outline(look.guard), look.guard_plastic
    canvas.shade(points, 0.3, (0.8, 1.4))
    if plastic.flakes:
        window = canvas.window(points)
        canvas.paste(_flaked(plastic, window, canvas.scale, rng), canvas.mask(points, window), window)
    else:
        canvas.fill(points, plastic.face)
    canvas.lines([points], plastic.edge, 1.4, closed=True)
    canvas.discs(_screws(points), 1.7, (150, 150, 152))


def _flaked(plastic: Plastic, window: tuple[slice, slice], scale: float, rng: np.random.Generator) -> Image:
    rows, columns = (span.stop - span.start for span in window)
    small = (max(2, round(columns / (1.8 * scale))), max(2, round(rows / (1.8 * scale))))
    sheet = np.full((small[1], small[0], 3), plastic.face, np.uint8)
    for flake in plastic.flakes:
        coarse = rng.standard_normal((max(2, small[1] // 3), max(2, small[0] // 4)), dtype=np.float32)
        waves = cv2.resize(coarse, small, interpolation=cv2.INTER_CUBIC)
        sheet[waves > 0.6] = flake
    return np.asarray(cv2.resize(sheet, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _screws(points: Points) -> Points:
    """About every 70 mm along an outline, 5 mm inside it."""
    steps = np.diff(points, axis=0, append=points[:1])
    along = np.cumsum(np.hypot(*steps.T))
    count = max(3, round(along[-1] / 70))
    chosen = np.searchsorted(along, np.arange(count) * along[-1] / count + 9) % len(points)
    normals = np.stack([-steps[chosen, 1], steps[chosen, 0]], -1)
    x, y = points.T
    if np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)) < 0:
        normals = -normals
    return np.asarray(points[chosen] + 5 * normals / np.maximum(np.hypot(*normals.T), 1e-6)[:, None])


def draw_plates(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    """Draw the metal control plates and the jack."""
    for number, plate in enumerate(model.plates):
        metal_sheet(canvas, plate, look.metal, phase=1.7 * number)
    if model.jack is None:
        return
    x, y = model.jack
    if model.jack_cup:
        metal_sheet(canvas, box(x, y, 72, 29, 15, 40), look.metal)
        canvas.fill(box(x + 2, y + 2, 34, 15, 7, 40), look.metal.dark)
        canvas.disc(x + 8, y + 7, 5, _DARK)
    else:
        canvas.disc(x, y, 7, look.metal.plain)
        canvas.disc(x, y, 4, _DARK)


def draw_holes(canvas: Canvas, model: GuitarModel) -> None:
    """Draw f-holes, or the round hole with its rosette."""
    if model.holes == "f":
        for hole in (FHOLE, mirrored(FHOLE)):
            canvas.fill(hole, _DARK)
            points = outline(hole)
            canvas.lines([moved(points[len(points) // 2 :], 0.8, 0.8)], (120, 84, 50), 1.0)
    if model.holes == "round":
        for radius, colour in _ROSETTE:
            canvas.disc(0, _HOLE_Y, radius, colour)
        canvas.disc(0, _HOLE_Y, 50, (30, 21, 16))
        canvas.disc(2, _HOLE_Y + 5, 44, (18, 13, 11))


def draw_knobs(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    """Draw the knobs and the selector."""
    for x, y in model.knobs:
        canvas.shade(box(x, y, 25, 25, 12), 0.5, (2, 3))
        KNOBS[model.knob_kind](canvas, look, x, y)
    if model.switch is not None:
        SWITCHES[model.switch_kind](canvas, look, *model.switch)


def _skirt(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.disc(x, y, 12.5, mixed(look.covers, (90, 90, 90), 0.3))
    canvas.disc(x, y, 11.5, look.covers)
    canvas.disc(x, y, 8, mixed(look.covers, (90, 90, 90), 0.25))
    canvas.disc(x - 0.7, y - 0.7, 7, mixed(look.covers, (255, 255, 255), 0.15))


def _dome(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.disc(x, y, 10, look.metal.dark)
    canvas.disc(x, y, 8.5, look.metal.plain)
    canvas.disc(x - 1.5, y - 1.5, 5, look.metal.light)


def _hat(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.disc(x, y, 12.5, (24, 24, 26))
    canvas.disc(x, y, 8, (52, 52, 55))
    canvas.disc(x, y, 5, (30, 30, 32))
    canvas.lines([np.array([[x, y], [x + 6, y - 8]])], (220, 220, 220), 1)


def _top_hat(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.disc(x, y, 13, mixed(look.knobs, (0, 0, 0), 0.35))
    canvas.disc(x, y, 11.8, look.knobs)
    canvas.disc(x, y, 8.5, mixed(look.knobs, (0, 0, 0), 0.3))
    canvas.disc(x - 0.8, y - 0.8, 7, mixed(look.knobs, (255, 255, 255), 0.25))


KNOBS: dict[str, Callable[[Canvas, Look, float, float], None]] = {
    "skirt": _skirt,
    "dome": _dome,
    "hat": _hat,
    "top_hat": _top_hat,
}


def _blade(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.fill(box(x, y, 40, 3, 1, 47), _DARK)
    canvas.disc(x + 6, y + 6, 4.5, look.covers)


def _upright_blade(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.fill(box(x, y, 3, 40, 1), _DARK)
    canvas.disc(x, y + 6, 4.5, _DARK)


def _toggle(canvas: Canvas, look: Look, x: float, y: float) -> None:
    if look.binding is not None and x < 0:
        canvas.disc(x, y, 17, (226, 214, 176))
    canvas.disc(x, y, 7.5, look.metal.plain)
    canvas.disc(x, y, 4.5, look.metal.dark)
    canvas.disc(x + 2.5, y - 3, 4, (232, 222, 190))


def _sliders(canvas: Canvas, look: Look, x: float, y: float) -> None:
    canvas.discs([(x, y - 15), (x, y), (x, y + 15)], 4.2, _DARK)
    for x, y, degrees in ((-81, -207, 65), (-77, -168, 78), (-70, -136, 78)):
        canvas.fill(box(x, y, 17, 6, 1, degrees), _DARK)


def _two_sliders(canvas: Canvas, look: Look, x: float, y: float) -> None:
    for row in (y - 24, y + 24):
        canvas.fill(box(x, row, 6, 18, 1), (16, 16, 17))
        canvas.fill(box(x, row - 4, 6, 7, 1), look.covers)


SWITCHES: dict[str, Callable[[Canvas, Look, float, float], None]] = {
    "blade": _blade,
    "upright_blade": _upright_blade,
    "toggle": _toggle,
    "sliders": _sliders,
    "two_sliders": _two_sliders,
}
