"""The command that writes a run's model for other programs: ``mekiki export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import ExportSettings, build
from mekiki.doors.app import Json, RunFolderArgument, app, say
from mekiki.doors.options import with_settings


@app.command()
@with_settings(ExportSettings)
def export(
    run: RunFolderArgument,
    settings: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="the folder to make (default: exports/FORMAT in the run)")] = None,
    as_json: Json = False,
) -> None:
    """Write the model for other programs; kept only if it is proven to say what the run says."""
    chosen = build(ExportSettings, settings)
    from mekiki.doors.console import make_progress
    from mekiki.doors.export_tables import show_parity
    from mekiki.verbs.export import export as run_export

    made = run_export(run, out, chosen, make_progress())
    show_parity(made.parity, as_json)
    say(f"wrote {made.folder.path}")
