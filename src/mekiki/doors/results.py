"""Where results go: stdout, for a person or as one JSON object."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def results_console() -> Console:
    """Return a console on stdout that colours nothing by itself."""
    return Console(highlight=False)


def foreign(text: str, style: str = "") -> Text:
    """Return text that others may have written (names of files and classes, a server's words) for a terminal.

    Its control characters become escapes, so that no name can colour, move or rename the terminal.
    """
    return Text(text.translate(_CONTROLS), style)


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(content, ensure_ascii=False))
