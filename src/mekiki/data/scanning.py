"""Looks at every photo once: can it be read, what is odd about it, which photos are copies of each other.

Each file is read once and decoded from memory, by threads (the decoders release Python's lock); at any time no more
pictures are in memory than threads. Of each photo a sketch of 1.1 kB stays. Nothing is changed on disk. The order of
photos and findings does not depend on the threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mekiki.config import ScanSettings
from mekiki.data.duplicates import Groups, Pair, exact_pairs, near_pairs
from mekiki.data.found import Entry, Stray
from mekiki.data.hashing import Sketch, sha256_of, sketch
from mekiki.data.layouts import find_photos
from mekiki.data.pictures import FORMAT_ENDINGS, PictureFacts, decode, read_file
from mekiki.errors import PictureError
from mekiki.progress import Progress, Silent
from mekiki.records.findings import Finding
from mekiki.records.manifest import Manifest, Photo

TINY_PIXELS = 32
IMBALANCE_SHARE = 0.25

_SKETCHED_FROM = 128
_BATCH = 256


@dataclass(frozen=True)
class ScanResult:
    """What a scan brought.

    Attributes:
        manifest: All photos with a label, the unreadable ones too.
        findings: What is odd, kind by kind, in natural path order; pairs the most similar first.
    """

    manifest: Manifest
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Look:
    """One photo after it was opened; without facts and sketch it could not be read, for the reason in ``error``."""

    sha256: str = ""
    facts: PictureFacts | None = None
    sketch: Sketch | None = None
    error: str = ""


def scan(
    data: Path,
    settings: ScanSettings,
    workers: int = 2,
    progress: Progress | None = None,
    *,
    known_classes: Sequence[str] | None = None,
) -> ScanResult:
    """Import and check a folder of photos or a CSV.

    Args:
        data: The folder or CSV.
        settings: Layout, class names, and the bounds of near duplicates and sizes.
        workers: Threads, 1 or more.
        progress: Told how far it is; silent if not given.
        known_classes: The classes of a trained model that is to be scored on these photos; see ``find_photos``.

    Raises:
        DataError: The layout cannot be used; see ``find_photos``. A photo that cannot be read is a finding.
    """
    progress = Silent() if progress is None else progress
    found = find_photos(data, settings, known_classes=known_classes)
    looks = _look_at_all(found.root, found.entries, settings, workers, progress)
    readable = [index for index, look in enumerate(looks) if look.sketch is not None]
    pairs = _find_pairs(looks, readable, settings, progress)
    photos = _make_photos(found.entries, looks, _name_groups(found.entries, pairs))
    manifest = Manifest(found.root, photos, found.classes)
    findings = [
        *_about_files(found.entries, looks),
        *_about_pairs(found.entries, pairs),
        *_about_strays(found.strays),
        *_about_balance(manifest),
    ]
    return ScanResult(manifest, findings)


def _look_at_all(
    root: Path, entries: Sequence[Entry], settings: ScanSettings, workers: int, progress: Progress
) -> list[_Look]:
    looks: list[_Look] = []
    with (
        progress.task("Reading photos", len(entries)) as task,
        ThreadPoolExecutor(max(1, workers), thread_name_prefix="mekiki-scan") as pool,
    ):
        for start in range(0, len(entries), _BATCH):
            paths = [root / entry.path for entry in entries[start : start + _BATCH]]
            for look in pool.map(lambda path: _look_at(path, settings.max_megapixels), paths):
                looks.append(look)
                task.advance()
    return looks


def _look_at(path: Path, max_megapixels: float) -> _Look:
    sha256 = ""
    try:
        content = read_file(path)
        sha256 = sha256_of(content)
        picture, facts = decode(content, max_megapixels=max_megapixels, at_least=_SKETCHED_FROM)
    except PictureError as error:
        return _Look(sha256, error=error.message)
    return _Look(sha256, facts, sketch(picture))


def _find_pairs(
    looks: Sequence[_Look], readable: Sequence[int], settings: ScanSettings, progress: Progress
) -> list[Pair]:
    """Return a chain of pairs that holds each group of copies together, the most similar pairs first."""
    exact = exact_pairs([look.sha256 if look.sketch else "" for look in looks])
    repeated = {pair.second for pair in exact}
    places = [index for index in readable if index not in repeated]
    sketches = [kept for index in places if (kept := looks[index].sketch) is not None]
    near: list[Pair] = []
    with progress.task("Comparing photos", len(sketches)) as task:
        for done, found in near_pairs(sketches, settings.near_bits, settings.near_similarity):
            near += [Pair(places[pair.first], places[pair.second], pair.likeness, pair.similarity) for pair in found]
            task.advance(done)
    near.sort(key=lambda pair: (-pair.similarity, pair.first, pair.second))
    groups = Groups(len(looks))
    return [pair for pair in (*exact, *near) if groups.join(pair.first, pair.second)]


def _name_groups(entries: Sequence[Entry], pairs: Sequence[Pair]) -> dict[int, str]:
    """Join the copies with the groups that a CSV names; return each grouped photo's group."""
    groups = Groups(len(entries))
    for pair in pairs:
        groups.join(pair.first, pair.second)
    first_of_name: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.group:
            groups.join(first_of_name.setdefault(entry.group, index), index)
    named = {index: entry.group for index, entry in enumerate(entries) if entry.group}
    for first, members in groups.members().items():
        own = sorted({entries[index].group for index in members} - {""})
        name = " + ".join(own) if own else f"copies of {entries[first].path}"
        named |= dict.fromkeys(members, name)
    return named


