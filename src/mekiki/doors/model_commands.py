"""Commands that make and ask models. Each calls the verb of the same name and shows what came out."""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import (
    AugmentSettings,
    ClusterSettings,
    DemoSettings,
    EvaluateSettings,
    ModelSettings,
    NormaliseSettings,
    ScanSettings,
    SplitSettings,
    TrainSettings,
    VideoSettings,
    build,
    build_some,
    make_config,
    read_recipe,
    recipe_names,
)
from mekiki.doors.app import DATA_HELP, Assignments, Json, Run, RunFolderArgument, Sources, Weights, app, say
from mekiki.doors.cluster_commands import predict_on_cluster
from mekiki.doors.options import chosen, with_settings
from mekiki.doors.video_command import is_for_video, watch_video
from mekiki.errors import SettingsError


class PredictionFormat(StrEnum):
    """How predictions are shown."""

    BARS = "bars"
    CSV = "csv"
    JSONL = "jsonl"


@app.command()
@with_settings(ModelSettings, SplitSettings, TrainSettings, AugmentSettings, NormaliseSettings, ScanSettings)
def train(
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the run folder to make")],
    data: Annotated[Path | None, typer.Argument(help=DATA_HELP)] = None,
    split: Annotated[Path | None, typer.Option(help="a split.csv to use, so that two runs see the same photos")] = None,
    assignments: Assignments = None,
    recipe: Annotated[
        str | None, typer.Option(help="settings under a name (mekiki recipes lists them), or a TOML file of your own")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with a training in --out that was stopped or killed")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a classifier; the run folder holds model, figures and report."""
    given = chosen(settings, assignments, recipe)
    if data is None and not resume:
        raise SettingsError("there are no photos to train on", "mekiki train DATA --out RUN")
    if not resume:  # else what it was begun with counts
        make_config(str(data), **given)
    from mekiki.doors.console import make_progress
    from mekiki.records.run import RunFolder
    from mekiki.training.launched import speaks
    from mekiki.verbs.train import train as run

    try:
        folder = run(data, out, split, make_progress(), resume, **given)
    except KeyboardInterrupt:
        if speaks() and RunFolder(out).config.is_file():
            say(f"go on with: mekiki train --out {shlex.quote(str(out))} --resume")
        raise
    if not speaks():
        return
    if as_json:
        print(json.dumps(json.loads(folder.metrics.read_text(encoding="utf-8")), ensure_ascii=False))
    say(f"report: {folder.report}")


@app.command()
@with_settings(EvaluateSettings)
def evaluate(
    run: RunFolderArgument,
    settings: dict[str, Any],
    data: Annotated[Path | None, typer.Argument(help="other labelled photos; not given: the run's own")] = None,
    part: Annotated[str | None, typer.Option(help="train, val or test of the run's own photos")] = None,
    out: Annotated[Path | None, typer.Option(help="a folder for the figures, one per picture")] = None,
    unknown: Annotated[Path | None, typer.Option(help="a folder of pictures of none of the classes")] = None,
    as_json: Json = False,
) -> None:
    """Score a run: accuracy with its interval, per class, confusion, and what it refuses as unknown."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.model_tables import show_evaluation
    from mekiki.verbs.evaluate import evaluate as score

    scored = score(run, data, part, out, build(EvaluateSettings, settings), make_progress(), unknown)
    show_evaluation(scored.evaluation, as_json)
    if out is not None:
        say(f"wrote {out}")


@app.command()
@with_settings(EvaluateSettings, VideoSettings, ClusterSettings)
def predict(
    run: Run,
    sources: Sources,
    settings: dict[str, Any],
    top: Annotated[int | None, typer.Option(help="how many classes to show (default: 5; ImageNet: 10)")] = None,
    weights: Weights = "auto",
    style: Annotated[PredictionFormat | None, typer.Option("--format", help="bars (default), csv or jsonl")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="write csv or jsonl to this file, not to stdout; with --engine ray a folder of Parquet parts"
        ),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(help="write the video with heat map and ranked bars to this file (.mp4, .avi, .webm)")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="torch, or an export of the run: onnx, openvino, onnx-int8, openvino-int8; ray or ray:onnx … lets the "
            "workers of a Ray cluster compute"
        ),
    ] = "torch",
    as_json: Json = False,
) -> None:
    """Say what is in pictures, in a video, or before a camera (0): ranked classes with their probabilities."""
    from mekiki.cluster.engines import refuse_idle, split_engine
    from mekiki.doors.console import make_progress
    from mekiki.doors.model_tables import show_predictions
    from mekiki.records.run import check_new_file
    from mekiki.verbs.predict import predict as run_predict

    on_cluster, graph = split_engine(engine)
    refuse_idle(settings, on_cluster)
    if on_cluster and not is_for_video(sources, settings, explain):
        if style is not None:
            raise SettingsError(f"--engine ray writes Parquet, and not {style}", "leave --format out")
        predict_on_cluster(run, sources, settings, top, weights, out, graph, as_json)
        return

    if as_json and (style is not None or out is not None):
        raise SettingsError(
            "--json prints one object to stdout; it goes with neither --format nor --out", "leave one out"
        )
    if is_for_video(sources, settings, explain):
        if engine != "torch":
            raise SettingsError(f"--engine {engine}: videos are asked by torch", "leave it out")
        watch_video(run, sources[0], settings, top, weights, "json" if as_json else style, out, explain)
        return
    if out is not None:
        check_new_file(out)
    predictions = run_predict(
        run, sources, top, build_some(EvaluateSettings, settings), weights, make_progress(), engine
    )
    show_predictions(predictions, "json" if as_json else style, out)


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
        places = {"drawings": result.photos, "masks": result.masks, "run": result.run.path}
        places |= {"heat_maps": result.heat_maps, "report": result.run.report}
        print(json.dumps({name: str(path) for name, path in places.items()}))
        return
    say(f"drawings: {result.photos}")
    say(f"heat maps: {result.heat_maps}")
    say(f"next: mekiki predict {result.run.path} {result.example}")
    print(f"report: {result.run.report}")


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="show one of them, or a TOML file, with all that it sets")] = None,
    as_json: Json = False,
) -> None:
    """List the recipes: settings under a name, and what to expect of them."""
    from mekiki.doors.model_tables import show_recipe, show_recipes

    if name is not None:
        show_recipe(name, read_recipe(name), as_json)
    else:
        show_recipes({each: read_recipe(each) for each in recipe_names()}, as_json)


@app.command()
def backbones(
    pattern: Annotated[str, typer.Argument(help="part of a name, or a pattern such as 'resnet*'")] = "",
    as_json: Json = False,
) -> None:
    """List what can be trained, and where its pretrained weights would come from."""
    from mekiki.doors.model_tables import show_backbones
    from mekiki.model.backbones import list_backbones

    show_backbones(list_backbones(pattern), as_json)
