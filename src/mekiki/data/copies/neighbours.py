"""Finds pictures whose descriptors point the same way, in any of the eight ways to turn and mirror a picture.

Exactly, by products of matrices, up to a given number of photos: it grows with the square. Beyond it by an index of
small worlds (``usearch``, extra ``audit``; Malkov and Yashunin, "Efficient and robust approximate nearest neighbor
search", TPAMI 2018), which grows hardly faster than the photos; without the package everything is compared exactly.
``found_share`` tells how many of the exact neighbours the index finds. What is found here are candidates;
``likeness.py`` decides.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mekiki.data.copies.descriptors import WAYS, turned_descriptors

MOST = 24
"""Candidates per frame of a photo, the likest ones."""
LEAST = 0.7
"""Cosine of two descriptors below which pictures are no candidates."""
OTHERS = 2
"""Further frames or ways that are tried where the likest one nearly fits."""

_PRODUCTS_AT_ONCE = 4_000_000
_ROWS_AT_ONCE = 4_096
_PAIRS_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows of descriptors that may be of copies; all arrays are of one length.

    Attributes:
        first: A row.
        second: A row of a later photo.
        way: How the first must be turned to look like the second, 0..7.
        cosine: Of the turned first and the second descriptor.
    """

    first: np.ndarray
    second: np.ndarray
    way: np.ndarray
    cosine: np.ndarray

    def at(self, places: np.ndarray | slice) -> Candidates:
        """Return some of them."""
        return Candidates(self.first[places], self.second[places], self.way[places], self.cosine[places])


