"""The training itself, from the head start to the last epoch; the run folder gets each epoch as it ends.

Of several processes each calls ``fit`` with the same photos and settings; the first alone writes and speaks.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator
from contextlib import closing
from typing import Any

import torch

from mekiki.config import ViewsName
from mekiki.model.checkpoints import load_model, save_model
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.views import ENLARGED_VIEWS
from mekiki.progress import Progress
from mekiki.records.card import HeadFit
from mekiki.records.history import Epoch, write_history, write_history_lines
from mekiki.records.run import FIRST_BATCH, RunFolder
from mekiki.tensors.loading import PhotoSet
from mekiki.training.checkpoint import Checkpoints
from mekiki.training.distributed import Team
from mekiki.training.growing import last_size_of, size_of_epoch
from mekiki.training.learner import Learner
from mekiki.training.loop import Trainer
from mekiki.training.loss import ImitationLoss, Loss, SummedLoss, balanced_weights
from mekiki.training.probe import ALL_VIEWS, Features, fit_probe, pooled_features
from mekiki.training.teacher import Teacher
from mekiki.verbs.board import open_board
from mekiki.verbs.first_batch import write_first_batch
from mekiki.verbs.preparing import TRAINING_PARTS, Prepared
from mekiki.verbs.resuming import FREE
from mekiki.verbs.teaching import TrainedTeacher


def fit(run: RunFolder, prepared: Prepared, epochs: list[Epoch], progress: Progress, team: Team) -> None:
    """Train; save the model after each epoch that is the best so far, then add the epoch to ``epochs`` and the run.

    Args:
        run: A run folder that holds config and split.
        prepared: What is trained; the model is changed in place.
        epochs: Gets each epoch as it ends, and at once those of a training that goes on.
        progress: Where to report to.
        team: The processes that train together.

    Raises:
        TrainingError: The loss is no finite number any more.
        LostProcessError: Another process of the training ended.
        RunError: The processes do not see the same photos, or the run folder cannot be written.
    """
    with team.watching():
        trainer = _trainer(run, prepared, progress, team)
        epochs += trainer.finished
        first = trainer.first_batch() if team.is_first else None
        if first is not None:
            write_first_batch(run.figures / FIRST_BATCH, first, prepared.card.classes)
        _train(run, prepared, trainer, epochs, progress)
        if prepared.config.train.refit != "off":
            if team.is_first:
                with team.leading():
                    _refit(run, prepared, progress)
            else:
                team.follow()


def _trainer(run: RunFolder, prepared: Prepared, progress: Progress, team: Team) -> Trainer:
    settings, machine = prepared.config.train, prepared.machine
    checkpoints = _checkpoints(run, prepared)
    team.agree(checkpoints.fingerprint)
    if settings.probe and not checkpoints.path.exists():
        if team.is_first:
            with team.leading():
                _start_from_probe(prepared, progress)
        else:
            team.follow()
    weights = balanced_weights(prepared.train_photos.labels, machine.device) if settings.class_weights else None
    loss: Loss = SummedLoss(settings.label_smoothing, weights)
    photos, teacher = prepared.train_photos, None
    if prepared.teacher is not None:
        loss = ImitationLoss(loss, prepared.config.distill.temperature, prepared.config.distill.hard)
        found = prepared.unlabelled
        photos = photos.with_unlabelled([each.path for each in found], [each.sha256 for each in found])
        teacher = _teacher(run, prepared, prepared.teacher, photos, checkpoints.fingerprint, progress)
    learner = Learner(prepared.model, settings, machine, prepared.normaliser, loss, team)
    return Trainer(
        learner, photos, prepared.val_photos, settings, prepared.config.augment, progress, checkpoints, teacher
    )


def _teacher(
    run: RunFolder,
    prepared: Prepared,
    trained: TrainedTeacher,
    photos: PhotoSet,
    fingerprint: str,
    progress: Progress,
) -> Teacher:
    config, machine = prepared.config, prepared.machine
    return Teacher(
        trained.model.to(machine.device).to(memory_format=torch.channels_last),
        trained.normaliser.to(machine.device),
        machine,
        photos,
        config.train,
        config.augment,
        config.distill.variants,
        run.answers,
        fingerprint,
        progress,
    )


def _checkpoints(run: RunFolder, prepared: Prepared) -> Checkpoints:
    """Return where a run keeps how far it came, for the photos and settings that it has now."""
    minutes = prepared.config.train.checkpoint_minutes
    return Checkpoints(run.checkpoints, _fingerprint(prepared), minutes)


def _fingerprint(prepared: Prepared) -> str:
    """Return a number that stays the same as long as a training would take the same course."""
    config = prepared.config
    sections = {
        name: getattr(config, name).model_dump(mode="json", exclude_defaults=True)  # a later setting that is off: none
        for name in ("model", "augment", "normalisation")
    }
    train = config.train.model_dump(mode="json", exclude=set(FREE), exclude_defaults=True)
    contents = {photo.path: photo.sha256 for photo in prepared.scanned.manifest.photos}
    rows = [
        [row.path, row.label, row.part, contents[row.path]] for row in prepared.split.rows if row.part in TRAINING_PARTS
    ]
    facts: list[Any] = [sections, train, prepared.card.classes, rows]
    if prepared.teacher is not None:  # else as it was before there were teachers
        told = config.distill.model_dump(mode="json", exclude={"teacher", "extra"}, exclude_defaults=True)
        facts += [told, prepared.teacher.fingerprint, [picture.sha256 for picture in prepared.unlabelled]]
    whole = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _train(run: RunFolder, prepared: Prepared, trainer: Trainer, epochs: list[Epoch], progress: Progress) -> None:
    settings, writes = prepared.config.train, trainer.learner.team.is_first
    with (
        open_board(run.board, settings.tensorboard and writes, epochs) as board,
        closing(trainer.epochs()) as finished,
    ):
        for epoch in finished:
            if writes:
                _save(run, prepared, trainer.learner, epoch)
            epochs.append(epoch)
            if writes:
                write_history(run.history, epochs)
                write_history_lines(run.history_lines, epochs)
            board.show(epoch)
            progress.say(describe_epoch(epoch, settings.epochs))


def _save(run: RunFolder, prepared: Prepared, learner: Learner, epoch: Epoch) -> None:
    """Write the model if it is the best so far, or one of those that are kept anyway."""
    every = prepared.config.train.keep_every
    if epoch.best:
        save_model(run.weights, run.card, learner.judged, prepared.card)
    if every and epoch.epoch and epoch.epoch % every == 0:
        place = run.snapshots / f"epoch-{epoch.epoch:04}"
        save_model(place / run.weights.name, place / run.card.name, learner.judged, prepared.card)


def _start_from_probe(prepared: Prepared, progress: Progress) -> None:
    """Put the head start into the head: as the first epoch will see the photos, or in all views if there is none."""
    settings, card = prepared.config.train, prepared.card
    whole = card.preprocessing.image_size
    first = size_of_epoch(1, settings.epochs, settings.first_size, last_size_of(settings, whole))
    size = first if settings.epochs else whole
    views: ViewsName = "plain" if settings.epochs else card.views
    train, val = _features(prepared, prepared.model, size, views, views, progress)
    probe = fit_probe(train, val, len(card.classes), settings.class_weights)
    prepared.model.start_head(probe.weight, probe.bias)


def _refit(run: RunFolder, prepared: Prepared, progress: Progress) -> None:
    """Give the best snapshot the head that is best for the photos as it will be asked about them; the backbone stays.

    A network that learnt from photos of one size knows too little of its features at another: the head can be fitted
    for that size by itself.

    Source: Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS 2019, section 4.
    """
    settings, began = prepared.config.train, time.perf_counter()
    model, card = load_model(run)
    if card.head_fit is not None:  # it was done before the training was stopped
        return
    model.to(prepared.machine.device).to(memory_format=torch.channels_last)
    size = card.preprocessing.image_size
    learnt: ViewsName = "sizes" if settings.refit == "sizes" else card.views
    train, val = _features(prepared, model, size, learnt, card.views, progress)
    choices = (ALL_VIEWS, ENLARGED_VIEWS) if learnt == "sizes" else (ALL_VIEWS,)
    probe = fit_probe(train, val, len(card.classes), settings.class_weights, model.linear_head(), choices)
    assert probe.rival is not None
    if probe.is_better:
        model.start_head(probe.weight, probe.bias)
    fit = HeadFit(
        replaced=probe.is_better,
        trained_accuracy=probe.rival[0],
        trained_loss=probe.rival[1],
        fitted_accuracy=probe.accuracy,
        fitted_loss=probe.loss,
    )
    save_model(run.weights, run.card, model, card.model_copy(update={"head_fit": fit}))
    progress.say(f"{describe_head_fit(fit, size)}, {time.perf_counter() - began:.0f} s")


def describe_head_fit(fit: HeadFit, image_size: int) -> str:
    """Return in a line which head was kept, and what validation said of both."""
    kept = "head fitted anew" if fit.replaced else "the trained head stays"
    return (
        f"{kept}: validation at {image_size} px {fit.fitted_accuracy:.1%} (loss {fit.fitted_loss:.3f}) fitted anew, "
        f"{fit.trained_accuracy:.1%} (loss {fit.trained_loss:.3f}) as trained"
    )


def _features(
    prepared: Prepared, model: PhotoClassifier, size: int, learnt: ViewsName, asked: ViewsName, progress: Progress
) -> tuple[Generator[Features], Generator[Features]]:
    """Return the features of the training and of the validation photos, in their views; they are read when taken."""
    settings = prepared.config.train
    train, val = (
        pooled_features(
            model,
            photos.at_size(size),
            prepared.normaliser,
            prepared.machine,
            settings.batch_size,
            settings.workers,
            progress,
            views,
        )
        for photos, views in ((prepared.train_photos, learnt), (prepared.val_photos, asked))
    )
    return train, val


def describe_epoch(epoch: Epoch, epochs: int) -> str:
    """Return one epoch's figures as a line."""
    mark = ", best so far" if epoch.best else ""
    seen = f"validation {epoch.val_accuracy:.1%} (loss {epoch.val_loss:.3f}{mark})"
    if epoch.train_loss is None or epoch.train_accuracy is None:
        return f"before the first epoch: {seen}"
    learnt = f"training {epoch.train_accuracy:.1%} (loss {epoch.train_loss:.3f})"
    return f"epoch {epoch.epoch}/{epochs}: {learnt}, {seen}, {epoch.images_per_second:.0f} photos/s"
