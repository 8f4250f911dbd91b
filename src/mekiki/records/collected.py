"""The record of what was downloaded: one row per line of the list, with its address, time and bytes.

``collected.csv`` lies in the folder that was collected into. With its columns path, label and group it is a data set
too. It does not look at files or at the network; ``data/collecting/`` does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mekiki.errors import DataError
from mekiki.records.tables import column_names, read_rows, write_rows

COLLECTED = "collected.csv"
"""The record's name in the folder that was collected into."""

CollectedStatus = Literal["ok", "duplicate", "missing", "no_picture", "refused", "failed"]
COLLECTED_MEANINGS: dict[CollectedStatus, str] = {
    "ok": "the photo is there",
    "duplicate": "the same bytes or address as another photo of its class; not kept twice",
    "missing": "the host does not give it (404, 403 …); not asked again",
    "no_picture": "something came, but no picture that can be read; not asked again",
    "refused": "against a rule or limit; looked at again next time",
    "failed": "did not work this time; tried again next time",
}


@dataclass(frozen=True, slots=True)
class CollectedPhoto:
    """One line of the list and what became of it.

    Attributes:
        url: The address as the list gives it.
        label: The class name as the list gives it.
        path: The photo, relative to the folder, with "/"; empty unless it was kept.
        status: A key of ``COLLECTED_MEANINGS``.
        reason: One line in words; for a photo that is there, what is odd about it.
        time: When the bytes arrived, ISO 8601, UTC; empty if none did.
        sha256: Of the bytes, hexadecimal.
        bytes: How many.
        content_type: What the server claimed, without parameters; empty if it is no media type. The ending of ``path``
            is what the bytes are.
        licence: As the list gives it.
        group: As the list gives it: photos that must stay on one side of a split.
        final_url: Where the bytes came from, after redirects.
    """

    url: str
    label: str
    path: str = ""
    status: CollectedStatus = "failed"
    reason: str = ""
    time: str = ""
    sha256: str = ""
    bytes: int = 0
    content_type: str = ""
    licence: str = ""
    group: str = ""
    final_url: str = ""


@dataclass(frozen=True)
class Collected:
    """What a run of ``mekiki collect`` brought.

    Attributes:
        out: The folder.
        records: One per line of the list, in its order; then photos of former lists that are still there.
        fetched: Photos that this run added.
        kept: Photos that were there before.
    """

    out: Path
    records: tuple[CollectedPhoto, ...]
    fetched: int = 0
    kept: int = 0

    @property
    def table(self) -> Path:
        """The file that holds the records."""
        return self.out / COLLECTED

    def counts(self) -> dict[CollectedStatus, int]:
        """Return the number of records per status, zeros included."""
        found = Counter(record.status for record in self.records)
        return {status: found[status] for status in COLLECTED_MEANINGS}

    def reasons(self, status: CollectedStatus) -> Counter[str]:
        """Return how often each reason was given for a status."""
        return Counter(record.reason for record in self.records if record.status == status and record.reason)


def read_collected(out: Path) -> list[CollectedPhoto]:
    """Read ``collected.csv`` of a folder; a missing file means that nothing was collected there.

    Raises:
        DataError: It cannot be read, or is no such record.
    """
    path = out / COLLECTED
    records = read_rows(path, CollectedPhoto) if path.exists() else []
    strange = next((record for record in records if record.status not in COLLECTED_MEANINGS), None)
    if strange is not None:
        known = ", ".join(COLLECTED_MEANINGS)
        raise DataError(f"{path}: {strange.status!r} is no status of a collected photo", f"expected one of {known}")
    if path.exists() and "sha256" not in column_names(path):
        raise DataError(
            f"{path} is no record of mekiki collect: it has no column 'sha256'",
            "it would be written over: give it another name, or collect into another folder",
        )
    return records


def write_collected(out: Path, records: list[CollectedPhoto]) -> None:
    """Write ``collected.csv`` into a folder, atomically."""
    write_rows(out / COLLECTED, records, CollectedPhoto)
