"""Settings fields as a form needs them: their kind, limits and description come from the field itself."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic.fields import FieldInfo

from mekiki.config import SECTIONS, RunConfig

Kind = Literal["whole", "number", "text", "switch", "choice"]


@dataclass(frozen=True)
class SettingField:
    """One field of a form.

    Attributes:
        section: Whose it is: "train", "augment" …
        name: Of the setting.
        kind: What may be typed.
        choices: The names to choose from, of a choice.
        least: The least number; None: no limit, or no number.
        most: The most.
        description: The setting's own sentence.
    """

    section: str
    name: str
    kind: Kind
    choices: tuple[str, ...]
    least: float | None
    most: float | None
    description: str

    def value_in(self, config: RunConfig) -> str:
        """Return its value as it would be typed; empty for none."""
        return in_words(getattr(getattr(config, self.section), self.name))


def setting_field(section: str, name: str) -> SettingField:
    """Return a setting as a field of a form.

    Args:
        section: A key of ``SECTIONS``.
        name: A field of that section.
    """
    info = SECTIONS[section].model_fields[name]
    kind, choices = _kind(info.annotation)
    limits = _limits(info)
    return SettingField(section, name, kind, choices, *limits, info.description or "")


def in_words(value: Any) -> str:
    """Return a value as on the command line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(map(in_words, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0])
    if origin is Literal:
        return "choice", tuple(map(str, parts))
    if annotation is bool:
        return "switch", ()
    kinds = {part for part in parts if part is not type(None)} or {annotation}
    if kinds == {int}:
        return "whole", ()
    return ("number" if kinds <= {int, float} else "text"), ()


def _limits(info: FieldInfo) -> tuple[float | None, float | None]:
    least, most = None, None
    for mark in info.metadata:
        least = next((getattr(mark, name) for name in ("ge", "gt") if getattr(mark, name, None) is not None), least)
        most = next((getattr(mark, name) for name in ("le", "lt") if getattr(mark, name, None) is not None), most)
    return least, most
