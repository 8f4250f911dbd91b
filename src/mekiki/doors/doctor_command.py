"""The command that tells what works on this machine: ``mekiki doctor``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mekiki.doors.app import Json, app
from mekiki.doors.results import foreign, print_json, results_console


@app.command()
def doctor(
    bench: Annotated[
        Path | None, typer.Option(metavar="RUN", help="time torch and the run's exports, and name the quickest")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what works on this machine; --bench RUN times the engines that predict takes."""
    from mekiki.doors.console import make_progress
    from mekiki.verbs.doctor import doctor as run

    found = run(bench, make_progress())
    if as_json:
        print_json(asdict(found))
        return
    console = results_console()
    for name, fact in found.facts.items():
        console.print(foreign(f"{name:<24}{fact}"), soft_wrap=True)
    for name, packages in found.missing.items():
        state = "installed" if not packages else f"lacks {', '.join(packages)}: pip install 'mekiki[{name}]'"
        console.print(foreign(f"{'extra ' + name:<24}{state}"), soft_wrap=True)
    for each in found.engines:
        fact = f"{each.per_second:7.1f} pictures/s, {each.ratio:4.2f} times torch, same class {each.agreement:.0%}"
        console.print(foreign(f"{'engine ' + each.engine:<24}{each.problem or fact}"), soft_wrap=True)
    if found.quickest:
        words = f"quickest here: mekiki predict {bench} PHOTOS --engine {found.quickest}"
        console.print(foreign(words), soft_wrap=True)
