"""``mekiki compare``: the same photos through several runs. Is one better, and are they as good as each other?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.errors import DataError, SettingsError
from mekiki.evaluation.classifier import load
from mekiki.evaluation.comparing import Compared, compare_runs
from mekiki.evaluation.fair_photos import FairPhotos, other_photos, own_photos
from mekiki.progress import Progress, Silent
from mekiki.records.card import read_card
from mekiki.records.comparison import write_compared_photos, write_comparison
from mekiki.records.manifest import Part
from mekiki.records.run import RunFolder, check_new_folder, open_run
from mekiki.reports.comparison_page import write_comparison_page
from mekiki.verbs.asked_photos import other_photos_in, part_named, with_runs_limit

MOST_RUNS = 10


def compare(
    runs: Sequence[str | Path],
    data: str | Path | None = None,
    part: str | None = None,
    out: str | Path | None = None,
    margin: float | None = None,
    settings: EvaluateSettings | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Compare runs on photos that none of them has seen.

    Args:
        runs: Two to ten run folders that know the same classes.
        data: Other labelled photos, in any layout that ``scan`` reads; not given: the runs' own photos.
        part: "val" or "test" of the runs' own photos; not given: test if all have it, else val. Each look at test is
            recorded.
        out: A new folder for ``comparison.json``, ``comparison.csv`` and ``comparison.html``; nothing is written if it
            is not given.
        margin: The largest difference of accuracy that does not matter, above 0 and below 1, to be told whether the
            runs are as good as each other.
        settings: Device, precision, batch size and threads.
        progress: Where to report to.

    Returns:
        The figures with a verdict for each pair, and what each run said of each photo.

    Raises:
        RunError: A folder is no trained run, or the photos are not where they were.
        DataError: The runs know different classes, or no photo is left that is fair to all.
        SettingsError: Fewer than two runs, one named twice, a margin outside 0..1, or ``out`` holds something.
    """
    progress = Silent() if progress is None else progress
    folders = _open(runs)
    check_margin(margin)
    own_part = part_named(part, data)
    if out is not None:
        check_new_folder(Path(out))
    _check_classes(folders)
    fair = _photos(folders, data, own_part, settings, progress)
    compared = compare_runs(
        folders, fair, lambda folder: load(folder.path, with_runs_limit(folder.path, settings)), margin, progress
    )
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


def _open(runs: Sequence[str | Path]) -> list[tuple[str, RunFolder]]:
    """Return the runs with a name for each: its folder's, with as many above it as tell it from the others."""
    if isinstance(runs, str | Path) or not 2 <= len(runs) <= MOST_RUNS:
        count = 1 if isinstance(runs, str | Path) else len(runs)
        raise SettingsError(f"two to {MOST_RUNS} runs can be compared; {count} given", "mekiki compare RUN RUN")
    folders = [open_run(Path(run)) for run in runs]
    places = [folder.path.resolve() for folder in folders]
    twice = next((place for number, place in enumerate(places) if place in places[:number]), None)
    if twice is not None:
        raise SettingsError(f"the run {twice} is named twice; it would be compared with itself", "name another run")
    return list(zip(_names(places), folders, strict=True))


def _names(places: Sequence[Path]) -> list[str]:
    longest = max(len(place.parts) for place in places)
    for depth in range(1, longest + 1):
        names = ["/".join(place.parts[-depth:]) for place in places]
        if len(set(names)) == len(names):
            return names
    return [str(place) for place in places]


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
