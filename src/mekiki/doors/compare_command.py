"""The command that compares runs on the same photos, or two published counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import EvaluateSettings, build
from mekiki.doors.app import Json, app, say
from mekiki.doors.options import with_settings
from mekiki.doors.results import foreign, print_json, results_console
from mekiki.errors import SettingsError
from mekiki.records.comparison import Comparison

_COUNT = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*")


@app.command()
@with_settings(EvaluateSettings)
def compare(
    settings: dict[str, Any],
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN RUN... [DATA]",
            help="run folders, or exports in them (RUN/exports/onnx); then other labelled photos, else the runs' own",
        ),
    ] = None,
    counts: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="R/N R/N", help="compare two published counts instead: right answers of photos"),
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="val or test of the runs' own photos; a look at test is recorded")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="largest difference of accuracy that does not matter, such as 0.02")
    ] = None,
    pareto: Annotated[
        bool,
        typer.Option(
            "--pareto", help="accuracy against size and time; exports in the runs take part, each against the first"
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="a new folder for comparison.html, .json, .csv and pareto.png")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell whether one run is better than another, from the same photos."""
    if counts is not None:
        if places or part is not None or margin is not None or out is not None or pareto:
            raise SettingsError(
                "--counts compares two counts and nothing else", "leave out runs, --part, --margin, --pareto and --out"
            )
        _show_counts(counts, as_json)
        return
    from mekiki.doors.console import make_progress
    from mekiki.records.exported import is_export_folder
    from mekiki.records.run import is_run_folder
    from mekiki.verbs.compare import compare as run_compare

    *runs, last = places or [Path()]
    is_run = is_run_folder(last) or is_export_folder(last)
    data = None if not runs or is_run or not last.exists() else last
    if data is None and places:
        runs = places
    asked = build(EvaluateSettings, settings)
    compared = run_compare(runs, data, part, out, margin, asked, make_progress(), pareto)
    show_comparison(compared.comparison, as_json)
    if out is not None:
        picture = ", pareto.png" if pareto else ""
        say(f"wrote {out / 'comparison.html'}{picture}, comparison.json and comparison.csv")


def show_comparison(comparison: Comparison, as_json: bool) -> None:
    """Show each run's figures, what its answers cost and a verdict for each pair, or one JSON object."""
    if as_json:
        print_json(comparison.model_dump())
        return
    from rich.table import Column, Table

    from mekiki.scoring.verdicts import front_sentences

    console = results_console()
    groups = "" if comparison.groups == comparison.n else f" in {comparison.groups:,} groups"
    console.print(f"{comparison.part}: {comparison.n:,} photos{groups}", soft_wrap=True)
    for each in comparison.left_out:
        console.print(foreign(f"left out: {each.count:,} {each.reason}"), soft_wrap=True)
    table = Table(
        "run",
        Column("accuracy", justify="right"),
        "95 % interval",
        Column("macro F1", justify="right"),
        "95 % interval",
        box=None,
    )
    for run in comparison.runs:
        table.add_row(
            foreign(run.name),
            f"{run.accuracy.value:.1%}",
            f"{run.accuracy.low:.1%} to {run.accuracy.high:.1%}",
            f"{run.f1_macro.value:.3f}",
            f"{run.f1_macro.low:.3f} to {run.f1_macro.high:.3f}",
        )
    console.print(table)
    _show_costs(comparison)
    for sentence in front_sentences(comparison):
        console.print(foreign(sentence), soft_wrap=True)
    for pair in comparison.pairs:
        console.print(foreign(pair.verdict), soft_wrap=True)


def _show_costs(comparison: Comparison) -> None:
    from rich.table import Column, Table

    names = ("parameters", "megabytes", "million multiply-adds", "ms a picture")
    table = Table("run", *(Column(name, justify="right") for name in names), box=None)
    for run in comparison.runs:
        if run.cost is not None:
            sizes = (f"{run.cost.parameters:,}", f"{run.cost.bytes / 1e6:.1f}", f"{run.cost.multiply_adds / 1e6:,.0f}")
            table.add_row(foreign(run.name), *sizes, f"{run.cost.milliseconds:.1f}")
    console = results_console()
    console.print()
    console.print(table)
    console.print()


def _show_counts(counts: tuple[str, str], as_json: bool) -> None:
    """Show what two published counts mean."""
    (x, m), (y, n) = (_count(text) for text in counts)
    from mekiki.scoring.counts import compare_counts

    comparison = compare_counts((x, m), (y, n))
    if as_json:
        print_json(comparison.model_dump())
        return
    for share, right, photos in ((comparison.first, x, m), (comparison.second, y, n)):
        print(f"{right:,} of {photos:,} right: {share.value:.1%} (95 % interval {share.low:.1%} to {share.high:.1%})")
    print(comparison.verdict)


def _count(text: str) -> tuple[int, int]:
    match = _COUNT.fullmatch(text)
    right, photos = (int(match[1]), int(match[2])) if match else (1, 0)
    if right > photos or photos == 0:
        raise SettingsError(
            f"--counts {text!r} is no count: expected right answers of photos, such as 26/28",
            "mekiki compare --counts 26/28 23/28",
        )
    return right, photos
