"""The command line: ``mekiki COMMAND``. The commands are in the files of this room that end in ``_command(s).py``."""

from __future__ import annotations

import io
import sys

from mekiki.doors import (
    audit_command,
    compare_command,
    data_commands,
    distill_command,
    doctor_command,
    explain_command,
    export_command,
    model_commands,
    report_command,
    serve_command,
    storage_command,
    stress_command,
    studio_command,
)
from mekiki.doors.app import app

__all__ = [
    "app",
    "audit_command",
    "compare_command",
    "data_commands",
    "distill_command",
    "doctor_command",
    "explain_command",
    "export_command",
    "main",
    "model_commands",
    "report_command",
    "serve_command",
    "storage_command",
    "stress_command",
    "studio_command",
]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="backslashreplace")
    app()
