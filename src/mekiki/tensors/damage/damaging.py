"""From a picture, a kind and a severity to the damaged square.

Damage is done where training's augmentation does it: in the network's square, after the photo was fitted. There a
severity means the same for every photo whatever its pixels (noise on 12 megapixels is gone before a network sees it),
and dust is the dust of training. What moves is one resampling straight from the photo, and what it brings in from
outside repeats the edge. Severities are nested: the eight strokes of severity 8 are the first eight of severity 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import numpy as np

from mekiki.config import FitName, KindName
from mekiki.seeds import entropy
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.change import Change, Operation, Rectangle
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.marks import MEAN_GREY, REFERENCE_SIDE, grains_of_dust
from mekiki.tensors.augmentation.strokes import draw_strokes
from mekiki.tensors.geometry import Picture, Pose, about_the_middle

MOST_DUST = 1000
"""Rectangles that are drawn, of which the first few are laid: the draw must not depend on how many."""


def damaged(picture: Picture, kind: KindName, severity: float, key: Key, size: int, fit: FitName) -> Picture:
    """Draw a picture into the network's square, damaged.

    Args:
        picture: (H, W, 3), already reduced to about the square's scale.
        kind: Any but fgsm and pgd, which need a model.
        severity: In the kind's unit; 0 is the clean picture to the last bit.
        key: Of the picture: the seed, and what it is known by.
        size: Side of the square, pixels.
        fit: How the picture fits the square.

    Returns:
        (size, size, 3).
    """
    if severity == 0:
        return change_into_square(picture, Change(), size, fit)
    return change_into_square(picture, _CHANGES[kind](severity, key, size), size, fit)


def _numbers(kind: KindName, key: Key) -> np.random.Generator:
    return key.stream(f"stress {kind}")


def _sign(kind: KindName, key: Key) -> int:
    """Return which way a picture is turned, or made brighter or darker: the same at every severity."""
    return 1 if _numbers(kind, key).random() < 0.5 else -1


def thrown_dust(key: Key, count: int, width: int, height: int) -> tuple[Rectangle, ...]:
    """Return the dust of a severity over a picture.

    Args:
        key: Of the picture: the seed, and what it is known by. The same key is the same dust at any size.
        count: Rectangles, at most ``MOST_DUST``.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    return tuple(islice(grains_of_dust(_numbers("dust", key), MOST_DUST, width, height), count))


def _dust(severity: float, key: Key, size: int) -> Change:
    return Change(rectangles=thrown_dust(key, round(severity), size, size))


def _scribble(severity: float, key: Key, size: int) -> Change:
    return Change(strokes=tuple(islice(draw_strokes(_numbers("scribble", key)), round(severity))))


def _occlusion(severity: float, key: Key, size: int) -> Change:
    """Cover a square, all of it inside; a larger one contains the smaller."""
    side = round(math.sqrt(severity) * size)
    down, across = _numbers("occlusion", key).random(2).tolist()
    top, left = round(down * (size - side)), round(across * (size - side))
    return Change(rectangles=(Rectangle(top, left, top + side, left + side, MEAN_GREY),))


def _blur(severity: float, key: Key, size: int) -> Change:
    return Change(blur=severity * size / REFERENCE_SIDE)


def _noise(severity: float, key: Key, size: int) -> Change:
    return Change(gaussian_noise=severity, key=entropy(key.seed, "stress noise", *key.counters) >> 96)


def _jpeg(severity: float, key: Key, size: int) -> Change:
    return Change(jpeg_quality=round(100 - severity))


def _brightness(severity: float, key: Key, size: int) -> Change:
    return Change(brightness=1 + _sign("brightness", key) * severity)


def _contrast(severity: float, key: Key, size: int) -> Change:
    return Change(operations=(Operation("Contrast", 1 + _sign("contrast", key) * severity),))


def _rotation(severity: float, key: Key, size: int) -> Change:
    return Change(about_the_middle(Pose(degrees=_sign("rotation", key) * severity)))


def _scale(severity: float, key: Key, size: int) -> Change:
    distance = (1 + severity) ** _sign("scale", key)
    return Change(about_the_middle(Pose(zoom_x=distance, zoom_y=distance)))


def _shift(severity: float, key: Key, size: int) -> Change:
    angle = 2 * math.pi * float(_numbers("shift", key).random())
    far = severity * size
    return Change(about_the_middle(Pose(shift_x=far * math.cos(angle), shift_y=far * math.sin(angle))))


_CHANGES: dict[str, Callable[[float, Key, int], Change]] = {
    "dust": _dust,
    "scribble": _scribble,
    "occlusion": _occlusion,
    "blur": _blur,
    "noise": _noise,
    "jpeg": _jpeg,
    "brightness": _brightness,
    "contrast": _contrast,
    "rotation": _rotation,
    "scale": _scale,
    "shift": _shift,
}
