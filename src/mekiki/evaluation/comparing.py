"""Several runs, or exports of them, on the same photos: each is asked, and pairs are compared photo by photo.

Which photos may judge is decided in ``fair_photos.py``, what the answers mean in ``scoring/``. Test photos that are
looked at are recorded in each run whose test photos they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError, PictureError
from mekiki.evaluation.answering import Answering
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.cost import milliseconds_of, work_of
from mekiki.evaluation.fair_photos import FairPhoto, FairPhotos
from mekiki.evaluation.loading import TORCH, own_export
from mekiki.evaluation.parts import record_opening
from mekiki.progress import Progress
from mekiki.records.compared_photos import ComparedPhoto
from mekiki.records.comparison import Comparison, Cost, Front, LeftOut, PairComparison, RunScore
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.scoring.metrics import score
from mekiki.scoring.paired import compare_answers, holm
from mekiki.scoring.pareto import pareto_front
from mekiki.scoring.verdicts import pair_verdict


@dataclass(frozen=True)
class Contender:
    """What is compared: a run, or an export of it.

    Attributes:
        run_name: What the run is called.
        run: The run, which says what was trained on.
        engine: What computes the answers: torch, or one of the run's exports.
    """

    run_name: str
    run: RunFolder
    engine: str = TORCH

    @property
    def name(self) -> str:
        """The run's name, and the engine if it is not torch."""
        return self.run_name if self.engine == TORCH else f"{self.run_name} ({self.engine})"


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
    contenders: Sequence[Contender],
    fair: FairPhotos,
    open_one: Callable[[Contender], Answering],
    margin: float | None,
    pareto: bool,
    progress: Progress,
) -> Compared:
    """Ask all runs and compare their answers.

    Args:
        contenders: Two or more that know the same classes.
        fair: The photos that may judge them, in the order of ``runs_of``.
        open_one: Makes what answers; all are held in memory, so that they can be timed in turns.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1; not given: no word on
            whether they are equally good.
        pareto: Tell which are on the fronts of accuracy against size and time, and compare each with the first only;
            else each with each.
        progress: Where to report to.

    Raises:
        DataError: No photo can be read.
    """
    classes: list[str] = []
    chances: list[NDArray[np.float32]] = []
    models: list[Answering] = []
    readable = np.ones(len(fair.photos), dtype=bool)
    for each in contenders:
        progress.say(f"asking {each.name}")
        model = open_one(each)
        classes = classes or [str(name) for name in model.classes_]
        rows, read = _ask(model, fair.photos, classes, progress)
        chances.append(rows)
        models.append(model)
        readable &= read
    photos = [photo for photo, good in zip(fair.photos, readable, strict=True) if good]
    if not photos:
        raise DataError(f"none of the {len(fair.photos):,} photos can be read")
    chances = [rows[readable] for rows in chances]
    roots = list(dict.fromkeys(photo.root for photo in photos))
    said = _said(photos, roots, classes, chances)
    for (_, run), tested in zip(runs_of(contenders), fair.tested, strict=True):
        first = next(place for place, each in enumerate(contenders) if each.run == run)
        _record(run, photos, said, first, tested)
    unreadable = int((~readable).sum())
    left_out = [*fair.left_out, *([LeftOut(reason="unreadable", count=unreadable)] if unreadable else [])]
    labels = np.array([classes.index(photo.label) for photo in photos], dtype=np.int64)
    groups = [photo.group for photo in photos]
    progress.say("measuring what an answer costs")
    costs = _costs(contenders, models, open_one)
    scores = [
        _run_score(each, labels, rows, classes, groups, cost)
        for each, rows, cost in zip(contenders, chances, costs, strict=True)
    ]
    comparison = Comparison(
        part=fair.part,
        n=len(photos),
        groups=len(set(groups)),
        classes=classes,
        left_out=left_out,
        runs=scores,
        pairs=_pairs(
            [each.name for each in contenders],
            [rows.argmax(axis=1) == labels for rows in chances],
            groups,
            margin,
            first_only=pareto,
        ),
        fronts=_fronts(scores) if pareto else [],
        roots=[str(root.absolute()) for root in roots],
    )
    return Compared(comparison, tuple(said), tuple(photo.file for photo in photos))


