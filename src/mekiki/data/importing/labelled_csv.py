"""Reads a CSV ``path,label`` as a data set: paths are relative to the CSV's folder, or absolute.

Other columns may say which photos belong together, such as a listing or product: equal values form a group. With
several such columns the groups are named by column and value, so that a listing 7 and a product 7 stay two groups.

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

from mekiki.config import GROUP_COLUMN
from mekiki.data.folders import absolute_path, relative_name
from mekiki.data.importing.found import Entry, Found, Stray, can_be_written
from mekiki.records.manifest import natural_key
from mekiki.records.tables import column_names, read_columns, read_numbered_rows


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    label: str
    status: str = ""


def read_labelled_csv(path: Path, group_column: str = GROUP_COLUMN) -> Found:
    """Read the photos that a CSV lists.

    Args:
        path: The file, UTF-8 with a header line.
        group_column: The column whose equal values form groups, or several with commas between; an empty value is no
            group. Only the default column may be absent.

    Raises:
        DataError: The file cannot be read, or lacks the column path or label or one that was named for groups.
    """
    root = absolute_path(path).parent
    first_rows: dict[str, int] = {}
    entries: list[Entry] = []
    strays: list[Stray] = []
    lines = read_numbered_rows(path, _Line)
    for (row, line), groups in zip(lines, _read_groups(path, group_column, len(lines)), strict=True):
        name = _clean(line.path, root)
        label = unicodedata.normalize("NFC", line.label.strip())
        if line.status not in ("", "ok") and not name:
            continue  # a row of collected.csv that brought no photo
        if not name or not label:
            strays.append(Stray(name or path.name, f"row {row} of {path.name} gives no {'label' if name else 'path'}"))
        elif name in first_rows:
            again = f"row {row} of {path.name} lists it again, as {label!r}; row {first_rows[name]} counts"
            strays.append(Stray(name, again))
        else:
            first_rows[name] = row
            entries.append(Entry(name, label, groups))
    classes = tuple(sorted({entry.label for entry in entries}, key=natural_key))
    return Found(root, tuple(entries), classes, tuple(strays))


def _read_groups(path: Path, group_column: str, count: int) -> list[tuple[str, ...]]:
    """Return the names of each row's groups."""
    columns = [name.strip() for name in group_column.split(",")]
    if columns == [GROUP_COLUMN] and GROUP_COLUMN not in column_names(path):
        return [()] * count
    rows = read_columns(path, columns, "name the column that says which photos belong together: --group-column NAME")
    named = [
        [(column, unicodedata.normalize("NFC", value.strip())) for column, value in zip(columns, row, strict=True)]
        for row in rows
    ]
    return [
        tuple(value if len(columns) == 1 else f"{column} {value}" for column, value in row if value) for row in named
    ]


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
