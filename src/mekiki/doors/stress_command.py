"""The command about damage: ``mekiki stress``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mekiki.config import EvaluateSettings, StressSettings, build_some
from mekiki.doors.app import Json, RunFolderArgument, app, say
from mekiki.doors.options import with_settings
from mekiki.doors.results import foreign, print_json, results_console

if TYPE_CHECKING:
    from mekiki.verbs.stress import Stressed


@app.command()
@with_settings(StressSettings, EvaluateSettings)
def stress(
    run: RunFolderArgument,
    settings: dict[str, Any],
    data: Annotated[Path | None, typer.Argument(help="other labelled photos; not given: the run's own")] = None,
    part: Annotated[
        str | None,
        typer.Option(help="train, val (default) or test of the run's own photos; a look at test is recorded"),
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="RUN", help="another run on the same damage; may be repeated")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="a new folder for stress.html, tables and figures")] = None,
    as_json: Json = False,
) -> None:
    """Damage photos more and more, kind by kind, and tell how far the answers hold."""
    from mekiki.doors.console import make_progress
    from mekiki.verbs.stress import stress as run_stress

    chosen, prediction = build_some(StressSettings, settings), build_some(EvaluateSettings, settings)
    stressed = run_stress(run, data, part, out, against or (), chosen, prediction, make_progress())
    _show(stressed, as_json)
    if out is not None:
        say(f"wrote {out / 'stress.html'}, stress.json, stress.csv, flips.csv and figures")


def _show(stressed: Stressed, as_json: bool) -> None:
    """Show the accuracy at each severity and a sentence for each kind, or one JSON object."""
    from rich.table import Table

    from mekiki.records.stress import stress_object
    from mekiki.reports.stress_story import mark, measured, remarks, widest

    everyone = [stressed.figures, *stressed.others]
    if as_json:
        print_json(stress_object(everyone, stressed.verdicts))
        return
    console = results_console()
    for figures in everyone:
        clean = measured(figures).replace("\u00a0", " ")
        console.print(foreign(f"{figures.run}: clean {clean} right", "bold"), soft_wrap=True)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        for kind, points in figures.kinds.items():
            table.add_row(kind, *(f"[dim]{mark(kind, p.severity)}[/]\n{_percent(p.accuracy)}" for p in points))
        console.print(table)
        console.print(f"right at each severity, %; 95 % intervals reach at most {widest(figures)} either way")
        for remark in remarks(figures):
            console.print(foreign(remark.replace("\u00a0", " ")), soft_wrap=True)
        console.print()
    for kind, verdict in stressed.verdicts.items():
        console.print(foreign(f"{kind}: {verdict}"), soft_wrap=True)


def _percent(share: float) -> str:
    """Return a share in percent, at most four characters, so that twelve of them fit into a line."""
    return "100" if share == 1 else f"{100 * share:.1f}"
