"""Divides photos into bins of asked sizes, class by class, without tearing groups apart.

Groups go first, those of several classes and the large ones before the others, each into a bin where it still fits;
``balancing.py`` then moves and exchanges groups where that brings the sizes nearer, and single photos fill the bins.
They are taken in the order of a key that is drawn from the seed and the photo's own path: the order of files does not
matter, and without groups of several classes no class touches another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mekiki import seeds
from mekiki.data.splits.balancing import Quotas, improve
from mekiki.records.manifest import Photo

Bin = str
BINS: tuple[Bin, ...] = ("train", "val", "test", "")
"""The three parts, and the photos that are not used."""

_GIVES_WAY = ("", "test", "train", "val")


@dataclass(frozen=True)
class _Unit:
    """Photos that stay together."""

    paths: tuple[str, ...]
    counts: Counter[str]
    key: int


def allocate(photos: Sequence[Photo], quotas: Quotas, seed: int) -> dict[str, Bin]:
    """Give each photo a bin.

    Args:
        photos: All of one division; the sizes of their class's bins add up to the photos of that class.
        quotas: Photos per class and bin.
        seed: Of the division.

    Returns:
        Path → bin. Bins have the asked sizes as near as the groups allow.
    """
    names = list(dict.fromkeys(name for sizes in quotas.values() for name in sizes))
    units = sorted(_make_units(photos, seed), key=_hardest_first)
    groups = [unit for unit in units if len(unit.paths) > 1]
    singles = [unit for unit in units if len(unit.paths) == 1]
    waiting: dict[str, list[_Unit]] = {label: [] for label in quotas}
    for unit in singles:
        waiting[next(iter(unit.counts))].append(unit)
    counts = {label: len(members) for label, members in waiting.items()}
    chosen = improve([unit.counts for unit in groups], _fit_in(groups, names, quotas), quotas, counts, seed)
    bins = {path: name for unit, name in zip(groups, chosen, strict=True) for path in unit.paths}
    got = Counter((label, name) for unit, name in zip(groups, chosen, strict=True) for label in unit.counts.elements())
    for label, members in waiting.items():
        held = {name: got[label, name] for name in names}
        wanted = _shorten({name: quotas[label].get(name, 0) for name in names}, held, len(members))
        order = [name for name in names for _ in range(wanted[name])]
        bins |= {unit.paths[0]: name for unit, name in zip(members, order, strict=True)}
    return bins


def _fit_in(groups: Sequence[_Unit], names: Sequence[Bin], quotas: Quotas) -> list[Bin]:
    """Put each group into the emptiest bin where it fits; if it fits nowhere, into the one that it overfills least."""
    left = {label: {name: sizes.get(name, 0) for name in names} for label, sizes in quotas.items()}
    chosen = []
    for unit in groups:
        chosen.append(_best_bin(unit, names, left, quotas))
        for label, count in unit.counts.items():
            left[label][chosen[-1]] -= count
    return chosen


def _make_units(photos: Sequence[Photo], seed: int) -> list[_Unit]:
    together: dict[tuple[str, str], list[Photo]] = {}
    for photo in photos:
        together.setdefault(("group", photo.group) if photo.group else ("photo", photo.path), []).append(photo)
    return [_make_unit(members, seed) for members in together.values()]


def _make_unit(members: Sequence[Photo], seed: int) -> _Unit:
    paths = tuple(sorted(photo.path for photo in members))
    key = seeds.entropy(seed, "split", paths[0])
    return _Unit(paths, Counter(photo.label for photo in members), key)


def _hardest_first(unit: _Unit) -> tuple[int, int, int]:
    return -len(unit.counts), -len(unit.paths), unit.key


def _best_bin(unit: _Unit, names: Sequence[Bin], left: Mapping[str, Mapping[Bin, int]], quotas: Quotas) -> Bin:
    def suitability(name: Bin) -> tuple[bool, float]:
        spare = min(left[label][name] - count for label, count in unit.counts.items())
        emptiness = min(left[label][name] / max(1, quotas[label].get(name, 0)) for label in unit.counts)
        return (True, emptiness) if spare >= 0 else (False, spare)

    return max(names, key=suitability)


def _shorten(quotas: Mapping[Bin, int], held: Mapping[Bin, int], available: int) -> dict[Bin, int]:
    """Say how many single photos each bin gets: what it lacks, or less where groups overfilled other bins.

    The unused give way first, then the bin that loses the smallest share; a bin without any photo gives way last.
    """
    lacks = {name: max(0, size - held[name]) for name, size in quotas.items()}
    wanted = dict(lacks)

    def gives_way(name: Bin) -> tuple[bool, bool, bool, float, int]:
        some = wanted[name] > 0
        last_one = wanted[name] == 1 and not held[name]
        loss = (2 * (lacks[name] - wanted[name]) + 1) / max(1, quotas[name])
        rank = _GIVES_WAY.index(name) if name in _GIVES_WAY else len(_GIVES_WAY)
        return name == "" and some, some and not last_one, some, -loss, -rank

    while sum(wanted.values()) > available:
        wanted[max(wanted, key=gives_way)] -= 1
    return wanted


def largest_remainder(total: int, shares: Sequence[float]) -> list[int]:
    """Round shares of a total to whole numbers that add up to it.

    Args:
        total: What is divided, 0 or more.
        shares: Fractions that add up to 1.

    Example:
        >>> largest_remainder(7, [0.6, 0.2, 0.2])
        [4, 2, 1]
    """
    exact = [total * share for share in shares]
    whole = [int(value + 1e-9) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda index: whole[index] - exact[index])
    for index in by_remainder[: total - sum(whole)]:
        whole[index] += 1
    return whole
