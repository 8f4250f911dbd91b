"""Photos as the data page knows them: what lies there now, what the last scan found, and what was decided since.

Labels come from the names of folders, not from the scan, so that a decision that is taken back brings the first label
back. Nothing is written here but lines of ``decisions.csv``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mekiki.config import ScanSettings
from mekiki.data.decisions.deciding import Decided, decide, place_of_decisions, without_kept
from mekiki.data.importing.found import Entry, Found
from mekiki.data.importing.layouts import find_photos
from mekiki.doors.studio.data.scans import LastScan, last_scan
from mekiki.doors.studio.studio import Studio
from mekiki.errors import DataError, MekikiError, one_line
from mekiki.records.decisions import Decision, append_decisions, read_decisions, remove_decision
from mekiki.records.findings import Finding, read_findings
from mekiki.records.manifest import Photo, read_manifest
from mekiki.verbs.scan import FINDINGS, MANIFEST

_ORDER = ("label_error", "label_conflict")
"""Suspected wrong labels come first; the others follow by gravity, as the scan wrote them."""
_KEPT = 8


@dataclass(frozen=True)
class PhotoTable:
    """The photos of one folder or CSV.

    Attributes:
        photos: The folder or CSV.
        found: What lies there, with the labels that it gives.
        scan: The last scan.
        known: What that scan knows of each photo, by path.
        findings: Of that scan, suspected wrong labels first.
        entries: The photos by path.
    """

    photos: Path
    found: Found
    scan: LastScan | None = None
    known: Mapping[str, Photo] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def decisions(self) -> Path:
        """Where the decisions lie, whether they are there or not."""
        return place_of_decisions(self.photos)

    def as_json(self) -> dict[str, Any]:
        """Return what a browser needs once: paths, classes, findings."""
        numbers = {name: number for number, name in enumerate(self.found.classes)}
        return {
            "photos": str(self.photos),
            "root": str(self.found.root),
            "classes": list(self.found.classes),
            "items": [self._row(entry, numbers[entry.label]) for entry in self.found.entries],
            "findings": [[each.kind, each.path, each.other, each.score, each.detail] for each in self.findings],
            "scanned": None if self.scan is None else self.scan.ended,
            "new": 0 if self.scan is None else sum(path not in self.known for path in self.entries),
        }

    def state(self) -> dict[str, Any]:
        """Return what was decided, as it is in the file now.

        Raises:
            DataError: The decisions cannot be used; the message says why.
        """
        decided = self._decided()
        first = self.entries
        lines = read_decisions(decided.file) if decided.file is not None else []
        labels = {entry.path: entry.label for entry in decided.found.entries}
        open_ = {id(each) for each in without_kept(self.findings, decided) if not _is_mended(each, labels)}
        return {
            "stamp": stamp_of_file(self.decisions),
            "lines": [[each.path, each.action, each.value, each.other, each.reason] for each in lines],
            "shown": [each.path for each in decided.decisions],
            "labels": {path: label for path, label in labels.items() if label != first[path].label},
            "excluded": sorted(decided.excluded & first.keys()),
            "settled": [number for number, each in enumerate(self.findings) if id(each) not in open_],
            "notes": list(decided.notes),
        }

    def record(self, new: Sequence[Decision]) -> list[Decision]:
        """Write decisions; what could not be used afterwards is taken back.

        Returns:
            Those that were not in the file already.

        Raises:
            DataError: The file cannot be written, or would say what cannot be.
        """
        try:
            added = append_decisions(self.decisions, new)
        except OSError as error:
            raise _cannot_write(self.decisions, error) from None
        try:
            self._decided()
        except DataError:
            for line in reversed(added):
                remove_decision(self.decisions, line)
            raise
        return added

    def take_back(self, line: Decision) -> bool:
        """Remove a decision; whether it was there is returned.

        Raises:
            DataError: The file cannot be written.
        """
        try:
            return remove_decision(self.decisions, line)
        except OSError as error:
            raise _cannot_write(self.decisions, error) from None

    def _decided(self) -> Decided:
        place = self.decisions
        return decide(self.found, place if place.is_file() and place != self.photos else None)

    def _row(self, entry: Entry, number: int) -> list[Any]:
        photo = self.known.get(entry.path)
        if photo is None:
            return [entry.path, number, "", 0, 0, ""]
        status = "unreadable" if photo.status == "unreadable" else ""
        return [entry.path, number, photo.sha256[:16], photo.width, photo.height, status]


class PhotoTables:
    """The tables of photos that were looked at last.

    Args:
        studio: The studio.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._kept: OrderedDict[Path, PhotoTable] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, named: str) -> PhotoTable:
        """Look again at what lies there and at the last scan.

        Args:
            named: The folder or CSV, as a browser names it.

        Raises:
            DataError: It may not be looked into, or holds no labelled photos.
        """
        photos = self._studio.workspace.inside(named)
        found = find_photos(photos, ScanSettings())
        scan = last_scan(self._studio, photos)
        known, findings = _read_scan(scan, found)
        table = PhotoTable(photos, found, scan, known, findings, {entry.path: entry for entry in found.entries})
        self._studio.workspace.inside(table.decisions)
        with self._lock:
            self._kept[photos] = table
            self._kept.move_to_end(photos)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return table

    def get(self, named: str) -> PhotoTable:
        """Return the table as it was read last; see ``read``."""
        photos = self._studio.workspace.inside(named)
        with self._lock:
            table = self._kept.get(photos)
        return self.read(named) if table is None else table


def stamp_of_file(path: Path) -> str:
    """Return what changes when a file does; "none" if it is not there."""
    try:
        seen = path.stat()
    except OSError:
        return "none"
    return f"{seen.st_mtime_ns}-{seen.st_size}-{seen.st_ino}"


def _read_scan(scan: LastScan | None, found: Found) -> tuple[dict[str, Photo], tuple[Finding, ...]]:
    if scan is None:
        return {}, ()
    manifest = read_manifest(scan.folder / MANIFEST, found.root)
    findings = read_findings(scan.folder / FINDINGS)
    first = [finding for kind in _ORDER for finding in findings if finding.kind == kind]
    others = [finding for finding in findings if finding.kind not in _ORDER]
    return {photo.path: photo for photo in manifest.photos}, (*first, *others)


def _is_mended(finding: Finding, labels: Mapping[str, str]) -> bool:
    """Tell whether two copies have one label by now."""
    return finding.kind == "label_conflict" and labels.get(finding.path) == labels.get(finding.other)


def _cannot_write(place: Path, error: OSError) -> MekikiError:
    return DataError(
        f"{place} cannot be written ({error.strerror or one_line(error)}), so nothing was decided",
        "decisions lie beside the photos: give yourself the right to write there, or copy the photos",
    )
