"""Findings: what is odd about the photos, with the evidence. Nothing is ever changed because of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mekiki.records.tables import read_rows, write_rows

FindingKind = Literal[
    "label_conflict",
    "label_error",
    "exact_duplicate",
    "near_duplicate",
    "unreadable",
    "blank",
    "blurred",
    "tiny",
    "rotated",
    "extension",
    "stray",
    "imbalance",
]
FINDING_MEANINGS: dict[FindingKind, str] = {
    "label_conflict": "the same or almost the same picture under two labels",
    "label_error": "the picture looks like another class than its label",
    "exact_duplicate": "the same bytes as another photo",
    "near_duplicate": "almost the same picture as another photo",
    "unreadable": "missing, truncated, damaged or no picture; left out",
    "blank": "hardly anything to see, in all of it or below the place where a file was cut off",
    "blurred": "no fine detail and no sharp edge anywhere",
    "tiny": "under 32 pixels on its shorter side, or more than 8 times as long as wide",
    "rotated": "stored sideways or mirrored; turned upright by its EXIF tag",
    "extension": "the file's name says another format than its bytes",
    "stray": "no picture, or outside the class folders; left out",
    "imbalance": "a class has far fewer photos than the largest",
}
"""What each kind says, the gravest first."""

SCORE_MEANINGS: dict[FindingKind, str] = {
    "label_conflict": "likeness of the two pictures after alignment; 1 is the same",
    "label_error": "how sure it is that the label is wrong",
    "exact_duplicate": "always 1",
    "near_duplicate": "likeness of the two pictures after alignment; 1 is the same",
    "unreadable": "always 1",
    "blank": "1 is a single colour; for a file cut off, the share that is missing",
    "blurred": "share of the fine detail that is missing beyond the bound; 0 is just blurred",
    "tiny": "share that is missing to the bound; 0 is just too small or too long",
    "rotated": "always 0.1: it does no harm here, but other programs may show it sideways",
    "extension": "always 1",
    "stray": "always 0.5",
    "imbalance": "share that is missing to the largest class",
}
"""What each kind's score says, always 0..1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One odd thing.

    Attributes:
        kind: A key of ``FINDING_MEANINGS``.
        path: The photo, relative to the data root; for an imbalance the class name.
        other: The second photo of a pair; for a label error the class that it looks like.
        score: How sure or how strong, in 0..1; 1 is the strongest. ``SCORE_MEANINGS`` has what it says.
        detail: One line in words.
    """

    kind: FindingKind
    path: str
    other: str = ""
    score: float = 1.0
    detail: str = ""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by kind, the gravest first; within a kind they stay as they are."""
    order = {kind: number for number, kind in enumerate(FINDING_MEANINGS)}
    return sorted(findings, key=lambda finding: order[finding.kind])


def write_findings(path: Path, findings: list[Finding]) -> None:
    """Write ``findings.csv``."""
    write_rows(path, findings, Finding)


def read_findings(path: Path) -> list[Finding]:
    """Read ``findings.csv``; a missing column or a wrong value is a ``DataError``."""
    return read_rows(path, Finding)
