"""The command that opens the workbench in a browser: ``mekiki studio``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import StudioSettings, build
from mekiki.doors.app import app
from mekiki.doors.options import with_settings
from mekiki.errors import MekikiError

HOME = Path("mekiki-studio")


@app.command()
@with_settings(StudioSettings)
def studio(
    settings: dict[str, Any],
    roots: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER...", help="folders that photos and runs may be chosen from (default: this one)"),
    ] = None,
    out: Annotated[Path, typer.Option(help="the studio's own folder: photos sent to it, runs, jobs")] = HOME,
    show: Annotated[bool, typer.Option("--show/--no-show", help="open it in the browser")] = True,
) -> None:
    """Open the workbench in a browser: photos, training, scribbling, comparing, exporting."""
    chosen = build(StudioSettings, settings)
    if importlib.util.find_spec("nicegui") is None:
        raise MekikiError("the studio needs NiceGUI, which is not installed", "pip install 'mekiki[studio]'")
    from mekiki.doors.studio.serving import serve
    from mekiki.doors.studio.workspace import open_workspace

    serve(open_workspace(out, tuple(roots) if roots else (Path.cwd(),)), chosen, show)
