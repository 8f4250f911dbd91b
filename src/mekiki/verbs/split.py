"""``mekiki split``: divide photos into train, val and test so that no duplicate is on both sides."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import ScanSettings, SplitSettings
from mekiki.data import splitting
from mekiki.progress import Progress
from mekiki.records.run import check_new_file
from mekiki.records.split import Split, write_split
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
        settings: Amounts and seed.
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
