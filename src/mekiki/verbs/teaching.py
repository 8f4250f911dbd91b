"""The trained model that a student imitates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.config import RunConfig
from mekiki.errors import SettingsError
from mekiki.model.checkpoints import load_model
from mekiki.model.classifier import PhotoClassifier
from mekiki.records.manifest import read_manifest
from mekiki.records.run import RunFolder, model_fingerprint, open_run
from mekiki.records.split import read_split
from mekiki.tensors.normalisation import Normaliser, load_normaliser
from mekiki.verbs.looking import Looked


@dataclass(frozen=True)
class TrainedTeacher:
    """A model to imitate.

    Attributes:
        model: In evaluation mode.
        normaliser: Turns pictures into its input.
        fingerprint: The SHA-256 of its weights.
    """

    model: PhotoClassifier
    normaliser: Normaliser
    fingerprint: str


def open_teacher(config: RunConfig, looked: Looked) -> TrainedTeacher | None:
    """Open the run that the settings name as teacher; None if they name none.

    Args:
        config: Of the student.
        looked: The student's photos.

    Raises:
        RunError: It is no trained run.
        SettingsError: It knows other classes, it learnt from photos that are to judge the student, or there are
            settings that do not go with a teacher.
    """
    if not config.distill.teacher:
        return None
    if config.train.class_weights:
        raise SettingsError("class_weights goes with labels; a teacher's answers are not weighed", "--no-class-weights")
    for name in ("width_shift_range", "height_shift_range"):
        shift = getattr(config.augment, name)
        if isinstance(shift, tuple) or shift >= 1:
            raise SettingsError(
                f"{name} {shift} is in pixels, and would be another shift at the teacher's size", "a share, below 1"
            )
    run = open_run(Path(config.distill.teacher))
    model, card = load_model(run)
    classes = looked.scanned.manifest.classes
    if list(card.classes) != list(classes):
        raise SettingsError(
            f"the teacher {run.path} knows {len(card.classes)} classes, and the photos have {len(classes)}, "
            "which are not the same",
            "mekiki distill RUN takes the photos of RUN",
        )
    told = len(_learnt_from(run) & looked.judges)
    if told:
        raise SettingsError(
            f"the teacher learnt from {told:,} photos that are to judge the student", f"--split {run.split}"
        )
    return TrainedTeacher(model, load_normaliser(run.normalisation, card.preprocessing), model_fingerprint(run))


def _learnt_from(run: RunFolder) -> set[str]:
    """Return the SHA-256 of a run's training photos."""
    trained = {row.path for row in read_split(run.split).part("train")}
    return {photo.sha256 for photo in read_manifest(run.manifest, Path()).usable() if photo.path in trained}
