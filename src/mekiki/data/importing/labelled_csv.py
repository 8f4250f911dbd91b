"""Reads a CSV or Parquet list ``path,label`` as a data set: paths are relative to its folder, absolute, or addresses.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.config import GROUP_COLUMN
from mekiki.data.folders import absolute_path, is_address, relative_name
from mekiki.data.importing.found import Entry, Found, Stray, can_be_written
from mekiki.data.importing.parquet import read_parquet_rows
from mekiki.records.manifest import natural_key
from mekiki.records.tables import column_names, read_columns, read_numbered_rows


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    label: str
    status: str = ""


def read_labelled_csv(path: Path, group_column: str = GROUP_COLUMN) -> Found:
    """Read the photos that a CSV or a Parquet file lists.

    Args:
        path: The file: Parquet, or UTF-8 with a header line.
        group_column: The column whose equal values form groups, or several with commas between; an empty value is no
            group. Only the default column may be absent.

    Raises:
        DataError: The file cannot be read, or lacks the column path or label or one that was named for groups.
        SettingsError: It is Parquet, and pyarrow is not installed.
    """
    root = absolute_path(path).parent
    first_rows: dict[str, int] = {}
    entries: list[Entry] = []
    strays: list[Stray] = []
    for row, line, groups in _read_parquet(path, group_column) if is_parquet(path) else _read_csv(path, group_column):
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


def is_parquet(path: Path) -> bool:
    """Tell a Parquet list by its name."""
    return path.suffix.lower() == ".parquet"


def _read_csv(path: Path, group_column: str) -> Iterator[tuple[int, _Line, tuple[str, ...]]]:
    lines = read_numbered_rows(path, _Line)
    for (row, line), groups in zip(lines, _read_groups(path, group_column, len(lines)), strict=True):
        yield row, line, groups


def _read_parquet(path: Path, group_column: str) -> Iterator[tuple[int, _Line, tuple[str, ...]]]:
    """Yield the rows of a Parquet list, numbered from 1; its column of paths may also be named ``url``."""
    columns = [name.strip() for name in group_column.split(",")]
    needed = [] if columns == [GROUP_COLUMN] else columns
    for row, values in enumerate(read_parquet_rows(path, ("path", "url"), ("label", *needed), tuple(columns)), start=1):
        yield row, _Line(values[0], values[1]), _named_groups(columns, values[-len(columns) :])


def _read_groups(path: Path, group_column: str, count: int) -> list[tuple[str, ...]]:
    """Return the names of each row's groups."""
    columns = [name.strip() for name in group_column.split(",")]
    if columns == [GROUP_COLUMN] and GROUP_COLUMN not in column_names(path):
        return [()] * count
    rows = read_columns(path, columns, "name the column that says which photos belong together: --group-column NAME")
    return [_named_groups(columns, row) for row in rows]


def _named_groups(columns: Sequence[str], row: Sequence[str]) -> tuple[str, ...]:
    named = [(column, unicodedata.normalize("NFC", value.strip())) for column, value in zip(columns, row, strict=True)]
    return tuple(value if len(columns) == 1 else f"{column} {value}" for column, value in named if value)


def _clean(text: str, root: Path) -> str:
    """Return a path as the manifest writes it: relative to the root where it can be, "/" on every system."""
    text = text.strip()
    if not text or "\0" in text or not can_be_written(text):
        return ""
    if is_address(text):
        return text
    if "\\" in text and not (root / text).exists():
        text = text.replace("\\", "/")
    below = relative_name(absolute_path(root / text), root)
    return below if not Path(below).is_absolute() or Path(text).is_absolute() else _collapse(text)


def _collapse(text: str) -> str:
    return Path(os.path.normpath(text)).as_posix()
