"""Writes the reference of the commands in Markdown: arguments and own options of each, asked of the command line.

Options that are settings are told on the page of the settings, section by section; here they are links.
"""

from __future__ import annotations

from typing import Any

from settings_page import all_commands, commands_with, in_cell, sections

INTRODUCTION = """# Commands

Every command with its arguments and its own options. This page is written by `python tools/reference.py` from the
command line itself; `mekiki COMMAND --help` tells the same. Results go to stdout, progress and notes to stderr. Exit
codes: 0 done, 1 the work failed, 2 wrong use, 130 stopped by Ctrl-C. `--json` prints one JSON object to stdout and
nothing else there.
"""
ORDER = (
    "demo collect unpack scan split augment train evaluate predict explain stress compare distill export report audit "
    "serve studio recipes backbones doctor cache"
).split()


def commands_page() -> str:
    """Return the page."""
    commands = all_commands()
    names = sorted(commands, key=lambda name: (name not in ORDER, ORDER.index(name) if name in ORDER else 0, name))
    settings = {name: commands_with(section) for name, section in sections()}
    parts = [INTRODUCTION]
    for name in names:
        of = [section for section, users in settings.items() if name in users]
        parts.append(_command(name, commands[name], of))
    return "\n".join(parts).rstrip() + "\n"


def _command(name: str, command: Any, settings: list[str]) -> str:
    arguments = [each for each in command.params if not each.opts[0].startswith("-")]
    own = [each for each in command.params if each.opts[0].startswith("-") and each.rich_help_panel is None]
    words = [_argument(each) for each in arguments]
    needed = [f"{each.opts[0]} {each.opts[0].strip('-').upper()}" for each in own if each.required]
    lines = [
        f"## {name}",
        "",
        (command.help or "").replace("\n\n", "\n"),
        "",
        f"    mekiki {' '.join([name, *words, *needed])}",
        "",
    ]
    rows = [(f"`{word}`", each) for word, each in zip(words, arguments, strict=True)]
    rows += [(f"`{' / '.join([*each.opts, *each.secondary_opts])}`", each) for each in own]
    if rows:
        lines += ["| | |", "|---|---|"]
        lines += [f"| {in_cell(word)} | {in_cell(each.help or '')}{_more(each)} |" for word, each in rows]
        lines.append("")
    if settings:
        links = ", ".join(f"[{section}](settings.md#{section.lower()})" for section in settings)
        lines += [f"Settings: {links}.", ""]
    return "\n".join(lines)


def _argument(argument: Any) -> str:
    word = argument.metavar or argument.name.upper()
    word = word if argument.nargs != -1 or "..." in word or " " in word else f"{word}..."
    return word if argument.required or word.startswith("[") else f"[{word}]"


def _more(parameter: Any) -> str:
    if parameter.required and parameter.opts[0].startswith("-"):
        return " (required)"
    if parameter.default in (None, False, True, ()) or "default" in (parameter.help or "") or parameter.required:
        return ""
    return f" (default: {parameter.default})"
