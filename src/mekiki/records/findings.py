"""Findings: what is odd about the photos, with the evidence. Nothing is ever changed because of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mekiki.records.tables import read_rows, write_rows

FindingKind = Literal[
    "unreadable",
    "extension",
    "exact_duplicate",
    "near_duplicate",
    "label_conflict",
    "rotated",
    "tiny",
    "stray",
    "imbalance",
]
FINDING_MEANINGS: dict[FindingKind, str] = {
    "unreadable": "cannot be decoded; left out",
    "extension": "the file's name says another format than its bytes",
    "exact_duplicate": "the same bytes as another photo",
    "near_duplicate": "almost the same picture as another photo",
    "label_conflict": "the same or almost the same picture under two labels",
    "rotated": "stored sideways; turned upright by its EXIF tag",
    "tiny": "under 32 pixels on its shorter side",
    "stray": "no picture, or outside the class folders; left out",
    "imbalance": "a class has far fewer photos than the largest",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One odd thing.

    Attributes:
        kind: A key of ``FINDING_MEANINGS``.
        path: The photo, relative to the data root; for an imbalance the class name.
        other: The second photo of a pair.
        score: How sure or how strong, in 0..1; 1 is the strongest.
        detail: One line in words.
    """

    kind: FindingKind
    path: str
    other: str = ""
    score: float = 1.0
    detail: str = ""


def write_findings(path: Path, findings: list[Finding]) -> None:
    """Write ``findings.csv``."""
    write_rows(path, findings, Finding)


def read_findings(path: Path) -> list[Finding]:
    """Read ``findings.csv``; a missing column or a wrong value is a ``DataError``."""
    return read_rows(path, Finding)
