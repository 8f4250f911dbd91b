"""What each guitar model is made of: one frozen record per model, read by the drawing functions.

Where a record holds several choices (guards, pickup layouts, heads, tails), real instruments of that model come with
any of them and one is drawn by lot. Positions are millimetres from the middle of the bridge, bass left, tail down.
"""

from __future__ import annotations

from dataclasses import dataclass

from mekiki.drawing import outlines, plates
from mekiki.drawing.curves import Path


@dataclass(frozen=True)
class Pickup:
    """A pickup: its kind (a key of ``pickups.PICKUPS``), place on the middle line, and slant (bass end to the neck)."""

    kind: str
    y: float
    degrees: float = 0.0
    x: float = 0.0


@dataclass(frozen=True)
class GuitarModel:
    """One model.

    Args:
        name: The class name.
        bodies: Outlines to choose from.
        relief: How the body's surface is shaped (a key of ``relief.PROFILES``).
        scale_length: Nut to bridge in millimetres.
        frets: How many frets.
        layouts: Sets of pickups to choose from.
        bridge: Key of ``hardware.BRIDGES``.
        tails: Keys of ``hardware.TAILS`` to choose from; empty string for none.
        heads: Keys of ``heads.HEADS`` to choose from.
        inlays: Fingerboard marks to choose from.
        maker: "fender", "gibson" or "acoustic": which plastics, boards and tuners it wears.
        guards: Pick guard outlines to choose from.
        guard_chance: How often a guard is fitted.
        plates: Metal control plates.
        knobs: Knob places.
        knob_kind: Key of ``controls.KNOBS``.
        switch: Place of the selector; None for none.
        switch_kind: Key of ``controls.SWITCHES``.
        jack: Place of a jack on the top; None when it is on the side.
        jack_cup: Whether that jack sits in a slanted metal cup.
        binding_chance: How often the edge is bound.
        holes: "", "f" or "round".
        wooden: Whether it leans to natural and sunburst finishes.
    """

    name: str
    bodies: tuple[Path, ...]
    relief: str
    scale_length: float
    frets: int
    layouts: tuple[tuple[Pickup, ...], ...]
    bridge: str
    tails: tuple[str, ...]
    heads: tuple[str, ...]
    inlays: tuple[str, ...]
    maker: str
    guards: tuple[Path, ...] = ()
    guard_chance: float = 1.0
    plates: tuple[Path, ...] = ()
    knobs: tuple[tuple[float, float], ...] = ()
    knob_kind: str = "skirt"
    switch: tuple[float, float] | None = None
    switch_kind: str = "toggle"
    jack: tuple[float, float] | None = None
    jack_cup: bool = False
    binding_chance: float = 0.0
    holes: str = ""
    wooden: bool = False


def _pair(kind: str, neck: float, bridge: float, degrees: float = 0.0) -> tuple[Pickup, ...]:
    return Pickup(kind, neck, degrees), Pickup(kind, bridge, degrees)


_STRAT_NECK_AND_MIDDLE = (Pickup("single", -158), Pickup("single", -98))

