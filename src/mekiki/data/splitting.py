"""Divides photos into train, val and test so that no copy of a photo is on another side.

A group (copies, or what a CSV calls a group) stays together, each class is divided by itself. Parts that the folders
already give are kept; if they have no val, it is taken from train, and if they have no test, there is none. Fractions
that add up to 1 without a test (0.6 and 0.4) leave no test part. Every class has photos in train and in val, wherever
the split comes from. What could not be done as asked is told in the notes; what cannot be done is an error.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from mekiki.config import SplitSettings
from mekiki.data.allocation import BINS, Bin, allocate, largest_remainder
from mekiki.errors import DataError
from mekiki.records.manifest import PARTS, Manifest, Part, Photo, natural_key
from mekiki.records.split import Split, SplitRow

_NAMED_AT_MOST = 3
_NEEDED: tuple[Part, Part] = ("train", "val")
_LEAST_TO_TRAIN = 2
_ADD_OTHERS = "copies of a photo stay together: add different photos to the class, or leave it out"


def split(manifest: Manifest, settings: SplitSettings) -> Split:
    """Divide the readable photos of a manifest.

    Args:
        manifest: What a scan found.
        settings: Photos per part, as counts per class or fractions, and the seed.

    Returns:
        One row per readable photo; the part is empty where counts were asked for and are full.

    Raises:
        DataError: Fewer than two classes, or a class with too few photos for the asked parts.
    """
    photos = [photo for photo in manifest.usable() if photo.label]
    labels = {photo.label for photo in photos}
    if len(labels) < 2:
        raise DataError(
            f"there are readable photos of {len(labels)} class; a classifier needs two or more",
            "mekiki scan DATA --out DIR tells what is wrong with the others",
        )
    if any(photo.part for photo in photos):
        return _keep_parts(photos, manifest.classes, settings)
    by_class = _by_class(photos, manifest.classes)
    _check_counts(by_class, settings)
    quotas = {label: _quotas(len(members), settings) for label, members in by_class.items()}
    bins = allocate(photos, quotas, settings.seed)
    _check_filled(photos, manifest.classes, bins, _ADD_OTHERS)
    notes = [*_deviations(photos, quotas, bins), *_without_test(photos, manifest.classes, bins)]
    return Split(_rows(photos, bins), tuple(notes))


def apply_split(manifest: Manifest, given: Split) -> Split:
    """Use a split that somebody made, with the groups that this scan found.

    Args:
        manifest: What a scan of the photos found.
        given: The split file's rows.

    Returns:
        The rows whose photos can be read, with notes on what was dropped and on copies that lie on two sides.

    Raises:
        DataError: A photo is not there, twice, or has another label here, or a class of the manifest has no readable
            photo in train or none in val (a class folder that is newer than the split, for example).
    """
    photos = {_same_text(photo.path): photo for photo in manifest.photos}
    rows = {_same_text(row.path): row for row in given.rows}
    if len(rows) < len(given.rows):
        twice, _ = Counter(_same_text(row.path) for row in given.rows).most_common(1)[0]
        raise DataError(f"the split names {twice} twice", "keep one row for each photo")
    missing = [row.path for path, row in rows.items() if path not in photos]
    if missing:
        raise DataError(
            f"of the split's {len(rows)} photos, {len(missing)} cannot be found in {manifest.root}: {_some(missing)}",
            "paths in a split are relative to the folder of photos: name the folder that it was made for",
        )
    _check_labels(photos, rows)
    used = [photo for path, photo in photos.items() if path in rows and photo.usable]
    bins = {photo.path: rows[path].part for path, photo in photos.items() if path in rows}
    _check_given_parts(used, manifest.classes, bins)
    result = _rows(used, bins)
    lacking = _without_test(used, manifest.classes, bins)
    return Split(result, (*given.notes, *_dropped(photos, rows), *lacking, *_leak_notes(result)))


def find_leaks(rows: Sequence[SplitRow]) -> list[list[SplitRow]]:
    """Return the groups that lie in more than one part, each with its rows that are used."""
    groups: dict[str, list[SplitRow]] = {}
    for row in rows:
        if row.group and row.part:
            groups.setdefault(row.group, []).append(row)
    return [members for members in groups.values() if len({row.part for row in members}) > 1]


def _by_class(photos: Sequence[Photo], classes: Sequence[str]) -> dict[str, list[Photo]]:
    found: dict[str, list[Photo]] = {label: [] for label in classes}
    for photo in photos:
        found.setdefault(photo.label, []).append(photo)
    return found


def _quotas(count: int, settings: SplitSettings) -> dict[Bin, int]:
    """Say how many of a class's photos go into each bin; they add up to all of them."""
    if not settings.by_fraction:
        train, val = int(settings.train), int(settings.val)
        rest = count - train - val
        test = rest if settings.test is None else int(settings.test)
        return {"train": train, "val": val, "test": test, "": rest - test}
    rest_share = max(0.0, 1 - settings.train - settings.val)
    test_share = rest_share if settings.test is None else float(settings.test)
    shares = (settings.train, settings.val, test_share, max(0.0, rest_share - test_share))
    quotas = dict(zip(BINS, largest_remainder(count, shares), strict=True))
    needed = ["train", "val", *(["test"] if test_share > 1e-9 else [])]
    for name in needed:
        donor = max(BINS, key=lambda name: quotas[name])
        if quotas[name] == 0 and quotas[donor] > 1:
            quotas[name], quotas[donor] = 1, quotas[donor] - 1
    return quotas


