"""The command about a catalogue's tags: ``mekiki audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mekiki.config import AuditSettings, ClusterSettings, ScanSettings, build_some
from mekiki.doors.app import DATA_HELP, LOCAL, EngineOption, Json, app, say
from mekiki.doors.options import with_settings
from mekiki.doors.results import foreign, print_json, results_console
from mekiki.errors import SettingsError

if TYPE_CHECKING:
    from mekiki.records.audit import Audit

SHOWN = 20
_WITHOUT_RUN = ("backbone", "weights", "image_size")


@app.command()
@with_settings(AuditSettings, ScanSettings, ClusterSettings)
def audit(
    places: Annotated[
        list[Path], typer.Argument(metavar="[RUN] CATALOGUE", help=f"a run folder (not with --self), and {DATA_HELP}")
    ],
    settings: dict[str, Any],
    alone: Annotated[
        bool, typer.Option("--self", help="judge the catalogue by itself, with a pretrained backbone and no run")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="a new folder for findings.csv, audit.csv, audit.json and audit.html")
    ] = None,
    engine: EngineOption = LOCAL,
    as_json: Json = False,
) -> None:
    """Rank the listings of a catalogue by how likely their tag is wrong."""
    if len(places) != (1 if alone else 2):
        expected = "CATALOGUE alone with --self" if alone else "RUN and CATALOGUE"
        raise SettingsError(
            f"expected {expected}, and got {len(places)} path(s)",
            "mekiki audit RUN CATALOGUE --out DIR, or mekiki audit --self CATALOGUE --out DIR",
        )
    idle = next((name for name in _WITHOUT_RUN if name in settings), None)
    if idle is not None and not alone:
        raise SettingsError(f"--{idle.replace('_', '-')} is for --self; a run has its own", "leave it out")
    from mekiki.cluster.engines import is_on_cluster, refuse_idle
    from mekiki.doors.console import make_progress
    from mekiki.verbs.audit import audit as run_audit

    refuse_idle(settings, is_on_cluster(engine))
    cluster = build_some(ClusterSettings, settings)
    chosen, scanning = build_some(AuditSettings, settings), build_some(ScanSettings, settings)
    run, catalogue = (None, places[0]) if alone else (places[0], places[1])
    _show(run_audit(run, catalogue, out, chosen, scanning, make_progress(), engine, cluster), as_json)
    if out is not None:
        say(f"wrote {out / 'findings.csv'}, audit.csv, audit.json and audit.html")


def _show(audited: Audit, as_json: bool) -> None:
    """Show the most suspicious listings and the estimate, or the summary as one JSON object."""
    from rich.table import Table

    from mekiki.reports.audit_story import about_not_judged, estimate, yields

    if as_json:
        print_json(audited.summary.model_dump())
        return
    console = results_console()
    table = Table("score", "listing", "tag", "suggested", "why", box=None)
    for each in audited.findings[:SHOWN]:
        table.add_row(
            f"{each.score:.3f}", foreign(each.path), foreign(each.label), foreign(each.suggested), foreign(each.reason)
        )
    console.print(table if audited.findings else "no suspicious listing found")
    if len(audited.findings) > SHOWN:
        console.print(f"and {len(audited.findings) - SHOWN:,} more")
    for line in (estimate(audited.summary), *yields(audited.summary), *about_not_judged(audited.summary)):
        console.print(foreign(line.replace("\u00a0", " ")), soft_wrap=True)
