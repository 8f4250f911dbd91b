"""``mekiki collect``: download the photos of a list into class folders, politely, and write down where each is from."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import CollectSettings
from mekiki.data.collecting import collecting
from mekiki.progress import Progress, Silent
from mekiki.records.collected import Collected


def collect(
    links: str | Path,
    out: str | Path,
    settings: CollectSettings | None = None,
    progress: Progress | None = None,
) -> Collected:
    """Download photos into ``out/<label>/`` and write ``out/collected.csv``.

    A second run with the same list goes on where the first one ended: photos that are there and addresses that bring
    no photo are not asked for again, what failed or was refused is. A line that is taken out of ``collected.csv`` is
    asked for again. No file is ever written over.

    Args:
        links: A CSV with the columns ``url`` and ``label``; ``licence`` (or ``license``) and ``group`` are kept.
        out: The folder; it may hold photos already.
        settings: How many at once, how polite, and the limits.
        progress: Where to report to.

    Returns:
        What became of each line. Trouble with one address never stops the others and raises nothing.

    Raises:
        DataError: The list cannot be read or is empty, two labels would share a folder, or ``out`` holds a
            ``collected.csv`` that is no such record.
        SettingsError: ``out`` is a file.
    """
    settings = CollectSettings() if settings is None else settings
    return collecting.collect(Path(links), Path(out), settings, Silent() if progress is None else progress)
