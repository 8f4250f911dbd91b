"""Settings of the random changes to training photos: each transform by its known name, and presets of them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mekiki.config.section import Fraction, Section

PresetName = Literal["none", "light", "varied", "keras-2017", "keras-2017+dust", "sommelier"]
FillMode = Literal["nearest", "reflect", "wrap", "constant"]

OPERATIONS = 14
"""The operations of RandAugment."""


def _from_text(given: Any) -> Any:
    """Read ``0.2``, ``30`` and ``0.8,1.2`` as on the command line; a whole number stays one."""
    if not isinstance(given, str):
        return given
    if not given.strip() or given.strip().lower() == "none":
        return None
    try:
        numbers = [int(part) if part.strip().lstrip("+-").isdigit() else float(part) for part in given.split(",")]
    except ValueError:
        raise ValueError("expected a number, or numbers with commas between them") from None
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def _number_or_pair(given: Any) -> Any:
    numbers = _from_text(given)
    if not _is_number(numbers) and not _is_pair(numbers):
        raise ValueError("expected one number such as 0.2, or a pair such as 0.8,1.2")
    return numbers


def _number_or_list(given: Any) -> Any:
    numbers = _from_text(given)
    if not _is_number(numbers) and not (isinstance(numbers, list | tuple) and all(map(_is_number, numbers))):
        raise ValueError("expected one number such as 0.1 or 20, or a list such as 10,20,40")
    return numbers


def _whole_pair(given: Any) -> Any:
    """Read two whole numbers, or none."""
    numbers = _from_text(given)
    if numbers is not None and not (_is_pair(numbers) and all(number % 1 == 0 for number in numbers)):
        raise ValueError("expected two whole numbers with a comma between them, or none")
    return numbers


def _quality_pair(given: Any) -> Any:
    """Read two whole numbers; one number is a range of that number alone."""
    numbers = _from_text(given)
    return _whole_pair((numbers, numbers) if _is_number(numbers) else numbers)


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and -math.inf < given < math.inf


def _is_pair(given: Any) -> bool:
    return isinstance(given, list | tuple) and len(given) == 2 and all(map(_is_number, given))


def _zoom(given: float | tuple[float, float]) -> float | tuple[float, float]:
    if isinstance(given, int | float):
        if not 0 <= given <= 0.95:
            raise ValueError("one number is from 0 to 0.95; expected for example 0.2, or a pair like 0.8,1.2")
    elif not 0.05 <= given[0] <= given[1] <= 20:
        raise ValueError("a pair is the least and the most factor, from 0.05 to 20")
    return given


def _brightness(given: float | tuple[float, float]) -> float | tuple[float, float]:
    if isinstance(given, int | float):
        if not 0 <= given < 1:
            raise ValueError("one number is 0 or more and below 1; expected for example 0.2, or a pair like 0.5,1.5")
    elif not 0 <= given[0] <= given[1] <= 20:
        raise ValueError("a pair is the least and the most factor, from 0 to 20")
    return given


def _shift(given: float | tuple[float, ...]) -> float | tuple[float, ...]:
    values = given if isinstance(given, tuple) else (given,)
    if not values or min(values) < 0 or max(values) > 1024:
        raise ValueError("a shift is a fraction below 1, or pixels up to 1024, or a list of either; none is negative")
    return given


def _quality(given: tuple[int, int] | None) -> tuple[int, int] | None:
    if given is not None and not 1 <= given[0] <= given[1] <= 100:
        raise ValueError("the least and the most JPEG quality are from 1 to 100")
    return given


Shift = Annotated[int | float | tuple[float, ...], BeforeValidator(_number_or_list), AfterValidator(_shift)]
Zoom = Annotated[float | tuple[float, float], BeforeValidator(_number_or_pair), AfterValidator(_zoom)]
Brightness = Annotated[float | tuple[float, float], BeforeValidator(_number_or_pair), AfterValidator(_brightness)]
Quality = Annotated[tuple[int, int] | None, BeforeValidator(_quality_pair), AfterValidator(_quality)]
Operations = Annotated[tuple[int, int] | None, BeforeValidator(_whole_pair)]


class AugmentSettings(Section):
    """Random changes to the training photos; all affine steps are one resampling.

    A setting that is not given is that of the preset. The names up to ``vertical_flip``, and the order in which they
    are applied, are those of Keras' ImageDataGenerator.
    """

    preset: PresetName = Field(
        "light",
        description="none, light, varied (light and RandAugment), keras-2017 (45°, shifts, zoom, both flips), "
        "keras-2017+dust, or sommelier (brightness, pepper noise, cutout, deformation); other settings change single "
        "values of it",
    )
    rotation_range: float = Field(0.0, ge=0, le=180, description="turned by up to this, either way, degrees")
    width_shift_range: Shift = Field(
        0.0,
        description="shifted sideways by up to this: below 1 a fraction of the width, a whole number pixels; "
        "or one of a list, either way",
    )
    height_shift_range: Shift = Field(
        0.0,
        description="shifted up or down by up to this: below 1 a fraction of the height, a whole number pixels; "
        "or one of a list, either way",
    )
    shear_range: float = Field(0.0, ge=0, lt=90, description="sheared by up to this angle, either way, degrees")
    zoom_range: Zoom = Field(
        0.0,
        description="seen from a distance of 1 ± this, or of a pair's range (above 1: smaller), "
        "drawn for width and height apart",
    )
    zoom_keeps_shape: bool = Field(False, description="zoom width and height alike")
    fill_mode: FillMode = Field(
        "nearest", description="outside the picture: its nearest edge, its reflection, the picture again, or cval"
    )
    cval: float = Field(0.0, ge=0, le=255, description="grey level outside the picture for fill_mode constant, 0..255")
    channel_shift_range: float = Field(
        0.0, ge=0, le=255, description="all channels made brighter or darker by up to this, grey levels"
    )
    brightness_range: Brightness = Field(
        0.0, description="brightness multiplied by a factor in 1 ± this, or in a pair's range"
    )
    horizontal_flip: bool = Field(False, description="mirrored left to right, half of the time")
    vertical_flip: bool = Field(False, description="mirrored top to bottom, half of the time")
    elastic: float = Field(
        0.0,
        ge=0,
        le=0.2,
        description="deformed: 4 by 4 points pushed about by up to this fraction of the side",
    )
    randaugment: Operations = Field(
        None, description="N,M: this many operations of RandAugment of strength M in 0..30 (none: no)"
    )
    blur: float = Field(0.0, ge=0, le=20, description="Gaussian blur of up to this sigma, pixels at 224")
    gaussian_noise: float = Field(0.0, ge=0, le=255, description="noise of a spread of up to this, grey levels")
    jpeg_quality: Quality = Field(
        None, description="LEAST,MOST: saved as JPEG of a quality in this range, 1..100 (none: no)"
    )
    pepper_noise: Fraction = Field(0.0, description="up to this share of the pixels turned black")
    salt_noise: Fraction = Field(0.0, description="up to this share of the pixels turned white")
    cutout: Fraction = Field(0.0, description="a grey square of this fraction of the side over a random place (Cutout)")
    random_erasing: Fraction = Field(
        0.0, description="chance that a random rectangle, 2 to 40 % of the picture, is erased with noise (Zhong et al.)"
    )
    dust: int = Field(
        0, ge=0, le=1000, description="0 to this many small grey rectangles thrown at the picture (2017: 31)"
    )
    scribble: int = Field(
        0, ge=0, le=100, description="0 to this many strokes of a brush painted over, as those of stress"
    )
    mixup: float = Field(
        0.0,
        ge=0,
        le=10,
        description="two photos and their labels blended, by Beta(this, this); training only",
    )
    cutmix: float = Field(
        0.0,
        ge=0,
        le=10,
        description="a piece of another photo pasted in, by Beta(this, this); training only",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        name = given.get("preset", "light")
        return {**PRESETS.get(name, {}), **given} if isinstance(name, str) else given

    @model_validator(mode="after")
    def _check(self) -> AugmentSettings:
        if self.randaugment is not None:
            count, strength = self.randaugment
            if not (1 <= count <= OPERATIONS and 0 <= strength <= 30):
                raise ValueError(
                    f"randaugment {count},{strength}: expected 1 to {OPERATIONS} operations and a strength of 0 to 30"
                )
        if "cval" in self.model_fields_set and self.cval and self.fill_mode != "constant":
            raise ValueError(f"cval {self.cval:g} is for fill_mode constant, and fill_mode is {self.fill_mode}")
        return self

    @property
    def brightness_factors(self) -> tuple[float, float]:
        """Return the least and the most factor of the brightness."""
        given = self.brightness_range
        return given if isinstance(given, tuple) else (1 - given, 1 + given)

    @property
    def zoom_factors(self) -> tuple[float, float]:
        """Return the least and the most factor of the distance; below 1 enlarges."""
        given = self.zoom_range
        return given if isinstance(given, tuple) else (1 - given, 1 + given)


_LIGHT = {
    "rotation_range": 10.0,
    "width_shift_range": 0.05,
    "height_shift_range": 0.05,
    "zoom_range": 0.15,
    "zoom_keeps_shape": True,
    "brightness_range": 0.2,
    "horizontal_flip": True,
}

_KERAS_2017 = {
    "rotation_range": 45.0,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "vertical_flip": True,
}

PRESETS: dict[str, dict[str, Any]] = {
    "none": {},
    "light": _LIGHT,
    "varied": {**_LIGHT, "randaugment": (2, 9)},
    "keras-2017": _KERAS_2017,
    "keras-2017+dust": {**_KERAS_2017, "dust": 31},
    "sommelier": {"brightness_range": 0.5, "pepper_noise": 0.1, "cutout": 0.3, "elastic": 0.05},
}
"""What each preset sets; everything else keeps the default of its field."""
