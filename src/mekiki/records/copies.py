"""The list of augmented copies, ``augmented.csv``: which photo each copy was made of.

It lies in the folder that ``mekiki augment`` wrote, and is itself a CSV data set (path, label, group). Paths are
relative to its folder and use "/"; ``original`` is relative to the data that the copies were made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mekiki.records.tables import read_rows, write_rows

AUGMENTED = "augmented.csv"


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One written file.

    Attributes:
        path: The copy, or the original itself where it was written too.
        label: The class name.
        group: The same for an original, its copies, and all that the original belongs together with.
        original: The photo that it was made of.
        number: Which copy of it, counted from 1; 0 for the original itself.
    """

    path: str
    label: str
    group: str
    original: str
    number: int = 0


def write_copies(path: Path, rows: Iterable[CopyRow]) -> None:
    """Write ``augmented.csv``."""
    write_rows(path, rows, CopyRow)


def read_copies(path: Path) -> list[CopyRow]:
    """Read ``augmented.csv``; a missing column or a wrong value is a ``DataError``."""
    return read_rows(path, CopyRow)
