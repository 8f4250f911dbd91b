"""Where results go: stdout, for a person or as one JSON object."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from mekiki.doors.terminal import without_controls


def results_console() -> Console:
    """Return a console on stdout that colours nothing by itself."""
    return Console(highlight=False)


def foreign(text: str, style: str = "") -> Text:
    """Return text that others may have written for a terminal, its control characters as escapes."""
    return Text(without_controls(text), style)


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(content, ensure_ascii=False))
