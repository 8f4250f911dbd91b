"""The command line: ``mekiki COMMAND``. The commands are in ``data_commands.py`` and ``model_commands.py``."""

from __future__ import annotations

import io
import sys

from mekiki.doors import data_commands, model_commands
from mekiki.doors.app import app

__all__ = ["app", "data_commands", "main", "model_commands"]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="backslashreplace")
    app()
