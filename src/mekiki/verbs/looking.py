"""The first look at a training's photos: scan them and divide them, before torch is loaded.

A scan of many photos needs memory that it gives back, and torch needs as much as tens of thousands of photos; one after
the other they take no more than the larger of the two. And whoever waits for a refusal does not wait for torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.config import RunConfig
from mekiki.data.scans.scanning import ScanResult, scan
from mekiki.data.splits.splitting import apply_split, split
from mekiki.progress import Progress
from mekiki.records.run import RunFolder
from mekiki.records.split import Split, read_split
from mekiki.records.unlabelled import Unlabelled, read_unlabelled
from mekiki.verbs.request import Request
from mekiki.verbs.resuming import clear_leftovers
from mekiki.verbs.unlabelled import find_unlabelled


@dataclass(frozen=True)
class Looked:
    """Which photos there are, what is odd about them, and which part each belongs to; and pictures without labels."""

    scanned: ScanResult
    split: Split
    unlabelled: list[Unlabelled]

    @property
    def judges(self) -> set[str]:
        """The SHA-256 of the photos that choose or test."""
        rows = {row.path for row in self.split.rows if row.part in ("val", "test")}
        return {photo.sha256 for photo in self.scanned.manifest.usable() if photo.path in rows}


def first_look(request: Request, config: RunConfig, progress: Progress) -> Looked:
    """Look at the photos for the process that leads; of a training that goes on, clear up what a kill left first.

    Args:
        request: What was asked for.
        config: What it means.
        progress: Where to report to.
    """
    if not request.goes_on:
        return look(config, progress)
    progress.say(f"going on with {request.run.path}")
    clear_leftovers(request.run)
    return look(config, progress, request.run.split if request.run.split.is_file() else None)


def look(config: RunConfig, progress: Progress, split_path: Path | None = None) -> Looked:
    """Scan the photos and divide them, without writing anything but what the user's cache remembers.

    Args:
        config: All settings, as asked for.
        progress: Where to report to.
        split_path: The split of a training that goes on; not given: that of the settings, or a new one.

    Raises:
        DataError: The photos or the split cannot be used.
    """
    chosen = config.split_file if split_path is None else split_path
    given = None if chosen is None else read_split(Path(chosen))
    scanned = scan(Path(config.data), config.scan, progress=progress)
    progress.say(_describe_scan(scanned))
    parts = split(scanned.manifest, config.split) if given is None else apply_split(scanned.manifest, given)
    for note in parts.notes:
        progress.say(f"note: {note}")
    if split_path is not None:  # those that it was begun with
        return Looked(scanned, parts, read_unlabelled(RunFolder(split_path.parent).unlabelled))
    own = {photo.sha256 for photo in scanned.manifest.photos}
    return Looked(scanned, parts, find_unlabelled(config, own, progress))


def _describe_scan(scanned: ScanResult) -> str:
    unreadable = sum(photo.status == "unreadable" for photo in scanned.manifest.photos)
    words = f"{len(scanned.manifest.usable()):,} photos in {len(scanned.manifest.classes)} classes"
    parts = [words, f"{len(scanned.findings):,} findings"]
    if unreadable:
        parts.append(f"{unreadable} unreadable and left out")
    if scanned.decided.summary:
        parts.append(scanned.decided.summary)
    return ", ".join(parts)
