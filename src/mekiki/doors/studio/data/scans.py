"""Checks of photos by ``mekiki scan``: started as jobs, and found again by a note beside what they wrote.

A job may be forgotten; the note stays as long as the scan does.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio
from mekiki.files import write_json
from mekiki.verbs.scan import FINDINGS, MANIFEST

NOTE = "photos.json"


@dataclass(frozen=True)
class LastScan:
    """The newest scan of some photos.

    Attributes:
        folder: Where its files are.
        labels: Whether it looked for wrong labels.
        ended: When, seconds since 1970.
    """

    folder: Path
    labels: bool
    ended: float


def start_scan(studio: Studio, photos: Path, labels: bool, title: str) -> Job:
    """Start looking through photos, in a folder of its own.

    Args:
        studio: The studio.
        photos: A folder or a CSV, as ``Workspace.inside`` returned it.
        labels: Whether wrong labels are looked for, too.
        title: What a person sees.
    """
    out = studio.workspace.new(studio.workspace.scans, f"{photos.stem if photos.is_file() else photos.name}-1")
    out.mkdir()
    write_json(out / NOTE, {"photos": str(photos), "labels": labels})
    arguments = ["scan", str(photos), "--out", str(out), *(["--labels"] if labels else [])]
    return studio.jobs.start(arguments, title, "quick", {"photos": photos, "scan": out})


def last_scan(studio: Studio, photos: Path) -> LastScan | None:
    """Return the newest scan of some photos that ended well; None if there is none."""
    found = []
    for folder in studio.workspace.scans.iterdir():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
            if note.get("photos") == str(photos) and (folder / MANIFEST).is_file():
                ended = (folder / FINDINGS).stat().st_mtime
                found.append(LastScan(folder, note.get("labels") is True, ended))
    return max(found, key=lambda scan: scan.ended, default=None)


def scans_of(studio: Studio, photos: Path) -> list[Job]:
    """Return the jobs that look through some photos, the newest first."""
    return [job for job in studio.jobs.about("photos", photos) if job.kind == "scan"]


def scans_failed(studio: Studio, photos: Path) -> list[Job]:
    """Return the newest of them if it ended without a result."""
    return [job for job in scans_of(studio, photos)[:1] if job.state in ENDED and job.state != "done"]
