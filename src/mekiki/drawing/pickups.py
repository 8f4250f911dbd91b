"""The pickups, one function per kind, drawn about their own middle and turned by their slant."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from mekiki.drawing.canvas import Canvas, Colour, box, mixed, turn
from mekiki.drawing.curves import Points
from mekiki.drawing.looks import Look, Metal
from mekiki.drawing.models import Pickup

_BLACK: Colour = (22, 22, 24)
_STRINGS_X = np.linspace(-26, 26, 6)


class _Place:
    """A pickup's own axes on the canvas: its middle is (0, 0) and its length lies along x."""

    def __init__(self, canvas: Canvas, pickup: Pickup) -> None:
        self.canvas = canvas
        self._middle = np.array([pickup.x, pickup.y], float)
        self._turn = turn(pickup.degrees)

    def put(self, points: Points) -> Points:
        return np.asarray(points @ self._turn + self._middle)

    def box(self, y: float, width: float, height: float, radius: float, colour: Colour, x: float = 0.0) -> None:
        self.canvas.fill(self.put(box(x, y, width, height, radius)), colour)

    def shade(self, width: float, height: float, radius: float, strength: float = 0.45) -> None:
        self.canvas.shade(self.put(box(0, 0, width, height, radius)), strength)

    def dots(self, y: float, radius: float, colour: Colour, spread: float = 1.0, xs: Iterable[float] = ()) -> None:
        along = np.array(list(xs)) if xs else _STRINGS_X * spread
        self.canvas.discs(self.put(np.stack([along, np.full(len(along), y)], -1)), radius, colour)


def _rim(colour: Colour) -> Colour:
    return mixed(colour, (0, 0, 0) if sum(colour) > 200 else (120, 120, 120), 0.25)


def _poles(colour: Colour) -> Colour:
    return (70, 70, 74) if sum(colour) > 300 else (170, 172, 176)


def _single(place: _Place, look: Look) -> None:
    place.shade(72, 18, 9)
    place.box(0, 74, 19, 9, _rim(look.covers))
    place.box(-0.5, 71, 16, 8, look.covers)
    place.dots(-0.5, 2.4, _poles(look.covers))
    place.dots(0, 1.6, (130, 130, 132), xs=(-41.0, 41.0))


def _tube(place: _Place, look: Look) -> None:
    _metal_box(place, look.metal, 0, 67, 21, 7)
    place.dots(0, 1.8, look.metal.dark, xs=(-38.0, 38.0))


def _plate_single(place: _Place, look: Look) -> None:
    place.shade(78, 26, 12, 0.5)
    place.box(0, 78, 25, 12, _BLACK)
    place.box(0, 68, 18, 9, (40, 40, 42))
    place.dots(0, 2.5, look.metal.plain)


def _soapbar(place: _Place, look: Look) -> None:
    place.shade(93, 42, 5)
    place.box(0, 93, 42, 5, _rim(look.covers))
    place.box(-0.6, 89, 38, 4, look.covers)
    place.box(-8, 82, 12, 4, mixed(look.covers, (255, 255, 255), 0.12))
    place.dots(0, 2.5, _poles(look.covers))


def _claw(place: _Place, look: Look) -> None:
    place.shade(90, 32, 2)
    place.box(0, 88, 32, 2, look.metal.plain)
    place.box(-14.6, 88, 2, 0.5, look.metal.light)
    gap = mixed(look.guard_plastic.face, (0, 0, 0), 0.45)
    for x in np.linspace(-36, 36, 7):
        place.box(13.5, 6, 7, 0.5, gap, x=x)
        place.box(-13.5, 6, 6, 0.5, gap, x=x)
    place.box(0, 84, 18.5, 5, _rim(look.covers))
    place.box(-0.5, 82, 16, 5, look.covers)
    place.dots(0, 2.5, _poles(look.covers))


def _plain(place: _Place, look: Look) -> None:
    place.shade(76, 20, 9)
    place.box(0, 76, 20, 9, _rim(look.covers))
    place.box(-0.6, 73, 17, 8, look.covers)
    place.box(-3.4, 62, 4, 2, mixed(look.covers, (255, 255, 255), 0.18))


def _humbucker(place: _Place, look: Look) -> None:
    place.shade(92, 46, 4, 0.5)
    place.box(0, 92, 46, 4, _rim(look.ring))
    place.box(-0.5, 89, 43, 4, look.ring)
    if look.open_coils:
        _coils(place, look)
    else:
        _metal_box(place, look.metal, 0, 70, 37, 4)
        place.dots(10, 2.2, look.metal.dark)


def _bare_humbucker(place: _Place, look: Look) -> None:
    place.shade(72, 38, 3)
    if look.open_coils:
        _coils(place, look)
    else:
        _metal_box(place, look.metal, 0, 70, 37, 4)
        place.dots(10, 2.2, look.metal.dark)


def _coils(place: _Place, look: Look) -> None:
    place.box(0, 70, 37, 3, (12, 12, 13))
    for y, colour in ((-9.0, look.covers), (9.0, _BLACK if look.zebra else look.covers)):
        place.box(y, 68, 17, 7, colour)
        place.dots(y, 2.3, _poles(colour))


def _mini_humbucker(place: _Place, look: Look) -> None:
    _metal_box(place, look.metal, 0, 93, 40, 4)
    place.box(0, 74, 29, 4, look.metal.dark)
    place.box(-0.6, 71, 26, 3, mixed(look.metal.plain, look.metal.light, 0.4))
    place.box(5, 66, 6, 2, look.metal.plain)


def _p90(place: _Place, look: Look) -> None:
    place.shade(88, 46, 7)
    place.box(0, 88, 46, 7, _rim(look.covers))
    place.box(-0.6, 84, 42, 6, look.covers)
    place.dots(0, 2.4, _poles(look.covers))


def _metal_box(place: _Place, metal: Metal, y: float, width: float, height: float, radius: float) -> None:
    place.shade(width, height, radius)
    place.box(y, width, height, radius, metal.dark)
    place.box(y - 0.5, width - 2.5, height - 2.5, radius, mixed(metal.plain, metal.dark, 0.15))
    place.box(y - 1.5, width - 5, height - 6, radius, metal.plain)
    place.box(y - height * 0.14, width - 7, height * 0.45, 3, mixed(metal.plain, metal.light, 0.5))


PICKUPS: dict[str, Callable[[_Place, Look], None]] = {
    "single": _single,
    "tube": _tube,
    "plate_single": _plate_single,
    "soapbar": _soapbar,
    "claw": _claw,
    "plain": _plain,
    "humbucker": _humbucker,
    "bare_humbucker": _bare_humbucker,
    "mini_humbucker": _mini_humbucker,
    "p90": _p90,
}


def draw_pickups(canvas: Canvas, look: Look) -> None:
    """Draw all pickups of an instrument."""
    for pickup in look.pickups:
        PICKUPS[pickup.kind](_Place(canvas, pickup), look)
