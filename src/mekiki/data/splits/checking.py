"""Checks a split that somebody else made: which photos have a twin on another side.

Twins are photos of one group: copies that the scan found, groups of the user, bursts. A photo that the file lists in
two parts is its own twin. Each photo is paired with one twin in each earlier part, and with all that it was directly
compared with. Nothing is decided here but what is seen; the split is not mended.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mekiki.data.copies.duplicates import Groups
from mekiki.data.splits.leaks import find_leaks, some
from mekiki.data.splits.listed import find_listed, labels_that_differ
from mekiki.records.findings import Finding
from mekiki.records.foreign_split import ForeignSplit
from mekiki.records.manifest import Manifest, Photo, natural_key
from mekiki.records.split import SplitRow
from mekiki.records.split_check import Leak, PartCheck, Sides, SplitCheck

_PAIR_KINDS = ("exact_duplicate", "near_duplicate", "label_conflict")


@dataclass(frozen=True)
class _Evidence:
    """What the scan knows.

    Attributes:
        photos: By path.
        pairs: The finding of each pair of paths, in both orders.
        chains: Path → number; copies, and copies of copies, have the same number.
    """

    photos: Mapping[str, Photo]
    pairs: Mapping[tuple[str, str], Finding]
    chains: Mapping[str, int]


def check_split(manifest: Manifest, findings: Sequence[Finding], given: ForeignSplit) -> SplitCheck:
    """Find what leaks.

    Args:
        manifest: What a scan of the photos found, with their groups.
        findings: Of the same scan; its pairs are the evidence.
        given: The split.

    Raises:
        DataError: None of the split's photos is there.
    """
    evidence = _gather(manifest, findings)
    found, way = find_listed(manifest, given)
    listed = set(found)
    rows = _rows(found, given, evidence)
    leaking = find_leaks(rows)
    leaks = [leak for members in leaking for leak in _leaks_of(members, given.parts, evidence)]
    return SplitCheck(
        file=given.file,
        parts=tuple(_part(name, rows, leaking, given) for name in given.parts),
        sides=tuple(_sides(one, other, leaking, leaks) for one, other in itertools.combinations(given.parts, 2)),
        leaks=tuple(leaks),
        groups=len(leaking),
        missing=tuple(photo.path for path, photo in zip(found, given.photos, strict=True) if not path),
        unlisted=tuple(photo.path for photo in manifest.usable() if photo.path not in listed),
        notes=tuple(_notes(found, way, given, manifest)),
    )


def _gather(manifest: Manifest, findings: Sequence[Finding]) -> _Evidence:
    numbers = {photo.path: number for number, photo in enumerate(manifest.photos)}
    pairs: dict[tuple[str, str], Finding] = {}
    chains = Groups(len(numbers))
    for finding in findings:
        if finding.kind in _PAIR_KINDS:
            pairs[finding.path, finding.other] = pairs[finding.other, finding.path] = finding
            chains.join(numbers[finding.path], numbers[finding.other])
    return _Evidence(
        photos={photo.path: photo for photo in manifest.photos},
        pairs=pairs,
        chains={path: chains.first_of(number) for path, number in numbers.items()},
    )


def _rows(found: Sequence[str], given: ForeignSplit, evidence: _Evidence) -> list[SplitRow]:
    """Return the usable photos with their part, each part of a photo once; a photo alone is its own group."""
    rows: dict[tuple[str, str], SplitRow] = {}
    for path, listed in zip(found, given.photos, strict=True):
        if path and listed.part and evidence.photos[path].usable:
            photo = evidence.photos[path]
            rows[path, listed.part] = SplitRow(path, photo.label, photo.group or f"the photo {path}", listed.part)
    return list(rows.values())


def _leaks_of(members: Sequence[SplitRow], parts: Sequence[str], evidence: _Evidence) -> Iterator[Leak]:
    """Pair the photos of one group over each two parts: all pairs that were compared, and one for each other photo."""
    for earlier, later in itertools.combinations(parts, 2):
        there = [row for row in members if row.part == earlier]
        for row in members:
            if row.part != later or not there:
                continue
            seen = [other for other in there if (row.path, other.path) in evidence.pairs or row.path == other.path]
            for other in seen or [_nearest(row, there, evidence)]:
                yield _leak(row, other, evidence)


def _nearest(row: SplitRow, there: Sequence[SplitRow], evidence: _Evidence) -> SplitRow:
    """Choose the twin that says most: the same bytes, else a copy of a copy, else any of the group."""

    def nearness(other: SplitRow) -> tuple[bool, bool]:
        same = evidence.photos[row.path].sha256 == evidence.photos[other.path].sha256
        return same, evidence.chains[row.path] == evidence.chains[other.path]

    return max(there, key=nearness)


def _leak(row: SplitRow, other: SplitRow, evidence: _Evidence) -> Leak:
    one, two = evidence.photos[row.path], evidence.photos[other.path]
    finding = evidence.pairs.get((row.path, other.path))
    ends = (row.path, row.part, other.path, other.part)
    if row.path == other.path:
        return Leak(*ends, "same_photo", 1.0, "the split lists this photo in both parts")
    if one.sha256 and one.sha256 == two.sha256:
        return Leak(*ends, "exact_duplicate", 1.0, finding.detail if finding else "the same bytes")
    if finding:
        return Leak(*ends, "near_duplicate", finding.score, finding.detail)
    if evidence.chains[row.path] == evidence.chains[other.path]:
        return Leak(*ends, "near_duplicate", None, "a copy of a copy")
    return Leak(*ends, "group", None, f"both are in the group {one.group!r}")


def _part(name: str, rows: Sequence[SplitRow], leaking: Sequence[Sequence[SplitRow]], given: ForeignSplit) -> PartCheck:
    one_trains = "train" in given.parts and not given.by_folds
    own = [row.label for row in rows if row.part == name]
    missing = {row.label for row in rows} - set(own)
    twins = [
        row.path
        for members in leaking
        for row in members
        if row.part == name and (not one_trains or any(other.part == "train" for other in members))
    ]
    trained_on = one_trains and name == "train"
    return PartCheck(name, len(own), tuple(sorted(missing, key=natural_key)), None if trained_on else len(twins))


def _sides(one: str, other: str, leaking: Sequence[Sequence[SplitRow]], leaks: Sequence[Leak]) -> Sides:
    return Sides(
        one=one,
        other=other,
        groups=sum({one, other} <= {row.part for row in members} for members in leaking),
        photos=len({leak.path for leak in leaks if (leak.other_part, leak.part) == (one, other)}),
    )


def _notes(found: Sequence[str], way: str, given: ForeignSplit, manifest: Manifest) -> list[str]:
    notes = []
    if way != "relative to the data":
        notes.append(f"the paths of the split were read {way}")
    missing = [photo.path for path, photo in zip(found, given.photos, strict=True) if not path]
    if missing:
        notes.append(
            f"not checked because they are not in the data: {len(missing):,} of {len(found):,} ({some(missing)})"
        )
    unusable = {photo.path for photo in manifest.photos if not photo.usable}
    left_out = list(dict.fromkeys(path for path in found if path in unusable))
    if left_out:
        notes.append(f"not checked because they cannot be read or are excluded: {len(left_out):,} ({some(left_out)})")
    labels = labels_that_differ(found, given, manifest)
    if labels:
        notes.append(f"another label in the split than in the data: {len(labels):,} ({some(labels)})")
    if not given.by_folds and "train" not in given.parts:
        notes.append("the split has no part train")
    return notes
