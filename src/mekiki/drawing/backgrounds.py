"""What lies behind the guitar: paper, paint, gradients, a wall over a floor, boards, carpet, clutter.

Every function draws from the same urns whatever stands in front, so that a background tells nothing about a class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from mekiki.drawing.canvas import Image

Levels: TypeAlias = npt.NDArray[np.float32]


def _tint(rng: np.random.Generator, low: float = 20, high: float = 240, vivid: float = 0.5) -> Levels:
    """A colour as bright as ``low`` to ``high``, grey where ``vivid`` is 0."""
    grey = rng.uniform(low, high)
    return np.clip(grey + rng.normal(0, 1, 3) * rng.uniform(0, 60) * vivid, 4, 252).astype(np.float32)


def _waves(rng: np.random.Generator, rows: int, columns: int, size: int) -> Levels:
    coarse = rng.standard_normal((max(2, rows), max(2, columns)), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _flat(colour: Levels, size: int) -> Levels:
    return np.broadcast_to(colour, (size, size, 3)).astype(np.float32)


def _white(rng: np.random.Generator, size: int) -> Levels:
    return _flat(np.full(3, rng.uniform(238, 255), np.float32) + rng.uniform(-3, 3, 3).astype(np.float32), size)


def _plain(rng: np.random.Generator, size: int) -> Levels:
    return _flat(_tint(rng, 6, 235, 1.0), size)


def _gradient(rng: np.random.Generator, size: int) -> Levels:
    first, second = _tint(rng), _tint(rng)
    rows, columns = np.mgrid[0:33, 0:33] / 32
    if rng.random() < 0.5:
        x, y = rng.uniform(0.2, 0.8, 2)
        share = np.clip(np.hypot(columns - x, rows - y) * rng.uniform(0.9, 1.6), 0, 1)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        share = np.clip(0.5 + (columns - 0.5) * np.cos(angle) + (rows - 0.5) * np.sin(angle), 0, 1)
    small = (first + (second - first) * share[..., None]).astype(np.float32)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _boards(rng: np.random.Generator, size: int) -> Levels:
    """Planks with grain, seams and a shade each."""
    base = np.array([(196, 150, 100), (150, 100, 62), (96, 66, 46), (176, 168, 156), (214, 190, 150), (120, 62, 40)])
    colour = (base[rng.integers(len(base))] * rng.uniform(0.8, 1.15)).astype(np.float32)
    count = int(rng.integers(3, 9))
    plank = np.arange(size) * count // size
    shade = rng.normal(0, 9, count + 1)[plank].astype(np.float32)
    grain = _waves(rng, size // 3, 4, size) * 7 + _waves(rng, count * 3, 5, size) * 8
    sheet = colour + (shade[:, None] + grain)[..., None]
    seams = np.flatnonzero(np.diff(plank)) + 1
    thick = max(1, size // 200)
    for seam in seams:
        sheet[seam : seam + thick] *= 0.45
    for number in range(count):
        end = int(rng.integers(size))
        sheet[plank == number, end : end + thick] *= 0.5
    return sheet if rng.random() < 0.5 else np.ascontiguousarray(sheet.transpose(1, 0, 2))


def _carpet(rng: np.random.Generator, size: int) -> Levels:
    fine = rng.standard_normal((size // 2, size // 2), dtype=np.float32)
    pile = cv2.resize(fine, (size, size), interpolation=cv2.INTER_LINEAR) * float(rng.uniform(4, 16))
    blotches = _waves(rng, 7, 7, size) * float(rng.uniform(2, 9))
    return np.asarray(_tint(rng, 30, 190) + (pile + blotches)[..., None], np.float32)


def _wall(rng: np.random.Generator, size: int) -> Levels:
    """A wall, now and then with a skirting board, over a floor."""
    sheet = _flat(_tint(rng, 90, 235), size).copy()
    sheet += (_waves(rng, 4, 4, size) * 4)[..., None]
    if rng.random() < 0.25:
        _bricks(sheet, rng, size)
    line = int(size * rng.uniform(0.55, 0.9))
    floor = (_boards if rng.random() < 0.6 else _carpet)(rng, size)
    sheet[line:] = floor[line:] * np.linspace(0.75, 1.05, size - line, dtype=np.float32)[:, None, None]
    if rng.random() < 0.6:
        board = max(2, int(size * rng.uniform(0.02, 0.06)))
        sheet[line - board : line] = _tint(rng, 150, 250, 0.2)
        sheet[line - board] *= 0.8
        sheet[line - 1] *= 0.6
    return sheet


def _bricks(sheet: Levels, rng: np.random.Generator, size: int) -> None:
    high = max(5, int(size * rng.uniform(0.04, 0.07)))
    wide = int(high * 2.6)
    mortar = _tint(rng, 120, 210, 0.2)
    for number, top in enumerate(range(0, size, high)):
        for left in range(-(wide // 2) * (number % 2), size, wide):
            sheet[top : top + high, max(0, left) : max(0, left + wide)] += rng.normal(0, 9)
            sheet[top : top + high, max(0, left) : max(0, left) + 1] = mortar
        sheet[top : top + 1] = mortar


def _clutter(rng: np.random.Generator, size: int) -> Levels:
    """Boxes, discs and bars out of focus: amplifiers, posters, lamps, cables."""
    sheet = (_gradient if rng.random() < 0.5 else _wall)(rng, size)
    for _ in range(int(rng.integers(4, 12))):
        _add_thing(sheet, rng, size)
    blur = float(rng.uniform(0.2, 3.0)) * size / 256
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), blur), np.float32)


def _add_thing(sheet: Levels, rng: np.random.Generator, size: int) -> None:
    red, green, blue = _tint(rng, 10, 245, 0.8).tolist()
    x, y, end_x, end_y = (rng.uniform(-0.1, 1.1, 4) * size).astype(int).tolist()
    lot = rng.random()
    if lot < 0.55:
        reach = (float(rng.uniform(0.08, 0.45) * size), float(rng.uniform(0.08, 0.45) * size))
        corners = [np.rint(cv2.boxPoints(((x, y), reach, float(rng.normal(0, 9))))).astype(np.int32)]
        cv2.fillPoly(sheet, corners, (red, green, blue), cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.polylines(sheet, corners, True, (20.0, 20.0, 20.0), max(1, size // 90))
    elif lot < 0.8:
        cv2.circle(sheet, (x, y), int(rng.uniform(0.03, 0.2) * size), (red, green, blue), -1, cv2.LINE_AA)
    else:
        cv2.line(sheet, (x, y), (end_x, end_y), (red, green, blue), max(1, int(size * rng.uniform(0.005, 0.04))))


BACKGROUNDS: tuple[tuple[float, Callable[[np.random.Generator, int], Levels]], ...] = (
    (0.26, _white),
    (0.14, _plain),
    (0.16, _gradient),
    (0.14, _wall),
    (0.10, _boards),
    (0.08, _carpet),
    (0.12, _clutter),
)


def draw_background(rng: np.random.Generator, size: int) -> tuple[Image, bool]:
    """Draw one background by lot.

    Returns:
        RGB pixels (size, size, 3), and whether it is white paper (which gets a softer shadow).
    """
    bounds = np.cumsum([weight for weight, _ in BACKGROUNDS])
    drawer = BACKGROUNDS[int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))][1]
    return np.clip(drawer(rng, size), 0, 255).astype(np.uint8), drawer is _white
