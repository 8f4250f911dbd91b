"""Reads a CSV ``path,label[,group]`` as a data set: paths are relative to the CSV's folder, or absolute.

The CSV's folder is the one that its own path names, also where the CSV is a link. Photos below it get a relative path,
however the row writes it; photos elsewhere keep the kind of path that the row has.
A row without a path or label, and a row that lists a photo again, is a stray; a photo that is missing stays in and is
found unreadable by the scan. Nothing is looked up on disk but to tell a Windows path from a name that holds a
backslash.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mekiki.data.folders import absolute_path, relative_name
from mekiki.data.found import Entry, Found, Stray, can_be_written
from mekiki.records.manifest import natural_key
from mekiki.records.tables import read_numbered_rows


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    label: str
    group: str = ""


def read_labelled_csv(path: Path) -> Found:
    """Read the photos that a CSV lists.

    Args:
        path: The file, UTF-8 with a header line.

    Raises:
        DataError: The file cannot be read or lacks the column path or label.
    """
    root = absolute_path(path).parent
    first_rows: dict[str, int] = {}
    entries: list[Entry] = []
    strays: list[Stray] = []
    for row, line in read_numbered_rows(path, _Line):
        name = _clean(line.path, root)
        label = unicodedata.normalize("NFC", line.label.strip())
        if not name or not label:
            strays.append(Stray(name or path.name, f"row {row} of {path.name} gives no {'label' if name else 'path'}"))
        elif name in first_rows:
            again = f"row {row} of {path.name} lists it again, as {label!r}; row {first_rows[name]} counts"
            strays.append(Stray(name, again))
        else:
            first_rows[name] = row
            entries.append(Entry(name, label, line.group.strip()))
    classes = tuple(sorted({entry.label for entry in entries}, key=natural_key))
    return Found(root, tuple(entries), classes, tuple(strays))


def _clean(text: str, root: Path) -> str:
    """Return a path as the manifest writes it: relative to the root where it can be, "/" on every system."""
    text = text.strip()
    if not text or "\0" in text or not can_be_written(text):
        return ""
    if "\\" in text and not (root / text).exists():
        text = text.replace("\\", "/")
    below = relative_name(absolute_path(root / text), root)
    return below if not Path(below).is_absolute() or Path(text).is_absolute() else _collapse(text)


def _collapse(text: str) -> str:
    return Path(os.path.normpath(text)).as_posix()
