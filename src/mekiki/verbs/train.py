"""``mekiki train``: from a folder of photos to a run folder with a classifier, its figures and its report.

Everything that can be refused is refused before the run folder is made. The test part, if there is one, is opened once,
after training is over.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mekiki.config import make_config
from mekiki.errors import MekikiError
from mekiki.files import write_json
from mekiki.model.checkpoints import save_model
from mekiki.progress import Progress, Silent
from mekiki.records.findings import write_findings
from mekiki.records.history import Epoch, write_history
from mekiki.records.manifest import write_manifest
from mekiki.records.run import RunFolder, State, Status, check_new_run, create_run, write_config, write_status
from mekiki.records.split import write_split
from mekiki.training.loop import Trainer
from mekiki.training.probe import fit_probe, pooled_features
from mekiki.verbs.environment import describe_environment
from mekiki.verbs.finish import finish_run
from mekiki.verbs.preparing import Prepared, prepare
from mekiki.version import __version__


def train(
    data: str | Path,
    out: str | Path,
    split_file: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> RunFolder:
    """Train a classifier on a folder of photos.

    Args:
        data: A folder of photos, or a CSV file.
        out: The run folder to make; it must not hold anything yet.
        split_file: A ``split.csv`` to use instead of making a split, so that two runs see the same photos.
        progress: Where to report to.
        settings: Settings by name, as in ``mekiki.config``: ``backbone="resnet50", epochs=5, train=200, val=50``.

    Returns:
        The run folder: model, history, figures and report.

    Raises:
        SettingsError: A setting that cannot be.
        DataError: The photos or the split cannot be used.
        WeightsError: The pretrained weights are not to be had.
        TrainingError: The loss became NaN; the run folder keeps the best snapshot so far.
        KeyboardInterrupt: Ctrl-C; the run folder is finished with the best snapshot so far before it is raised again.

    Example:
        >>> run = mekiki.train("photos", "runs/first", epochs=5)  # doctest: +SKIP
    """
    progress = progress or Silent()
    began = time.perf_counter()
    check_new_run(Path(out))
    split_path = None if split_file is None else str(Path(split_file).resolve())
    prepared = prepare(make_config(str(Path(data).resolve()), split_path, **settings), progress)
    run = create_run(Path(out))
    _write_inputs(run, prepared)
    epochs: list[Epoch] = []
    try:
        _fit(run, prepared, epochs, progress)
    except KeyboardInterrupt:
        progress.say("stopping: one moment for the figures of the best snapshot so far (Ctrl-C again to skip them)")
        _finish(run, "stopped", epochs, began, progress)
        raise
    except MekikiError as error:
        _write_status(run, "failed", epochs, began, error.message)
        raise
    _finish(run, "done", epochs, began, progress)
    return run


def _write_inputs(run: RunFolder, prepared: Prepared) -> None:
    write_status(run, Status(state="running", mekiki=__version__))
    write_config(run, prepared.config)
    write_json(run.environment, describe_environment())
    write_manifest(run.manifest, prepared.scanned.manifest)
    write_findings(run.findings, prepared.scanned.findings)
    write_split(run.split, prepared.split)


def _fit(run: RunFolder, prepared: Prepared, epochs: list[Epoch], progress: Progress) -> None:
    """Train; after each epoch add its figures to ``epochs`` and to the run, and save the model if it is the best."""
    settings = prepared.config.train
    if settings.probe:
        _start_from_probe(prepared, progress)
    trainer = Trainer(
        prepared.model,
        prepared.train_photos,
        prepared.val_photos,
        settings,
        prepared.config.augment,
        prepared.machine,
        progress,
    )
    for epoch in trainer.epochs():
        epochs.append(epoch)
        write_history(run.history, epochs)
        if epoch.best:
            save_model(run.weights, run.card, prepared.model, prepared.card)
        progress.say(describe_epoch(epoch, settings.epochs))


def _start_from_probe(prepared: Prepared, progress: Progress) -> None:
    settings = prepared.config.train
    features, val_features = (
        pooled_features(prepared.model, photos, prepared.machine, settings.batch_size, settings.workers, progress)
        for photos in (prepared.train_photos, prepared.val_photos)
    )
    probe = fit_probe(
        features, prepared.train_photos.labels, val_features, prepared.val_photos.labels, settings.class_weights
    )
    prepared.model.start_head(probe.weight, probe.bias)


def describe_epoch(epoch: Epoch, epochs: int) -> str:
    """Return one epoch's figures as a line."""
    mark = ", best so far" if epoch.best else ""
    seen = f"validation {epoch.val_accuracy:.1%} (loss {epoch.val_loss:.3f}{mark})"
    if epoch.train_loss is None or epoch.train_accuracy is None:
        return f"before the first epoch: {seen}"
    learnt = f"training {epoch.train_accuracy:.1%} (loss {epoch.train_loss:.3f})"
    return f"epoch {epoch.epoch}/{epochs}: {learnt}, {seen}, {epoch.images_per_second:.0f} photos/s"


def _finish(run: RunFolder, state: State, epochs: list[Epoch], began: float, progress: Progress) -> None:
    if not epochs:
        _write_status(run, state, epochs, began, "stopped before the first snapshot: there is no model")
        return
    _write_status(run, state, epochs, began)
    try:
        finish_run(run, progress)
    finally:
        _write_status(run, state, epochs, began)


def _write_status(run: RunFolder, state: State, epochs: list[Epoch], began: float, message: str = "") -> None:
    reached = epochs[-1].epoch if epochs else 0
    seconds = round(time.perf_counter() - began, 1)
    write_status(run, Status(state=state, message=message, epoch=reached, seconds=seconds, mekiki=__version__))