def _check_counts(by_class: dict[str, list[Photo]], settings: SplitSettings) -> None:
    label, least = min(((label, len(members)) for label, members in by_class.items()), key=lambda item: item[1])
    if settings.by_fraction:
        if least < 2:
            raise DataError(
                f"the class {label!r} has too few readable photos ({least}): 2 is the least, for train and for val",
                "add photos to the class, or leave it out",
            )
        return
    asked = {"train": int(settings.train), "val": int(settings.val), "test": int(settings.test or 0)}
    total = sum(asked.values())
    if least >= total:
        return
    words = " + ".join(f"{name} {count}" for name, count in asked.items() if count)
    message = f"the class {label!r} has {least} readable photos, but {words} needs {total}"
    if least < sum(count > 0 for count in asked.values()):
        raise DataError(message, "add photos to the class, or leave it out")
    fitting = {name: max(1, least * count // total) for name, count in asked.items() if count}
    fitting["train"] = least - sum(fitting.values()) + fitting["train"]
    raise DataError(message, "the most that fits: " + " ".join(f"--{name} {count}" for name, count in fitting.items()))


def _check_given_parts(used: Sequence[Photo], classes: Sequence[str], bins: dict[str, Bin]) -> None:
    """Refuse a split that leaves a class of the photos without any to train on or to choose by."""
    for part in _NEEDED:
        lacking = _classes_without(part, used, classes, bins)
        if len(lacking) == len(classes):
            raise DataError(f"the split has no readable photos in the part {part}", "give some rows this part")
        if lacking:
            raise DataError(
                f"the split has no readable {part} photos of {len(lacking)} of the {len(classes)} classes: "
                f"{_some(lacking)}",
                "make a new split with mekiki split, or take the folders or rows of these classes out of the data",
            )
    count = sum(bins[photo.path] == "train" for photo in used)
    if count < _LEAST_TO_TRAIN:
        raise DataError(
            f"the split has {count} readable photo in the part train; {_LEAST_TO_TRAIN} is the least",
            "give more rows the part train",
        )


def _check_filled(photos: Sequence[Photo], classes: Sequence[str], bins: dict[str, Bin], mend: str) -> None:
    """Refuse a division that leaves a class without photos to train on or to choose by."""
    for part in _NEEDED:
        empty = _classes_without(part, photos, classes, bins)
        if empty:
            count = sum(photo.label == empty[0] for photo in photos)
            raise DataError(
                f"the class {empty[0]!r} has {count} readable photos, but none of them is in {part}",
                mend,
            )


def _classes_without(part: Part, photos: Sequence[Photo], classes: Sequence[str], bins: dict[str, Bin]) -> list[str]:
    present = {photo.label for photo in photos if bins[photo.path] == part}
    return [label for label in classes if label not in present]


def _deviations(photos: Sequence[Photo], quotas: dict[str, dict[Bin, int]], bins: dict[str, Bin]) -> list[str]:
    got = Counter((photo.label, bins[photo.path]) for photo in photos)
    notes = []
    for label, wanted in quotas.items():
        changed = [
            f"{got[label, name]} instead of {wanted[name]} in {name}"
            for name in PARTS
            if got[label, name] != wanted[name]
        ]
        if changed:
            notes.append(f"class {label!r}: {', '.join(changed)}, because copies of a photo stay together")
    return notes


def _without_test(photos: Sequence[Photo], classes: Sequence[str], bins: dict[str, Bin]) -> list[str]:
    """Tell if test, the one part that may, is empty or lacks classes."""
    empty = _classes_without("test", photos, classes, bins)
    if len(empty) == len(classes):
        return ["there is no test part, so no final figure can be given"]
    return [f"test has no photos of {len(empty)} of the {len(classes)} classes: {_some(empty)}"] if empty else []


def _keep_parts(photos: Sequence[Photo], classes: Sequence[str], settings: SplitSettings) -> Split:
    """Keep the parts of the folders; take val from train if they have none."""
    bins: dict[str, Bin] = {photo.path: photo.part for photo in photos}
    notes = ["the parts are those of the folders; the asked amounts are not used"]
    mend = "add photos of it to the folder of this part, or leave the class out"
    if "val" not in bins.values():
        mend = _ADD_OTHERS
        taken = _carve_val([photo for photo in photos if photo.part == "train"], classes, settings)
        bins |= taken
        count = sum(part == "val" for part in taken.values())
        notes = [f"the folders give no val: {count} photos of train were taken for it"]
    _check_filled(photos, classes, bins, mend)
    rows = _rows(photos, bins)
    return Split(rows, (*notes, *_without_test(photos, classes, bins), *_leak_notes(rows)))


def _carve_val(photos: Sequence[Photo], classes: Sequence[str], settings: SplitSettings) -> dict[str, Bin]:
    """Take val from the train folder: the asked count, or val's share of train and val together."""
    quotas: dict[str, dict[Bin, int]] = {}
    for label, members in _by_class(photos, classes).items():
        share = settings.val / (settings.train + settings.val)
        val = max(1, round(len(members) * share)) if settings.by_fraction else int(settings.val)
        if val >= len(members):
            raise DataError(
                f"the class {label!r} has {len(members)} photos in train; taking {val} of them for val leaves none",
                "make a folder val, or ask for less",
            )
        quotas[label] = {"train": len(members) - val, "val": val}
    return allocate(photos, quotas, settings.seed)


def _leak_notes(rows: Sequence[SplitRow]) -> list[str]:
    leaks = find_leaks(rows)
    if not leaks:
        return []
    beyond = sum(row.part != "train" for members in leaks for row in members)
    return [
        f"copies of photos lie in more than one part (groups: {len(leaks)}, photos of val and test in them: {beyond}), "
        f"so figures will look too good: {_some([members[0].path for members in leaks])}"
    ]


def _check_labels(photos: dict[str, Photo], rows: dict[str, SplitRow]) -> None:
    other = [row for path, row in rows.items() if _same_text(row.label) != _same_text(photos[path].label)]
    if other:
        first = other[0]
        here = photos[_same_text(first.path)].label
        raise DataError(
            f"the split labels {len(other)} of its {len(rows)} photos otherwise: "
            f"{first.path} is {first.label!r} there and {here!r} here",
            "use the split with the folder that it was made for, or make a new one with mekiki split",
        )


def _dropped(photos: dict[str, Photo], rows: dict[str, SplitRow]) -> list[str]:
    unreadable = [row.path for path, row in rows.items() if not photos[path].usable]
    unlisted = [photo.path for path, photo in photos.items() if path not in rows and photo.usable]
    notes = []
    if unreadable:
        notes.append(
            f"left out because they cannot be read, of the split's photos: {len(unreadable)} ({_some(unreadable)})"
        )
    if unlisted:
        notes.append(f"not used because they are not in the split: {len(unlisted)} ({_some(unlisted)})")
    return notes


def _rows(photos: Sequence[Photo], bins: dict[str, Bin]) -> tuple[SplitRow, ...]:
    rows = [SplitRow(photo.path, photo.label, photo.group, bins[photo.path]) for photo in photos]
    return tuple(sorted(rows, key=lambda row: natural_key(row.path)))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _same_text(path: str) -> str:
    """Make two spellings of one Unicode name equal."""
    return unicodedata.normalize("NFC", path)
