"""Improves a division of groups over bins: an iterated local search with a fixed number of steps.

What counts is, first, that no bin that was asked for stays without photos of a class, and then how many photos lie
over the asked sizes; single photos fill what is missing, so the photos over are what cannot be had. Groups are moved
and exchanged while that helps; then a few are put elsewhere at random and it goes on from there. Classes that no group
joins are worked on apart. The result depends on the seed and on the order of the groups, on no clock and no library.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from mekiki import seeds

Counts = Mapping[str, int]
Quotas = Mapping[str, Counts]
"""Class → bin → photos."""

_MAY_BE_EMPTY = 1_000_000
_MUST_NOT_BE_EMPTY = 2_000_000
_OPTIONAL = ("test", "")
_ROUNDS = 20
_FEW = 3
_TRIES_AT_MOST = 100_000
_TRIES_FOR_A_STEP = 10_000

_Kind = tuple[tuple[str, int], ...]
_Step = tuple[tuple[int, str], ...]


def improve(groups: Sequence[Counts], bins: Sequence[str], quotas: Quotas, singles: Counts, seed: int) -> list[str]:
    """Bring the sizes of the bins nearer to what was asked.

    Args:
        groups: The photos of each group per class; their order decides between equally good steps.
        bins: The bin of each group to begin with.
        quotas: Photos per class and bin.
        singles: Photos without a group, per class; they go where room is left.
        seed: Of the division.

    Returns:
        The bin of each group; never worse than at the beginning.
    """
    kinds = [tuple(sorted(counts.items())) for counts in groups]
    improved = list(bins)
    with_label: dict[str, list[int]] = {label: [] for label in quotas}
    for index, kind in enumerate(kinds):
        with_label[kind[0][0]].append(index)
    for labels in _joined(kinds, list(quotas)):
        members = sorted(index for label in labels for index in with_label[label])
        if members:
            filling = _Filling(
                [kinds[index] for index in members],
                [improved[index] for index in members],
                {label: quotas[label] for label in labels},
                singles,
            )
            for index, name in zip(members, _search(filling, seed), strict=True):
                improved[index] = name
    return improved


def cost_of(got: Counts, quotas: Counts, singles: int) -> int:
    """Say how far the groups of a class are from the asked sizes; 0 is exact.

    Args:
        got: Photos in groups, of each bin in the quotas.
        quotas: Asked photos per bin.
        singles: Photos without a group.

    Returns:
        Photos over the asked sizes, plus a very large number for each bin that stays empty though it was asked for.
    """
    cost = 0
    empty = []
    for name, count in got.items():
        size = quotas.get(name, 0)
        if count > size:
            cost += count - size
        elif not count and size and name:
            empty.append(_MAY_BE_EMPTY if name in _OPTIONAL else _MUST_NOT_BE_EMPTY)
    if len(empty) > singles:
        cost += sum(sorted(empty)[: len(empty) - singles])
    return cost


def _joined(kinds: Sequence[_Kind], labels: Sequence[str]) -> list[list[str]]:
    """Return the classes in sets that no group joins with another."""
    sets = {label: [label] for label in labels}
    for kind in set(kinds):
        for label, _ in kind[1:]:
            one, other = sets[kind[0][0]], sets[label]
            if one is not other:
                one += other
                sets |= dict.fromkeys(other, one)
    unique = {id(each): each for each in sets.values()}
    return [sorted(each) for each in unique.values()]


def _search(filling: _Filling, seed: int) -> list[str]:
    filling.descend()
    best, best_cost = list(filling.bins), filling.cost()
    best_here, cost_here = best, best_cost
    for number in range(_ROUNDS):
        if best_cost == 0 or filling.tries > _TRIES_AT_MOST:
            break
        filling.take(tuple(enumerate(best_here)))
        filling.shake(seed, number)
        filling.descend()
        if filling.cost() <= cost_here:
            best_here, cost_here = list(filling.bins), filling.cost()
        if cost_here < best_cost:
            best, best_cost = best_here, cost_here
    return best


class _Filling:
    """Groups in their bins, with the photos per class and bin."""

    def __init__(self, kinds: Sequence[_Kind], bins: Sequence[str], quotas: Quotas, singles: Counts) -> None:
        self.bins = list(bins)
        self.tries = 0
        self._kinds = kinds
        self._quotas = quotas
        self._singles = singles
        self._names = list(dict.fromkeys(name for sizes in quotas.values() for name, size in sizes.items() if size))
        self._got = {label: dict.fromkeys([*sizes, *bins], 0) for label, sizes in quotas.items()}
        for kind, name in zip(kinds, bins, strict=True):
            for label, count in kind:
                self._got[label][name] += count
        self._costs = {label: self._cost(label) for label in quotas}

    def cost(self) -> int:
        return sum(self._costs.values())

    def descend(self) -> None:
        """Take the best step as long as there is one that helps."""
        while self.cost() and self.tries <= _TRIES_AT_MOST:
            possible = itertools.islice(self._steps(), _TRIES_FOR_A_STEP)
            gain, step = min(((self._gain(step), step) for step in possible), default=(0, ()))
            if gain >= 0:
                break
            self.take(step)

    def shake(self, seed: int, number: int) -> None:
        """Put a few groups into bins at random, and in every other round a sixth of them."""
        numbers = seeds.stream(seed, "balance", *self._quotas, number)
        few = _FEW if number % 2 else max(_FEW, len(self.bins) // 6)
        for index in numbers.choice(len(self.bins), size=min(few, len(self.bins)), replace=False):
            self.take(((int(index), self._names[int(numbers.integers(len(self._names)))]),))

    def take(self, step: _Step) -> None:
        self._put(step)
        self._costs |= {label: self._cost(label) for index, _ in step for label, _ in self._kinds[index]}

    def _put(self, step: _Step) -> None:
        for index, name in step:
            for label, count in self._kinds[index]:
                self._got[label][self.bins[index]] -= count
                self._got[label][name] += count
            self.bins[index] = name

    def _steps(self) -> Iterator[_Step]:
        """Yield the moves out of overfilled bins, then the exchanges; of equal groups in one bin only the first.

        As long as a bin is empty that must not be, groups leave any bin.
        """
        first: dict[tuple[_Kind, str], int] = {}
        for index, place in enumerate(zip(self._kinds, self.bins, strict=True)):
            first.setdefault(place, index)
        any_leaves = self.cost() >= _MAY_BE_EMPTY
        leaving = [index for index in first.values() if any_leaves or self._overfills(index)]
        for one in leaving:
            yield from (((one, name),) for name in self._names if name != self.bins[one])
        for one, other in itertools.product(leaving, first.values()):
            if self.bins[one] != self.bins[other]:
                yield (one, self.bins[other]), (other, self.bins[one])

    def _overfills(self, index: int) -> bool:
        name = self.bins[index]
        return any(self._got[label][name] > self._quotas[label].get(name, 0) for label, _ in self._kinds[index])

    def _gain(self, step: _Step) -> int:
        """Return how the cost changes; below 0 is better."""
        self.tries += 1
        labels = {label for index, _ in step for label, _ in self._kinds[index]}
        former = tuple((index, self.bins[index]) for index, _ in step)
        self._put(step)
        gain = sum(self._cost(label) - self._costs[label] for label in labels)
        self._put(former)
        return gain

    def _cost(self, label: str) -> int:
        return cost_of(self._got[label], self._quotas[label], self._singles[label])