def runs_of(contenders: Sequence[Contender]) -> list[tuple[str, RunFolder]]:
    """Return the runs that take part, each once, with their names."""
    return list({each.run.path: (each.run_name, each.run) for each in contenders}.values())


def _ask(
    classifier: Answering, photos: Sequence[FairPhoto], classes: Sequence[str], progress: Progress
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
    photos: Sequence[FairPhoto],
    roots: Sequence[Path],
    classes: Sequence[str],
    chances: Sequence[NDArray[np.float32]],
) -> list[ComparedPhoto]:
    best = [rows.argmax(axis=1) for rows in chances]
    return [
        ComparedPhoto(
            photo.path,
            photo.label,
            photo.group,
            tuple(classes[answers[place]] for answers in best),
            tuple(float(rows[place].max()) for rows in chances),
            roots.index(photo.root) + 1,
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


def _costs(
    contenders: Sequence[Contender], models: Sequence[Answering], open_one: Callable[[Contender], Answering]
) -> list[Cost]:
    costs = []
    networks = {each.run.path: model for each, model in zip(contenders, models, strict=True) if each.engine == TORCH}
    for each, model, milliseconds in zip(contenders, models, milliseconds_of(models), strict=True):
        if each.run.path not in networks:  # torch counts a graph's work
            networks[each.run.path] = open_one(replace(each, engine=TORCH))
        network = networks[each.run.path]
        assert isinstance(network, Classifier)
        parameters, multiply_adds = work_of(network, model.views)
        files = [each.run.weights] if each.engine == TORCH else own_export(each.run, each.engine).graph_files
        device, threads = model.computed_by
        costs.append(
            Cost(
                parameters=parameters,
                bytes=sum(file.stat().st_size for file in files),
                multiply_adds=multiply_adds,
                milliseconds=milliseconds,
                threads=threads,
                device=device,
                image_size=model.card.preprocessing.image_size,
                views=model.views,
            )
        )
    return costs


def _fronts(scores: Sequence[RunScore]) -> list[Front]:
    costs = [score.cost for score in scores if score.cost is not None]
    merits = [score.accuracy.value for score in scores]
    by_size = pareto_front([cost.bytes for cost in costs], merits)
    by_time = pareto_front([cost.milliseconds for cost in costs], merits)
    return [
        Front(by="bytes", names=[scores[place].name for place in by_size]),
        Front(by="milliseconds", names=[scores[place].name for place in by_time]),
    ]


def _run_score(
    contender: Contender,
    labels: NDArray[np.int64],
    chances: NDArray[np.float32],
    classes: Sequence[str],
    groups: Sequence[str],
    cost: Cost,
) -> RunScore:
    figures = score(labels, chances, classes, "data", groups=groups)
    assert figures.intervals is not None
    return RunScore(
        name=contender.name,
        run=str(contender.run.path),
        engine=contender.engine,
        accuracy=figures.accuracy,
        f1_macro=figures.intervals.f1_macro,
        ece=figures.intervals.ece,
        model=model_fingerprint(contender.run),
        cost=cost,
    )


def _pairs(
    names: Sequence[str],
    right: Sequence[NDArray[np.bool_]],
    groups: Sequence[str],
    margin: float | None,
    first_only: bool,
) -> list[PairComparison]:
    """Compare each run with each later one, or the first with all; p holds for all of them together."""
    found = [
        compare_answers(right[one], right[other], groups, (names[one], names[other]), margin)
        for one, other in itertools.combinations(range(len(names)), 2)
        if one == 0 or not first_only
    ]
    together = holm([pair.p for pair in found])
    corrected = [pair.model_copy(update={"p_holm": p}) for pair, p in zip(found, together, strict=True)]
    return [pair.model_copy(update={"verdict": pair_verdict(pair, len(corrected))}) for pair in corrected]
