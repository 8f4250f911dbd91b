"""One instrument on its canvas: the parts in the order in which they lie on one another."""

from __future__ import annotations

import cv2
import numpy as np

from mekiki.drawing import controls, hardware, neck
from mekiki.drawing.canvas import Canvas, mixed
from mekiki.drawing.curves import Points, outline
from mekiki.drawing.finishes import paint
from mekiki.drawing.looks import Look
from mekiki.drawing.models import GuitarModel
from mekiki.drawing.pickups import draw_pickups
from mekiki.drawing.relief import shape_relief

_MARGIN_MM = 14.0


def extent(model: GuitarModel, look: Look) -> Points:
    """Return points, in millimetres, whose hull holds the whole instrument."""
    nut = np.array([0.0, -model.scale_length])
    parts = [outline(look.body), outline(look.head.outline) + nut]
    if look.head.buttons:
        parts.append(np.array(look.head.buttons) + nut)
    return np.concatenate(parts)


def draw_instrument(model: GuitarModel, look: Look, scale: float, rng: np.random.Generator) -> Canvas:
    """Draw an instrument upright.

    Args:
        model: What it is.
        look: What it wears.
        scale: Pixels for each millimetre.
        rng: Draws grain, reflections and flakes.
    """
    points = extent(model, look)
    (left, top), (right, bottom) = points.min(0) - _MARGIN_MM, points.max(0) + _MARGIN_MM
    canvas = Canvas(left, top, right, bottom, scale)
    neck.draw_head(canvas, model, look)
    _draw_body(canvas, model, look, rng)
    controls.draw_holes(canvas, model)
    controls.draw_guard(canvas, look, rng)
    controls.draw_plates(canvas, model, look)
    neck.draw_neck(canvas, model, look)
    hardware.TAILS[look.tail](canvas, look)
    hardware.BRIDGES[model.bridge](canvas, look)
    draw_pickups(canvas, look)
    controls.draw_knobs(canvas, model, look)
    neck.draw_strings(canvas, model, look)
    for kind in (model.bridge, look.tail):
        if kind in hardware.ARMS and rng.random() < 0.6:
            hardware.draw_arm(canvas, kind, look)
    return canvas


def _draw_body(canvas: Canvas, model: GuitarModel, look: Look, rng: np.random.Generator) -> None:
    points = outline(look.body)
    button = points[np.argmax(np.where(np.abs(points[:, 0]) < 8, points[:, 1], -np.inf))]
    canvas.disc(button[0], button[1] + 3, 6, look.metal.plain)
    side = rng.uniform(-5, 5, 2)
    canvas.fill(points + side, mixed(look.finish.edge, (0, 0, 0), 0.45))
    relief = shape_relief(look.body, model.relief, canvas.scale)
    angle = float(rng.uniform(0, 2 * np.pi))
    painted = paint(relief, look.finish, (float(np.cos(angle)), float(np.sin(angle))), rng)
    column = round((relief.left - canvas.origin[0]) * canvas.scale)
    row = round((relief.top - canvas.origin[1]) * canvas.scale)
    rows, columns = relief.cover.shape
    if look.binding is not None:
        grid = Canvas(relief.left, relief.top, relief.left + 1, relief.top + 1, canvas.scale)
        width = max(1, round(8 * canvas.scale))
        cv2.polylines(painted, [grid.spots(points)], True, look.binding, width, cv2.LINE_AA, 4)
    canvas.paste(painted, relief.cover, (slice(row, row + rows), slice(column, column + columns)))
