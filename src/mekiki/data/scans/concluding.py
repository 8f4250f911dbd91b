"""What a whole scan came to, as one text: if no file, setting or decision changed, the next scan need not think again.

Photos are 5 kB each in the looks, of which the manifest needs 200 bytes. A conclusion holds these and the findings, so
a training on photos that were scanned before neither reads the looks nor compares anything. It is known by a
fingerprint of everything that it follows from: entries, decisions, settings, versions, and each file's stamp.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from mekiki.config import ScanSettings
from mekiki.data.copies.duplicates import COMPARISON_VERSION
from mekiki.data.decisions.deciding import Decided
from mekiki.data.pictures import OUT_OF_MEMORY
from mekiki.data.scans.looks import LOOK_VERSION, Look
from mekiki.data.scans.stamps import Stamp, stamp_of
from mekiki.records.findings import Finding
from mekiki.records.manifest import Photo

CONCLUSION_VERSION = 1
"""To be raised with any change of what bursts, groups or findings are."""

_CHECKSUM_LETTERS = 8

Stamps = Sequence[Stamp | None]
"""One for each entry; None for a photo that is excluded and not looked at."""


def stamps_of_files(root: Path, paths: Sequence[str], excluded: frozenset[str]) -> list[Stamp | None] | None:
    """Return the stamps that the files have now; None if one of them is not there."""
    try:
        return [None if path in excluded else stamp_of(os.stat(os.path.join(root, path))) for path in paths]  # noqa: PTH116, PTH118  Paths are slow
    except OSError:
        return None


def stamps_of_looks(paths: Sequence[str], looks: Sequence[Look | None], excluded: frozenset[str]) -> Stamps | None:
    """Return the stamps that the photos had when they were looked at; None if a look may not be remembered."""
    stamps: list[Stamp | None] = []
    for path, look in zip(paths, looks, strict=True):
        if path in excluded:
            stamps.append(None)
        elif look is None or look.stamp is None or not look.sha256 or look.error == OUT_OF_MEMORY:
            return None
        else:
            stamps.append(look.stamp)
    return stamps


def fingerprint(decided: Decided, settings: ScanSettings, stamps: Stamps) -> str:
    """Return a hash of everything that a scan's conclusion follows from."""
    versions = (CONCLUSION_VERSION, LOOK_VERSION, COMPARISON_VERSION)
    found = decided.found
    inputs = (versions, settings.model_dump_json(), found.classes, found.strays, sorted(decided.excluded), decided.kept)
    seen = hashlib.sha256(repr(inputs).encode("utf-8", "surrogatepass"))
    for entry, stamp in zip(found.entries, stamps, strict=True):
        file = () if stamp is None else (stamp.size, stamp.modified, stamp.changed, stamp.number)
        row = (entry.path, entry.label, entry.groups, entry.part, file)
        seen.update(repr(row).encode("utf-8", "surrogatepass"))
    return seen.hexdigest()


def to_text(photos: Sequence[Photo], findings: Sequence[Finding], bursts: int) -> str:
    """Return a conclusion as text with a checksum; paths, labels and parts are left out: they are in the entries."""
    rows = [(photo.group, photo.sha256, photo.phash, photo.width, photo.height, photo.status) for photo in photos]
    text = json.dumps([rows, [astuple(finding) for finding in findings], bursts], separators=(",", ":"))
    return _checksum(text) + text


def from_text(content: str, decided: Decided) -> tuple[tuple[Photo, ...], list[Finding], int] | None:
    """Return photos, findings and the number of bursts of what ``to_text`` gave; None if it is damaged."""
    text = content[_CHECKSUM_LETTERS:]
    if content[:_CHECKSUM_LETTERS] != _checksum(text):
        return None
    rows, findings, bursts = json.loads(text)
    photos = tuple(
        Photo(entry.path, entry.label, group, sha256, phash, width, height, status, entry.part)
        for entry, (group, sha256, phash, width, height, status) in zip(decided.found.entries, rows, strict=True)
    )
    return photos, [Finding(*finding) for finding in findings], bursts


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):0{_CHECKSUM_LETTERS}x}"