def exact_candidates(descriptors: np.ndarray, owners: np.ndarray) -> Iterator[tuple[int, Candidates]]:
    """Compare all rows.

    Args:
        descriptors: float32 (M, 128), each row of length 1 or 0.
        owners: int (M,), ascending: the photo of each row.

    Yields:
        How many photos were done with, and for each of their rows the ``MOST`` likest rows of later photos, at least
        ``LEAST`` alike.
    """
    total = len(owners)
    start = 0
    while start < total:
        stop = _end_of_block(owners, start, max(1, _PRODUCTS_AT_ONCE // (total - start)))
        block, rest = descriptors[start:stop], descriptors[start:]
        best = block @ rest.T
        product = np.empty_like(best)
        for way in range(1, WAYS):
            np.maximum(best, np.matmul(turned_descriptors(block, way), rest.T, out=product), out=best)
        best[owners[start:stop, None] >= owners[None, start:]] = -1
        first, second = _likest(best, MOST)
        yield int(owners[stop - 1] - owners[start]) + 1, _with_ways(descriptors, first + start, second + start)
        start = stop


def candidates_between(
    descriptors: np.ndarray, owners: np.ndarray, new: np.ndarray
) -> Iterator[tuple[int, Candidates]]:
    """Compare the rows of new photos with those of all others, and nothing else.

    Args:
        descriptors: As for ``exact_candidates``.
        owners: As there.
        new: bool (M,), whether a row is of a new photo.

    Yields:
        How many new photos were done with, and for each of their rows the ``MOST`` likest rows of others, the row of
        the earlier photo first, as ``exact_candidates`` lists it.
    """
    ours, theirs = np.nonzero(new)[0], np.nonzero(~new)[0]
    others, start = descriptors[theirs], 0
    while start < len(ours):
        stop = _end_of_block(owners[ours], start, max(1, _PRODUCTS_AT_ONCE // max(1, len(theirs))))
        block = descriptors[ours[start:stop]]
        best = block @ others.T
        for way in range(1, WAYS):
            np.maximum(best, turned_descriptors(block, way) @ others.T, out=best)
        rows, places = _likest(best, MOST)
        one, other = ours[start:stop][rows], theirs[places]
        found = _with_ways(descriptors, np.minimum(one, other), np.maximum(one, other))
        yield len(np.unique(owners[ours[start:stop]])), found
        start = stop


def _end_of_block(owners: np.ndarray, start: int, rows: int) -> int:
    """Return the end of a block of about this many rows that does not part a photo's rows."""
    last = owners[min(start + rows, len(owners)) - 1]
    return int(np.searchsorted(owners, last, side="right"))


def _likest(cosines: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    if cosines.shape[1] > most:
        columns = np.argpartition(cosines, -most, axis=1)[:, -most:]
    else:
        columns = np.broadcast_to(np.arange(cosines.shape[1]), cosines.shape)
    rows, places = np.nonzero(np.take_along_axis(cosines, columns, axis=1) >= LEAST)
    return rows, columns[rows, places]


def _with_ways(descriptors: np.ndarray, first: np.ndarray, second: np.ndarray) -> Candidates:
    """Find the likest way of each pair again: cheaper than to keep track of it in the large products."""
    way, cosine = np.zeros(len(first), np.int8), np.empty(len(first), np.float32)
    for start in range(0, len(first), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        one, other = descriptors[first[part]], descriptors[second[part]]
        each = np.stack([np.einsum("ij,ij->i", turned_descriptors(one, turn), other) for turn in range(WAYS)], axis=1)
        way[part], cosine[part] = each.argmax(axis=1), each.max(axis=1)
    return Candidates(first, second, way, cosine)


def other_candidates(descriptors: np.ndarray, owners: np.ndarray, tried: Candidates) -> tuple[Candidates, np.ndarray]:
    """Propose other rows of the same two photos, or another way to turn them.

    Args:
        descriptors: float32 (M, 128).
        owners: int (M,), ascending.
        tried: Candidates that were tried already.

    Returns:
        The ``OTHERS`` likest for each, at least ``LEAST`` alike, and for each of these the place in ``tried``.
    """
    kept: list[tuple[np.ndarray, ...]] = [(np.zeros(0, np.int64),) * 5]
    for start in range(0, len(tried.first), _PAIRS_AT_ONCE):
        one, other, way = (values[start : start + _PAIRS_AT_ONCE] for values in (tried.first, tried.second, tried.way))
        first, second = _rows_of_owner(owners, one), _rows_of_owner(owners, other)
        cosines = np.empty((len(one), first.shape[1], second.shape[1], WAYS), np.float32)
        against = descriptors[second].transpose(0, 2, 1)
        for turn in range(WAYS):
            cosines[..., turn] = turned_descriptors(descriptors[first], turn) @ against
        cosines[first < 0] = -1
        cosines.transpose(0, 2, 1, 3)[second < 0] = -1
        cosines[(first == one[:, None])[:, :, None, None] & (second == other[:, None])[:, None, :, None]
                & (way[:, None] == np.arange(WAYS))[:, None, None, :]] = -1  # fmt: skip
        flat = cosines.reshape(len(one), -1)
        likest = np.argpartition(flat, -OTHERS, axis=1)[:, -OTHERS:]
        places, columns = np.nonzero(np.take_along_axis(flat, likest, axis=1) >= LEAST)
        chosen = likest[places, columns]
        row, column, turns = np.unravel_index(chosen, cosines.shape[1:])
        kept.append((first[places, row], second[places, column], turns, flat[places, chosen], places + start))
    rows, others, ways, likeness, of = (np.concatenate(values) for values in zip(*kept, strict=True))
    return Candidates(rows, others, ways.astype(np.int8), likeness.astype(np.float32)), of


def _rows_of_owner(owners: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return int (n, most rows of a photo): all rows of each row's photo, then -1."""
    start, stop = (np.searchsorted(owners, owners[rows], side=side) for side in ("left", "right"))
    each = start[:, None] + np.arange(max(1, int((stop - start).max(initial=1))))
    return np.where(each < stop[:, None], each, -1)


def index_candidates(descriptors: np.ndarray, owners: np.ndarray) -> Candidates:
    """Find nearly the same candidates as ``exact_candidates`` by an index; both arguments as there.

    Returns:
        All of them: twice ``MOST`` neighbours of each row, since they may belong to earlier photos too; these are
        listed the other way round.

    Raises:
        ImportError: ``usearch`` is not installed.
    """
    index = _index(descriptors)
    firsts, seconds = [], []
    for start in range(0, len(owners), _ROWS_AT_ONCE):
        block = descriptors[start : start + _ROWS_AT_ONCE]
        keys, cosines = [], []
        for way in range(WAYS):
            found, likeness = _search(index, turned_descriptors(block, way))
            keys.append(found)
            cosines.append(likeness)
        near, cosine = np.concatenate(keys, axis=1), np.concatenate(cosines, axis=1)
        cosine[owners[near] == owners[start : start + len(block), None]] = -1
        rows, places = _likest(cosine, 2 * MOST)
        one, other = rows + start, near[rows, places]
        firsts.append(np.minimum(one, other))
        seconds.append(np.maximum(one, other))
    pairs = np.unique(np.stack([np.concatenate(firsts), np.concatenate(seconds)], axis=1), axis=0)
    return _with_ways(descriptors, pairs[:, 0], pairs[:, 1])


def _search(index: Any, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that the index holds for likest, and their cosines; -1 where it found fewer."""
    found = index.search(queries, 2 * MOST)
    keys, distances = np.atleast_2d(found.keys), np.atleast_2d(found.distances)
    counts = found.counts if len(queries) > 1 else np.array([keys.shape[1]])
    real = np.arange(keys.shape[1]) < counts[:, None]
    return np.where(real, keys, 0).astype(np.int64), 1 - np.where(real, distances, 2)


def _index(descriptors: np.ndarray) -> Any:
    index = importlib.import_module("usearch.index").Index(
        ndim=descriptors.shape[1], metric="ip", dtype="f16", connectivity=16, expansion_add=96, expansion_search=128
    )
    detailed = np.nonzero(descriptors.any(axis=1))[0]
    for start in range(0, len(detailed), _ROWS_AT_ONCE):
        rows = detailed[start : start + _ROWS_AT_ONCE]
        index.add(rows, descriptors[rows])
    return index


def has_index() -> bool:
    """Tell whether the package of the index is installed."""
    return importlib.util.find_spec("usearch") is not None


def found_share(exact: Candidates, by_index: Candidates, least: float = 0.95) -> float:
    """Tell which share of the exact candidates the index found too.

    Args:
        exact: All candidates of ``exact_candidates``.
        by_index: Those of ``index_candidates`` on the same rows.
        least: Only candidates with at least this cosine count; nine in ten copies are above 0.95.
    """
    strong = exact.cosine >= least
    wanted = set(zip(exact.first[strong].tolist(), exact.second[strong].tolist(), strict=True))
    found = set(zip(by_index.first.tolist(), by_index.second.tolist(), strict=True))
    return len(wanted & found) / len(wanted) if wanted else 1.0
