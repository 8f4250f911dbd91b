"""What one instrument wears: the lots that are drawn before any pixel, kept as one frozen record.

Colours of bodies, plastics, metal and boards come from the same urns for every model of a maker, and the body colours
from the same urns for all, so that no colour names a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mekiki.drawing.canvas import Colour
from mekiki.drawing.curves import Path
from mekiki.drawing.finishes import Finish, choose_finish
from mekiki.drawing.heads import HEADS, Head
from mekiki.drawing.models import GuitarModel, Pickup

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Metal:
    """Shades of one plating."""

    dark: Colour
    plain: Colour
    light: Colour


@dataclass(frozen=True)
class Plastic:
    """A sheet material: its face, the edge of its ply, and the flakes in it if it has any."""

    face: Colour
    edge: Colour
    flakes: tuple[Colour, ...] = ()


@dataclass(frozen=True)
class Look:
    """Everything about one instrument that is not its model.

    ``guard_plastic`` is None where no guard is fitted; ``binding`` is None on an unbound edge.
    """

    body: Path
    finish: Finish
    binding: Colour | None
    guard: Path | None
    guard_plastic: Plastic
    pickups: tuple[Pickup, ...]
    open_coils: bool
    zebra: bool
    covers: Colour
    ring: Colour
    metal: Metal
    knobs: Colour
    tail: str
    head: Head
    head_colour: Colour
    neck: Colour
    board: Colour
    inlay_kind: str
    inlay: Colour
    bound_board: bool
    buttons: Colour


CHROME = Metal((96, 100, 108), (186, 190, 196), (244, 246, 250))
GOLD = Metal((128, 90, 32), (208, 164, 78), (250, 226, 156))
BLACKED = Metal((14, 14, 16), (44, 45, 48), (120, 122, 126))

WHITE = Plastic((240, 240, 236), (176, 176, 172))
PARCHMENT = Plastic((232, 226, 205), (160, 152, 134))
MINT = Plastic((214, 226, 202), (150, 160, 142))
CREAM = Plastic((230, 214, 170), (168, 150, 108))
BLACK = Plastic((20, 20, 22), (206, 206, 204))
TORTOISE = Plastic((84, 26, 18), (222, 214, 196), ((150, 62, 28), (52, 16, 14), (112, 30, 20)))
RED_TORTOISE = Plastic((140, 24, 22), (226, 216, 200), ((196, 70, 46), (90, 12, 16)))
PEARL = Plastic((222, 224, 216), (140, 142, 138), ((246, 248, 242), (196, 200, 192)))
ANODISED = Plastic((206, 170, 96), (140, 108, 50))

_GUARDS = {
    "fender": (WHITE, WHITE, PARCHMENT, MINT, BLACK, BLACK, TORTOISE, TORTOISE, RED_TORTOISE, PEARL, ANODISED),
    "gibson": (BLACK, BLACK, BLACK, CREAM, CREAM, WHITE, WHITE, TORTOISE),
    "acoustic": (BLACK, BLACK, TORTOISE, TORTOISE),
}
_ROSEWOOD, _DARK_ROSEWOOD, _EBONY, _MAPLE = (74, 46, 34), (52, 34, 28), (30, 27, 27), (222, 178, 112)
_BOARDS = {
    "fender": (_ROSEWOOD, _DARK_ROSEWOOD, _DARK_ROSEWOOD, _MAPLE, _MAPLE),
    "gibson": (_ROSEWOOD, _DARK_ROSEWOOD, _DARK_ROSEWOOD, _EBONY),
    "acoustic": (_ROSEWOOD, _DARK_ROSEWOOD, _EBONY),
}
_MAPLE_NECKS = ((226, 186, 124), (214, 166, 98), (234, 206, 156))
_COVERS: tuple[Colour, ...] = ((240, 238, 230), (228, 220, 190), (24, 24, 26))
_BUTTONS: tuple[Colour, ...] = ((226, 216, 178), (206, 210, 214), (190, 200, 150), (30, 30, 32))


def pick(rng: np.random.Generator, options: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
    """Draw one of the options, evenly or by weight."""
    if weights is None:
        return options[int(rng.integers(len(options)))]
    bounds = np.cumsum(weights)
    return options[int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))]


def choose_look(model: GuitarModel, rng: np.random.Generator) -> Look:
    """Draw by lot what one instrument of a model looks like."""
    finish = choose_finish(rng, model.wooden, figured=model.relief != "flat")
    fender = model.maker == "fender"
    plastic = pick(rng, _GUARDS[model.maker])
    board, maple = pick(rng, _BOARDS[model.maker]), pick(rng, _MAPLE_NECKS)
    metal = pick(rng, (CHROME, GOLD, BLACKED), (0.93, 0.05, 0.02) if fender else (0.74, 0.2, 0.06))
    covers = pick(rng, _COVERS)
    knobs = pick(rng, _COVERS if fender else ((196, 150, 62), (24, 24, 26), (24, 24, 26), (206, 168, 92)))
    return Look(
        body=pick(rng, model.bodies),
        finish=finish,
        binding=pick(rng, ((236, 226, 190), (242, 240, 232))) if rng.random() < model.binding_chance else None,
        guard=pick(rng, model.guards) if rng.random() < model.guard_chance else None,
        guard_plastic=plastic,
        pickups=pick(rng, model.layouts),
        open_coils=rng.random() < 0.3,
        zebra=rng.random() < 0.3,
        covers=covers,
        ring=pick(rng, ((22, 22, 24), (22, 22, 24), (226, 212, 172))),
        metal=metal,
        knobs=knobs,
        tail=pick(rng, model.tails),
        head=HEADS[pick(rng, model.heads)],
        head_colour=_head_colour(model, finish, maple, rng),
        neck=maple if fender else (112, 62, 38),
        board=maple if board == _MAPLE else board,
        inlay_kind=pick(rng, model.inlays),
        inlay=(30, 28, 26) if board == _MAPLE else pick(rng, ((236, 234, 226), (214, 208, 190))),
        bound_board=model.maker == "gibson" and rng.random() < 0.6,
        buttons=pick(rng, (metal.plain,) if fender else _BUTTONS),
    )


def _head_colour(model: GuitarModel, finish: Finish, maple: Colour, rng: np.random.Generator) -> Colour:
    if model.maker == "fender":
        return finish.middle if rng.random() < 0.15 else maple
    if model.maker == "gibson":
        return pick(rng, ((20, 19, 20), (20, 19, 20), (26, 22, 22), (84, 44, 28), finish.middle))
    return pick(rng, ((20, 19, 20), (58, 36, 26), (92, 58, 38)))
