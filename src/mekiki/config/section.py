"""What every settings section is, and how one is made from untrusted values; errors are in the user's own words."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mekiki.errors import SettingsError, unknown_name

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Megapixels = Annotated[float, Field(gt=0, le=178.0)]
"""Up to the decoders' own limit, in millions of pixels."""
Amount = Annotated[int | float, Field(ge=0)]


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys fail."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


AnySection = TypeVar("AnySection", bound=Section)


def build(section: type[AnySection], values: dict[str, Any]) -> AnySection:
    """Make a section from untrusted values.

    Args:
        section: The settings class.
        values: Field name → value; missing ones take their default.

    Raises:
        SettingsError: An unknown name (the nearest known one is the hint), or a value that does not fit.
    """
    try:
        return section(**values)
    except ValidationError as error:
        raise _in_plain_words(section, error) from None


def build_some(section: type[AnySection], values: dict[str, Any]) -> AnySection:
    """Make a section from those of many values that are its fields; see ``build``."""
    return build(section, {name: value for name, value in values.items() if name in section.model_fields})


def _in_plain_words(section: type[Section], error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][:1])
    if first["type"] == "extra_forbidden":
        return unknown_name("setting", name, list(section.model_fields))
    reason = first["msg"].removeprefix("Value error, ")
    if not name:
        return SettingsError(reason)
    field = section.model_fields.get(name)
    return SettingsError(f"{name} = {first['input']!r}: {reason}", f"{name}: {field.description}" if field else "")
