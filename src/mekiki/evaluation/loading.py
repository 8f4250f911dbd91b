"""``mekiki.load``: whatever answers about pictures, by where it lies. torch is imported only where it computes."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.errors import RunError, SettingsError, unknown_name
from mekiki.evaluation.answering import IMAGENET_PREFIX, Answering
from mekiki.evaluation.graphs import GraphClassifier
from mekiki.records.card import read_card
from mekiki.records.exported import GRAPHS, ExportFolder, is_export_folder, read_exported
from mekiki.records.run import RunFolder, model_fingerprint

TORCH = "torch"
ENGINES = (TORCH, *(f"{to}{bits}" for to in GRAPHS for bits in ("", "-int8")))
"""What can compute a run's answers."""


def load(
    run: str | Path, settings: EvaluateSettings | None = None, weights: str = "auto", engine: str = TORCH
) -> Answering:
    """Load a trained run, an exported graph, or an ImageNet classifier by ``imagenet:<timm name>``.

    Args:
        run: A run folder, a folder that ``mekiki export`` wrote, or for example ``imagenet:mobilenetv1_100``.
        settings: Device, precision, batch size and threads.
        weights: For ``imagenet:`` only: ``auto`` or a path, as in training.
        engine: What computes a run: torch, or one of its exports ("onnx", "openvino-int8" …).

    Raises:
        RunError: The folder holds no trained model, or not all of it; or no such export.
        SettingsError: There is no such engine, or the package that runs the graph is not installed.
        WeightsError: The ImageNet weights are not to be had.
    """
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    folder = ExportFolder(Path(run))
    if is_export_folder(folder.path) and (facts := read_exported(folder.facts)).to != "safetensors":
        if engine not in (TORCH, facts.name):
            raise SettingsError(f"--engine {engine}: {folder.path} is an export to {facts.name}", "name the run")
        return GraphClassifier(folder, settings)
    if engine == TORCH:
        from mekiki.evaluation.classifier import load as load_run

        return load_run(run, settings, weights)
    if str(run).startswith(IMAGENET_PREFIX):
        raise SettingsError(f"--engine {engine} is for exports of a run; {run} is none", "--engine torch")
    own = RunFolder(Path(run))
    graph = GraphClassifier(own_export(own, engine), settings)
    wanted = "plain" if settings is not None and settings.views == "plain" else read_card(own.card).views
    if graph.views != wanted:
        raise SettingsError(
            f"{own.exports / engine} holds the views {graph.views}, and the run answers in {wanted}",
            "--views plain, or export it again without",
        )
    return graph


def own_export(run: RunFolder, name: str) -> ExportFolder:
    """Return a run's own export.

    Args:
        run: The run.
        name: The format in a word: "onnx", "openvino-int8" …

    Raises:
        RunError: There is none, or it was made of other weights.
    """
    folder = ExportFolder(run.exports / name)
    to, _, bits = name.partition("-")
    again = f"mekiki export {run.path} --to {to}" + (" --int8" if bits else "")
    if not folder.facts.is_file():
        raise RunError(f"{run.path} has no export to {name}", again)
    if read_exported(folder.facts).model != model_fingerprint(run):
        raise RunError(f"{folder.path} was made of other weights than the run has now", f"remove it, then: {again}")
    return folder


def fingerprint_of(run: str, engine: str = TORCH) -> str:
    """Return what tells a model's weights from all others.

    Args:
        run: As for ``load``.
        engine: As for ``load``.

    Raises:
        RunError: It has no weights that can be read.
    """
    if run.startswith(IMAGENET_PREFIX):
        return run
    folder = ExportFolder(Path(run))
    if is_export_folder(folder.path):
        return read_exported(folder.facts).model
    own = RunFolder(Path(run))
    try:
        return model_fingerprint(own) if engine == TORCH else read_exported(own_export(own, engine).facts).model
    except OSError as error:
        raise RunError(f"{run} holds no trained model: {error.strerror}", "name a run folder") from None


def card_file(run: str, engine: str = TORCH) -> Path | None:
    """Return the file of a model's card; None for ImageNet's classifiers, which have none.

    Args:
        run: As for ``load``.
        engine: As for ``load``.
    """
    if run.startswith(IMAGENET_PREFIX):
        return None
    folder, own = ExportFolder(Path(run)), RunFolder(Path(run))
    if is_export_folder(folder.path):
        return folder.card
    return own.card if engine == TORCH else own_export(own, engine).card
