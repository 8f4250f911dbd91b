"""The command that trains a student from a run: ``mekiki distill``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import AugmentSettings, DistillSettings, ModelSettings, TrainSettings
from mekiki.doors.app import Assignments, Json, RunFolderArgument, app, say
from mekiki.doors.options import chosen, with_settings


@app.command()
@with_settings(DistillSettings, ModelSettings, TrainSettings, AugmentSettings, hidden=("teacher", "engine", "replicas"))
def distill(
    run: RunFolderArgument,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the student's run folder to make")],
    margin: Annotated[float, typer.Option(help="largest loss of accuracy that does not matter")] = 0.05,
    assignments: Assignments = None,
    recipe: Annotated[
        str | None, typer.Option(help="settings under a name (default: student), or a TOML file of your own")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with a student in --out that was stopped or killed")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a small student to imitate a run, and tell what was lost. mekiki recipes student has its defaults."""
    given = chosen(settings, assignments, recipe)
    from mekiki.doors.compare_command import show_comparison
    from mekiki.doors.console import make_progress
    from mekiki.verbs.distill import COMPARISON
    from mekiki.verbs.distill import distill as run_distill

    made = run_distill(run, out, margin, make_progress(), resume, **given)
    show_comparison(made.comparison, as_json)
    say(f"report: {made.run.report}; teacher against student: {made.run.path / COMPARISON / 'comparison.html'}")
