"""Lets augmented copies know their original: whoever scans or splits them keeps both on one side.

``augmented.csv`` in the data root names the group of each copy; the original gets it too if it lies in the same data.
It works as well where the files and their list were moved into a folder of class folders or under ``train``. A file
of that name that is no such list is a stray.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mekiki.data.importing.found import Entry, Found, Stray
from mekiki.errors import DataError
from mekiki.records.copies import AUGMENTED, CopyRow, read_copies
from mekiki.records.decisions import plain_path


def with_origins(found: Found) -> Found:
    """Add the groups of ``augmented.csv`` to the photos that it names.

    Args:
        found: What lies in the data; its strays may hold the list itself.

    Returns:
        The same with more groups, and without the list among the strays; unchanged if there is no list.
    """
    file = found.root / AUGMENTED
    if not file.is_file():
        return found
    strays = tuple(stray for stray in found.strays if stray.path != AUGMENTED)
    try:
        rows = read_copies(file)
    except DataError as error:
        reason = f"is no list of augmented copies: {error.message}"
        return replace(found, strays=(*strays, Stray(AUGMENTED, reason)))
    groups = _groups_of(found.entries, rows)
    entries = tuple(
        replace(entry, groups=tuple(dict.fromkeys((*entry.groups, *groups.get(index, ())))))
        for index, entry in enumerate(found.entries)
    )
    return replace(found, entries=entries, strays=strays)


def _groups_of(entries: Sequence[Entry], rows: Sequence[CopyRow]) -> dict[int, list[str]]:
    places = _places(entries)
    groups: dict[int, list[str]] = {}
    for row in rows:
        name = row.group.strip() or f"copies of {row.original}"
        for path in (row.path, row.original):
            index = places.get(plain_path(path.strip()))
            if index is not None:
                groups.setdefault(index, []).append(name)
    return groups


def _places(entries: Sequence[Entry]) -> dict[str, int]:
    """Return path → index; also without its first folders, where that names one photo only."""
    places: dict[str, int] = {}
    ambiguous: set[str] = set()
    for index, entry in enumerate(entries):
        for tail in _tails(plain_path(entry.path)):
            if places.setdefault(tail, index) != index:
                ambiguous.add(tail)
    places = {tail: index for tail, index in places.items() if tail not in ambiguous}
    return places | {plain_path(entry.path): index for index, entry in enumerate(entries)}


def _tails(path: str) -> Iterator[str]:
    """Yield a path without its first folder, its first two …, as long as a folder is left."""
    folders = path.split("/")
    for count in range(1, len(folders) - 1):
        yield "/".join(folders[count:])
