"""The command line: ``mekiki COMMAND``. The commands are in the files of this room that end in ``_command(s).py``."""

from __future__ import annotations

import io
import sys

from mekiki.doors import data_commands, model_commands, storage_command
from mekiki.doors.app import app

__all__ = ["app", "data_commands", "main", "model_commands", "storage_command"]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="backslashreplace")
    app()