def _make_photos(entries: Sequence[Entry], looks: Sequence[_Look], groups: dict[int, str]) -> tuple[Photo, ...]:
    return tuple(
        Photo(
            path=entry.path,
            label=entry.label,
            group=groups.get(index, ""),
            sha256=look.sha256,
            phash=look.sketch.phash.hex() if look.sketch else "",
            width=look.facts.width if look.facts else 0,
            height=look.facts.height if look.facts else 0,
            status="ok" if look.sketch else "unreadable",
            part=entry.part,
        )
        for index, (entry, look) in enumerate(zip(entries, looks, strict=True))
    )


def _about_files(entries: Sequence[Entry], looks: Sequence[_Look]) -> list[Finding]:
    unreadable, extension, rotated, tiny = [], [], [], []
    for entry, look in zip(entries, looks, strict=True):
        facts = look.facts
        if facts is None:
            unreadable.append(Finding("unreadable", entry.path, detail=look.error))
            continue
        ending = Path(entry.path).suffix
        if ending.lower() not in FORMAT_ENDINGS[facts.format]:
            named = f"it is named {ending}" if ending else "its name has no ending"
            extension.append(Finding("extension", entry.path, detail=f"is a {facts.format}, but {named}"))
        if facts.rotated:
            rotated.append(
                Finding("rotated", entry.path, score=0.1, detail="its EXIF tag turns it; it is read upright")
            )
        shorter = min(facts.width, facts.height)
        if shorter < TINY_PIXELS:
            size = f"{facts.width}x{facts.height} pixels"
            tiny.append(Finding("tiny", entry.path, score=1 - shorter / TINY_PIXELS, detail=size))
    return [*unreadable, *extension, *tiny, *rotated]


def _about_pairs(entries: Sequence[Entry], pairs: Iterable[Pair]) -> list[Finding]:
    """Report one finding per pair; a pair under two labels is a conflict, whatever its likeness."""
    conflicts, exact, near = [], [], []
    for pair in sorted(pairs, key=lambda pair: (-pair.similarity, pair.first, pair.second)):
        one, other = entries[pair.first], entries[pair.second]
        score = round(min(1.0, pair.similarity), 4)
        likeness = {
            "exact": "the same bytes",
            "near": f"almost the same picture (similarity {score:.3f})",
            "mirrored": f"almost the same picture, mirrored (similarity {score:.3f})",
        }[pair.likeness]
        if one.label != other.label:
            detail = f"{likeness}, labelled {one.label!r} and {other.label!r}"
            conflicts.append(Finding("label_conflict", one.path, other.path, score, detail))
        elif pair.likeness == "exact":
            exact.append(Finding("exact_duplicate", one.path, other.path, score, likeness))
        else:
            near.append(Finding("near_duplicate", one.path, other.path, score, likeness))
    return [*conflicts, *exact, *near]


def _about_strays(strays: Iterable[Stray]) -> list[Finding]:
    return [Finding("stray", stray.path, score=0.5, detail=stray.reason) for stray in strays]


def _about_balance(manifest: Manifest) -> list[Finding]:
    """Report the classes that have under a quarter of the largest class's photos; not those without any file."""
    present = {photo.label for photo in manifest.photos}
    counts = {name: count for name, count in manifest.counts().items() if name in present}
    if not counts:
        return []
    largest, most = max(counts.items(), key=lambda item: item[1])
    return [
        Finding("imbalance", name, score=round(1 - count / most, 4), detail=f"{count} photos; {largest} has {most}")
        for name, count in counts.items()
        if count < IMBALANCE_SHARE * most
    ]
