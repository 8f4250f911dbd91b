"""Now and then something in front that hides a small part: a strap, a cable, a hand, a stand, a price tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mekiki.drawing.canvas import Canvas, Colour, box, mixed
from mekiki.drawing.curves import Points
from mekiki.drawing.poses import Pose

_CHANCE = 0.22
_SKIN: tuple[Colour, ...] = ((236, 196, 168), (208, 158, 122), (156, 104, 74), (98, 64, 46))


def _arc(start: Points, bend: Points, end: Points) -> Points:
    share = np.linspace(0, 1, 24)[:, None]
    return np.asarray((1 - share) ** 2 * start + 2 * share * (1 - share) * bend + share**2 * end)


def _colour(rng: np.random.Generator) -> Colour:
    red, green, blue = (int(level) for level in np.clip(rng.uniform(15, 180) + rng.normal(0, 35, 3), 5, 250))
    return red, green, blue


def _strap(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    shoulder = points[(points[:, 0] < -45) & (points[:, 1] > -400)]
    horn = shoulder[shoulder[:, 1].argmin()] + np.array([8, 14])
    tail = np.array([0.0, points[:, 1].max() - 10])
    path = _arc(horn, np.array([rng.uniform(-900, -450), rng.uniform(-200, 200)]), tail)
    along = np.gradient(path, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], -1) / np.hypot(*along.T)[:, None]
    colour, half = _colour(rng), float(rng.uniform(17, 26))
    edges = [pose.place(path + across * side * half) for side in (-1, 1)]
    sheet.fill(np.concatenate([edges[0], edges[1][::-1]]), colour)
    seams = [pose.place(path + across * side * half * 0.8) for side in (-1, 1)]
    sheet.lines(edges, mixed(colour, (0, 0, 0), 0.45), 2.5 * pose.scale)
    sheet.lines(seams, mixed(colour, (235, 225, 200), float(rng.uniform(0.15, 0.7))), 2.5 * pose.scale)


def _cable(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    start = np.array([float(rng.uniform(60, 120)), float(rng.uniform(60, 130))])
    bend = start + rng.uniform(-160, 260, 2)
    path = _arc(start, bend, start + rng.uniform(-300, 500, 2))
    colour = _colour(rng)
    line = [pose.place(path)]
    sheet.lines(line, mixed(colour, (0, 0, 0), 0.4), 8 * pose.scale)
    sheet.lines(line, colour, 5 * pose.scale)


def _hand(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    skin = _SKIN[int(rng.integers(len(_SKIN)))]
    y = float(rng.uniform(points[:, 1].min() * 0.8, -300))
    dark = mixed(skin, (0, 0, 0), 0.25)
    for number in range(4):
        row = y + 19.0 * number
        finger = np.array([[44.0, row + 4], [22.0, row - 3], [float(rng.uniform(-18, 2)), row]])
        line = [pose.place(finger)]
        sheet.lines(line, dark, 18 * pose.scale)
        sheet.lines(line, skin, 15 * pose.scale)
    sheet.fill(pose.place(box(56, y + 30, 44, 92, 20)), skin)


def _stand(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    bottom = points[:, 1].max()
    for side in (-1, 1):
        arm = np.array([[side * 20.0, bottom + 160], [side * 84.0, bottom + 26], [side * 88.0, bottom - 34]])
        line = [pose.place(arm)]
        sheet.lines(line, (18, 18, 20), 17 * pose.scale)
        sheet.lines(line, (62, 62, 66), 6 * pose.scale)


def _tag(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    x, y, degrees = rng.uniform(-90, 60), rng.uniform(20, 120), rng.uniform(-40, 40)
    wide, high = rng.uniform(40, 75), rng.uniform(26, 50)
    sheet.fill(pose.place(box(float(x), float(y), float(wide), float(high), 3, float(degrees))), (246, 244, 236))
    sheet.fill(pose.place(box(float(x), float(y), float(wide) * 0.6, 5, 1, float(degrees))), _colour(rng))


Obstacle: TypeAlias = Callable[[Canvas, Pose, Points, np.random.Generator], None]
OBSTACLES: tuple[Obstacle, ...] = (_strap, _cable, _hand, _stand, _tag)


def draw_obstacle(sheet: Canvas, pose: Pose, points: Points, rng: np.random.Generator) -> None:
    """Draw something in front of the instrument, or nothing, by lot.

    Args:
        sheet: A canvas whose millimetres are the picture's pixels.
        pose: How the instrument lies.
        points: Points in millimetres whose hull holds it.
        rng: Source of the lots.
    """
    if rng.random() < _CHANCE:
        OBSTACLES[int(rng.integers(len(OBSTACLES)))](sheet, pose, points, rng)
