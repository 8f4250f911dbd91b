"""Reads the columns of a Parquet list as text. pyarrow comes with the extra ``cluster``, and is loaded only here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from mekiki.errors import DataError, SettingsError, one_line

_AT_ONCE = 4096


def read_parquet_rows(
    source: Path | IO[bytes], first: Sequence[str], needed: Sequence[str], others: Sequence[str], name: str = ""
) -> Iterator[tuple[str, ...]]:
    """Yield some columns of a Parquet file as text, row by row; an absent value is empty.

    Args:
        source: The file.
        first: Names of the first column that is given: the first of them that the file has.
        needed: Columns that must be there.
        others: Columns that are given after these; empty where the file has no such.
        name: Of the file, for messages; not given: its path.

    Raises:
        DataError: It is no Parquet file, or lacks a column.
        SettingsError: pyarrow is not installed.
    """
    name = str(source) if not name else name
    if find_spec("pyarrow") is None:
        raise SettingsError(f"{name}: to read Parquet the package pyarrow is needed", "pip install 'mekiki[cluster]'")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source)
        columns = _choose(name, file.schema_arrow.names, first, needed)
        wanted = [*columns, *others]
        for batch in file.iter_batches(_AT_ONCE, columns=[each for each in wanted if each in file.schema_arrow.names]):
            for row in batch.to_pylist():
                yield tuple(_text(row.get(each)) for each in wanted)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} cannot be read: {one_line(error, 160)}", "expected a Parquet file") from None


def _choose(name: str, columns: Sequence[str], first: Sequence[str], needed: Sequence[str]) -> list[str]:
    named = next((each for each in first if each in columns), None)
    missing = (
        " or ".join(map(repr, first)) if named is None else next((repr(e) for e in needed if e not in columns), "")
    )
    if named is None or missing:
        raise DataError(
            f"{name} has no column {missing}; its columns are {', '.join(columns) or 'none'}", "name one of them so"
        )
    return [named, *needed]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
