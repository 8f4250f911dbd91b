"""The heads: outline, tuners and where each string goes.

Millimetres from the middle of the nut; y is negative above it, x runs to the treble side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mekiki.drawing.curves import Path, Points

Place: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Head:
    """One head.

    Args:
        outline: Control points, beginning at the nut on the bass side.
        posts: One post per string, from the lowest string on.
        buttons: The tuner buttons' middles; empty where they cannot be seen from the front.
        name: Where the maker's name begins and ends.
    """

    outline: Path
    posts: tuple[Place, ...]
    buttons: tuple[Place, ...]
    name: tuple[Place, Place]


def _six_in_line(outline: Path, start: Place, end: Place, reach: float, name: tuple[Place, Place]) -> Head:
    """Six posts from ``start`` to ``end``, their buttons ``reach`` to the left of that line."""
    posts = np.linspace(start, end, 6)
    along = (posts[-1] - posts[0]) / np.hypot(*(posts[-1] - posts[0]))
    return Head(outline, _pairs(posts), _pairs(posts + np.array([along[1], -along[0]]) * reach), name)


def _three_a_side(outline: Path, rows: tuple[float, float, float], inner: float, reach: float, lean: float) -> Head:
    """Three posts on each side; the low strings go to the left, the outer strings to the lowest posts.

    ``inner`` is the lowest posts' distance from the middle and ``lean`` what each row adds to it.
    """
    left = [(-(inner + lean * number), row) for number, row in enumerate(rows)]
    right = [(-x, y) for x, y in reversed(left)]
    buttons = [(x - reach if x < 0 else x + reach, y) for x, y in (*left, *right)]
    top = min(rows) - 20
    return Head(outline, tuple((*left, *right)), tuple(buttons), ((-15, top), (15, top)))


def _pairs(points: Points) -> tuple[Place, ...]:
    return tuple((float(x), float(y)) for x, y in points)


SMALL: Path = (
    (-21, 0, 0), (-22, -8), (-28, -17), (-36, -26, 5), (-2, -172, 6), (7, -184), (22, -193), (40, -193),
    (54, -182), (58, -166), (52, -150), (41, -140), (34, -128), (32, -112), (35, -92), (43, -70), (50, -54),
    (53, -43, 3), (44, -37), (33, -30), (25, -18), (21, 0, 0),
)  # fmt: skip

LARGE: Path = (
    (-21, 0, 0), (-22, -8), (-29, -17), (-38, -26, 5), (-4, -172, 6), (6, -187), (24, -198), (45, -197),
    (61, -184), (65, -165), (58, -147), (46, -136), (40, -124), (40, -107), (45, -88), (54, -68), (62, -52),
    (65, -40, 3), (54, -33), (40, -28), (27, -17), (21, 0, 0),
)  # fmt: skip

THIN: Path = (
    (-21, 0, 0), (-22, -7), (-29, -15), (-36, -25, 5), (-6, -162), (4, -172), (20, -177), (36, -171),
    (44, -156), (41, -142), (33, -133), (30, -126, 2), (36, -113), (42, -94), (43, -74), (38, -52),
    (29, -29), (22, -12), (21, 0, 0),
)  # fmt: skip

OPEN_BOOK: Path = (
    (-21.5, 0, 0), (-22, -10), (-27, -24), (-35, -40), (-37, -52), (-41, -120), (-44, -172, 3), (-36, -170),
    (-27, -174), (-17, -180), (-8, -180), (0, -174, 1), (8, -180), (17, -180), (27, -174), (36, -170),
    (44, -172, 3), (41, -120), (37, -52), (35, -40), (27, -24), (22, -10), (21.5, 0, 0),
)  # fmt: skip

SQUARE: Path = (
    (-22, 0, 0), (-24, -12), (-31, -27, 4), (-37, -184, 3), (0, -187), (37, -184, 3), (31, -27, 4), (24, -12),
    (22, 0, 0),
)  # fmt: skip

ARROW: Path = (
    (-21.5, 0, 0), (-23, -8), (-32, -20), (-48, -36, 3), (-19, -158), (-12, -171), (0, -176), (12, -171),
    (19, -158), (48, -36, 3), (32, -20), (23, -8), (21.5, 0, 0),
)  # fmt: skip

HOCKEY: Path = (
    (-21.5, 0, 0), (-24, -9), (-34, -18), (-44, -28, 4), (-14, -88), (22, -146), (52, -177), (84, -192),
    (112, -192, 5), (107, -178), (86, -160), (64, -128), (43, -84), (30, -40), (24, -14), (21.5, 0, 0),
)  # fmt: skip

BIRD: Path = (
    (21.5, 0, 0), (22, -14), (27, -32), (38, -50, 3), (25, -58), (19, -66), (13, -95), (2, -150), (-6, -192),
    (-17, -212), (-38, -220), (-60, -210), (-68, -190), (-60, -172), (-48, -160), (-44, -145), (-44, -100),
    (-43, -55), (-34, -30), (-24, -14), (-21.5, 0, 0),
)  # fmt: skip

HEADS: dict[str, Head] = {
    "small": _six_in_line(SMALL, (-18, -36), (13, -168), 26, ((14, -92), (31, -165))),
    "large": _six_in_line(LARGE, (-19, -37), (12, -170), 27, ((22, -70), (34, -165))),
    "thin": _six_in_line(THIN, (-18, -34), (12, -160), 26, ((14, -60), (26, -115))),
    "book": _three_a_side(OPEN_BOOK, (-56, -96, -136), 22, 27, 1.5),
    "square": _three_a_side(SQUARE, (-56, -104, -152), 22, 25, 2.0),
    "arrow": _three_a_side(ARROW, (-52, -88, -124), 26, 22, -5.5),
    "hockey": _six_in_line(HOCKEY, (-24, -38), (52, -156), 21, ((70, -166), (100, -186))),
    "bird": Head(
        BIRD,
        _pairs(np.linspace((-12, -178), (12, -66), 6)),
        (),
        ((-20, -60), (-26, -120)),
    ),
}
