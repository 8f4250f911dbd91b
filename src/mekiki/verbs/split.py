"""``mekiki split``: divide photos so that no duplicate is on two sides, or tell what leaks in a split that is there."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import ScanSettings, SplitSettings
from mekiki.data.splits import checking, folds, splitting
from mekiki.progress import Progress
from mekiki.records.foreign_split import read_foreign_split
from mekiki.records.run import check_new_file, check_new_folder
from mekiki.records.split import Folds, Split, write_folds, write_split
from mekiki.records.split_check import SplitCheck, write_leaks
from mekiki.verbs.scan import scan


def split(
    data: str | Path,
    out: str | Path | None = None,
    settings: SplitSettings | None = None,
    scan_settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> Split:
    """Scan a folder and divide its photos.

    Args:
        data: A folder of photos, or a CSV file.
        out: The ``split.csv`` to write; nothing is written if it is not given.
        settings: Amounts, seed, and whether copies stay together.
        scan_settings: How to read the folder.
        progress: Where to report to.

    Returns:
        Each photo's part, and a note for each thing that could not be done as asked.

    Raises:
        DataError: Too few photos in a class for the amounts, or nothing to split.
        SettingsError: ``out`` is there already.
    """
    if out is not None:
        check_new_file(Path(out))
    manifest = scan(data, None, scan_settings, progress).manifest
    result = splitting.split(manifest, SplitSettings() if settings is None else settings)
    if out is not None:
        write_split(Path(out), result)
    return result


def split_folds(
    data: str | Path,
    count: int = 5,
    out: str | Path | None = None,
    settings: SplitSettings | None = None,
    scan_settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> Folds:
    """Scan a folder and divide its photos into folds, for cross-validation.

    In each of the splits one fold is test, the next is val and the others are train, so that each photo is in test
    once; ``mekiki train --split`` takes them. The photos of a folder ``test`` are in no fold.

    Args:
        data: A folder of photos, or a CSV file.
        count: Folds, 3 to 100.
        out: A new folder for ``fold-1.csv``, ``fold-2.csv`` …; nothing is written if it is not given.
        settings: Seed, and whether copies stay together; amounts must not be given.
        scan_settings: How to read the folder.
        progress: Where to report to.

    Returns:
        One split per fold, and a note for each thing that could not be done as asked.

    Raises:
        DataError: A class has too few photos that can be apart for that many folds.
        SettingsError: The number is out of range, amounts were given too, or ``out`` holds something.
    """
    settings = SplitSettings() if settings is None else settings
    folds.check_fold_settings(count, settings)
    if out is not None:
        check_new_folder(Path(out))
    made = folds.split_into_folds(scan(data, None, scan_settings, progress).manifest, count, settings)
    if out is not None:
        write_folds(Path(out), made)
    return made


def check_split(
    data: str | Path,
    file: str | Path,
    out: str | Path | None = None,
    scan_settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> SplitCheck:
    """Scan a folder and tell which photos of a split have a twin in another part of it.

    Args:
        data: The folder of photos, or CSV file, that the split is about.
        file: The split: a CSV with a column path (file, filename, image …) and part (split, set, subset, fold …). Paths
            may be absolute, or relative to the data or to the file's folder.
        out: A CSV for the pairs; nothing is written if it is not given.
        scan_settings: How to read the folder, and what counts as a copy.
        progress: Where to report to.

    Returns:
        Counts, pairs with their evidence, and the photos that are missing in the split or in the data.

    Raises:
        DataError: The file cannot be read, or none of its photos is in the data.
        SettingsError: ``out`` is there already.
    """
    if out is not None:
        check_new_file(Path(out))
    given = read_foreign_split(Path(file))
    scanned = scan(data, None, scan_settings, progress)
    check = checking.check_split(scanned.manifest, scanned.findings, given)
    if out is not None:
        write_leaks(Path(out), check)
    return check
