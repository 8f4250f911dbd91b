"""Finds copies of one photo and joins them into groups that must not be torn apart by a split.

Exact copies have the same bytes. Near copies are found in three steps, all from sketches alone: ``neighbours``
proposes the photos whose outlines run alike in any of the eight ways to turn and mirror them, ``alignment`` lays
one upon the other, and ``likeness`` compares what then lies upon each other. Resized, recompressed, cropped,
mirrored, turned, slightly recoloured, bordered and watermarked copies pass; the same product photo in another
finish, and two products in one pose, do not. ``benchmarks/copies.py`` measures how many of each, and how long it
takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mekiki.data.copies.hashing import Sketch
from mekiki.data.copies.likeness import similarities
from mekiki.data.copies.neighbours import (
    Candidates,
    candidates_between,
    exact_candidates,
    has_index,
    index_candidates,
    other_candidates,
)
from mekiki.data.copies.views import Views, views_of

Likeness = Literal["exact", "near", "mirrored", "rotated"]

_LIKENESSES: tuple[Likeness, ...] = (
    "near", "rotated", "rotated", "rotated", "mirrored", "rotated", "mirrored", "rotated",
)  # fmt: skip
COMPARISON_VERSION = 1
"""Raised when the same sketches may give other pairs: remembered comparisons are then made again."""

_BLANK_REACH = 16
_BLANK_NEIGHBOURS = 8
_PAIRS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos that are copies of each other.

    Attributes:
        first: Index of a photo.
        second: Index of a later photo.
        likeness: exact (same bytes); near (upright: also resized, cropped, bordered, recoloured); mirrored (left to
            right or top to bottom); rotated (by quarter turns, perhaps mirrored too).
        similarity: 0..1; 1 for an exact copy. For a near one it says how little differs once one photo is laid upon the
            other: 1 less a mean of what differs in their outlines and in their tones; see ``likeness``. Copies are
            mostly above 0.95; a photo of the same thing in the same pose is mostly below 0.9.
    """

    first: int
    second: int
    likeness: Likeness
    similarity: float


def exact_pairs(fingerprints: Sequence[str]) -> list[Pair]:
    """Pair each photo with the first one of the same bytes.

    Args:
        fingerprints: The SHA-256 of each photo; empty text is like no other.
    """
    seen: dict[str, int] = {}
    pairs = []
    for index, fingerprint in enumerate(fingerprints):
        first = seen.setdefault(fingerprint, index) if fingerprint else index
        if first != index:
            pairs.append(Pair(first, index, "exact", 1.0))
    return pairs


def near_pairs(sketches: Sequence[Sketch], near_similarity: float, near_exact: int) -> Iterator[tuple[int, list[Pair]]]:
    """Find all pairs of near copies, a block of photos at a time.

    Args:
        sketches: One per photo.
        near_similarity: Similarity from which two photos are copies, 0..1.
        near_exact: Up to this many photos all are compared; beyond, neighbours come from an index if ``usearch`` is
            installed (extra ``audit``).

    Yields:
        The number of photos done with in this block, and pairs. Each pair comes once, and the numbers add up to all
        photos; which pairs are found does not depend on the order of the photos.
    """
    if not sketches:
        return
    views = views_of(sketches)
    blank = _blank_pairs(views)
    for done, candidates in _proposals(views, near_exact):
        pairs = _decided(views, _one_per_pair(views, candidates), near_similarity)
        yield done, sorted(pairs + blank, key=lambda pair: (pair.first, pair.second))
        blank = []


def pairs_between(
    old: Sequence[Sketch], new: Sequence[Sketch], near_similarity: float
) -> Iterator[tuple[int, list[Pair]]]:
    """Find the near copies that new photos have among old ones; neither are compared with each other.

    Args:
        old: One per photo.
        new: One per photo; the time grows with the product of both numbers, and what is looked at closely with these.
        near_similarity: As for ``near_pairs``.

    Yields:
        The number of new photos done with in this block, and pairs: the place of an old one, and ``len(old)`` more than
        the place of a new one. A pair that ``near_pairs`` finds among all of them has the same likeness here.
    """
    if not old or not new:
        return
    views = views_of([*old, *new])
    blank = [pair for pair in _blank_pairs(views) if pair.first < len(old) <= pair.second]
    fresh = (views.order >= len(old))[views.owners]
    for done, candidates in candidates_between(views.descriptors, views.owners, fresh):
        pairs = _decided(views, _one_per_pair(views, candidates), near_similarity)
        yield done, sorted(pairs + blank, key=lambda pair: (pair.first, pair.second))
        blank = []


