"""Reads LIST.csv: ``url,label`` and, where given, ``licence`` (or ``license``) and ``group``; no other columns.

A row that lacks one of the two becomes a record with its reason. Two labels that would share a folder are refused
before anything is downloaded, because their photos could not be told apart afterwards.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from mekiki.data.collecting.naming import safe_name
from mekiki.data.importing.found import OWN_FILES
from mekiki.errors import DataError
from mekiki.records.collected import CollectedPhoto
from mekiki.records.tables import read_numbered_rows

NOT_YET = "not asked for yet"


@dataclass(frozen=True, slots=True)
class _Line:
    url: str
    label: str
    licence: str = ""
    license: str = ""
    group: str = ""


def read_list(path: Path) -> list[CollectedPhoto]:
    """Read the wanted photos.

    Args:
        path: A UTF-8 CSV with the columns url and label.

    Returns:
        One record per row, nothing done yet: status "failed", because it was not asked for; "refused" for a row without
        url or label, "duplicate" for one that lists an address again under the same label.

    Raises:
        DataError: The file cannot be read, lacks a column or has no rows; two labels would share one folder.
    """
    first: dict[tuple[str, str], int] = {}
    records = []
    for row, line in read_numbered_rows(path, _Line):
        url, label = line.url.strip(), unicodedata.normalize("NFC", line.label.strip())
        licence = line.licence.strip() or line.license.strip()
        again = first.setdefault((url, label), row)
        record = CollectedPhoto(url, label, reason=NOT_YET, licence=licence, group=line.group.strip())
        if not url or not label:
            missing = "label" if url else "url"
            reason = f"row {row} of the list gives no {missing}"
            record = replace(record, status="refused", reason=reason)
        elif again != row:
            reason = f"row {again} of the list has the same url and label"
            record = replace(record, status="duplicate", reason=reason)
        records.append(record)
    if not records:
        raise DataError(f"{path} lists nothing", "one line per photo under the header url,label")
    _check_folders(path, {record.label for record in records if record.label})
    return records


def folder_of(label: str) -> str:
    """Return the name of a label's folder."""
    return safe_name(label)


def _check_folders(path: Path, labels: set[str]) -> None:
    """Refuse labels that cannot have a folder of their own.

    They differ only in what its name cannot show, or in case (Windows and macOS ignore it), or a record has its place.
    """
    owners: dict[str, str] = {}
    for label in sorted(labels):
        if folder_of(label).casefold() in OWN_FILES:
            raise DataError(f"{path}: the label {label!r} is the name of a file of mekiki", "give it another label")
        owner = owners.setdefault(folder_of(label).casefold(), label)
        if owner != label:
            raise DataError(
                f"{path}: the labels {owner!r} and {label!r} would share the folder {folder_of(owner)!r}",
                "give both the same label, or labels that differ in more than case and signs",
            )
