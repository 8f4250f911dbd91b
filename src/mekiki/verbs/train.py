"""``mekiki train``: from a folder of photos to a run folder with a classifier, its figures and its report.

Everything that can be refused is refused before the run folder is made. The test part, if there is one, is opened once,
after training is over.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from mekiki.config import make_config
from mekiki.data.folders import absolute_path
from mekiki.errors import MekikiError, RunError, SettingsError, TrainingError
from mekiki.files import write_json
from mekiki.model.checkpoints import save_model
from mekiki.progress import Progress, Silent
from mekiki.records.decisions import write_decisions
from mekiki.records.findings import write_findings
from mekiki.records.history import Epoch, write_history, write_history_lines
from mekiki.records.manifest import write_manifest
from mekiki.records.run import (
    FIRST_BATCH,
    RunFolder,
    State,
    Status,
    check_new_folder,
    create_run,
    write_config,
    write_status,
)
from mekiki.records.split import write_split
from mekiki.tensors.normalisation import save_normaliser
from mekiki.training.checkpoint import remove_checkpoint
from mekiki.training.loop import Trainer
from mekiki.training.probe import fit_probe, pooled_features
from mekiki.verbs.board import open_board
from mekiki.verbs.environment import describe_environment
from mekiki.verbs.finish import finish_run
from mekiki.verbs.first_batch import write_first_batch
from mekiki.verbs.preparing import Prepared, prepare
from mekiki.verbs.resuming import checkpoints_of, clear_leftovers, config_to_resume, holds_begun_run, is_done
from mekiki.version import __version__

NO_MEMORY = "can't allocate memory"


def train(
    data: str | Path | None,
    out: str | Path,
    split_file: str | Path | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    **settings: Any,
) -> RunFolder:
    """Train a classifier on a folder of photos.

    Args:
        data: A folder of photos, or a CSV file; with ``resume`` it may be None.
        out: The run folder to make; it must not hold anything yet.
        split_file: A ``split.csv`` to use instead of making a split, so that two runs see the same photos.
        progress: Where to report to.
        resume: Go on with the training that was begun in ``out``, if there is one; see ``verbs/resuming.py``.
        settings: Settings by name, as in ``mekiki.config``: ``backbone="resnet50", epochs=5, train=200, val=50``.

    Returns:
        The run folder: model, history, figures and report.

    Raises:
        SettingsError: A setting that cannot be, or ``out`` holds something.
        DataError: The photos or the split cannot be used.
        WeightsError: The pretrained weights are not to be had.
        TrainingError: The loss became NaN; the run folder keeps the best snapshot so far.
        RunError: The run folder cannot be written any more.
        KeyboardInterrupt: Ctrl-C; before it is raised again the best snapshot so far, if any, gets its figures.

    Example:
        >>> run = mekiki.train("photos", "runs/first", epochs=5)  # doctest: +SKIP
    """
    progress = Silent() if progress is None else progress
    began = time.perf_counter()
    if resume and holds_begun_run(RunFolder(Path(out))):
        return _go_on(RunFolder(Path(out)), data, split_file, settings, progress)
    if data is None:
        raise SettingsError(f"there is no training to go on with in {out}", "name the photos: mekiki train DATA")
    check_new_folder(Path(out))
    amounts = sorted({"train", "val", "test"} & settings.keys())
    if split_file is not None and amounts:
        raise SettingsError(f"a split file was given, and {amounts[0]} = {settings[amounts[0]]} too", "leave one out")
    split_path = None if split_file is None else str(absolute_path(Path(split_file)))
    prepared = prepare(make_config(str(absolute_path(Path(data))), split_path, **settings), progress)
    return _run(create_run(Path(out)), prepared, began, progress)


def _go_on(
    run: RunFolder,
    data: str | Path | None,
    split_file: str | Path | None,
    settings: dict[str, Any],
    progress: Progress,
) -> RunFolder:
    """Train on from the last checkpoint; with none, from the beginning; a run that is done is returned as it is."""
    began = time.perf_counter()
    config = config_to_resume(run, data, split_file, settings)
    if is_done(run):
        progress.say(f"{run.path} is done already")
        return run
    progress.say(f"going on with {run.path}")
    clear_leftovers(run)
    return _run(run, prepare(config, progress, run.split if run.split.is_file() else None), began, progress)


def _run(run: RunFolder, prepared: Prepared, began: float, progress: Progress) -> RunFolder:
    epochs: list[Epoch] = []
    try:
        if not run.split.is_file():
            write_config(run, prepared.config)
        write_status(run, Status(state="running", mekiki=__version__))
        if not run.split.is_file():
            _write_inputs(run, prepared)
        _fit(run, prepared, epochs, progress)
    except KeyboardInterrupt:
        del prepared
        _finish(run, "stopped", epochs, began, progress)
        raise
    except Exception as error:
        failure = _in_plain_words(error)
        _finish(run, "failed", epochs, began, progress, failure.message if failure else str(error))
        if failure is None or failure is error:
            raise
        raise failure from error
    del prepared
    _finish(run, "done", epochs, began, progress)
    remove_checkpoint(run.checkpoints)
    return run


def _in_plain_words(error: Exception) -> MekikiError | None:
    """Return the error as a person can act on it; None if it is not one that is expected."""
    if isinstance(error, MekikiError):
        return error
    if isinstance(error, OSError):
        return RunError(f"{error.filename or 'the run folder'}: {error.strerror or error}", "is the disk full?")
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or NO_MEMORY in str(error):
        return TrainingError("the machine has not enough memory for a step", "a smaller --batch-size or --image-size")
    return None


def _write_inputs(run: RunFolder, prepared: Prepared) -> None:
    """Write what the training is made of; the split, which is written last, says that all of it is there."""
    write_json(run.environment, describe_environment())
    write_manifest(run.manifest, prepared.scanned.manifest)
    write_findings(run.findings, prepared.scanned.findings)
    if prepared.scanned.decided.decisions:
        write_decisions(run.decisions, prepared.scanned.decided.decisions)
    save_normaliser(run.normalisation, prepared.normaliser)
    write_split(run.split, prepared.split)


def _fit(run: RunFolder, prepared: Prepared, epochs: list[Epoch], progress: Progress) -> None:
    """Train; save the model after each epoch that is the best so far, then add the epoch to ``epochs`` and the run."""
    settings = prepared.config.train
    checkpoints = checkpoints_of(run, prepared)
    if settings.probe and not checkpoints.path.exists():
        _start_from_probe(prepared, progress)
    trainer = Trainer(
        prepared.model,
        prepared.train_photos,
        prepared.val_photos,
        settings,
        prepared.config.augment,
        prepared.machine,
        prepared.normaliser,
        progress,
        checkpoints,
    )
    epochs += trainer.finished
    first = trainer.first_batch()
    if first is not None:
        write_first_batch(run.figures / FIRST_BATCH, first, prepared.card.classes)
    with open_board(run.board, settings.tensorboard, epochs) as board, closing(trainer.epochs()) as finished:
        for epoch in finished:
            if epoch.best:
                save_model(run.weights, run.card, trainer.judged, prepared.card)
            if settings.keep_every and epoch.epoch and epoch.epoch % settings.keep_every == 0:
                place = run.snapshots / f"epoch-{epoch.epoch:04}"
                save_model(place / run.weights.name, place / run.card.name, trainer.judged, prepared.card)
            epochs.append(epoch)
            write_history(run.history, epochs)
            write_history_lines(run.history_lines, epochs)
            board.show(epoch)
            progress.say(describe_epoch(epoch, settings.epochs))


def _start_from_probe(prepared: Prepared, progress: Progress) -> None:
    settings = prepared.config.train
    train_photos, val_photos = prepared.train_photos, prepared.val_photos
    model, normaliser, machine = prepared.model, prepared.normaliser, prepared.machine
    features, val_features = (
        pooled_features(model, photos, normaliser, machine, settings.batch_size, settings.workers, progress)
        for photos in (train_photos, val_photos)
    )
    balanced = settings.class_weights
    probe = fit_probe(features, train_photos.labels, val_features, val_photos.labels, balanced, progress)
    prepared.model.start_head(probe.weight, probe.bias)


def describe_epoch(epoch: Epoch, epochs: int) -> str:
    """Return one epoch's figures as a line."""
    mark = ", best so far" if epoch.best else ""
    seen = f"validation {epoch.val_accuracy:.1%} (loss {epoch.val_loss:.3f}{mark})"
    if epoch.train_loss is None or epoch.train_accuracy is None:
        return f"before the first epoch: {seen}"
    learnt = f"training {epoch.train_accuracy:.1%} (loss {epoch.train_loss:.3f})"
    return f"epoch {epoch.epoch}/{epochs}: {learnt}, {seen}, {epoch.images_per_second:.0f} photos/s"


def _finish(
    run: RunFolder, state: State, epochs: list[Epoch], began: float, progress: Progress, message: str = ""
) -> None:
    """Make the figures of the best snapshot, if there is one; the status is written last."""
    if not epochs:
        message = message or "stopped before the first snapshot: there is no model"
        write_status(run, _status(state, epochs, began, message))
        return
    if state != "done":
        progress.say("one moment for the figures of the best snapshot so far (Ctrl-C skips them)")
    try:
        finish_run(run, _status(state, epochs, began, message), progress)
    except KeyboardInterrupt:
        write_status(run, _status("stopped", epochs, began, "stopped before the figures were made"))
        raise
    except Exception as error:
        message = message or f"the figures could not be made: {error}"
        write_status(run, _status("failed", epochs, began, message))
        if state != "failed":
            raise
        return
    write_status(run, _status(state, epochs, began, message))


def _status(state: State, epochs: list[Epoch], began: float, message: str = "") -> Status:
    reached = epochs[-1].epoch if epochs else 0
    seconds = round(time.perf_counter() - began, 1)
    return Status(state=state, message=message, epoch=reached, seconds=seconds, mekiki=__version__)
