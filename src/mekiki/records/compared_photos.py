"""The photos of a comparison, with what each run said of them: ``comparison.csv``.

Runs are numbered from 1, in the order of ``comparison.json``. Fractions are in 0..1.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.records.tables import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class ComparedPhoto:
    """One photo and what each run said of it.

    Attributes:
        path: Relative to its root.
        label: The true class.
        group: Photos of one group are copies, or belong together; a number.
        predicted: The most probable class, run by run.
        probability: Its probability, 0..1, run by run.
        root: Which of the comparison's ``roots`` it lies in, from 1.
    """

    path: str
    label: str
    group: str
    predicted: tuple[str, ...]
    probability: tuple[float, ...]
    root: int = 1

    def right(self, run: int) -> bool:
        """Whether a run recognised it; runs count from 0."""
        return self.predicted[run] == self.label


def write_compared_photos(path: Path, photos: list[ComparedPhoto], runs: int) -> None:
    """Write ``comparison.csv``: path, label, group, then predicted_1, probability_1, predicted_2 and so on, then root.

    Args:
        path: The file.
        photos: In the order to keep.
        runs: How many runs were compared.
    """
    row_type = _row_type(runs)
    rows = []
    for photo in photos:
        answers = [value for answer in zip(photo.predicted, photo.probability, strict=True) for value in answer]
        rows.append(row_type(photo.path, photo.label, photo.group, *answers, photo.root))
    write_rows(path, rows, row_type)


def read_compared_photos(path: Path, runs: int) -> list[ComparedPhoto]:
    """Read ``comparison.csv``.

    Args:
        path: The file.
        runs: How many runs were compared.

    Raises:
        DataError: The file is missing or is not what ``write_compared_photos`` writes; row and column are named.
    """
    numbers = range(1, runs + 1)
    return [
        ComparedPhoto(
            row.path,
            row.label,
            row.group,
            tuple(getattr(row, f"predicted_{number}") for number in numbers),
            tuple(getattr(row, f"probability_{number}") for number in numbers),
            row.root,
        )
        for row in read_rows(path, _row_type(runs))
    ]


def _row_type(runs: int) -> Any:
    """Return the dataclass of a row."""
    columns: list[Any] = [("path", str), ("label", str), ("group", str)]
    for number in range(1, runs + 1):
        columns += [(f"predicted_{number}", str), (f"probability_{number}", float)]
    return dataclasses.make_dataclass("Row", [*columns, ("root", int, 1)])
