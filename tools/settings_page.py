"""Writes the reference of the settings in Markdown, from the fields of ``mekiki.config`` and the package's recipes.

A field's sentence, range and default are those that the program itself checks and shows in ``--help``; which commands
have a section is asked of the command line. Nothing is told here twice.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import typer

from mekiki import config
from mekiki.config import PRESETS, SECTIONS, Recipe, RunConfig, Section, read_recipe, recipe_names
from mekiki.doors.cli import app

INTRODUCTION = """# Settings

Every setting, with its range and default. This page is written by `python tools/reference.py` from the fields that the
program checks; a test compares both.

On the command line a setting is an option (`--batch-size 16`), for `mekiki train` also `--set batch_size=16`, and a
line of a recipe. In Python it is a keyword of `mekiki.train`, or a field of the record that a verb takes
(`mekiki.config.StressSettings(limit=10)`). An unknown name is refused, and the nearest known one is named. An empty
unit is a plain number or a share, as the sentence says.
"""
FIRST = ("Collect", "Unpack", "Scan", "Label", "Split", "Copy", "Preview", "Augment", "Model", "Normalise", "Train")
UNITS = re.compile(
    r"pixels at 224|grey levels|degrees|seconds|minutes|\bms\b|gigabytes|megabytes|MiB|billions of bytes"
    r"|millions of bytes|millions\b|\bpixels\b"
)
PIXEL_COUNTS = {"millions": "million pixels"}
NOT_A_SIZE = ("share of the pixels", "fraction of the")


def settings_page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, *(_section(name, section) for name, section in sections()), _presets(), _recipes()]
    return "\n".join(parts).rstrip() + "\n"


def sections() -> list[tuple[str, type[Section]]]:
    """Return every section by its name without "Settings", in the order of the work."""
    found = {
        name.removesuffix("Settings"): thing
        for name, thing in vars(config).items()
        if inspect.isclass(thing) and issubclass(thing, Section) and thing not in (Section, Recipe, RunConfig)
    }
    order = [*FIRST, *sorted(set(found) - set(FIRST))]
    return [(name, found[name]) for name in order]


def _section(name: str, section: type[Section]) -> str:
    about = inspect.cleandoc(section.__doc__ or "").replace("``", "`")
    lines = [f"## {name}", "", about, ""]
    commands = commands_with(section)
    if commands:
        lines += ["Commands: " + ", ".join(f"`mekiki {command}`" for command in commands) + ".", ""]
    in_config = next((key for key, each in SECTIONS.items() if each is section), None)
    if in_config is not None:
        lines += [f"In `config.json` of a run and for `--set`: `{in_config}`.", ""]
    flags = _flags(commands)
    lines += ["| option | values | default | unit | |", "|---|---|---|---|---|"]
    properties = section.model_json_schema()["properties"]
    for field, about_field in section.model_fields.items():
        sentence = about_field.description or ""
        values = values_of(properties[field])
        flag = f"--{field.replace('_', '-')}"
        cells = (
            f"`{flag}`" if flag in flags else f"`{field}` (Python)",
            values,
            _default(about_field.default),
            unit_in(sentence) if "number" in values else "",
            sentence,
        )
        lines.append("| " + " | ".join(in_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def commands_with(section: type[Section]) -> list[str]:
    """Return the commands that have options of a section: those with a panel of its name in their help."""
    panel = (section.__doc__ or "").rstrip(".").partition(":")[0]
    return sorted(
        name
        for name, command in all_commands().items()
        if any(getattr(each, "rich_help_panel", None) == panel for each in command.params)
    )


def all_commands() -> dict[str, Any]:
    """Return the commands of the command line by name."""
    return dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def _flags(commands: list[str]) -> set[str]:
    known = all_commands()
    return {flag for name in commands for each in known[name].params for flag in each.opts}


def values_of(schema: dict[str, Any]) -> str:
    """Return in words what a field takes, from its JSON schema."""
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        choices = [values_of(each) for each in schema["anyOf"] if each.get("type") != "null"]
        if choices[:2] == ["whole number", "number"]:
            choices = choices[1:]
        return " or ".join(choices) + _bounds(schema)
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            return f"{len(schema['prefixItems'])} numbers `A,B`"
        inner = values_of(schema.get("items", {}))
        return "a list `A,B,…`" + (f" of {inner}" if inner not in ("text", "number") else "")
    words = {"boolean": "on, off", "integer": "whole number", "number": "number", "string": "text"}.get(
        str(kind), "text"
    )
    return words + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low = next(
        (
            f"{sign} {schema[key]:g}"
            for key, sign in (("minimum", "≥"), ("ge", "≥"), ("exclusiveMinimum", ">"))
            if key in schema
        ),
        "",
    )
    high = next(
        (f"{sign} {schema[key]:g}" for key, sign in (("maximum", "≤"), ("exclusiveMaximum", "<")) if key in schema), ""
    )
    return "".join(
        f" {bound}" if not number else f", {bound}" for number, bound in enumerate(filter(None, (low, high)))
    )


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def unit_in(sentence: str) -> str:
    """Return the unit that a field's sentence names; empty for plain numbers and shares."""
    if any(words in sentence for words in NOT_A_SIZE):
        return ""
    found = UNITS.findall(sentence.replace("picture with more pixels", ""))
    return PIXEL_COUNTS.get(found[-1], found[-1]) if found else ""


def in_cell(text: str) -> str:
    """Return text that stands in a cell of a table as it is."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("\n", " ")


def _presets() -> str:
    lines = ["## Presets of random changes", "", "What `--preset` stands for; an option beside it changes that value."]
    lines += ["", "| preset | sets |", "|---|---|"]
    for name, values in PRESETS.items():
        lines.append(f"| `{name}` | {_assignments(dict(values)) or 'nothing'} |")
    return "\n".join(lines) + "\n"


def _recipes() -> str:
    lines = ["## Recipes", "", "What `--recipe` stands for; see [Recipes](../recipes.md) for what was measured."]
    for name in recipe_names():
        recipe = read_recipe(name)
        lines += ["", f"### {name}", "", f"{recipe.about.summary[:1].upper()}{recipe.about.summary[1:]}.", ""]
        if recipe.about.command:
            lines += [f"`{recipe.about.command}`", ""]
        lines += [f"Sets {_assignments(recipe.settings) or 'nothing'}."]
    return "\n".join(lines) + "\n"


def _assignments(settings: dict[str, Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    return ", ".join(f"`{name}={shown(value)}`" for name, value in settings.items())
