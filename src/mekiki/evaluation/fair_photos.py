"""Which photos may judge several runs: none that any of them was trained on, and none that chose a run's snapshot.

A photo is known by its bytes, so that it is the same photo in runs whose data lay elsewhere. What any of the runs holds
for copies counts, and so does a near copy that lies elsewhere: a photo whose copy was trained on is left out too, and
copies that are left are one witness. What took no part is counted by reason. Nothing is predicted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mekiki.data.copies.duplicates import Groups
from mekiki.data.copies.hashing import sha256_of
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.evaluation.near_copies import Shelf, near_copies
from mekiki.progress import Progress, Silent
from mekiki.records.comparison import LeftOut
from mekiki.records.manifest import Manifest, Part, read_manifest
from mekiki.records.run import RunFolder, photo_root, read_config
from mekiki.records.split import read_split
from mekiki.records.unlabelled import read_unlabelled


@dataclass(frozen=True)
class FairPhoto:
    """A photo that may judge.

    Attributes:
        root: The folder of its data.
        path: Relative to that folder.
        label: The true class.
        group: Number of its group as text; photos of one group are copies, or belong together.
        sha256: Of its bytes.
    """

    root: Path
    path: str
    label: str
    group: str
    sha256: str

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.root / self.path


@dataclass(frozen=True)
class FairPhotos:
    """The photos that may judge, and those that may not.

    Attributes:
        part: "val", "test" or "data".
        photos: In path order.
        left_out: Those that may not, by reason.
        tested: For each run the hashes of its test photos and their near copies; to look at one is recorded.
    """

    part: str
    photos: tuple[FairPhoto, ...]
    left_out: tuple[LeftOut, ...]
    tested: tuple[frozenset[str], ...]


@dataclass
class _Known:
    """What one run, or one scan, knows of photos.

    Attributes:
        name: What the run is called; empty for a scan.
        root: The folder that paths are relative to.
        max_megapixels: The limit that they were scanned with, in millions.
        near_similarity: Likeness from which two photos are copies, 0..1.
        paths: sha256 → path of the first photo of these bytes.
        labels: sha256 → the labels of photos of these bytes.
        parts: sha256 → the parts that photos of these bytes are in.
        groups: sha256 → the groups that photos of these bytes are in.
        counts: sha256 → how many photos have these bytes.
    """

    name: str
    root: Path
    max_megapixels: float = 100.0
    near_similarity: float = 1.0
    paths: dict[str, str] = field(default_factory=dict)
    labels: dict[str, set[str]] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, sha256: str, path: str, label: str, part: str, group: str) -> None:
        self.paths.setdefault(sha256, path)
        self.labels.setdefault(sha256, set()).add(label)
        self.parts.setdefault(sha256, set()).add(part)
        self.groups.setdefault(sha256, set()).update({group} - {""})
        self.counts[sha256] += 1

    @property
    def shelf(self) -> Shelf:
        """Where its photos lie."""
        return Shelf(
            f"{self.name}'s photos" if self.name else "these photos", self.root, self.paths, self.max_megapixels
        )


def own_photos(
    runs: Sequence[tuple[str, RunFolder]], part: Part | None = None, progress: Progress | None = None
) -> FairPhotos:
    """Return the runs' own photos that may judge all of them.

    Of test these are all that are in test for one run and in neither train nor val for any; of val those that are in
    val for all.

    Args:
        runs: Names and folders.
        part: "val" or "test"; not given: test if all runs have such photos, else val.
        progress: Where to report to.

    Raises:
        SettingsError: The part is train.
        DataError: No photo is left.
        RunError: A run's photos are not where they were.
    """
    if part == "train":
        raise SettingsError("photos that a run was trained on cannot compare it", "--part val or --part test")
    known = [_known_to_run(name, folder) for name, folder in runs]
    have_test = all(any("test" in parts for parts in each.parts.values()) for each in known)
    chosen: Part = part or ("test" if have_test else "val")
    asked = {sha256: path for each in known for sha256, path in each.paths.items() if chosen in each.parts[sha256]}
    absent = None if any(each.root.is_dir() for each in known) else known[0].root
    if absent is not None:
        raise RunError(f"the runs' photos are not in {absent} any more", "name other labelled photos as DATA")
    twins = _near([(one, known[place + 1 :]) for place, one in enumerate(known)], progress)
    return _fair(chosen, sorted(asked, key=lambda sha256: asked[sha256]), known, known, twins)


def other_photos(
    manifest: Manifest, runs: Sequence[tuple[str, RunFolder]], progress: Progress | None = None
) -> FairPhotos:
    """Return the scanned photos that may judge all runs.

    Args:
        manifest: A scan's.
        runs: Names and folders.
        progress: Where to report to.

    Raises:
        DataError: No photo is left.
    """
    known = [_known_to_run(name, folder) for name, folder in runs]
    scanned = _Known("", manifest.root, known[0].max_megapixels)
    for photo in manifest.usable():
        scanned.add(photo.sha256, photo.path, photo.label, "", photo.group)
    twins = _near([(scanned, known)], progress)
    fair = _fair("data", list(scanned.paths), [scanned], [scanned, *known], twins)
    unusable = len(manifest.photos) - len(manifest.usable())
    more = (LeftOut(reason="excluded by a decision, or unreadable", count=unusable),) if unusable else ()
    return FairPhotos(fair.part, fair.photos, (*fair.left_out, *more), fair.tested)


def _known_to_run(name: str, folder: RunFolder) -> _Known:
    config = read_config(folder)
    known = _Known(name, photo_root(config), config.scan.max_megapixels, config.scan.near_similarity)
    sha256_of_path = {photo.path: photo.sha256 for photo in read_manifest(folder.manifest, Path()).usable()}
    for row in read_split(folder.split).rows:
        if row.path in sha256_of_path:
            known.add(sha256_of_path[row.path], row.path, row.label, row.part, row.group)
    for picture in read_unlabelled(folder.unlabelled):
        known.add(picture.sha256, picture.path, "", "train", "")
    return known


def _near(asked: Sequence[tuple[_Known, Sequence[_Known]]], progress: Progress | None) -> list[tuple[str, str]]:
    """Return pairs of hashes of near copies that no scan saw together: one known here and one there."""
    pairs: list[tuple[str, str]] = []
    for one, others in asked:
        likeness = min((each.near_similarity for each in others), default=1.0)
        pairs += near_copies(one.shelf, [each.shelf for each in others], likeness, progress or Silent())
    return pairs


def _fair(
    part: str,
    asked: Sequence[str],
    places: Sequence[_Known],
    known: Sequence[_Known],
    twins: Sequence[tuple[str, str]],
) -> FairPhotos:
    """Divide the photos that were asked for into fair ones and others; ``places`` say where files lie."""
    group_of = _joined(known, twins)
    seen = _seen_groups(part, group_of, known)
    photos, reasons = [], Counter[str]()
    for sha256 in asked:
        reason = seen.get(group_of[sha256], "") or _mixed(part, sha256, known)
        root, path, trouble = (Path(), "", reason) if reason else _find(sha256, places)
        if trouble:
            reasons[trouble] += 1
            continue
        (label,) = next(each.labels[sha256] for each in known if sha256 in each.labels)
        photos.append(FairPhoto(root, path, label, str(group_of[sha256]), sha256))
        reasons["the same bytes as another one"] += max(each.counts[sha256] for each in places) - 1
    left_out = tuple(LeftOut(reason=reason, count=count) for reason, count in reasons.most_common() if count)
    if not photos:
        told = "; ".join(f"{each.count:,} {each.reason}" for each in left_out) or f"there are no {part} photos"
        raise DataError(
            f"no photo is left that all runs can be compared on: {told}",
            "train all runs with one --split, or name labelled photos that none of them has seen",
        )
    tested = tuple(_tested(each, twins) for each in known if each.name)
    return FairPhotos(part, tuple(photos), left_out, tested)


def _tested(run: _Known, twins: Sequence[tuple[str, str]]) -> frozenset[str]:
    own = {sha256 for sha256, parts in run.parts.items() if "test" in parts}
    return frozenset(own | {one for pair in twins for one, other in (pair, pair[::-1]) if other in own})


def _joined(known: Sequence[_Known], twins: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return sha256 → number of its group: what any of the runs, or the scan, holds together, and near copies."""
    numbers: dict[str, int] = {}
    for each in known:
        for sha256 in each.paths:
            numbers.setdefault(sha256, len(numbers))
    groups = Groups(len(numbers))
    for each in known:
        first: dict[str, int] = {}
        for sha256, names in each.groups.items():
            for name in names:
                groups.join(first.setdefault(name, numbers[sha256]), numbers[sha256])
    for one, other in twins:
        groups.join(numbers[one], numbers[other])
    return {sha256: groups.first_of(number) for sha256, number in numbers.items()}


