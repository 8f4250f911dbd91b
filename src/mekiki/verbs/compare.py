"""``mekiki compare``: the same photos through several runs. Is one better, and are they as good as each other?

An export takes part as its run does, and knows what its run was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.folders import short_names
from mekiki.errors import DataError, MekikiError, RunError, SettingsError
from mekiki.evaluation.answering import Answering
from mekiki.evaluation.classifier import load
from mekiki.evaluation.comparing import Compared, Contender, compare_runs, runs_of
from mekiki.evaluation.fair_photos import FairPhotos, other_photos, own_photos
from mekiki.evaluation.graphs import GraphClassifier, check_installed
from mekiki.evaluation.loading import ENGINES, TORCH, own_export
from mekiki.progress import Progress, Silent
from mekiki.records.card import read_card
from mekiki.records.compared_photos import write_compared_photos
from mekiki.records.comparison import write_comparison
from mekiki.records.exported import ExportFolder, is_export_folder, read_exported, run_of_export
from mekiki.records.manifest import Part
from mekiki.records.run import RunFolder, check_new_folder, open_run
from mekiki.reports.canvas import save_png
from mekiki.reports.comparison_page import write_comparison_page
from mekiki.reports.pareto_figure import pareto_figure
from mekiki.verbs.asked_photos import other_photos_in, part_named, with_runs_limit

MOST_RUNS, MOST_WITH_PARETO = 10, 30


def compare(
    runs: Sequence[str | Path],
    data: str | Path | None = None,
    part: str | None = None,
    out: str | Path | None = None,
    margin: float | None = None,
    settings: EvaluateSettings | None = None,
    progress: Progress | None = None,
    pareto: bool = False,
) -> Compared:
    """Compare runs on photos that none of them has seen.

    Args:
        runs: Two to ten run folders that know the same classes, or exports inside them (``RUN/exports/onnx``).
        data: Other labelled photos, in any layout that ``scan`` reads; not given: the runs' own photos.
        part: "val" or "test" of the runs' own photos; not given: test if all have it, else val. Each look at test is
            recorded.
        out: A new folder for ``comparison.json``, ``comparison.csv``, ``comparison.html`` and, with ``pareto``,
            ``pareto.png``; nothing is written if it is not given.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1, to be told whether the
            runs are as good as each other.
        settings: Device, precision, batch size and threads.
        progress: Where to report to.
        pareto: Draw accuracy against size and against time. The exports inside the runs take part (one run is enough if
            it has any, and up to 30 do), and each is compared with the first alone.

    Returns:
        The figures with a verdict for each pair, and what each run said of each photo.

    Raises:
        RunError: A folder is no trained run, or the photos are not where they were; an export is of other weights.
        DataError: The runs know different classes, or no photo is left that is fair to all.
        SettingsError: Fewer than two runs, one named twice, a margin outside 0..1, or ``out`` holds something.
    """
    progress = Silent() if progress is None else progress
    contenders = _contenders(runs, pareto, progress)
    folders = runs_of(contenders)
    check_margin(margin)
    own_part = part_named(part, data)
    if out is not None:
        check_new_folder(Path(out))
    _check_classes(folders)
    fair = _photos(folders, data, own_part, settings, progress)
    compared = compare_runs(contenders, fair, partial(_open, settings=settings), margin, pareto, progress)
    if out is not None:
        _write(Path(out), compared, progress)
    return compared


def check_margin(margin: float | None) -> None:
    """Refuse a margin that is no share.

    Raises:
        SettingsError: It is not above 0 and below 1.
    """
    if margin is not None and not 0 < margin < 1:
        raise SettingsError(
            f"--margin {margin:g} is no share: expected above 0 and below 1", "--margin 0.02 for two points of accuracy"
        )


def _contenders(places: Sequence[str | Path], pareto: bool, progress: Progress) -> list[Contender]:
    """Return what is compared; a run is called as its folder, with as many above it as tell it from the others."""
    places = [places] if isinstance(places, str | Path) else list(places)
    if not pareto:
        _check_count(len(places), MOST_RUNS, "mekiki compare RUN RUN")
    named = [_run_and_engine(Path(place)) for place in places]
    twice = next((place for number, place in enumerate(named) if place in named[:number]), None)
    if twice is not None:
        raise SettingsError(f"the run {twice[0]} is named twice; it would be compared with itself", "name another run")
    if pareto:
        named = _with_exports(named, progress)
        _check_count(len(named), MOST_WITH_PARETO, "mekiki export RUN, or name another run")
    runs = list(dict.fromkeys(run for run, _ in named))
    names = dict(zip(runs, short_names(runs), strict=True))
    return [Contender(names[place], open_run(place), engine) for place, engine in named]


def _check_count(count: int, most: int, hint: str) -> None:
    if not 2 <= count <= most:
        raise SettingsError(f"two to {most} runs can be compared; {count} given", hint)


def _run_and_engine(place: Path) -> tuple[Path, str]:
    """Return a run's folder and the engine that a place names: torch, or the export that it is."""
    if not is_export_folder(place):
        return open_run(place).path.resolve(), TORCH
    to = read_exported(ExportFolder(place).facts).name
    if to not in ENGINES:
        raise RunError(f"{place} is an export to {to}, whose answers are those of its run", "name the run")
    run = run_of_export(place)
    if run is None or place.name != to:
        raise RunError(
            f"{place} is an export outside its run, and does not say which photos it was trained on",
            "mekiki export RUN, without --out, writes into RUN/exports",
        )
    own_export(run, to)
    return run.path, to


