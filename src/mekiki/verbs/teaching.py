"""What a student needs of its teacher: the trained model, and pictures without labels that both may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.config import RunConfig
from mekiki.data.copies.hashing import sha256_of
from mekiki.data.folders import absolute_path
from mekiki.data.importing.found import can_be_written
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_file, read_picture
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.evaluation.seen import seen_by
from mekiki.model.checkpoints import load_model
from mekiki.model.classifier import PhotoClassifier
from mekiki.progress import Progress
from mekiki.records.manifest import Photo
from mekiki.records.run import model_fingerprint, open_run
from mekiki.records.unlabelled import Unlabelled
from mekiki.tensors.normalisation import Normaliser, load_normaliser


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


def open_teacher(config: RunConfig, classes: Sequence[str]) -> TrainedTeacher | None:
    """Open the run that the settings name as teacher; None if they name none.

    Args:
        config: Of the student.
        classes: That the student is to know, in their order.

    Raises:
        RunError: It is no trained run.
        SettingsError: It knows other classes, or settings that do not go with a teacher.
    """
    if not config.distill.teacher:
        if config.distill.extra:
            raise SettingsError("extra pictures have no labels, and there is no teacher to ask", "mekiki distill RUN")
        return None
    if config.train.class_weights:
        raise SettingsError(
            "class_weights goes with labels; the teacher's answers are not weighed", "--no-class-weights"
        )
    run = open_run(Path(config.distill.teacher))
    model, card = load_model(run)
    if list(card.classes) != list(classes):
        raise SettingsError(
            f"the teacher {run.path} knows {len(card.classes)} classes, and the photos have {len(classes)}, "
            "which are not the same",
            "mekiki distill RUN takes the photos of RUN",
        )
    return TrainedTeacher(model, load_normaliser(run.normalisation, card.preprocessing), model_fingerprint(run))


def extra_pictures(config: RunConfig, progress: Progress) -> list[Unlabelled]:
    """Return the pictures without labels that the student may learn from; what is left out is said.

    Whatever the teacher's run holds, in any part, and near copies of it are left out: its training photos are learnt
    from anyway, and the others judge.

    Args:
        config: Of the student.
        progress: Where to report to.

    Raises:
        DataError: There are no pictures, or none is left.
        SettingsError: There is no such folder.
    """
    if not config.distill.extra:
        return []
    limit, known = config.scan.max_megapixels, set[str]()
    found, unreadable, seen = [], 0, 0
    for path in list_pictures([absolute_path(Path(config.distill.extra))]):
        try:
            content = read_file(path)
            read_picture(content, max_megapixels=limit, at_least=1)
        except PictureError:
            unreadable += 1
            continue
        sha256 = sha256_of(content)
        if can_be_written(str(path)) and sha256 not in known:
            known.add(sha256)
            found.append(Unlabelled(str(path), sha256))
    photos = [Photo(picture.path, "", "", picture.sha256) for picture in found]
    relations = seen_by(open_run(Path(config.distill.teacher)), Path("/"), photos, limit, progress) if found else []
    new = [picture for picture, relation in zip(found, relations, strict=True) if not relation.part]
    seen = len(found) - len(new)
    if not new:
        raise DataError(
            f"no picture in {config.distill.extra} can be learnt from: {unreadable:,} cannot be read, and {seen:,} are "
            "photos of the teacher's run, or copies of them",
            "name a folder of other pictures",
        )
    left = [f"{count:,} {why}" for count, why in ((unreadable, "unreadable"), (seen, "known to the run")) if count]
    progress.say(f"{len(new):,} pictures without labels" + (f"; left out: {', '.join(left)}" if left else ""))
    return new
