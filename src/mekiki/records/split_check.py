"""What leaks in a split: the pairs of photos on two sides, and the counts that say how bad it is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mekiki.records.tables import write_rows

LeakKind = Literal["same_photo", "exact_duplicate", "near_duplicate", "group"]
LEAK_MEANINGS: dict[LeakKind, str] = {
    "same_photo": "one photo in two parts",
    "exact_duplicate": "the same bytes in two parts",
    "near_duplicate": "almost the same picture in two parts",
    "group": "photos that belong together in two parts: a user's group, a burst, frames of a video",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """Two photos that should be on one side.

    Attributes:
        path: The photo in the later part (test after val after train), as in the manifest.
        part: Its part.
        other: The photo in the earlier part.
        other_part: Its part.
        kind: A key of ``LEAK_MEANINGS``.
        score: How alike the two are, 0..1 as in ``findings.csv``; none if they were not compared with each other.
        detail: The evidence in words.
    """

    path: str
    part: str
    other: str
    other_part: str
    kind: LeakKind
    score: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One part of a split.

    Attributes:
        name: "train", "val" or "test", or a fold.
        photos: Readable photos in it.
        missing: Classes that the split has, but not in this part.
        twins: Its photos that have a twin in train, none for train itself; in a split of folds or without a part train
            those that have one in any other part.
    """

    name: str
    photos: int
    missing: tuple[str, ...]
    twins: int | None

    @property
    def share(self) -> float | None:
        """Return the twins as a share of the photos, 0..1; none for train."""
        return None if self.twins is None else self.twins / max(1, self.photos)


@dataclass(frozen=True, slots=True)
class Sides:
    """What two parts have in common.

    Attributes:
        one: The earlier part.
        other: The later part.
        groups: Groups of photos that lie in both.
        photos: Photos of the later part that have a twin in the earlier one.
    """

    one: str
    other: str
    groups: int
    photos: int


@dataclass(frozen=True)
class SplitCheck:
    """What was found about a split.

    Attributes:
        file: The split that was checked.
        parts: One per part that it uses.
        sides: One per pair of parts.
        leaks: The pairs, group by group; empty if nothing leaks.
        groups: Groups that lie in more than one part.
        missing: Paths that the split names and that are no photo of the data.
        unlisted: Readable photos that it does not name.
        notes: Whatever else is to be known, one line each.
    """

    file: Path
    parts: tuple[PartCheck, ...]
    sides: tuple[Sides, ...]
    leaks: tuple[Leak, ...]
    groups: int
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def elsewhere(self) -> str:
        """Say where the twins are that ``PartCheck`` counts."""
        return "another part" if all(part.twins is not None for part in self.parts) else "train"

    def headline(self) -> str:
        """Say in one line what leaks."""
        if not self.leaks:
            unseen = f"; but {len(self.missing):,} of its photos were not found" if self.missing else ""
            return f"nothing leaks: no photo has a twin in another part{unseen}"
        told = [
            f"{part.twins:,} of {part.photos:,} photos of {part.name} ({part.share:.1%})"
            for part in self.parts
            if part.twins is not None
        ]
        words = f"with a twin in {self.elsewhere}: {', '.join(told)}"
        if not any(part.twins for part in self.parts):
            between = [f"{each.photos:,} of {each.other} in {each.one}" for each in self.sides if each.photos]
            words = f"no photo has a twin in train, but {', '.join(between)}"
        return f"it leaks (groups in more than one part: {self.groups:,}): {words}"

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        parts = [{**dataclasses.asdict(part), "share": part.share} for part in self.parts]
        return {**dataclasses.asdict(self), "file": str(self.file), "parts": parts, "leaking": bool(self.leaks)}


def write_leaks(path: Path, check: SplitCheck) -> None:
    """Write the pairs as CSV."""
    write_rows(path, check.leaks, Leak)
