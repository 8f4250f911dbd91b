"""Finds copies of one photo and joins them into groups that must not be torn apart by a split.

Exact copies have the same bytes. Near copies pass two sieves: their difference hashes differ in few bits, and then
their outlines (the grey gradients of 32x32 sketches) correlate. Recompressed, resized, blurred, brightened, grey and
mirrored copies pass; so do crops of about 1 % and small watermarks, but not larger crops, turned or bordered copies.
The same product photo in another finish mostly does not. Every pair of hashes is compared: 20,000
photos take about 15 seconds on two cores, and it grows with the square: 100,000 take six minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mekiki.data.hashing import Sketch, as_words, hamming

Likeness = Literal["exact", "near", "mirrored"]

_NOISE = 1.0
"""Grey levels; the gradients of blank pictures are below: two blank ones are alike, a blank and another are not."""
_COLOUR_REACH = 80.0
"""Grey levels; copies may be brighter by this much, but blank pictures of two colours are no copies."""
_PAIRS_AT_ONCE = 100_000
_OUTLINES_AT_ONCE = 2_048


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos that are copies of each other.

    Attributes:
        first: Index of a photo.
        second: Index of a later photo.
        likeness: exact (same bytes), near, or mirrored (a near copy of the mirrored picture).
        similarity: Correlation of their outlines, 0..1; 1 for an exact copy.
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


def near_pairs(sketches: Sequence[Sketch], near_bits: int, near_similarity: float) -> Iterator[tuple[int, list[Pair]]]:
    """Find all pairs of similar pictures, a block of photos at a time.

    Args:
        sketches: One per photo.
        near_bits: Hashes that differ in more bits are not compared further, 0..256.
        near_similarity: Correlation from which outlines are those of copies, 0..1.

    Yields:
        The number of photos done with in this block, and their pairs with all later photos. Memory stays near 100 MB.
    """
    count = len(sketches)
    if count == 0:
        return
    plain = as_words([sketch.phash for sketch in sketches])
    mirrored = as_words([sketch.mirrored for sketch in sketches])
    greys = np.stack([sketch.grey for sketch in sketches])
    colours = np.stack([sketch.colour for sketch in sketches])
    hashes: tuple[tuple[Likeness, np.ndarray], ...] = (("near", plain), ("mirrored", mirrored))
    step = max(1, _PAIRS_AT_ONCE // count)
    for start in range(0, count, step):
        stop = min(start + step, count)
        found: dict[tuple[int, int], Pair] = {}
        for likeness, other in hashes:
            first, second = np.nonzero(hamming(plain[:, start:stop], other[:, start:]) <= near_bits)
            later = second > first
            first, second = first[later] + start, second[later] + start
            for pair in _alike(greys, colours, first, second, likeness, near_similarity):
                found.setdefault((pair.first, pair.second), pair)
        yield stop - start, [found[key] for key in sorted(found)]


def _alike(
    greys: np.ndarray, colours: np.ndarray, first: np.ndarray, second: np.ndarray, likeness: Likeness, least: float
) -> Iterator[Pair]:
    """Keep the candidate pairs whose outlines correlate and whose colours are near."""
    near = np.abs(colours[first] - colours[second]).max(axis=1, initial=0.0) <= _COLOUR_REACH
    first, second = first[near], second[near]
    for start in range(0, len(first), _OUTLINES_AT_ONCE):
        one, other = first[start : start + _OUTLINES_AT_ONCE], second[start : start + _OUTLINES_AT_ONCE]
        against = greys[other][:, :, ::-1] if likeness == "mirrored" else greys[other]
        for index in np.nonzero((similarity := outline_similarity(greys[one], against)) >= least)[0]:
            yield Pair(int(one[index]), int(other[index]), likeness, float(similarity[index]))


def outline_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlate the outlines of sketches, pair by pair.

    Args:
        first: uint8 (N, 32, 32) grey.
        second: uint8 (N, 32, 32) grey.

    Returns:
        float32 (N,), -1..1; 1 is the same outline at any brightness and contrast.
    """
    one, other = _gradients(first), _gradients(second)
    noise = _NOISE**2 * one.shape[1]
    products = np.einsum("ij,ij->i", one, other) + noise
    lengths = (np.einsum("ij,ij->i", one, one) + noise) * (np.einsum("ij,ij->i", other, other) + noise)
    return np.asarray(products / np.sqrt(lengths), dtype=np.float32)


def _gradients(greys: np.ndarray) -> np.ndarray:
    values = greys.astype(np.float32)
    across, down = np.diff(values, axis=2), np.diff(values, axis=1)
    return np.concatenate([across.reshape(len(values), -1), down.reshape(len(values), -1)], axis=1)


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
