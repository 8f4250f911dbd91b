"""What keeps foreign text harmless in a terminal; names of files and classes, and servers' words, are foreign."""

from __future__ import annotations

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def without_controls(line: str) -> str:
    """Return a line with its control characters as escapes, so that no name can colour, move or rename the terminal."""
    return line.translate(_CONTROLS)
