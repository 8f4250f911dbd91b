"""Writes the reference of the Python names in Markdown, from the docstrings (Google style) of what ``mekiki`` exports.

It reads signatures and docstrings and runs nothing else. Of classes the public methods that they or their bases in
mekiki define are told, too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import mekiki

INTRODUCTION = """# Python

What `import mekiki` offers; everything else may change. This page is written by `python tools/reference.py` from the
docstrings. Each verb is a function, and the command of the same name does the same. Settings are records of
`mekiki.config`, or keywords; [Settings](settings.md) has them all.

Errors are `mekiki.MekikiError` with `message` (what happened, with the value) and `hint` (what mends it).
"""
SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Source")
NAMED = ("Args", "Attributes", "Raises")
ITEM = re.compile(r"^(\*{0,2}[\w, *]+?):\s+(.*)$")


def python_page() -> str:
    """Return the page."""
    names = [name for name in mekiki.__all__ if not name.startswith("__")]
    ordered = sorted(names, key=lambda name: (name[0].isupper(), name.lower()))
    return "\n".join([INTRODUCTION, *(_thing(name, getattr(mekiki, name)) for name in ordered)]).rstrip() + "\n"


def _thing(name: str, thing: Any) -> str:
    lines = [f"## {name}", "", *_code(f"mekiki.{name}", thing), *_docstring(inspect.getdoc(thing) or "")]
    if inspect.isclass(thing):
        for method, function in _methods(thing):
            lines += [f"### {name}.{method}", "", *_code(method, function), *_docstring(inspect.getdoc(function) or "")]
    return "\n".join(lines)


def _methods(thing: type) -> list[tuple[str, Callable[..., Any]]]:
    if issubclass(thing, Exception):
        return []
    found = {
        name: each
        for base in reversed(thing.__mro__)
        if base.__module__.startswith("mekiki.")
        for name, each in vars(base).items()
        if inspect.isfunction(each) and not name.startswith("_")
    }
    return [(name, each) for name, each in sorted(found.items()) if inspect.getdoc(each)]


def _code(name: str, thing: Any) -> list[str]:
    signature = inspect.signature(thing)
    parts = [str(each).replace("'", "") for each in signature.parameters.values() if each.name != "self"]
    returns = signature.return_annotation
    end = (
        ""
        if returns in (inspect.Signature.empty, None) or inspect.isclass(thing)
        else f" -> {returns}".replace("'", "")
    )
    whole = f"{name}({', '.join(parts)}){end}"
    text = whole if len(whole) <= 100 else "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){end}"])
    return ["```python", text, "```", ""]


def _docstring(text: str) -> list[str]:
    """Return a Google docstring as Markdown: its words, then its sections as lists."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        title = line.removesuffix(":")
        if title in SECTIONS and line.endswith(":"):
            section = title
            lines += [*([""] if lines and lines[-1] else []), f"**{title}**", ""]
        elif not section:
            lines.append(_plain(line))
        elif section == "Example":
            lines.append(
                line.replace("  # doctest: +SKIP", "") and f"    {line.strip()}".replace("  # doctest: +SKIP", "")
            )
        else:
            lines += _in_section(section, line)
    return [*lines, ""]


def _in_section(section: str, line: str) -> list[str]:
    words = line.strip()
    is_item = line.startswith("    ") and not line.startswith("     ")
    found = ITEM.match(words) if section in NAMED and is_item else None
    if found is not None:
        return [f"- `{found[1].replace('*', '')}`: {_plain(found[2])}"]
    indent = "  " if section in NAMED else ""
    return [f"{indent}{_plain(words)}" if words else ""]


def _plain(text: str) -> str:
    return text.replace("``", "`")
