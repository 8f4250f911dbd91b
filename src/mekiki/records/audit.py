"""An audit of a catalogue's tags: ``findings.csv``, ``audit.csv`` and ``audit.json``, written and read.

Paths are relative to the catalogue's root. What a person decides about a finding is in ``records/decisions.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mekiki.files import write_json
from mekiki.records.evaluation import Record, foreign_record, read_json_object
from mekiki.records.tables import read_rows, write_rows

FINDINGS = "findings.csv"
LISTINGS = "audit.csv"
SUMMARY = "audit.json"
PAGE = "audit.html"
BETWEEN = "|"
"""Stands between the paths of one cell."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One suspicious listing.

    Attributes:
        path: The photo.
        label: The tag as given.
        suggested: The class that fits better; empty: none of the classes does.
        score: Probability that the tag is wrong, 0..1.
        reason: In words.
        nearest: The nearest listings that bear the suggested class and are not suspicious, with "|" between them.
    """

    path: str
    label: str
    suggested: str
    score: float
    reason: str
    nearest: str = ""

    @property
    def examples(self) -> tuple[str, ...]:
        """The paths in ``nearest``, the nearest first."""
        return tuple(self.nearest.split(BETWEEN)) if self.nearest else ()


@dataclass(frozen=True, slots=True)
class AuditListing:
    """One listing of the catalogue, suspicious or not.

    Attributes:
        path: The photo.
        label: The tag as given.
        suggested: The likeliest other class; empty: none, or it was not judged.
        score: Probability that the tag is wrong, 0..1; None: it was not judged.
        reason: Why it is suspicious, or why it was not judged; else empty.
        seen: What the run has seen of the photo: "train", "val (near copy)" …; empty: nothing.
    """

    path: str
    label: str
    suggested: str
    score: float | None
    reason: str
    seen: str = ""


class Yield(Record):
    """How many wrong tags one finds who looks through the most suspicious listings.

    Attributes:
        listings: That are looked through, the first ones of ``findings.csv`` (and then of ``audit.csv``, by score).
        wrong: Wrong tags to be expected among them.
    """

    listings: int
    wrong: float


class AuditSummary(Record):
    """The figures of an audit.

    Attributes:
        run: The run folder; empty: the catalogue was judged by itself.
        model: The SHA-256 of the run's weights; empty without a run.
        catalogue: The folder or CSV, as an absolute path.
        root: The folder that paths are relative to.
        listings: Of the catalogue.
        judged: Of them, by a class that is known.
        suspicious: In ``findings.csv``.
        in_training: Judged ones that the run was trained on, or copies of such.
        not_judged: Reason → listings.
        wrong: Estimate of wrong tags among the judged.
        low: Lower end of its 95 % interval.
        high: Upper end.
        top: What one finds in the first k.
        seconds: Wall time.
        mekiki: The version that wrote it.
    """

    run: str
    model: str
    catalogue: str
    root: str
    listings: int
    judged: int
    suspicious: int
    in_training: int
    not_judged: dict[str, int]
    wrong: float
    low: float
    high: float
    top: tuple[Yield, ...]
    seconds: float
    mekiki: str


@dataclass(frozen=True)
class Audit:
    """What an audit brought.

    Attributes:
        summary: Figures.
        findings: Suspicious listings, the most suspicious first.
        listings: All, in path order.
    """

    summary: AuditSummary
    findings: tuple[AuditFinding, ...]
    listings: tuple[AuditListing, ...]


def joined(paths: Sequence[str]) -> str:
    """Return paths as one cell; one that holds the separator itself is left out."""
    return BETWEEN.join(path for path in paths if BETWEEN not in path)


def write_audit(folder: Path, audit: Audit) -> None:
    """Write ``findings.csv``, ``audit.csv`` and, last, ``audit.json``."""
    write_rows(folder / FINDINGS, audit.findings, AuditFinding)
    write_rows(folder / LISTINGS, audit.listings, AuditListing)
    write_json(folder / SUMMARY, audit.summary.model_dump())


def read_audit(folder: Path) -> Audit:
    """Read what ``write_audit`` wrote.

    Args:
        folder: That of ``mekiki audit --out``.

    Raises:
        RunError: ``audit.json`` is missing or is none.
        DataError: One of the CSV files is missing, or has a wrong column or value.
    """
    try:
        summary = AuditSummary.model_validate(read_json_object(folder / SUMMARY))
    except ValidationError as error:
        raise foreign_record(folder / SUMMARY, error) from None
    findings = tuple(read_rows(folder / FINDINGS, AuditFinding))
    return Audit(summary, findings, tuple(read_rows(folder / LISTINGS, AuditListing)))
