"""From Keras' arguments to ``AugmentSettings``: the same distributions under the same names, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

from mekiki.config import AugmentSettings
from mekiki.config.section import build
from mekiki.errors import SettingsError, unknown_name

ShiftRange = float | int | tuple[float, ...] | list[float] | list[int]
PairRange = float | tuple[float, float] | list[float]

KERAS_RANGES = (
    "rotation_range", "width_shift_range", "height_shift_range", "brightness_range", "shear_range", "zoom_range",
    "channel_shift_range", "fill_mode", "cval", "horizontal_flip", "vertical_flip",
)  # fmt: skip


class OwnTransforms(TypedDict, total=False):
    """The transforms beside Keras' own; each is the field of ``AugmentSettings`` of the same name."""

    zoom_keeps_shape: bool
    elastic: float
    randaugment: tuple[int, int] | None
    blur: float
    gaussian_noise: float
    jpeg_quality: tuple[int, int] | None
    pepper_noise: float
    salt_noise: float
    cutout: float
    random_erasing: float
    dust: int
    scribble: int


OWN_NAMES = tuple(OwnTransforms.__annotations__)
RANGE_NAMES = frozenset(KERAS_RANGES + OWN_NAMES)
_FOR_ANY_PICTURE = ("zoom_keeps_shape", "elastic")


def make_ranges(given: Mapping[str, Any], known: tuple[str, ...]) -> AugmentSettings:
    """Make the settings of the random changes.

    Args:
        given: Keras' arguments of ``KERAS_RANGES`` and some of ``OWN_NAMES``.
        known: All names that could have been given, for the hint of a misspelt one.

    Raises:
        SettingsError: An unknown name, a value that cannot be, or a mixing of pictures.
    """
    for name in given.keys() - RANGE_NAMES:
        if name in ("mixup", "cutmix"):
            raise SettingsError(
                f"{name} mixes pictures and labels, and a generator changes one picture at a time",
                "mekiki.train has it",
            )
        raise unknown_name("argument of ImageDataGenerator", name, known)
    values = {name: _as_settings_have_it(name, value) for name, value in given.items()}
    if not values.get("cval"):
        values.pop("cval", None)
    return build(AugmentSettings, {"preset": "none", **values})


def changed_ranges(ranges: AugmentSettings, name: str, value: object) -> AugmentSettings:
    """Return the settings with one of them changed."""
    given = {field: getattr(ranges, field) for field in RANGE_NAMES}
    return make_ranges({**given, name: value}, ())


def _as_settings_have_it(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if name == "rotation_range" and value == 360:
        return 180.0  # any angle, evenly, as 360 either way is
    if name == "brightness_range" and value is None:
        return 0.0
    if name.endswith("_shift_range") and isinstance(value, list | tuple):
        return tuple(abs(number) for number in value)  # Keras gives each a random sign
    return tuple(value) if isinstance(value, list) else value


def check_levels(pictures: np.ndarray, channels: int, ranges: AugmentSettings) -> None:
    """Refuse pictures that the transforms which are switched on have no meaning for.

    Args:
        pictures: One or more, any layout.
        channels: How many each has.
        ranges: What is switched on.

    Raises:
        SettingsError: Noise, marks, blur, JPEG, RandAugment or brightness for pictures that are not of levels 0..255;
            all but brightness also for pictures that are not RGB.
    """
    plain = AugmentSettings(preset="none")
    own = [name for name in OWN_NAMES if name not in _FOR_ANY_PICTURE and getattr(ranges, name) != getattr(plain, name)]
    if own and channels != 3:
        raise SettingsError(
            f"{own[0]} is for RGB pictures of 3 channels, and these have {channels}", f"leave out {own[0]}"
        )
    names = own + (["brightness_range"] if ranges.brightness_factors != (1, 1) else [])
    if not names or not pictures.size:
        return
    low, high = float(pictures.min()), float(pictures.max())
    if 0 <= low and high <= 255 and (high > 1 or not (pictures % 1).any()):
        return
    raise SettingsError(
        f"{names[0]} is for pictures of levels 0..255, and these reach from {low:g} to {high:g}",
        "give levels 0..255, and let rescale or preprocessing_function come after",
    )
