"""Joins photos that must stay on one side of a split: copies, bursts, and what a CSV or a decision names together.

Of all pairs of copies it keeps the most similar ones that hold each group together (a maximum spanning forest), so a
group of n copies is told in n - 1 pairs. No file is opened, and nothing of the photos but their names is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mekiki.data.copies.duplicates import Groups, Pair
from mekiki.data.importing.found import Entry
from mekiki.data.scans.bursts import BurstPair

_MOST_PAIRS = 200_000


class Chain:
    """The most similar pairs that hold each group of copies together.

    Args:
        count: Number of photos.
        exact: Pairs of the same bytes; they come before all others.
    """

    def __init__(self, count: int, exact: Sequence[Pair]) -> None:
        self._count = count
        self._pairs = list(exact)
        self._limit = _MOST_PAIRS

    def add(self, pairs: Iterable[Pair]) -> None:
        """Take in more pairs; thousands of alike photos give millions, so they are thinned out on the way."""
        self._pairs += pairs
        if len(self._pairs) > self._limit:
            self._pairs = self.pairs()
            self._limit = max(_MOST_PAIRS, 2 * len(self._pairs))

    def pairs(self) -> list[Pair]:
        """Return the pairs, the most similar first."""
        groups = Groups(self._count)
        ranked = sorted(
            self._pairs, key=lambda pair: (pair.likeness != "exact", -pair.similarity, pair.first, pair.second)
        )
        return [pair for pair in ranked if groups.join(pair.first, pair.second)]


def name_groups(entries: Sequence[Entry], copies: Sequence[Pair], bursts: Sequence[BurstPair]) -> dict[int, str]:
    """Join photos by all that keeps them together, and give each group one name.

    Args:
        entries: All photos with the names of groups that a CSV or decisions give.
        copies: Pairs of copies, by their indices.
        bursts: Pairs of one moment, by their indices.

    Returns:
        Index → group, for photos that are in one: the given names ("shoot 1 + shoot 2"), else after its first photo
        "copies of …", "burst of …" or "frames with …", by the first of these that joins any of them.
    """
    groups = Groups(len(entries))
    for copy in copies:
        groups.join(copy.first, copy.second)
    for burst in bursts:
        groups.join(burst.first, burst.second)
    first_of_name: dict[str, int] = {}
    for index, entry in enumerate(entries):
        for name in entry.groups:
            groups.join(first_of_name.setdefault(name, index), index)
    words: dict[int, str] = {}
    for burst in reversed(bursts):
        words[groups.first_of(burst.first)] = "frames with" if burst.reason == "frames" else "burst of"
    for copy in copies:
        words[groups.first_of(copy.first)] = "copies of"
    named = {index: " + ".join(sorted(entry.groups)) for index, entry in enumerate(entries) if entry.groups}
    for first, members in groups.members().items():
        own = sorted({name for index in members for name in entries[index].groups})
        name = " + ".join(own) if own else f"{words[first]} {entries[first].path}"
        named |= dict.fromkeys(members, name)
    return named


def count_bursts(count: int, bursts: Sequence[BurstPair]) -> int:
    """Return how many groups of photos bursts and frames join, of a number of photos."""
    groups = Groups(count)
    for pair in bursts:
        groups.join(pair.first, pair.second)
    return len(groups.members())
