"""Settings of ``mekiki stress``: the kinds of damage, and how strong each is at its steps.

Severity 0 is the clean picture for every kind, and more is worse; the unit says what the number counts.
"""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from mekiki.config.section import Section

KindName = Literal[
    "dust",
    "scribble",
    "occlusion",
    "blur",
    "noise",
    "jpeg",
    "brightness",
    "contrast",
    "rotation",
    "scale",
    "shift",
    "fgsm",
    "pgd",
]
KINDS: tuple[KindName, ...] = get_args(KindName)

UNITS: dict[KindName, str] = {
    "dust": "rectangles",
    "scribble": "strokes",
    "occlusion": "share of the picture's area",
    "blur": "sigma, pixels at 224",
    "noise": "spread, grey levels",
    "jpeg": "100 less the quality",
    "brightness": "factor 1 ± this",
    "contrast": "factor 1 ± this",
    "rotation": "degrees either way",
    "scale": "larger or smaller, times 1 + this",
    "shift": "share of the side, in any direction",
    "fgsm": "levels of 255, of each pixel at most",
    "pgd": "levels of 255, of each pixel at most",
}
_LIGHT = (0.2, 0.4, 0.6, 0.7, 0.8, 0.9)
_STEPS: dict[KindName, tuple[float, ...]] = {
    "dust": (4, 8, 16, 31, 48, 64),
    "scribble": (1, 2, 4, 8, 16, 32),
    "occlusion": (0.02, 0.05, 0.1, 0.2, 0.35, 0.5),
    "blur": (0.5, 1, 2, 3, 5, 8),
    "noise": (5, 10, 20, 40, 60, 100),
    "jpeg": (40, 60, 80, 90, 95, 98),
    "brightness": _LIGHT,
    "contrast": _LIGHT,
    "rotation": (5, 10, 20, 45, 90, 180),
    "scale": (0.1, 0.25, 0.5, 1, 1.5, 2),
    "shift": (0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    "fgsm": (1, 2, 4, 8),
    "pgd": (1, 2, 4, 8),
}
_WHOLE = ("dust", "scribble", "jpeg", "fgsm", "pgd")


def severities_of(kind: KindName, fine: bool = False) -> tuple[float, ...]:
    """Return the severities of a kind, rising, without the 0 of the clean picture.

    Args:
        kind: One of ``KINDS``.
        fine: Also the middle between each and the one before; counts stay whole.

    Example:
        >>> severities_of("scribble", fine=True)
        (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
    """
    steps = _STEPS[kind]
    if not fine:
        return steps
    middles = [(before + after) / 2 for before, after in zip((0.0, *steps), steps, strict=False)]
    between = [int(middle) if kind in _WHOLE else round(middle, 6) for middle in middles]
    return tuple(sorted({*steps, *between} - {0}))


class StressSettings(Section):
    """Which damage is done to how many photos."""

    kinds: tuple[KindName, ...] = Field(
        (),
        description=f"kinds of damage, with commas between them; not given: all, that is {', '.join(KINDS)}",
    )
    limit: int | None = Field(None, ge=1, description="photos of each class, chosen by the seed; not given: all")
    fine: bool = Field(False, description="measure the middle between any two severities too; takes twice as long")
    pgd_steps: int = Field(10, ge=1, le=1000, description="steps of pgd, begun where fgsm ends")
    seed: int = Field(0, ge=0, description="seed of the damage: the same seed, photo and severity are the same picture")

    @field_validator("kinds", mode="before")
    @classmethod
    def _split_at_commas(cls, given: Any) -> Any:
        names = [name.strip() for name in given.split(",") if name.strip()] if isinstance(given, str) else list(given)
        foreign = next((name for name in names if name not in KINDS), None)
        if foreign is not None:
            raise ValueError(f"there is no kind of damage {foreign!r}; there are {', '.join(KINDS)}")
        return names

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError(f"kinds {','.join(self.kinds)}: each kind of damage once")
        return self

    @property
    def wanted(self) -> tuple[KindName, ...]:
        """Return the kinds that are measured, in order."""
        return self.kinds if self.kinds else KINDS
