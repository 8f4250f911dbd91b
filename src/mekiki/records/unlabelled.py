"""Pictures without a label that a student learnt from, as in ``extra.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.records.tables import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """One picture.

    Attributes:
        path: Absolute.
        sha256: Of its file, hexadecimal.
    """

    path: str
    sha256: str


def write_unlabelled(path: Path, pictures: list[Unlabelled]) -> None:
    """Write ``extra.csv``."""
    write_rows(path, pictures, Unlabelled)


def read_unlabelled(path: Path) -> list[Unlabelled]:
    """Read ``extra.csv``; where there is none, there were none."""
    return read_rows(path, Unlabelled) if path.is_file() else []