def _seen_groups(part: str, group_of: dict[str, int], known: Sequence[_Known]) -> dict[int, str]:
    """Return the groups that a run has seen, with the reason why their photos may not judge it."""
    reasons = {
        "train": "trained on by {}, or copies of such",
        "val": "used by {} to choose its snapshot, or copies of such",
    }
    found: dict[int, str] = {}
    for each in known:
        for chosen_by in ("train",) if part == "val" else ("train", "val"):
            for sha256, parts in each.parts.items():
                if chosen_by in parts:
                    found.setdefault(group_of[sha256], reasons[chosen_by].format(each.name))
    return found


def _mixed(part: str, sha256: str, known: Sequence[_Known]) -> str:
    """Return why the runs do not agree on a photo; empty if they do."""
    holders = [each for each in known if sha256 in each.labels]
    if len(set.union(*(each.labels[sha256] for each in holders))) > 1:
        return "of two labels"
    if part == "val" and not all("val" in each.parts.get(sha256, set()) for each in known):
        return "in the validation part of one run and not of another"
    return ""


def _find(sha256: str, places: Sequence[_Known]) -> tuple[Path, str, str]:
    """Return the folder of a photo's data, its path from there, and what is wrong if it is not to be had."""
    trouble = "gone"
    for each in places:
        path = each.paths.get(sha256)
        if path is None:
            continue
        try:
            content = (each.root / path).read_bytes()
        except OSError:
            continue
        if sha256_of(content) == sha256:
            return each.root, path, ""
        trouble = "changed since the runs were trained"
    return Path(), "", trouble
