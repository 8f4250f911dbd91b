"""Openings of the test part: a figure that was looked at twice is no longer a first look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.records.tables import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class TestOpening:
    """One look at the test part.

    Attributes:
        time: ISO 8601, UTC.
        n: Photos scored.
        accuracy: Top-1, 0..1.
        verb: What looked: "train" for the end of the training, "evaluate", "compare", "stress", "explain",
            "audit"; empty in the files of a version that did not say.
    """

    time: str
    n: int
    accuracy: float
    verb: str = ""


def read_test_openings(path: Path) -> list[TestOpening]:
    """Read ``test_openings.csv``; a missing file means that test was never opened."""
    return read_rows(path, TestOpening) if path.exists() else []


def add_test_opening(path: Path, opening: TestOpening) -> None:
    """Add one opening to ``test_openings.csv``."""
    write_rows(path, [*read_test_openings(path), opening], TestOpening)
