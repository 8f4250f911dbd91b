"""What a run has seen of photos before: the same bytes, a near copy, or another photo of a group that it holds.

Train weighs more than val, and val more than test: a photo with twins in several parts counts for the first of them. A
group is what a scan held together (copies, a burst, a user's group), of the run's photos or of those in question.
Bursts are not looked for between the two. Nothing is predicted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mekiki.data.scans.crew import Looking
from mekiki.evaluation.near_copies import Shelf, near_copies
from mekiki.progress import Progress
from mekiki.records.manifest import PARTS, Photo, read_manifest
from mekiki.records.run import RunFolder, photo_root, read_config
from mekiki.records.split import read_split
from mekiki.records.unlabelled import read_unlabelled

How = Literal["same bytes", "near copy", "same group"]
HOWS: tuple[How, ...] = ("same bytes", "near copy", "same group")

_Relation = tuple[str, How]
"""A part of a run, and what ties a photo to it."""

_WEIGHT: dict[str, int] = {name: place for order in (PARTS, HOWS) for place, name in enumerate(order)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run has seen of one photo.

    Attributes:
        part: The run's part that matters most of those that hold it or its twins; empty: the run does not know it.
        how: What makes it seen.
        tested: Whether it, or a near copy of it, is a test photo of the run.
    """

    part: str = ""
    how: How = "same bytes"
    tested: bool = False

    def __str__(self) -> str:
        return self.part if self.how == "same bytes" or not self.part else f"{self.part} ({self.how})"


def counts_apart(asked: str, seen: Seen) -> bool:
    """Tell whether a photo is no fair witness: it was trained on, or it chose the snapshot.

    Args:
        asked: What is scored: "train", "val", "test", or "data". A val photo is a witness of val, and says so.
        seen: What the run has seen of the photo.
    """
    return seen.part == "train" or (seen.part == "val" and asked != "val")


def seen_by(
    folder: RunFolder,
    root: Path,
    photos: Sequence[Photo],
    max_megapixels: float,
    progress: Progress,
    looking: Looking | None = None,
) -> list[Seen]:
    """Tell of each photo what a run has seen of it.

    Args:
        folder: The run.
        root: The folder that the photos' paths are relative to.
        photos: With their hashes and groups, in any order.
        max_megapixels: The limit that they were scanned with, in millions.
        progress: Where to report to.
        looking: Looks at the photos in question; not given: this machine's threads and processes do.
    """
    held = _read(folder)
    config = read_config(folder)
    known = Shelf("the run's photos", photo_root(config), held.used, config.scan.max_megapixels)
    strange = {photo.sha256: photo.path for photo in photos if photo.sha256 not in {*held.hashes, ""}}
    asked = Shelf("these photos", root, strange, max_megapixels, looking)
    twins: dict[str, list[str]] = defaultdict(list)
    for one, other in near_copies(asked, [known], config.scan.near_similarity, progress):
        twins[one].append(other)
    found = [held.relations(photo.sha256, twins.get(photo.sha256, ())) for photo in photos]
    together: dict[str, set[_Relation]] = defaultdict(set)
    for photo, relations in zip(photos, found, strict=True):
        if photo.group:
            together[photo.group] |= {(part, "same group") for part, _ in relations}
    return [_heaviest(relations | together[photo.group]) for photo, relations in zip(photos, found, strict=True)]


def _heaviest(relations: set[_Relation]) -> Seen:
    if not relations:
        return Seen()
    part, how = min(relations, key=lambda relation: (_WEIGHT[relation[0]], _WEIGHT[relation[1]]))
    return Seen(part, how, any(part == "test" and how != "same group" for part, how in relations))


@dataclass
class _Held:
    """A run's own photos.

    Attributes:
        used: sha256 → path of a photo that is in a part.
        hashes: Of all its photos, also of those that are in no part.
        parts: sha256 → the parts that hold these bytes.
        groups: sha256 → the groups that hold these bytes.
        group_parts: Group → its parts.
    """

    used: dict[str, str] = field(default_factory=dict)
    hashes: set[str] = field(default_factory=set)
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    groups: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    group_parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def relations(self, sha256: str, twins: Sequence[str]) -> set[_Relation]:
        """Return all that ties a photo to the run, by its bytes and those of its near copies."""
        found = self._of(sha256, "same bytes")
        for twin in twins:
            found |= self._of(twin, "near copy")
        return found

    def _of(self, sha256: str, how: How) -> set[_Relation]:
        own = self.parts.get(sha256, set())
        near = {part for group in self.groups.get(sha256, ()) for part in self.group_parts[group]}
        return {(part, how) for part in own} | {(part, "same group") for part in near}


def _read(folder: RunFolder) -> _Held:
    held = _Held()
    sha256_of = {photo.path: photo.sha256 for photo in read_manifest(folder.manifest, Path()).usable()}
    for row in read_split(folder.split).rows:
        sha256 = sha256_of.get(row.path, "")
        if row.part and row.group:
            held.group_parts[row.group].add(row.part)
        if not sha256:
            continue
        held.hashes.add(sha256)
        if row.group:
            held.groups[sha256].add(row.group)
        if row.part:
            held.parts[sha256].add(row.part)
            held.used.setdefault(sha256, row.path)
    for picture in read_unlabelled(folder.unlabelled):  # learnt from too, if without a label
        held.hashes.add(picture.sha256)
        held.parts[picture.sha256].add("train")
        held.used.setdefault(picture.sha256, picture.path)
    return held
