"""Settings fields as command-line options: name, help and default come from the field itself."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mekiki.config import Section, parse_assignments

_LETTERS = "ABCD"
_LONGEST_NAMES = 40


def with_settings(*sections: type[Section], hidden: tuple[str, ...] = ()) -> Callable[[Callable[..., None]], Any]:
    """Add every field of some sections to a command as options.

    The command receives those that the person gave, and only those, as the dict ``settings``. A field that two sections
    share (``seed``) is one option.

    Args:
        sections: The sections.
        hidden: Fields that the command has no option for.
    """
    fields = {
        name: (field, section.__doc__ or "")
        for section in sections
        for name, field in section.model_fields.items()
        if name not in hidden
    }

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)
        kept = [parameter for name, parameter in own.parameters.items() if name != "settings"]
        added = [_parameter(name, field, panel) for name, (field, panel) in fields.items()]

        @functools.wraps(command)
        def run(**values: Any) -> None:
            given = {name: values.pop(name) for name in fields}
            command(**values, settings={name: value for name, value in given.items() if value is not None})

        run.__signature__ = own.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
        return run

    return decorate


def chosen(settings: dict[str, Any], assignments: list[str] | None, recipe: str | None) -> dict[str, Any]:
    """Return all settings that a person gave; an option wins over ``--set``.

    Args:
        settings: From the options.
        assignments: The texts of ``--set``.
        recipe: Of ``--recipe``.

    Raises:
        SettingsError: A text without "=", or the name of no setting.
    """
    named = {} if recipe is None else {"recipe": recipe}
    return {**parse_assignments(assignments or []), **settings, **named}


def _parameter(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    is_switch = field.annotation is bool
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if is_switch else flag,
        help=f"{field.description} (default: {_in_words(field.default)})",
        show_default=False,
        metavar="" if is_switch else _metavar(field.annotation),
        rich_help_panel=panel.rstrip(".").partition(":")[0],
    )
    kind: Any = Annotated[(bool if is_switch else str) | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _in_words(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, tuple) and default:
        return ",".join(map(str, default))
    return "none" if default in (None, (), "") else str(default)


def _metavar(annotation: Any) -> str:
    """Return what may be given, in short: ``N`` a whole number, ``X`` a number, ``A,B`` two, ``A,B,…`` a list.

    Names too long for a column are ``NAME``; the description has them.
    """
    parts, origin = typing.get_args(annotation), typing.get_origin(annotation)
    if origin is Annotated:
        return _metavar(parts[0])
    if origin is Literal:
        names = "|".join(map(str, parts))
        return names if len(names) <= _LONGEST_NAMES else "NAME"
    if origin is tuple:
        return "A,B,…" if Ellipsis in parts else ",".join(_LETTERS[: len(parts)])
    if parts:
        wider = {type(None), int} if float in parts else {type(None)}
        return "|".join(_metavar(part) for part in parts if part not in wider)
    return {int: "N", float: "X"}.get(annotation, "TEXT")
