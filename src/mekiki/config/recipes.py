"""Recipes by name: small TOML files in the package, or of the user's own, that choose settings and state their figures.

A recipe holds values only: ``[settings]`` are fields as on the command line, ``[about]`` says in words where it comes
from and what to expect of it. Values that a person gives beside a recipe win over it.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from mekiki.config.section import Section
from mekiki.errors import SettingsError, unknown_name

LARGEST_FILE = 10_000
DEFAULT = "default"


class About(Section):
    """What a recipe says of itself."""

    summary: str = Field(description="one line")
    command: str = Field("", description="a command that uses it")
    data: str = Field("", description="the photos that its figures are of")
    source: str = Field("", description="where it comes from")
    reported: str = Field("", description="what the source reported")
    expected: str = Field("", description="what was measured with mekiki, with its interval")
    minutes: str = Field("", description="how long that took, and on what")


class Recipe(Section):
    """Settings under a name."""

    about: About
    settings: dict[str, Any] = Field(default_factory=dict, description="field → value, as on the command line")

    @field_validator("settings")
    @classmethod
    def _check(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            if not all(
                isinstance(each, bool | int | float | str) for each in (value if type(value) is list else [value])
            ):
                raise ValueError(f"{name} is no number, text, true or false, nor a list of them")
        return given


def recipe_names() -> list[str]:
    """Return the names of the package's recipes, the default first."""
    names = [Path(entry.name).stem for entry in files("mekiki.recipes").iterdir() if entry.name.endswith(".toml")]
    return sorted(names, key=lambda name: (name != DEFAULT, name))


def read_recipe(name: str) -> Recipe:
    """Read a recipe.

    Args:
        name: One of ``recipe_names``, or the path of a TOML file.

    Raises:
        SettingsError: There is no such recipe, or the file is none.
    """
    if name in recipe_names():
        return _parse(name, files("mekiki.recipes").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    path = Path(name)
    if path.suffix.lower() != ".toml":
        raise unknown_name("recipe", name, recipe_names())
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SettingsError(f"{path} has {path.stat().st_size:,} bytes; a recipe has a few lines")
        return _parse(name, path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"cannot read the recipe {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the recipe {path} is no UTF-8 text", "save it as UTF-8") from error


def _parse(name: str, text: str) -> Recipe:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of too many digits
        raise SettingsError(f"the recipe {name} is no TOML: {error}") from error
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"the recipe {name}: {place}: {reason}", "a recipe has [about] with a summary, and [settings]"
        ) from error
