"""The command that makes the report of a run again: ``mekiki report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mekiki.doors.app import RunFolderArgument, app, say


@app.command()
def report(
    run: RunFolderArgument,
    stress: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="what mekiki stress wrote, to be shown too; may be repeated"),
    ] = None,
    comparison: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="what mekiki compare wrote, to be shown too; may be repeated"),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="where the run's photos are now (default: where they were)")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a new file for the page (default: report.html in RUN)")
    ] = None,
) -> None:
    """Make the report of a run again, with the stress and comparisons that were added to it."""
    from mekiki.doors.console import make_progress
    from mekiki.verbs.report import report as run_report

    say(f"wrote {run_report(run, stress or (), comparison or (), photos, out, make_progress())}")
