"""``mekiki export``: a run's model for other programs, kept only if it is proven to say what the run says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from mekiki.config import EvaluateSettings, ExportSettings
from mekiki.errors import SettingsError
from mekiki.evaluation.classifier import load
from mekiki.evaluation.graphs import check_installed
from mekiki.portable.facts import write_facts
from mekiki.progress import Progress, Silent
from mekiki.records.exported import GRAPHS, Exported, ExportFolder, Parity, write_parity
from mekiki.records.run import check_new_folder, open_run
from mekiki.verbs.asked_photos import own_photos_of, with_runs_limit
from mekiki.verbs.export_job import ExportJob
from mekiki.verbs.export_tensors import make_tensors

FOR_GRAPHS = ("onnx_ir", "onnx", "onnxscript", "onnxruntime")
"""Packages that write a graph, whatever runs it."""


@dataclass(frozen=True)
class Made:
    """What an export made.

    Attributes:
        folder: Where it lies.
        parity: The proof.
    """

    folder: ExportFolder
    parity: Parity


def export(
    run: str | Path,
    out: str | Path | None = None,
    settings: ExportSettings | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write a run's model in another format, and prove on the run's own validation photos that it says the same.

    Args:
        run: A run folder.
        out: The folder to make; not given: ``exports/<format>`` inside the run, where ``predict --engine`` looks.
        settings: Format, 8 bits, views and margin.
        progress: Where to report to.

    Returns:
        The folder, and how far both agree.

    Raises:
        ExportError: It does not say what the run says, or the format has no form for this model; nothing is kept.
        RunError: It is no trained run, or its photos are not where they were.
        SettingsError: ``out`` holds something, the run has no validation photos, a setting does not fit, or a package
            is not installed.
    """
    progress = Silent() if progress is None else progress
    settings = ExportSettings() if settings is None else settings
    folder = open_run(Path(run))
    wanted = Exported(to=settings.to, int8=settings.int8, model="", views="plain")
    target = folder.exports / wanted.name if out is None else Path(out)
    if out is None and target.exists():
        raise SettingsError(f"{target} is there already; nothing is ever written over", "remove it, or name --out")
    check_new_folder(target)
    _check(settings)
    asked = EvaluateSettings(device="cpu", precision="float32", views=settings.views)
    classifier = load(folder.path, with_runs_limit(folder.path, asked))
    photos = own_photos_of(folder, "val", "put them back: the proof asks about them", progress, "train with --val")
    place = target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=place.parent) as room:
        made = ExportFolder(Path(room) / "made")
        job = ExportJob(folder, classifier, photos, settings, wanted.name, progress)
        if settings.to in GRAPHS:
            from mekiki.verbs.export_graph import make_graph  # it needs the packages that were asked for above

            parity = make_graph(job, made)
        else:
            parity = make_tensors(job, made)
        write_facts(made, folder, classifier, wanted)
        write_parity(made.parity, parity)
        _move(made.path, place)
    return Made(ExportFolder(target), parity)


def _check(settings: ExportSettings) -> None:
    if settings.to in GRAPHS:
        check_installed(settings.to, FOR_GRAPHS)
    elif settings.int8:
        raise SettingsError(f"--int8 goes with a graph, not with {settings.to}", "--to onnx or --to openvino")
    if "margin" in settings.model_fields_set and not settings.int8:
        raise SettingsError("--margin is for --int8: in float32 an export has to say the same", "leave it out")


def _move(made: Path, place: Path) -> None:
    """Put a finished folder where it belongs; an empty one may be there."""
    if not place.is_dir():
        made.rename(place)
        return
    for each in sorted(made.iterdir()):
        each.rename(place / each.name)
