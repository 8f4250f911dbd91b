"""Near copies of photos of one place among those of another, such as those that a run knows.

Photos are known by their bytes. What scans remember is used, so that a photo that was scanned on this machine and did
not change is not decoded again; a photo that has gone, or is another one now, cannot be compared, and that is said.
How alike two photos are is decided in ``data/copies``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mekiki.data.copies.duplicates import near_pairs, pairs_between
from mekiki.data.copies.hashing import Sketch
from mekiki.data.folders import is_address, place_of
from mekiki.data.scans.crew import Looking, all_cores, look_at_all
from mekiki.data.scans.looks import Look
from mekiki.data.scans.remembering import open_memory
from mekiki.progress import Progress


@dataclass(frozen=True)
class Shelf:
    """Photos below one root.

    Attributes:
        name: Whose photos they are, in words: "the run's photos".
        root: The folder that the paths are relative to.
        paths: sha256 → path of a photo of these bytes.
        max_megapixels: A picture with more pixels is not decoded, in millions.
        looking: Looks at them; None: this machine's threads and processes do.
    """

    name: str
    root: Path
    paths: Mapping[str, str] = field(repr=False)
    max_megapixels: float = 100.0
    looking: Looking | None = field(default=None, repr=False)


def near_copies(
    asked: Shelf, known: Sequence[Shelf], near_similarity: float, progress: Progress
) -> list[tuple[str, str]]:
    """Return pairs of hashes: a photo that was asked for, and its near copy among known ones.

    Photos whose bytes are on every known shelf are not compared: the scans of these did so.

    Args:
        asked: The photos in question.
        known: Where their near copies may lie; equal bytes on several shelves are compared once.
        near_similarity: Likeness from which two photos are copies, 0..1.
        progress: Told how far it is, and in a line if photos that are known have gone.
    """
    new = {sha256: path for sha256, path in asked.paths.items() if not all(sha256 in each.paths for each in known)}
    if not new:
        return []
    sketches: dict[str, Sketch] = {}
    for shelf in known:
        lacking = {sha256: path for sha256, path in shelf.paths.items() if sha256 not in sketches}
        sketches |= _sketches(replace(shelf, paths=lacking), progress)
    if not sketches:
        return []
    sought = _sketches(replace(asked, paths=new), progress)
    old_names, new_names = list(sketches), list(sought)
    found = []
    with progress.task("Comparing photos", len(new_names)) as task:
        for done, pairs in pairs_between(list(sketches.values()), list(sought.values()), near_similarity):
            found += [(new_names[pair.second - len(old_names)], old_names[pair.first]) for pair in pairs]
            task.advance(done)
    return [(one, other) for one, other in found if one != other]


def copies_among(shelf: Shelf, near_similarity: float, near_exact: int, progress: Progress) -> list[tuple[str, str]]:
    """Return pairs of hashes: photos of one shelf that are near copies of each other.

    Args:
        shelf: The photos.
        near_similarity: Likeness from which two photos are copies, 0..1.
        near_exact: As for ``near_pairs``.
        progress: Where to report to.
    """
    sketches = _sketches(shelf, progress)
    names, found = list(sketches), []
    with progress.task("Comparing photos", len(names)) as task:
        for done, pairs in near_pairs(list(sketches.values()), near_similarity, near_exact):
            found += [(names[pair.first], names[pair.second]) for pair in pairs]
            task.advance(done)
    return found


def _sketches(shelf: Shelf, progress: Progress) -> dict[str, Sketch]:
    """Return sha256 → sketch for the photos that are still there and can be read; say so if some are not there."""
    found = _looks(shelf, progress)
    gone = len(shelf.paths) - len(found)
    if gone and not found:
        progress.say(
            f"note: {shelf.name} are not in {shelf.root} any more: only hashes could be compared, so near copies of "
            "them (resized, re-encoded, cropped) are not known"
        )
    elif gone:
        progress.say(
            f"note: {gone:,} of {shelf.name} in {shelf.root} have gone or changed: near copies of these are not known"
        )
    return {sha256: look.sketch for sha256, look in found.items() if look.sketch is not None}


def _looks(shelf: Shelf, progress: Progress) -> dict[str, Look]:
    """Return sha256 → look for the photos that still have these bytes."""
    paths, limit = list(shelf.paths.values()), shelf.max_megapixels
    with open_memory(shelf.root, True, progress.say) as memory:
        looks: dict[str, Look | None] = dict(zip(paths, memory.recall(shelf.root, paths, limit), strict=True))
        unknown = [
            path for path in paths if looks[path] is None and (is_address(path) or (shelf.root / path).is_file())
        ]
        if unknown:
            with progress.task("Reading photos", len(unknown)) as task:
                places = [place_of(shelf.root, path) for path in unknown]
                for path, new in zip(unknown, _look(places, shelf), strict=True):
                    looks[path] = new
                    memory.keep(path, limit, new)
                    task.advance()
    return {
        sha256: look
        for sha256, path in shelf.paths.items()
        if (look := looks[path]) is not None and look.sha256 == sha256
    }


def _look(places: Sequence[str], shelf: Shelf) -> Iterable[Look]:
    if shelf.looking is not None:
        return shelf.looking(places, shelf.max_megapixels)
    return look_at_all(places, shelf.max_megapixels, all_cores())
