"""Several runs on the same photos: each is asked, and each pair is compared photo by photo.

Which photos may judge is decided in ``fair_photos.py``, what the answers mean in ``scoring/``. Test photos that are
looked at are recorded in each run whose test photos they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError, PictureError
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.cost import cost_of
from mekiki.evaluation.fair_photos import FairPhoto, FairPhotos
from mekiki.evaluation.parts import record_opening
from mekiki.progress import Progress
from mekiki.records.comparison import ComparedPhoto, Comparison, Cost, LeftOut, PairComparison, RunScore
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.scoring.metrics import score
from mekiki.scoring.paired import compare_answers, holm
from mekiki.scoring.verdicts import pair_verdict


@dataclass(frozen=True)
class Compared:
    """Several runs on the same photos.

    Attributes:
        comparison: The figures and verdicts.
        photos: What each run said of each photo.
        files: Where each of ``photos`` lies.
    """

    comparison: Comparison
    photos: tuple[ComparedPhoto, ...]
    files: tuple[Path, ...]


def compare_runs(
    runs: Sequence[tuple[str, RunFolder]],
    fair: FairPhotos,
    open_classifier: Callable[[RunFolder], Classifier],
    margin: float | None,
    progress: Progress,
) -> Compared:
    """Ask all runs and compare their answers.

    Args:
        runs: Names and folders, two or more, that know the same classes.
        fair: The photos that may judge them.
        open_classifier: Makes a run's classifier; one is held in memory at a time.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1; not given: no word on
            whether they are equally good.
        progress: Where to report to.

    Raises:
        DataError: No photo can be read.
    """
    classes: list[str] = []
    chances: list[NDArray[np.float32]] = []
    costs: list[Cost] = []
    readable = np.ones(len(fair.photos), dtype=bool)
    for name, folder in runs:
        progress.say(f"asking {name}")
        classifier = open_classifier(folder)
        classes = classes or [str(each) for each in classifier.classes_]
        rows, read = _ask(classifier, fair.photos, classes, progress)
        chances.append(rows)
        costs.append(cost_of(classifier, folder))
        readable &= read
    photos = [photo for photo, good in zip(fair.photos, readable, strict=True) if good]
    if not photos:
        raise DataError(f"none of the {len(fair.photos):,} photos can be read")
    chances = [rows[readable] for rows in chances]
    said = _said(photos, classes, chances)
    for number, (_, folder) in enumerate(runs):
        _record(folder, photos, said, number, fair.tested[number])
    unreadable = int((~readable).sum())
    left_out = [*fair.left_out, *([LeftOut(reason="unreadable", count=unreadable)] if unreadable else [])]
    labels = np.array([classes.index(photo.label) for photo in photos], dtype=np.int64)
    groups = [photo.group for photo in photos]
    comparison = Comparison(
        part=fair.part,
        n=len(photos),
        groups=len(set(groups)),
        classes=classes,
        left_out=left_out,
        runs=[
            _run_score(name, folder, labels, rows, classes, groups).model_copy(update={"cost": cost})
            for (name, folder), rows, cost in zip(runs, chances, costs, strict=True)
        ],
        pairs=_pairs([name for name, _ in runs], [rows.argmax(axis=1) == labels for rows in chances], groups, margin),
    )
    return Compared(comparison, tuple(said), tuple(photo.file for photo in photos))


def _ask(
    classifier: Classifier, photos: Sequence[FairPhoto], classes: Sequence[str], progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities, (n, classes) in the order of ``classes``, and which photos could be read."""
    own = [str(each) for each in classifier.classes_]
    order = [own.index(name) for name in classes]
    rows = np.zeros((len(photos), len(classes)), np.float32)
    read = np.zeros(len(photos), dtype=bool)
    for number, (_, chances) in enumerate(classifier.each([photo.file for photo in photos], progress)):
        if not isinstance(chances, PictureError):
            rows[number], read[number] = chances[order], True
    return rows, read


def _said(
    photos: Sequence[FairPhoto], classes: Sequence[str], chances: Sequence[NDArray[np.float32]]
) -> list[ComparedPhoto]:
    best = [rows.argmax(axis=1) for rows in chances]
    return [
        ComparedPhoto(
            photo.path,
            photo.label,
            photo.group,
            tuple(classes[answers[place]] for answers in best),
            tuple(float(rows[place].max()) for rows in chances),
        )
        for place, photo in enumerate(photos)
    ]


def _record(
    run: RunFolder, photos: Sequence[FairPhoto], said: Sequence[ComparedPhoto], number: int, tested: frozenset[str]
) -> None:
    """Write down in a run that these of its test photos were scored."""
    looked_at = [
        each.predicted[number] == each.label for photo, each in zip(photos, said, strict=True) if photo.sha256 in tested
    ]
    if looked_at:
        record_opening(run, looked_at, "compare")


def _run_score(
    name: str,
    folder: RunFolder,
    labels: NDArray[np.int64],
    chances: NDArray[np.float32],
    classes: Sequence[str],
    groups: Sequence[str],
) -> RunScore:
    figures = score(labels, chances, classes, "data", groups=groups)
    assert figures.intervals is not None
    return RunScore(
        name=name,
        run=str(folder.path),
        accuracy=figures.accuracy,
        f1_macro=figures.intervals.f1_macro,
        ece=figures.intervals.ece,
        model=model_fingerprint(folder),
    )


def _pairs(
    names: Sequence[str], right: Sequence[NDArray[np.bool_]], groups: Sequence[str], margin: float | None
) -> list[PairComparison]:
    """Compare each run with each later one; p holds for all of them together."""
    found = [
        compare_answers(right[one], right[other], groups, (names[one], names[other]), margin)
        for one, other in itertools.combinations(range(len(names)), 2)
    ]
    together = holm([pair.p for pair in found])
    corrected = [pair.model_copy(update={"p_holm": p}) for pair, p in zip(found, together, strict=True)]
    return [pair.model_copy(update={"verdict": pair_verdict(pair, len(corrected))}) for pair in corrected]
