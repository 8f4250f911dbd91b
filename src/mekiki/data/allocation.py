"""Divides photos into bins of asked sizes, class by class, without tearing groups apart.

Groups go first, those of several classes and the large ones before the others, each into a bin where it still fits;
single photos then fill the bins exactly. They are taken in the order of a key that is drawn from the seed and the
photo's own path: the order of files does not matter, and without groups of several classes no class touches another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mekiki import seeds
from mekiki.records.manifest import Photo

Bin = str
BINS: tuple[Bin, ...] = ("train", "val", "test", "")
"""The three parts, and the photos that are not used."""

Quotas = Mapping[str, Mapping[Bin, int]]
"""Class → bin → photos."""

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
    left = {label: {name: bins.get(name, 0) for name in BINS} for label, bins in quotas.items()}
    units = _make_units(photos, seed)
    bins: dict[str, Bin] = {}
    for unit in sorted((unit for unit in units if len(unit.paths) > 1), key=_hardest_first):
        chosen = _best_bin(unit, left, quotas)
        for label, count in unit.counts.items():
            left[label][chosen] -= count
        bins |= dict.fromkeys(unit.paths, chosen)
    singles: dict[str, list[_Unit]] = {label: [] for label in quotas}
    for unit in sorted((unit for unit in units if len(unit.paths) == 1), key=lambda unit: unit.key):
        singles[next(iter(unit.counts))].append(unit)
    for label, waiting in singles.items():
        _shorten(left[label], len(waiting))
        order = [name for name in BINS for _ in range(left[label][name])]
        bins |= {unit.paths[0]: name for unit, name in zip(waiting, order, strict=True)}
    return bins


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


def _best_bin(unit: _Unit, left: Mapping[str, Mapping[Bin, int]], quotas: Quotas) -> Bin:
    """Return the emptiest bin where the group fits; if it fits nowhere, the one that it overfills least."""

    def suitability(name: Bin) -> tuple[bool, float]:
        spare = min(left[label][name] - count for label, count in unit.counts.items())
        emptiness = min(left[label][name] / max(1, quotas[label].get(name, 0)) for label in unit.counts)
        return (True, emptiness) if spare >= 0 else (False, spare)

    return max(BINS, key=suitability)


def _shorten(wanted: dict[Bin, int], available: int) -> None:
    """Lower what the bins still want to what there is, after groups overfilled some of them."""
    for name in BINS:
        wanted[name] = max(0, wanted[name])
    while sum(wanted.values()) > available:
        most = max(_GIVES_WAY, key=lambda name: (name == "" and wanted[name] > 0, wanted[name]))
        wanted[most] -= 1


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
