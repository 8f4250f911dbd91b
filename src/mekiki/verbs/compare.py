"""``mekiki compare``: the same photos through several runs. Is one better, and are they as good as each other?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mekiki.config import EvaluateSettings, ScanSettings
from mekiki.data.scans.scanning import scan
from mekiki.errors import DataError, SettingsError
from mekiki.evaluation.classifier import load
from mekiki.evaluation.comparing import Compared, compare_runs
from mekiki.evaluation.fair_photos import FairPhotos, other_photos, own_photos
from mekiki.progress import Progress, Silent
from mekiki.records.card import read_card
from mekiki.records.comparison import write_compared_photos, write_comparison
from mekiki.records.manifest import PARTS
from mekiki.records.run import RunFolder, check_new_folder, open_run
from mekiki.report.comparison_page import write_comparison_page
from mekiki.verbs.evaluate import with_runs_limit

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
    if margin is not None and not 0 < margin < 1:
        raise SettingsError(
            f"--margin {margin:g} is no share: expected above 0 and below 1", "--margin 0.02 for two points of accuracy"
        )
    if data is not None and part is not None:
        raise SettingsError("--part names a part of the runs' own photos; it cannot be used with DATA", "leave one out")
    if out is not None:
        check_new_folder(Path(out))
    _check_classes(folders)
    fair = _photos(folders, data, part, settings, progress)
    compared = compare_runs(
        folders, fair, lambda folder: load(folder.path, with_runs_limit(folder, settings)), margin, progress
    )
    if out is not None:
        _write(Path(out), compared, progress)
    return compared


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
    part: str | None,
    settings: EvaluateSettings | None,
    progress: Progress,
) -> FairPhotos:
    if data is None:
        own_part = next((known for known in PARTS if known == part), None)
        if part is not None and own_part is None:
            raise SettingsError(f"there is no part {part!r}", "val or test")
        return own_photos(runs, own_part, progress)
    limit = with_runs_limit(runs[0][1], settings).max_megapixels
    scanned = scan(
        Path(data),
        ScanSettings(max_megapixels=limit),
        progress=progress,
        known_classes=read_card(runs[0][1].card).classes,
    )
    if scanned.decided.summary:
        progress.say(f"note: {scanned.decided.summary}")
    foreign = sorted({photo.label for photo in scanned.manifest.usable()} - set(read_card(runs[0][1].card).classes))
    if foreign:
        raise DataError(
            f"the runs do not know the class {foreign[0]!r} ({len(foreign)} such)",
            "the class folders must be named as in training",
        )
    return other_photos(scanned.manifest, runs, progress)


def _write(out: Path, compared: Compared, progress: Progress) -> None:
    write_comparison(out / "comparison.json", compared.comparison)
    write_compared_photos(out / "comparison.csv", list(compared.photos), len(compared.comparison.runs))
    write_comparison_page(out / "comparison.html", compared, progress)