def _decided(views: Views, candidates: Candidates, least: float) -> list[Pair]:
    """Return the pairs that are copies; those that nearly are get a second chance with other frames."""
    scores = similarities(views, candidates)
    kept = np.nonzero(scores >= least)[0]
    pairs = [_pair(views, candidates, place, scores[place]) for place in kept.tolist()]
    again = np.nonzero((scores > 0) & (scores < least))[0]
    other, of = other_candidates(views.descriptors, views.owners, candidates.at(again))
    others = similarities(views, other)
    best: dict[int, int] = {}
    for place in np.nonzero(others >= least)[0].tolist():
        if others[place] > others[best.setdefault(int(of[place]), place)]:
            best[int(of[place])] = place
    return pairs + [_pair(views, other, place, others[place]) for place in best.values()]


def _proposals(views: Views, near_exact: int) -> Iterator[tuple[int, Candidates]]:
    """Yield numbers of photos done with, and candidates."""
    count = len(views.sketches)
    if count <= near_exact or not has_index():
        yield from exact_candidates(views.descriptors, views.owners)
        return
    found = index_candidates(views.descriptors, views.owners)
    last = 0
    for start in range(0, max(1, len(found.first)), _PAIRS_AT_ONCE):
        stop = start + _PAIRS_AT_ONCE
        part = found.at(slice(start, stop))
        done = count if stop >= len(found.first) else int(views.owners[found.first[stop]])
        yield done - last, part
        last = done


def _one_per_pair(views: Views, candidates: Candidates) -> Candidates:
    """Keep of each pair of photos the likest pair of views."""
    first, second = views.owners[candidates.first], views.owners[candidates.second]
    order = np.lexsort((-candidates.cosine, second, first))
    first, second = first[order], second[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    kept = order[fresh]
    return candidates.at(kept)


def _pair(views: Views, candidates: Candidates, place: int, similarity: float) -> Pair:
    one, other = (int(views.order[views.owners[rows[place]]]) for rows in (candidates.first, candidates.second))
    return Pair(min(one, other), max(one, other), _LIKENESSES[candidates.way[place]], float(similarity))


def _blank_pairs(views: Views) -> list[Pair]:
    """Pair each picture without detail with the next few ones of its colour."""
    whole = np.nonzero(views.levels == 0)[0]
    blank = views.owners[whole][~views.descriptors[whole].any(axis=1)]
    if len(blank) < 2:
        return []
    light = views.greys(blank).mean(axis=(1, 2))[:, None]
    tones = np.concatenate([light, views.chromas(blank).mean(axis=(1, 2))], axis=1)
    pairs = []
    for place, one in enumerate(views.order[blank]):
        apart = np.abs(tones[place + 1 :] - tones[place]).max(axis=1)
        for near in np.nonzero(apart <= _BLANK_REACH)[0][:_BLANK_NEIGHBOURS]:
            other = views.order[blank[place + 1 + near]]
            pairs.append(Pair(int(min(one, other)), int(max(one, other)), "near", 1 - float(apart[near]) / 255))
    return pairs


class Groups:
    """Photos joined step by step into groups (union-find)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def first_of(self, index: int) -> int:
        """Return the lowest index of a photo's group."""
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, one: int, other: int) -> bool:
        """Join the groups of two photos; tell whether they were apart before."""
        low, high = sorted((self.first_of(one), self.first_of(other)))
        self._parent[high] = low
        return low != high

    def members(self) -> dict[int, list[int]]:
        """Return the groups of two or more photos: first photo → all photos, in order."""
        found: dict[int, list[int]] = {}
        for index in range(len(self._parent)):
            found.setdefault(self.first_of(index), []).append(index)
        return {first: photos for first, photos in found.items() if len(photos) > 1}
