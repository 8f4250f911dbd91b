"""Neck, frets, marks, head, tuners and strings."""

from __future__ import annotations

import cv2
import numpy as np

from mekiki.drawing.canvas import Canvas, Colour, box, mixed
from mekiki.drawing.curves import Path, Points, moved, outline
from mekiki.drawing.hardware import string_anchor
from mekiki.drawing.looks import Look
from mekiki.drawing.models import GuitarModel

_NUT_HALF, _END_HALF = 21.5, 28.0
_ROD_COVER: Path = ((-6, -6, 2), (-7, -14), (-10, -22), (-6, -31), (0, -38), (6, -31), (10, -22), (7, -14), (6, -6, 2))
_MARKED = (3, 5, 7, 9, 12, 15, 17, 19, 21)


def fret_y(model: GuitarModel, fret: float) -> float:
    """Return where a fret lies, in millimetres from the bridge (negative); fret 0 is the nut."""
    return float(-model.scale_length * 2 ** (-fret / 12))


def _half_width(model: GuitarModel, y: float) -> float:
    end = fret_y(model, model.frets)
    return float(_NUT_HALF + (_END_HALF - _NUT_HALF) * (y + model.scale_length) / (end + model.scale_length))


def _strip(model: GuitarModel, top: float, bottom: float, extra: float = 0.0) -> Points:
    above, below = _half_width(model, top) + extra, _half_width(model, bottom) + extra
    return np.array([[-above, top], [above, top], [below, bottom], [-below, bottom]], float)


def draw_head(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    """Draw tuner buttons, head and posts."""
    nut = np.array([0.0, -model.scale_length])
    head = look.head
    posts = np.array(head.posts) + nut
    if head.buttons:
        buttons = np.array(head.buttons) + nut
        shafts = [np.stack(pair) for pair in zip(posts, buttons, strict=True)]
        canvas.lines(shafts, look.metal.plain, 4)
        for (x, y), post in zip(buttons, posts, strict=True):
            degrees = float(np.degrees(np.arctan2(y - post[1], x - post[0])))
            canvas.fill(box(x, y, 11, 15, 5, degrees), mixed(look.buttons, (0, 0, 0), 0.35))
            canvas.fill(box(x - 0.6, y - 0.6, 8.5, 12.5, 4, degrees), look.buttons)
    points = outline(head.outline) + nut
    dark = sum(look.head_colour) < 200
    canvas.fill(points, look.head_colour)
    canvas.lines([points], mixed(look.head_colour, (0, 0, 0), 0.4), 1.2, closed=True)
    ink = (206, 190, 140) if dark else mixed(look.head_colour, (30, 20, 10), 0.75)
    _draw_name(canvas, np.array(head.name) + nut, ink)
    if model.maker == "gibson":
        canvas.fill(outline(_ROD_COVER) + nut, (24, 23, 24) if not dark else (44, 42, 42))
    canvas.discs(posts, 5, look.metal.dark)
    canvas.discs(posts - 0.6, 3.6, look.metal.light)


def _draw_name(canvas: Canvas, ends: Points, colour: Colour) -> None:
    """A scribble that stands for the maker's name."""
    start, along = ends[0], ends[1] - ends[0]
    share = np.linspace(0, 1, 13)[:, None]
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    waves = np.sin(share * 33) * (3.2 - 1.5 * share)
    canvas.lines([start + along * share + across * waves], colour, 1.4)


def draw_neck(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    """Draw neck, fingerboard, frets, marks and nut."""
    nut, end = -model.scale_length, fret_y(model, model.frets) + 5
    canvas.shade(_strip(model, nut * 0.6, end), 0.35, (2.5, 2.0))
    canvas.fill(_strip(model, nut - 6, end - 40, 0.6), mixed(look.neck, (0, 0, 0), 0.25))
    edge = (232, 222, 190) if look.bound_board else mixed(look.board, (0, 0, 0), 0.4)
    canvas.fill(_strip(model, nut, end), edge)
    canvas.fill(_strip(model, nut, end - 1, -1.6), look.board)
    wire = mixed(look.board, (214, 212, 204), min(0.85, 0.3 + 0.4 * canvas.scale))
    frets = [_strip(model, fret_y(model, fret), fret_y(model, fret))[:2] for fret in range(1, model.frets + 1)]
    canvas.lines([moved(fret, 0, 1.4) for fret in frets], mixed(look.board, (0, 0, 0), 0.4), 1.2)
    canvas.lines(frets, wire, 1.8)
    _draw_marks(canvas, model, look)
    canvas.fill(box(0, nut - 1, _NUT_HALF * 2, 5, 1), (236, 232, 218))


def _draw_marks(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    marked = ((1,) if look.inlay_kind in ("blocks", "parallelograms") else ()) + _MARKED
    for fret in marked:
        if fret > model.frets:
            continue
        above, below = fret_y(model, fret - 1), fret_y(model, fret)
        y, high = (above + below) / 2, below - above
        wide = _half_width(model, y)
        if look.inlay_kind == "dots":
            xs = (-wide * 0.45, wide * 0.45) if fret == 12 else (0.0,)
            canvas.discs([(x, y) for x in xs], 3.4, look.inlay)
        elif look.inlay_kind == "blocks":
            canvas.fill(box(0, y, wide * 1.3, high * 0.62, 1), look.inlay)
        elif look.inlay_kind == "trapezoids":
            long, short, h = wide * 0.8, wide * 0.58, high * 0.3
            canvas.fill(np.array([[-long, y - h], [long, y - h], [short, y + h], [-short, y + h]]), look.inlay)
        else:
            for side in (-1, 1):
                middle, h = side * wide * 0.36, high * 0.27
                slanted = [[-0.31, -h], [0.2, -h], [0.31, h], [-0.2, h]]
                canvas.fill(np.array([[middle + wide * a, y + b] for a, b in slanted]), look.inlay)


def draw_strings(canvas: Canvas, model: GuitarModel, look: Look) -> None:
    """Lay six thin strings over everything, thicker and warmer on the bass side."""
    nut = -model.scale_length
    posts = moved(np.array(look.head.posts), 0, nut)
    anchor = string_anchor(model.bridge, look.tail)
    at_bridge, at_nut = np.linspace(-26, 26, 6), np.linspace(-17.5, 17.5, 6)
    squeeze = 0.8 if look.tail == "trapeze" else 1.0
    lines = [
        np.array([[at_bridge[n] * squeeze, anchor], [at_bridge[n], 0], [at_nut[n], nut], posts[n]]) for n in range(6)
    ]
    window = canvas.window(np.concatenate(lines))
    below = canvas.pixels[window]
    cover = np.zeros(below.shape[:2], np.uint8)
    shift = np.array([window[1].start, window[0].start], np.int32) * 16
    for number, line in enumerate(lines):
        spots = [canvas.spots(line) - shift]
        strength = int(min(255, (190 - 18 * number) * min(1.0, 0.4 + 0.5 * canvas.scale)))
        cv2.polylines(cover, spots, False, strength, 1, cv2.LINE_AA, 4)
    silver = np.full((*below.shape[:2], 3), mixed(look.metal.light, (200, 190, 170), 0.3), np.uint8)
    canvas.paste(silver, cover, window)
