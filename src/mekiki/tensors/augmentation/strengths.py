"""Each transform from mild to strong, for a person to look at: the changes of a contact sheet's rows.

They are the ``Change`` and the ``Mix`` of training, drawn by the same functions with narrow ranges. Where a range has
two ends (left and right, darker and brighter) both are there at each strength. Nothing is drawn into a picture here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from mekiki.config import AugmentSettings, FillMode
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.augmentation.marks import REFERENCE_SIDE
from mekiki.tensors.augmentation.mixing import Mix, draw_mix
from mekiki.tensors.geometry import Pose, about_the_middle

STEPS = 6
TRIED = 30
STROKES = (1, 2, 4, 8, 16, 32)
Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Step:
    """One picture of a row.

    Attributes:
        caption: How strong, in the row's unit.
        change: What is done to the picture.
        fill_mode: What stands outside the picture.
        cval: Grey level for ``constant``.
        mix: How another photo is mixed in; None: it is not.
    """

    caption: str
    change: Change
    fill_mode: FillMode = "nearest"
    cval: float = 0.0
    mix: Mix | None = None


@dataclass(frozen=True)
class Strengths:
    """One transform.

    Attributes:
        name: As in ``AugmentSettings``.
        unit: What the captions say.
        steps: From mild to strong.
    """

    name: str
    unit: str
    steps: tuple[Step, ...]


def strengths_of(name: str, size: int, seed: int) -> Strengths:
    """Return the changes of one transform from mild to strong.

    Args:
        name: One of ``TRANSFORMS``.
        size: Side of the square that the pictures will have, pixels.
        seed: Of what is random even at one strength: places, noise, the shape of a deformation.
    """
    unit, steps = _ROWS[name]
    return Strengths(name, unit, tuple(steps(size, seed)))


def _poses(size: int, seed: int, *, steps: Iterable[tuple[str, Pose]]) -> list[Step]:
    return [Step(caption, Change(about_the_middle(pose))) for caption, pose in steps]


def _shifts(size: int, seed: int, *, axis: str, words: tuple[str, str]) -> list[Step]:
    """Return shifts; one to the right is seen from further left."""
    steps = []
    for fraction in (0.05, 0.1, 0.2):
        for word, sign in zip(words, (1, -1), strict=True):
            shift: dict[str, Any] = {axis: sign * fraction * size}
            steps.append(Step(f"{fraction:g} {word}", Change(about_the_middle(Pose(**shift)))))
    return steps


def _outsides(size: int, seed: int) -> list[Step]:
    change = Change(about_the_middle(Pose(degrees=20, zoom_x=1.6, zoom_y=1.6)))
    modes: tuple[FillMode, ...] = ("nearest", "reflect", "wrap")
    return [
        *(Step(mode, change, mode) for mode in modes),
        *(Step(f"constant, cval {cval}", change, "constant", cval) for cval in (0, 128, 255)),
    ]


def _channel_shifts(size: int, seed: int) -> list[Step]:
    return [Step(signed(levels), Change(channel_shift=levels)) for levels in (-20, 20, -40, 40, -80, 80)]


def _at(size: int, seed: int, *, name: str, values: Sequence[Any], unlike: bool = True) -> list[Step]:
    """Draw a transform at each value of its setting; ``unlike``: at random places of its own each time."""
    steps = []
    for number, value in enumerate(values):
        key = Key(seed, ("strength", name, number if unlike else 0))
        change = draw_change(AugmentSettings(preset="none", **{name: value}), key, size, size)
        steps.append(Step(_in_words(value), change))
    return steps


def _flaws(size: int, seed: int, *, name: str, number: str, values: Sequence[float], scale: float = 0.0) -> list[Step]:
    """Draw a flaw and set its one number to its most, which training only comes near to."""
    steps = []
    for step, value in zip(_at(size, seed, name=name, values=values), values, strict=True):
        most: dict[str, Any] = {number: value * size * scale if scale else value}
        steps.append(replace(step, change=replace(step.change, **most)))
    return steps


def _erased(size: int, seed: int) -> list[Step]:
    settings = AugmentSettings(preset="none", random_erasing=1.0)
    changes = [draw_change(settings, Key(seed, ("strength", "erasing", n)), size, size) for n in range(TRIED)]

    def area(change: Change) -> float:
        return sum((r.bottom - r.top) * (r.right - r.left) for r in change.rectangles) / size**2

    return [Step(f"{area(change):.0%}", change) for change in _from_mild_to_strong(changes, area)]


def _dust(size: int, seed: int) -> list[Step]:
    settings = AugmentSettings(preset="none", dust=31)
    changes = [draw_change(settings, Key(seed, ("strength", "dust", n)), size, size) for n in range(TRIED)]
    chosen = _from_mild_to_strong(changes, lambda change: len(change.rectangles))
    return [Step(f"{len(change.rectangles)}", change) for change in chosen]


def _scribbles(size: int, seed: int) -> list[Step]:
    """Return the first strokes of one scribble, and more and more of it."""
    settings = AugmentSettings(preset="none", scribble=100)
    changes = (draw_change(settings, Key(seed, ("strength", "scribble", n)), size, size) for n in range(TRIED))
    change = next(change for change in changes if len(change.strokes) >= STROKES[-1])
    return [Step(f"{count}", replace(change, strokes=change.strokes[:count])) for count in STROKES]


def _mixes(size: int, seed: int, *, name: str) -> list[Step]:
    settings = AugmentSettings(preset="none", **{name: 1.0})
    drawn = [draw_mix(settings, Key(seed, ("strength", name, n)), 2, size) for n in range(TRIED)]
    mixes = [replace(mix, partner=1) for mix in drawn if mix is not None]
    chosen = _from_mild_to_strong(mixes, lambda mix: -mix.share)
    return [Step(f"{mix.share:.2f} + {1 - mix.share:.2f}", Change(), mix=mix) for mix in chosen]


def _from_mild_to_strong(drawn: Sequence[Drawn], strength: Callable[[Drawn], float]) -> list[Drawn]:
    """Choose some of many draws, evenly from the mildest to the strongest that are not nothing."""
    ordered = sorted(drawn, key=strength)
    return [ordered[round((step + 1) * (len(ordered) - 1) / STEPS)] for step in range(STEPS)]


def signed(value: float, unit: str = "") -> str:
    """Return a number with its sign, as print has it."""
    return f"{'' if value == 0 else '−' if value < 0 else '+'}{abs(value):g}{unit}"


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:g}" if value[0] == value[1] else ",".join(f"{each:g}" for each in value)
    return f"{value:g}"


def _turns(angles: Sequence[int]) -> list[tuple[str, Pose]]:
    return [(signed(angle, "°"), Pose(degrees=angle)) for angle in angles]


def _leans(angles: Sequence[int]) -> list[tuple[str, Pose]]:
    return [(signed(angle, "°"), Pose(shear=angle)) for angle in angles]


_DISTANCES = (0.1, 0.2, 0.4)
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_APART = [
    (f"{x:g} × {y:g}", Pose(zoom_x=x, zoom_y=y))
    for far in _DISTANCES
    for x, y in ((1 - far, 1 + far), (1 + far, 1 - far))
]
_ALIKE = [(f"{far:g}", Pose(zoom_x=far, zoom_y=far)) for each in _DISTANCES for far in (1 - each, 1 + each)]
_ROWS: dict[str, tuple[str, Callable[[int, int], list[Step]]]] = {
    "rotation_range": ("degrees, + is counter-clockwise", partial(_poses, steps=_turns((15, -15, 30, -30, 45, -45)))),
    "width_shift_range": ("of the width", partial(_shifts, axis="shift_x", words=("left", "right"))),
    "height_shift_range": ("of the height", partial(_shifts, axis="shift_y", words=("up", "down"))),
    "shear_range": ("degrees", partial(_poses, steps=_leans((10, -10, 20, -20, 40, -40)))),
    "zoom_range": ("distance, width × height", partial(_poses, steps=_APART)),
    "zoom_keeps_shape": ("distance, width and height alike", partial(_poses, steps=_ALIKE)),
    "fill_mode": ("at distance 1.6, turned by 20°", _outsides),
    "channel_shift_range": ("grey levels", _channel_shifts),
    "brightness_range": (
        "factor",
        partial(_at, name="brightness_range", values=[(f, f) for f in (0.8, 1.2, 0.5, 1.5, 0.2, 1.8)]),
    ),
    "horizontal_flip": ("half of the time", partial(_poses, steps=[("mirrored", Pose(mirrored=True))])),
    "vertical_flip": ("half of the time", partial(_poses, steps=[("upside down", Pose(flipped=True))])),
    "elastic": (
        "of the side, at most",
        partial(_at, name="elastic", values=(0.02, 0.04, 0.06, 0.1, 0.15, 0.2), unlike=False),
    ),
    "randaugment": (
        "operations, their strength 0..30; which ones is random",
        partial(_at, name="randaugment", values=[(2, m) for m in (5, 10, 15, 20, 25, 30)]),
    ),
    "blur": (
        "sigma, pixels at 224",
        partial(_flaws, name="blur", number="blur", values=(1, 1.5, 2, 3, 5, 8), scale=1 / REFERENCE_SIDE),
    ),
    "gaussian_noise": (
        "spread, grey levels",
        partial(_flaws, name="gaussian_noise", number="gaussian_noise", values=(5, 10, 20, 40, 60, 100)),
    ),
    "jpeg_quality": (
        "quality 1..100",
        partial(_at, name="jpeg_quality", values=[(q, q) for q in (80, 60, 40, 20, 10, 5)]),
    ),
    "pepper_noise": ("of the pixels", partial(_flaws, name="pepper_noise", number="pepper", values=_SHARES)),
    "salt_noise": ("of the pixels", partial(_flaws, name="salt_noise", number="salt", values=_SHARES)),
    "cutout": ("of the side", partial(_at, name="cutout", values=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6))),
    "random_erasing": ("of the picture", _erased),
    "dust": ("rectangles, of 0 to 31", _dust),
    "scribble": ("strokes", _scribbles),
    "mixup": ("share of each label", partial(_mixes, name="mixup")),
    "cutmix": ("share of each label", partial(_mixes, name="cutmix")),
}
TRANSFORMS = tuple(name for name in AugmentSettings.model_fields if name in _ROWS)
"""Every transform that can be shown, in the order of ``AugmentSettings``."""
