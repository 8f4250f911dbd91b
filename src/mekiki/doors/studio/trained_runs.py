"""The trained runs that a person can choose from, and the few facts by which they are told apart.

Facts are read from the runs' own records each time; a run whose records do not fit is shown without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mekiki.data.folders import short_names
from mekiki.doors.studio.workspace import Workspace
from mekiki.errors import MekikiError
from mekiki.records.card import read_card
from mekiki.records.evaluation import Evaluation, read_metrics
from mekiki.records.exported import GRAPHS, ExportFolder, is_export_folder, read_exported
from mekiki.records.run import RunFolder


@dataclass(frozen=True)
class TrainedRun:
    """One trained run.

    Attributes:
        path: Its folder.
        name: The folder's name, with as many folders above it as tell it from the others.
        backbone: A name that timm knows.
        classes: How many it knows.
        headline: Its own figures; None if they cannot be read.
        made: When its weights were written, local time.
        exports: Names of the exports inside it that hold a whole graph.
    """

    path: Path
    name: str
    backbone: str
    classes: int
    headline: Evaluation | None
    made: datetime
    exports: tuple[str, ...]


def trained_runs(workspace: Workspace) -> list[TrainedRun]:
    """Return the runs that hold a model, the newest first."""
    places = [path for path in workspace.find_runs() if _has_model(RunFolder(path))]
    names = short_names(places)
    found = [_facts(path, name) for path, name in zip(places, names, strict=True)]
    return sorted((each for each in found if each is not None), key=lambda each: each.made, reverse=True)


def exports_of(run: Path) -> list[ExportFolder]:
    """Return the exports inside a run, by name; links are passed over."""
    place = RunFolder(run).exports
    if place.is_symlink() or not place.is_dir():
        return []
    found = [path for path in sorted(place.iterdir()) if not path.is_symlink() and is_export_folder(path)]
    return [ExportFolder(path) for path in found if not path.name.startswith(".")]


def _has_model(run: RunFolder) -> bool:
    return run.card.is_file() and run.weights.is_file()


def _facts(path: Path, name: str) -> TrainedRun | None:
    run = RunFolder(path)
    try:
        card = read_card(run.card)
        made = datetime.fromtimestamp(run.weights.stat().st_mtime).astimezone()
    except (MekikiError, OSError):
        return None
    try:
        headline = read_metrics(run.metrics)[-1]
    except MekikiError:
        headline = None
    graphs = tuple(each.path.name for each in exports_of(path) if _is_graph(each))
    return TrainedRun(path, name, card.backbone, len(card.classes), headline, made, graphs)


def _is_graph(folder: ExportFolder) -> bool:
    try:
        facts = read_exported(folder.facts)
    except MekikiError:
        return False
    return facts.to in GRAPHS and facts.name == folder.path.name