def _with_exports(named: Sequence[tuple[Path, str]], progress: Progress) -> list[tuple[Path, str]]:
    """Return what was named, run by run, each followed by the exports inside it that were not."""
    found: list[tuple[Path, str]] = []
    for run in dict.fromkeys(run for run, _ in named):
        own = [each for each in named if each[0] == run]
        found += dict.fromkeys([*own, *_exports(run, progress)])
    return found


def _exports(run: Path, progress: Progress) -> list[tuple[Path, str]]:
    """Return the exports inside a run that can be asked here; others are told of."""
    found = []
    for engine in ENGINES:
        if is_export_folder(RunFolder(run).exports / engine):
            try:
                check_installed(read_exported(own_export(RunFolder(run), engine).facts).to)
                found.append((run, engine))
            except MekikiError as error:
                progress.say(f"left out: {engine} of {run.name}: {error.message}")
    return found


def _open(contender: Contender, settings: EvaluateSettings | None) -> Answering:
    settings = with_runs_limit(contender.run.path, settings)
    if contender.engine == TORCH:
        return load(contender.run.path, settings)
    return GraphClassifier(own_export(contender.run, contender.engine), settings)


def _check_classes(runs: Sequence[tuple[str, RunFolder]]) -> None:
    (first, folder), *others = runs
    known = set(read_card(folder.card).classes)
    for name, other in others:
        classes = set(read_card(other.card).classes)
        if classes != known:
            apart = sorted(known ^ classes)
            holder = first if apart[0] in known else name
            raise DataError(
                f"{first} and {name} do not know the same classes: {len(apart)} differ, such as {apart[0]!r}, which "
                f"{holder} alone knows",
                "only runs of the same classes can be compared",
            )


def _photos(
    runs: Sequence[tuple[str, RunFolder]],
    data: str | Path | None,
    part: Part | None,
    settings: EvaluateSettings | None,
    progress: Progress,
) -> FairPhotos:
    if data is None:
        return own_photos(runs, part, progress)
    first = runs[0][1]
    classes = read_card(first.card).classes
    manifest = other_photos_in(data, classes, with_runs_limit(first.path, settings).max_megapixels, progress)
    foreign = sorted({photo.label for photo in manifest.usable()} - set(classes))
    if foreign:
        raise DataError(
            f"the runs do not know the class {foreign[0]!r} ({len(foreign)} such)",
            "the class folders must be named as in training",
        )
    return other_photos(manifest, runs, progress)


def _write(out: Path, compared: Compared, progress: Progress) -> None:
    write_comparison(out / "comparison.json", compared.comparison)
    write_compared_photos(out / "comparison.csv", list(compared.photos), len(compared.comparison.runs))
    write_comparison_page(out / "comparison.html", compared, progress)
    if compared.comparison.fronts:
        save_png(pareto_figure(compared.comparison), out / "pareto.png")
