"""Turns what was seen of photos, and the pairs among them, into findings: the bounds, the scores, the words.

Each function takes facts and returns findings; no file is opened. A bound is strict on purpose: a finding that is
wrong costs trust in all the others. That for blurred photos was chosen on 2,750 guitars, of which the least sharp has
0.43, and checked on 1,400 objects: a pale drawing has 0.14, all photos 0.2 and more. Blurred by 2 pixels (Gaussian,
on 256) and saved as JPEG all of a sample of 500 fall below it, by 1.5 pixels 95 %, by 1 pixel few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from mekiki.data.copies.duplicates import Pair
from mekiki.data.importing.found import Entry, Stray
from mekiki.data.pictures import FORMAT_ENDINGS, PictureFacts
from mekiki.data.scans.looks import Look
from mekiki.data.scans.measures import Measures
from mekiki.records.findings import Finding
from mekiki.records.manifest import Manifest

TINY_PIXELS = 32
LONGEST_SHAPE = 8
BLANK_SPREAD = 4.0
BLURRED_SHARPNESS = 0.12
CUT_SHARE = 1 / 16
IMBALANCE_SHARE = 0.25

_LIKENESS = {
    "near": "almost the same picture",
    "mirrored": "almost the same picture, mirrored",
    "rotated": "almost the same picture, turned",
}


def about_files(entries: Sequence[Entry], looks: Sequence[Look | None]) -> list[Finding]:
    """Return what is odd about single photos.

    Args:
        entries: All photos.
        looks: A look for each; None for a photo that is excluded.
    """
    return [
        finding
        for entry, look in zip(entries, looks, strict=True)
        if look is not None
        for finding in _about_file(entry.path, look)
    ]


def _about_file(path: str, look: Look) -> Iterator[Finding]:
    if look.facts is None or look.measures is None:
        yield Finding("unreadable", path, detail=look.error)
        return
    yield from _about_content(path, look.measures)
    yield from _about_form(path, look.facts)


def _about_content(path: str, measures: Measures) -> Iterator[Finding]:
    if measures.spread < BLANK_SPREAD:
        score = round(1 - measures.spread / BLANK_SPREAD, 4)
        detail = f"grey levels spread by {measures.spread:.1f} of 255; a photo by 15 or more"
        yield Finding("blank", path, score=score, detail=detail)
        return
    if measures.cut >= CUT_SHARE:
        share = round(measures.cut, 4)
        detail = f"its lower {share:.0%} is one grey, as of a file that was truncated and closed again"
        yield Finding("blank", path, score=share, detail=detail)
    if measures.sharpness < BLURRED_SHARPNESS:
        score = round(1 - measures.sharpness / BLURRED_SHARPNESS, 4)
        detail = f"fine detail is {measures.sharpness:.2f} of coarse detail; in a sharp photo 0.25 or more"
        yield Finding("blurred", path, score=score, detail=detail)


def _about_form(path: str, facts: PictureFacts) -> Iterator[Finding]:
    ending = PurePosixPath(path).suffix
    if ending.lower() not in FORMAT_ENDINGS[facts.format]:
        named = f"it is named {ending}" if ending else "its name has no ending"
        yield Finding("extension", path, detail=f"is a {facts.format}, but {named}")
    if facts.rotated:
        yield Finding("rotated", path, score=0.1, detail="its EXIF tag turns it; it is read upright")
    shorter, longer = sorted((facts.width, facts.height))
    size = f"{facts.width}x{facts.height} pixels"
    if shorter < TINY_PIXELS:
        yield Finding("tiny", path, score=round(1 - shorter / TINY_PIXELS, 4), detail=size)
    elif longer > LONGEST_SHAPE * shorter:
        times = longer / shorter
        detail = f"{size}: one side is {times:.1f} times the other, so that little is left of it in a square"
        yield Finding("tiny", path, score=round(1 - LONGEST_SHAPE / times, 4), detail=detail)


def about_pairs(entries: Sequence[Entry], pairs: Iterable[Pair]) -> list[Finding]:
    """Report one finding per pair; a pair under two labels is a conflict, whatever its likeness.

    Args:
        entries: All photos.
        pairs: Copies, by their indices.

    Returns:
        Conflicts, exact copies, near copies; the most similar first.
    """
    conflicts, exact, near = [], [], []
    for pair in sorted(pairs, key=lambda pair: (-pair.similarity, pair.first, pair.second)):
        one, other = entries[pair.first], entries[pair.second]
        score = round(min(1.0, pair.similarity), 4)
        words = "the same bytes"
        if pair.likeness != "exact":
            words = f"{_LIKENESS[pair.likeness]} (similarity {score:.3f})"
        if one.label != other.label:
            detail = f"{words}, labelled {one.label!r} and {other.label!r}"
            conflicts.append(Finding("label_conflict", one.path, other.path, score, detail))
        elif pair.likeness == "exact":
            exact.append(Finding("exact_duplicate", one.path, other.path, score, words))
        else:
            near.append(Finding("near_duplicate", one.path, other.path, score, words))
    return [*conflicts, *exact, *near]


def about_strays(strays: Iterable[Stray]) -> list[Finding]:
    """Report what was left out."""
    return [Finding("stray", stray.path, score=0.5, detail=stray.reason) for stray in strays]


def about_balance(manifest: Manifest) -> list[Finding]:
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
