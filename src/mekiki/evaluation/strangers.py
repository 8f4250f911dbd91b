"""Pictures of none of a model's classes: how well known each looks to it.

They are for measuring alone; nothing is chosen by them. Copies among them are one witness, and what the run has seen is
no stranger: its photos, and near copies of them, are left out, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import ScanSettings
from mekiki.data.copies.duplicates import Groups
from mekiki.data.copies.hashing import sha256_of
from mekiki.data.importing.found import can_be_written
from mekiki.errors import DataError, PictureError, RunError
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.near_copies import Shelf, copies_among
from mekiki.evaluation.seen import seen_by
from mekiki.progress import Progress
from mekiki.records.manifest import Photo
from mekiki.records.run import RunFolder, read_config


@dataclass(frozen=True)
class Strangers:
    """What a model makes of pictures of none of its classes.

    Attributes:
        scores: (n,) how well known each looks, higher for what is known; n >= 1.
        groups: (n,) names; copies bear one.
    """

    scores: NDArray[np.float64]
    groups: tuple[str, ...]


def strangers_to(classifier: Classifier, run: RunFolder, pictures: Sequence[Path], progress: Progress) -> Strangers:
    """Ask a model about pictures of none of its classes.

    Args:
        classifier: The run's model.
        run: The run.
        pictures: Their files, at least one; those that cannot be read are left out, and that is said.
        progress: Where to report to.

    Raises:
        RunError: The model has no threshold for what is unknown.
        DataError: None can be read, or the run has seen all of them.
    """
    if classifier.card.unknown is None:
        raise RunError(
            "this model has no threshold for what is unknown: it was made without validation photos, with a single "
            "training photo of some class, or long ago",
            "train it again with validation photos and two training photos of each class",
        )
    named = [picture for picture in pictures if can_be_written(str(picture))]
    if len(named) < len(pictures):
        progress.say(f"note: left out: {len(pictures) - len(named):,} unknown pictures whose names are no text")
    if not named:
        raise DataError("no unknown picture has a name that is text", "rename the files")
    pictures = named
    answers = [answer for _, answer in classifier.answers(pictures, progress)]
    places = [place for place, answer in enumerate(answers) if not isinstance(answer, PictureError)]
    if not places:
        raise DataError(f"none of the {len(pictures)} unknown pictures can be read")
    if len(places) < len(pictures):
        progress.say(
            f"note: left out: {len(pictures) - len(places):,} of {len(pictures):,} unknown pictures: cannot be read"
        )
    scores = [answer.known_score for answer in answers if not isinstance(answer, PictureError)]
    root, photos = _grouped(run, [pictures[place] for place in places], classifier.settings.max_megapixels, progress)
    seen = seen_by(run, root, photos, classifier.settings.max_megapixels, progress)
    new = [number for number, each in enumerate(seen) if not each.part]
    if not new:
        raise DataError(
            f"all of the {len(pictures)} unknown pictures are photos of the run, or copies of them",
            "name pictures of none of its classes that it has not seen",
        )
    if len(new) < len(seen):
        held = len(seen) - len(new)
        progress.say(f"note: left out: {held:,} of {len(pictures):,} unknown pictures: photos of the run, or copies")
    return Strangers(np.array(scores, dtype=np.float64)[new], tuple(photos[number].group for number in new))


def _grouped(
    run: RunFolder, pictures: Sequence[Path], max_megapixels: float, progress: Progress
) -> tuple[Path, list[Photo]]:
    """Return the folder that holds all pictures, and each by its bytes and in a group with its copies."""
    files = [Path(os.path.abspath(picture)) for picture in pictures]  # noqa: PTH100  resolve would follow links
    root = Path(os.path.commonpath([file.parent for file in files]))
    paths = [file.relative_to(root).as_posix() for file in files]
    hashes = [sha256_of(file.read_bytes()) for file in files]
    settings = read_config(run).scan if run.config.is_file() else ScanSettings()
    shelf = Shelf("these pictures", root, dict(zip(hashes, paths, strict=True)), max_megapixels)
    numbers = {sha256: number for number, sha256 in enumerate(shelf.paths)}
    groups = Groups(len(numbers))
    for one, other in copies_among(shelf, settings.near_similarity, settings.near_exact, progress):
        groups.join(numbers[one], numbers[other])
    return root, [
        Photo(path, "", f"copies {groups.first_of(numbers[sha256])}", sha256)
        for path, sha256 in zip(paths, hashes, strict=True)
    ]
