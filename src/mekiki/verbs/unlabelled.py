"""Pictures without labels that a student may learn from: those of a folder that neither the run nor a judge knows."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import RunConfig
from mekiki.data.copies.hashing import sha256_of
from mekiki.data.importing.found import can_be_written
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_file, read_picture
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.evaluation.seen import seen_by
from mekiki.progress import Progress
from mekiki.records.manifest import Photo
from mekiki.records.run import open_run
from mekiki.records.unlabelled import Unlabelled, read_unlabelled


def find_unlabelled(config: RunConfig, own: set[str], progress: Progress) -> list[Unlabelled]:
    """Return the pictures of ``distill.extra`` that may be learnt from, none if no folder was named; tell what is not.

    Whatever the teacher's run holds, in any part, and near copies of it are left out, for the others judge; but what
    the teacher itself learnt from without a label its student may learn from, too.

    Args:
        config: Of the student.
        own: The SHA-256 of the student's own photos.
        progress: Where to report to.

    Raises:
        DataError: There is no such folder, no picture in it, or none is left.
        RunError: The teacher is no trained run.
        SettingsError: There is no teacher.
    """
    if not config.distill.extra:
        return []
    if not config.distill.teacher:
        raise SettingsError("extra pictures have no labels, and there is no teacher to ask", "mekiki distill RUN")
    teacher, limit = open_run(Path(config.distill.teacher)), config.scan.max_megapixels
    found: dict[str, Unlabelled] = {}
    unreadable = twice = 0
    paths = list_pictures([Path(config.distill.extra)])
    with progress.task("pictures without labels", len(paths)) as task:
        for path in paths:
            task.advance()
            try:
                content = read_file(path)
                read_picture(content, max_megapixels=limit, at_least=1)
            except PictureError:
                unreadable += 1
                continue
            if not can_be_written(str(path)):
                unreadable += 1
                continue
            sha256 = sha256_of(content)
            twice += sha256 in found
            found.setdefault(sha256, Unlabelled(str(path), sha256))
    photos = [Photo(picture.path, "", "", picture.sha256) for picture in found.values()]
    relations = seen_by(teacher, Path("/"), photos, limit, progress) if photos else []
    shared = {picture.sha256 for picture in read_unlabelled(teacher.unlabelled)}
    new = [
        picture
        for picture, relation in zip(found.values(), relations, strict=True)
        if picture.sha256 not in own and (not relation.part or picture.sha256 in shared)
    ]
    known = len(found) - len(new)
    left = [
        (unreadable, "that cannot be read"),
        (twice, "there twice"),
        (known, "known to the run, or copies of its photos"),
    ]
    words = ", ".join(f"{count:,} {why}" for count, why in left if count)
    if not new:
        raise DataError(f"no picture in {config.distill.extra} can be learnt from: {words}", "name other pictures")
    progress.say(f"{len(new):,} pictures without labels" + (f"; left out: {words}" if words else ""))
    return new
