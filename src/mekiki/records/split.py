"""The split: which photo trains, which one chooses (val), which one is looked at once (test).

A split file is ``path,label,group,part``; paths are relative to the data root, so that one file serves two backbones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mekiki.errors import DataError
from mekiki.records.manifest import PARTS, Part
from mekiki.records.tables import read_numbered_rows, write_rows


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One photo's place.

    Attributes:
        path: Relative to the data root, with "/".
        label: The class name.
        group: Photos of one group are all in one part.
        part: "train", "val" or "test"; empty if the photo is not used (counts were asked for and are full).
    """

    path: str
    label: str
    group: str
    part: str


@dataclass(frozen=True)
class Split:
    """All photos with their part.

    Attributes:
        rows: In path order.
        notes: One line for each thing that could not be done as asked.
    """

    rows: tuple[SplitRow, ...]
    notes: tuple[str, ...] = ()

    def part(self, part: Part) -> list[SplitRow]:
        """Return the rows of one part, in path order."""
        return [row for row in self.rows if row.part == part]

    def counts(self) -> dict[Part, dict[str, int]]:
        """Return photos per part and class."""
        found = Counter((row.part, row.label) for row in self.rows)
        labels = sorted({row.label for row in self.rows})
        return {part: {label: found[part, label] for label in labels} for part in PARTS}


@dataclass(frozen=True)
class Folds:
    """The splits of a cross-validation, all over the same photos.

    Attributes:
        splits: One per fold; each photo is in test in exactly one of them, unless it is used in none.
        notes: One line for each thing that could not be done as asked.
    """

    splits: tuple[Split, ...]
    notes: tuple[str, ...] = ()

    def tested(self) -> list[dict[str, int]]:
        """Return, fold by fold, the photos in test per class."""
        return [split.counts()["test"] for split in self.splits]


def write_split(path: Path, split: Split) -> None:
    """Write ``split.csv``."""
    write_rows(path, split.rows, SplitRow)


def write_folds(folder: Path, folds: Folds) -> list[Path]:
    """Write ``fold-1.csv``, ``fold-2.csv`` … and return their paths."""
    paths = [folder / f"fold-{number}.csv" for number in range(1, len(folds.splits) + 1)]
    for path, made in zip(paths, folds.splits, strict=True):
        write_split(path, made)
    return paths


def read_split(path: Path) -> Split:
    """Read ``split.csv``.

    Raises:
        DataError: The file is missing, lacks a column, or names a part other than train, val, test or nothing.
    """
    rows = read_numbered_rows(path, SplitRow)
    for number, row in rows:
        if row.part not in (*PARTS, ""):
            raise DataError(
                f"{path}, row {number}, column 'part': {row.part!r} is no part",
                "a part is train, val, test, or empty for a photo that is not used",
            )
    return Split(tuple(row for _, row in rows))
