"""CSV tables of one frozen dataclass per row: the one way that records are written and read.

A column is a field of the dataclass. Empty text is an absent value. Unknown columns are ignored, missing ones are
refused with the file's name, so that a table written by hand or by a spreadsheet works and a wrong file does not.
Values are separated by commas, or by semicolons throughout, and a row may end before columns that have a default;
spaces around a column's name do not count.
Quotation marks are read strictly: a stray one is an error and never swallows the rows below it. "Row 7" is the row
that begins in line 7 of the file.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mekiki.errors import DataError
from mekiki.files import write_text

Row = TypeVar("Row")

_EXCEL_MARK = "\ufeff"


def write_rows(path: Path, rows: Iterable[Any], row_type: type[Any]) -> None:
    """Write records as CSV (UTF-8, comma, header), atomically.

    Args:
        path: The file to create or replace.
        rows: Instances of ``row_type``, in the order to keep.
        row_type: A dataclass whose fields are text, int, float, bool or optional ones of these.
    """
    names = [field.name for field in dataclasses.fields(row_type)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_to_text(getattr(row, name)) for name in names])
    write_text(path, buffer.getvalue())


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Read records from CSV.

    Args:
        path: A UTF-8 file with a header line.
        row_type: The dataclass to build; fields with a default may be absent from the file.

    Returns:
        One record per row, in file order; empty lines are passed over.

    Raises:
        DataError: The file is missing, not UTF-8 text, lacks a column, has a stray quotation mark or more values
            than columns, or a value does not fit (row and column named).
    """
    return [record for _, record in read_numbered_rows(path, row_type)]


def read_numbered_rows(path: Path, row_type: type[Row]) -> list[tuple[int, Row]]:
    """Read records from CSV as ``read_rows`` does, each with the number of its row, to be named in messages."""
    columns, lines = _open(path)
    fields: list[dataclasses.Field[Any]] = list(dataclasses.fields(row_type))  # type: ignore[arg-type]
    needed = [field.name for field in fields if _required(field)]
    others = ",".join(field.name for field in fields if not _required(field))
    hint = f"the first line must name the columns {','.join(needed)}" + (f"; it may name {others}" if others else "")
    _check_columns(path, columns, needed, hint)
    kinds = typing.get_type_hints(row_type)
    return [(number, _to_row(path, number, cells, fields, kinds, row_type)) for number, cells in lines]


def read_columns(path: Path, names: Sequence[str], hint: str) -> list[tuple[str, ...]]:
    """Read some columns of a CSV as text, whose names only the user knows.

    Args:
        path: As for ``read_rows``.
        names: The columns.
        hint: What to do where one of them is not there.

    Returns:
        One value per name for each row, empty where a row is too short; the same rows as ``read_rows`` gives.

    Raises:
        DataError: As for ``read_rows``.
    """
    columns, lines = _open(path)
    _check_columns(path, columns, names, hint)
    return [tuple(cells[name] or "" for name in names) for _, cells in lines]


def column_names(path: Path) -> list[str]:
    """Return the columns that a CSV's first line names; errors as for ``read_rows``."""
    return _open(path)[0]


def _open(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str | None]]]]:
    """Return a file's columns, and the number and cells of each row below."""
    try:
        text = path.read_text(encoding="utf-8").removeprefix(_EXCEL_MARK)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text", "save it as CSV UTF-8") from error
    lines = _lines(path, text)
    columns = [name.strip() for name in next(lines, (1, []))[1]]
    return columns, ((number, _in_columns(path, number, cells, columns)) for number, cells in lines)


def _check_columns(path: Path, columns: Sequence[str], needed: Sequence[str], hint: str) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"{path} has no column {missing[0]!r}; its columns are {', '.join(columns) or 'none'}", hint)
    twice = next((name for name in needed if columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path} has two columns {twice!r}", "keep one of them, or give the other another name")


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not empty, with the line that it begins in, counted from 1."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{path}, row {number} is no valid CSV: {error}",
                'a quotation mark (") there may be stray; inside a quoted value it is written twice ("")',
            ) from None
        if cells:
            yield number, cells


def delimiter_of(text: str) -> str:
    """Return what stands between a CSV's values: a semicolon where a spreadsheet of many countries wrote it."""
    header = text.lstrip().partition("\n")[0]
    return ";" if ";" in header and "," not in header else ","


def _in_columns(path: Path, number: int, cells: list[str], columns: list[str]) -> dict[str, str | None]:
    """Return column → text, None where the row is too short."""
    if any(cells[len(columns) :]):
        raise DataError(
            f"{path}, row {number} has {len(cells)} values, but there are {len(columns)} columns",
            'put quotation marks round a value that holds a comma: "SG, red.jpg"',
        )
    return dict(itertools.zip_longest(columns, cells[: len(columns)]))


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _to_row(
    path: Path, number: int, line: dict[str, Any], fields: list[Any], kinds: dict[str, Any], row_type: type[Row]
) -> Row:
    values = {}
    for field in fields:
        if field.name not in line:
            continue
        text = line[field.name]
        if text is None and not _required(field):
            continue
        if text is None:
            raise DataError(f"{path}, row {number} is too short: no value for {field.name!r}")
        try:
            values[field.name] = _from_text(text, kinds[field.name])
        except ValueError:
            raise DataError(f"{path}, row {number}, column {field.name!r}: {text!r} does not fit") from None
    return row_type(**values)


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)


def _from_text(text: str, kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        if text == "":
            return None
        kind = next(part for part in typing.get_args(kind) if part is not types.NoneType)
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if kind in (int, float):
        return kind(text)
    return text