_ALL = (
    GuitarModel(
        name="Stratocaster",
        bodies=(outlines.STRATOCASTER,),
        relief="contoured",
        scale_length=648,
        frets=21,
        layouts=(
            (*_STRAT_NECK_AND_MIDDLE, Pickup("single", -43, 9.5)),
            (*_STRAT_NECK_AND_MIDDLE, Pickup("single", -43, 9.5)),
            (*_STRAT_NECK_AND_MIDDLE, Pickup("single", -43, 9.5)),
            (*_STRAT_NECK_AND_MIDDLE, Pickup("bare_humbucker", -40)),
        ),
        bridge="tremolo",
        tails=("",),
        heads=("small", "small", "large"),
        inlays=("dots",),
        maker="fender",
        guards=(plates.STRATOCASTER_GUARD,),
        knobs=((60, -30), (95, -11), (127, 19)),
        switch=(98, -56),
        switch_kind="blade",
        jack=(92, 63),
        jack_cup=True,
    ),
    GuitarModel(
        name="Telecaster",
        bodies=(outlines.TELECASTER,),
        relief="slab",
        scale_length=648,
        frets=21,
        layouts=(
            (Pickup("tube", -158), Pickup("plate_single", -42, 12.5)),
            (Pickup("tube", -158), Pickup("plate_single", -42, 12.5)),
            (Pickup("tube", -158), Pickup("plate_single", -42, 12.5)),
            (Pickup("bare_humbucker", -150), Pickup("plate_single", -42, 12.5)),
        ),
        bridge="ashtray",
        tails=("",),
        heads=("thin",),
        inlays=("dots",),
        maker="fender",
        guards=(plates.TELECASTER_GUARD,),
        plates=(((74.5, -72, 16), (106.5, -72, 16), (106.5, 90, 16), (74.5, 90, 16)),),
        knobs=((90.5, 6), (90.5, 66)),
        knob_kind="dome",
        switch=(90.5, -36),
        switch_kind="upright_blade",
        binding_chance=0.2,
    ),
    GuitarModel(
        name="Jazzmaster",
        bodies=(outlines.JAZZMASTER,),
        relief="contoured",
        scale_length=648,
        frets=21,
        layouts=(_pair("soapbar", -148, -42),),
        bridge="rocking",
        tails=("floating",),
        heads=("small", "large", "large"),
        inlays=("dots", "dots", "blocks"),
        maker="fender",
        guards=(plates.JAZZMASTER_GUARD,),
        knobs=((83, -31), (95, 20)),
        switch=(111, -145),
        jack=(131, 73),
    ),
    GuitarModel(
        name="Jaguar",
        bodies=(outlines.JAGUAR,),
        relief="contoured",
        scale_length=610,
        frets=22,
        layouts=(_pair("claw", -131, -42),),
        bridge="rocking",
        tails=("floating",),
        heads=("small", "large", "large"),
        inlays=("dots", "dots", "blocks"),
        maker="fender",
        guards=(plates.JAGUAR_GUARD,),
        plates=plates.JAGUAR_PLATES,
        knobs=((79, 7), (103, 38)),
        knob_kind="hat",
        switch=(91, -114),
        switch_kind="sliders",
        jack=(126, 67),
    ),
    GuitarModel(
        name="Mustang",
        bodies=(outlines.MUSTANG,),
        relief="slab",
        scale_length=610,
        frets=22,
        layouts=(_pair("plain", -129, -45, 10.5),),
        bridge="bathtub",
        tails=("",),
        heads=("small", "large"),
        inlays=("dots",),
        maker="fender",
        guards=(plates.MUSTANG_GUARD,),
        plates=plates.MUSTANG_PLATES,
        knobs=((84, -4), (104, 27)),
        knob_kind="hat",
        switch=(-50, -82),
        switch_kind="two_sliders",
        jack=(121, 62),
    ),
    GuitarModel(
        name="LesPaul",
        bodies=(outlines.LES_PAUL,),
        relief="carved",
        scale_length=628,
        frets=22,
        layouts=(
            _pair("humbucker", -146, -38),
            _pair("humbucker", -146, -38),
            _pair("humbucker", -146, -38),
            _pair("p90", -146, -38),
        ),
        bridge="tune_o_matic",
        tails=("stop",),
        heads=("book",),
        inlays=("trapezoids", "trapezoids", "blocks"),
        maker="gibson",
        guards=(plates.LES_PAUL_GUARD,),
        guard_chance=0.75,
        knobs=((75, 54), (125, 27), (74, 114), (122, 88)),
        knob_kind="top_hat",
        switch=(-77, -187),
        binding_chance=0.85,
    ),
    GuitarModel(
        name="SG",
        bodies=(outlines.SG,),
        relief="bevelled",
        scale_length=628,
        frets=22,
        layouts=(_pair("humbucker", -127, -34), _pair("humbucker", -127, -34), _pair("p90", -125, -34)),
        bridge="tune_o_matic",
        tails=("stop",),
        heads=("book",),
        inlays=("trapezoids", "trapezoids", "dots"),
        maker="gibson",
        guards=(plates.SG_GUARD, plates.SG_WINGS),
        knobs=((86, 100), (126, 101), (74, 147), (116, 149)),
        knob_kind="top_hat",
        switch=(102, 53),
        jack=(66, 178),
    ),
    GuitarModel(
        name="FlyingV",
        bodies=(outlines.FLYING_V,),
        relief="slab",
        scale_length=628,
        frets=22,
        layouts=(_pair("humbucker", -138, -38),),
        bridge="tune_o_matic",
        tails=("stop", "batwing", "batwing"),
        heads=("arrow",),
        inlays=("dots",),
        maker="gibson",
        guards=(plates.FLYING_V_GUARD,),
        guard_chance=0.7,
        knobs=((84, 44), (100, 84), (120, 122)),
        knob_kind="top_hat",
        switch=(80, 98),
        jack=(140, 165),
    ),
    GuitarModel(
        name="Explorer",
        bodies=(outlines.EXPLORER,),
        relief="slab",
        scale_length=628,
        frets=22,
        layouts=(_pair("humbucker", -145, -41),),
        bridge="tune_o_matic",
        tails=("stop",),
        heads=("hockey",),
        inlays=("dots",),
        maker="gibson",
        guards=(plates.EXPLORER_GUARD,),
        guard_chance=0.7,
        knobs=((99, 46), (84, 95), (68, 146)),
        knob_kind="top_hat",
        switch=(142, -214),
    ),
    GuitarModel(
        name="Firebird",
        bodies=(outlines.FIREBIRD,),
        relief="raised",
        scale_length=628,
        frets=22,
        layouts=(
            _pair("mini_humbucker", -144, -38),
            _pair("mini_humbucker", -144, -38),
            (*_pair("mini_humbucker", -146, -38), Pickup("mini_humbucker", -92)),
        ),
        bridge="tune_o_matic",
        tails=("stop",),
        heads=("bird",),
        inlays=("trapezoids", "trapezoids", "dots"),
        maker="gibson",
        guards=(plates.FIREBIRD_GUARD,),
        knobs=((83, 111), (121, 113), (85, 153), (130, 161)),
        knob_kind="top_hat",
        switch=(134, -180),
        jack=(80, 196),
    ),
    GuitarModel(
        name="SemiHollow",
        bodies=(outlines.SEMI_HOLLOW,),
        relief="arched",
        scale_length=628,
        frets=22,
        layouts=(_pair("humbucker", -147, -40),),
        bridge="tune_o_matic",
        tails=("stop", "stop", "trapeze"),
        heads=("book",),
        inlays=("dots", "blocks", "parallelograms"),
        maker="gibson",
        guards=(plates.SEMI_HOLLOW_GUARD,),
        guard_chance=0.8,
        knobs=((105, 90), (152, 62), (122, 143), (168, 110)),
        knob_kind="top_hat",
        switch=(88, 47),
        binding_chance=0.95,
        holes="f",
    ),
    GuitarModel(
        name="Hollow",
        bodies=(outlines.HOLLOW_FLORENTINE, outlines.HOLLOW_VENETIAN),
        relief="arched",
        scale_length=628,
        frets=20,
        layouts=(_pair("humbucker", -172, -48), _pair("p90", -172, -48), (Pickup("humbucker", -172),)),
        bridge="wooden",
        tails=("trapeze",),
        heads=("book",),
        inlays=("parallelograms", "blocks"),
        maker="gibson",
        guards=(plates.HOLLOW_GUARD,),
        guard_chance=0.8,
        knobs=((112, 92), (154, 62), (128, 145), (170, 112)),
        knob_kind="top_hat",
        switch=(-98, -236),
        binding_chance=0.95,
        holes="f",
        wooden=True,
    ),
    GuitarModel(
        name="Acoustic",
        bodies=(outlines.ACOUSTIC, outlines.ACOUSTIC, outlines.ACOUSTIC_CUTAWAY),
        relief="flat",
        scale_length=645,
        frets=20,
        layouts=((),),
        bridge="pins",
        tails=("",),
        heads=("square",),
        inlays=("dots", "dots", "blocks"),
        maker="acoustic",
        guards=(plates.ACOUSTIC_GUARD,),
        guard_chance=0.75,
        binding_chance=0.9,
        holes="round",
        wooden=True,
    ),
)

MODELS: dict[str, GuitarModel] = {model.name: model for model in _ALL}
