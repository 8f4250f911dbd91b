"""The command line. Each command calls the verb of the same name and shows what came out.

Results go to stdout, progress and notes to stderr.
Exit codes: 0 done, 1 the work failed, 2 wrong use, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import io
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mekiki.config import (
    AugmentSettings,
    DemoSettings,
    EvaluateSettings,
    ModelSettings,
    ScanSettings,
    SplitSettings,
    TrainSettings,
    build,
    make_config,
    parse_assignments,
)
from mekiki.doors.options import with_settings
from mekiki.errors import MekikiError, SettingsError

STOPPED = 130


class PredictionFormat(StrEnum):
    """How predictions are shown."""

    BARS = "bars"
    CSV = "csv"
    JSONL = "jsonl"


class _Group(TyperGroup):
    """Turns expected errors into one clear line, and Ctrl-C into its exit code, for all commands in one place."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MekikiError as error:
            print(f"error: {error.message}", file=sys.stderr)
            if error.hint:
                print(f"hint: {error.hint}", file=sys.stderr)
            sys.exit(error.exit_code)
        except OSError as error:
            print(f"error: {error.filename or 'writing'}: {error.strerror or error}", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            sys.exit(STOPPED)


app = typer.Typer(
    name="mekiki",
    cls=_Group,
    help="目利き, the connoisseur's eye: a classifier that you can trust, from a few dozen photos per class.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Argument(help="class folders, train/val/test folders, flat 1_0001.jpg names, or a CSV")]
Run = Annotated[str, typer.Argument(help="a run folder, or imagenet:<timm name>")]
RunFolderArgument = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder")]
Sources = Annotated[list[str], typer.Argument(help="pictures, folders and globs")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object to stdout and nothing else there")]
Weights = Annotated[str, typer.Option(help="for imagenet:NAME: auto, a safetensors file or a timm folder")]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="backslashreplace")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from mekiki.version import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    pass


@app.command()
@with_settings(ScanSettings)
def scan(
    data: Data,
    settings: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="a folder for manifest.csv and findings.csv")] = None,
    as_json: Json = False,
) -> None:
    """Look through a folder of photos: labels, duplicates, trouble."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.tables import show_scan
    from mekiki.verbs.scan import scan as run

    result = run(data, out, build(ScanSettings, settings), make_progress())
    show_scan(result, as_json)
    if out is not None:
        _say(f"wrote {out / 'manifest.csv'} and {out / 'findings.csv'}")


@app.command()
@with_settings(SplitSettings, ScanSettings)
def split(
    data: Data,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the split file to write")] = Path("split.csv"),
    as_json: Json = False,
) -> None:
    """Divide photos into train, val and test, with no duplicate on two sides."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.tables import show_split
    from mekiki.verbs.split import split as run

    config = make_config(str(data), **settings)
    result = run(data, out, config.split, config.scan, make_progress())
    show_split(result, as_json)
    _say(f"wrote {out}")


@app.command()
@with_settings(ModelSettings, SplitSettings, TrainSettings, AugmentSettings, ScanSettings)
def train(
    data: Data,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the run folder to make")],
    split: Annotated[Path | None, typer.Option(help="a split.csv to use, so that two runs see the same photos")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="any setting by name; may be repeated")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a classifier; the run folder holds model, figures and report."""
    chosen = {**parse_assignments(assignments or []), **settings}
    make_config(str(data), **chosen)
    from mekiki.doors.console import make_progress
    from mekiki.verbs.train import train as run

    folder = run(data, out, split, make_progress(), **chosen)
    if as_json:
        print(json.dumps(json.loads(folder.metrics.read_text(encoding="utf-8")), ensure_ascii=False))
    _say(f"report: {folder.report}")


@app.command()
@with_settings(EvaluateSettings)
def evaluate(
    run: RunFolderArgument,
    settings: dict[str, Any],
    data: Annotated[Path | None, typer.Argument(help="other labelled photos; not given: the run's own")] = None,
    part: Annotated[str | None, typer.Option(help="train, val or test of the run's own photos")] = None,
    out: Annotated[Path | None, typer.Option(help="a folder for the figures, one per picture")] = None,
    as_json: Json = False,
) -> None:
    """Score a run: accuracy with its interval, per class, confusion."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.tables import show_evaluation
    from mekiki.verbs.evaluate import evaluate as score

    scored = score(run, data, part, out, build(EvaluateSettings, settings), make_progress())
    show_evaluation(scored.evaluation, as_json)
    if out is not None:
        _say(f"wrote {out}")


@app.command()
@with_settings(EvaluateSettings)
def predict(
    run: Run,
    sources: Sources,
    settings: dict[str, Any],
    top: Annotated[int | None, typer.Option(help="how many classes to show (default: 5; ImageNet: 10)")] = None,
    weights: Weights = "auto",
    style: Annotated[PredictionFormat | None, typer.Option("--format", help="bars (default), csv or jsonl")] = None,
    out: Annotated[Path | None, typer.Option(help="write csv or jsonl to this file, not to stdout")] = None,
    as_json: Json = False,
) -> None:
    """Say what is in pictures: ranked classes with their probabilities."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.tables import show_predictions
    from mekiki.records.run import check_new_file
    from mekiki.verbs.predict import predict as run_predict

    if as_json and (style is not None or out is not None):
        raise SettingsError(
            "--json prints one object to stdout; it goes with neither --format nor --out", "leave one out"
        )
    if out is not None:
        check_new_file(out)
    predictions = run_predict(run, sources, top, build(EvaluateSettings, settings), weights, make_progress())
    show_predictions(predictions, "json" if as_json else style, out)


@app.command()
@with_settings(EvaluateSettings, hidden=("batch_size", "workers"))
def explain(
    run: Run,
    sources: Sources,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the folder for the overlays")] = Path("heat-maps"),
    of_class: Annotated[str | None, typer.Option("--class", help="explain this class, not the predicted one")] = None,
    weights: Weights = "auto",
    as_json: Json = False,
) -> None:
    """Lay a heat map over pictures: what the decision rested on."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.tables import show_explanations
    from mekiki.verbs.explain import explain as run_explain

    chosen = build(EvaluateSettings, settings)
    show_explanations(run_explain(run, sources, out, of_class, chosen, weights, make_progress()), as_json)


@app.command()
@with_settings(DemoSettings)
def demo(
    settings: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="the folder to make (default: mekiki-demo)")] = None,
    as_json: Json = False,
) -> None:
    """Show the whole story offline: draw 13 guitar models, train on them, explain, report."""
    from mekiki.doors.console import make_progress
    from mekiki.verbs.demo import demo as run_demo

    result = run_demo(out, build(DemoSettings, settings), make_progress())
    if as_json:
        places = {"drawings": result.photos, "run": result.run.path, "heat_maps": result.heat_maps}
        print(json.dumps({name: str(path) for name, path in {**places, "report": result.run.report}.items()}))
        return
    _say(f"drawings: {result.photos}")
    _say(f"heat maps: {result.heat_maps}")
    _say(f"next: mekiki predict {result.run.path} {result.example}")
    print(f"report: {result.run.report}")


@app.command()
def backbones(
    pattern: Annotated[str, typer.Argument(help="part of a name, or a pattern such as 'resnet*'")] = "",
    as_json: Json = False,
) -> None:
    """List what can be trained, and where its pretrained weights would come from."""
    from mekiki.doors.tables import show_backbones
    from mekiki.model.backbones import list_backbones

    show_backbones(list_backbones(pattern), as_json)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
