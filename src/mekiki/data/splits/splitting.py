"""Divides photos into train, val and test so that no copy of a photo is on another side.

A group (copies, or what a CSV calls a group) stays together, each class is divided by itself. Parts that the folders
already give are kept; if they have no val, it is taken from train, and if they have no test, there is none. Fractions
that add up to 1 without a test (0.6 and 0.4) leave no test part. Every class has photos in train and in val, wherever
the split comes from. What could not be done as asked is told in the notes; what cannot be done is an error. With
``leak_safe`` off it is a plain random split that tears groups, for comparison, and the notes say what leaks.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mekiki.config import SplitSettings
from mekiki.data.splits.allocation import BINS, Bin, allocate, largest_remainder
from mekiki.data.splits.leaks import few_apart_notes, leak_notes, some
from mekiki.errors import DataError
from mekiki.records.manifest import PARTS, Manifest, Part, Photo, natural_key
from mekiki.records.split import Split, SplitRow

_NEEDED: tuple[Part, Part] = ("train", "val")
_LEAST_TO_TRAIN = 2
_UNUSABLE = {"unreadable": "cannot be read", "excluded": "are excluded by a decision"}
_ADD_OTHERS = "copies and other groups stay together: add different photos to the class, or leave it out"


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
    photos = photos_to_divide(manifest)
    if any(photo.part for photo in photos):
        return _keep_parts(photos, manifest.classes, settings)
    members_of = sort_by_class(photos, manifest.classes)
    _check_counts(members_of, settings)
    quotas = {label: _quotas(len(members), settings) for label, members in members_of.items()}
    bins = allocate(held_together(photos, settings), quotas, settings.seed)
    _check_filled(photos, manifest.classes, bins, _ADD_OTHERS)
    notes = [*_deviations(photos, quotas, bins), *_without_test(photos, manifest.classes, bins)]
    rows = to_rows(photos, bins)
    return Split(rows, (*notes, *_notes_on_leaks(rows, settings)))


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
            f"of the split's {len(rows)} photos, {len(missing)} cannot be found in {manifest.root}: {some(missing)}",
            "paths in a split are relative to the folder of photos: name the folder that it was made for",
        )
    _check_labels(photos, rows)
    used = [photo for path, photo in photos.items() if path in rows and photo.usable]
    bins = {photo.path: rows[path].part for path, photo in photos.items() if path in rows}
    _check_given_parts(used, manifest.classes, bins)
    result = to_rows(used, bins)
    lacking = _without_test(used, manifest.classes, bins)
    notes = (*given.notes, *_dropped(photos, rows), *lacking, *leak_notes(result), *few_apart_notes(result))
    return Split(result, notes)


def photos_to_divide(manifest: Manifest) -> list[Photo]:
    """Return the photos that can be read and have a label; fewer than two classes of them are a ``DataError``."""
    photos = [photo for photo in manifest.usable() if photo.label]
    labels = {photo.label for photo in photos}
    if len(labels) < 2:
        raise DataError(
            f"there are readable photos of {len(labels)} class; a classifier needs two or more",
            "mekiki scan DATA --out DIR tells what is wrong with the others",
        )
    return photos


def held_together(photos: Sequence[Photo], settings: SplitSettings) -> list[Photo]:
    """Return the photos as they are to be divided: without their groups if the split may tear them."""
    return list(photos) if settings.leak_safe else [replace(photo, group="") for photo in photos]


def sort_by_class(photos: Sequence[Photo], classes: Sequence[str]) -> dict[str, list[Photo]]:
    """Sort photos by class, in class order; a class may be without any."""
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
    fitting[max(fitting, key=lambda name: asked[name])] += least - sum(fitting.values())
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
                f"{some(lacking)}",
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
            notes.append(f"class {label!r}: {', '.join(changed)}, because copies and other groups stay together")
    return notes


def _without_test(photos: Sequence[Photo], classes: Sequence[str], bins: dict[str, Bin]) -> list[str]:
    """Tell if test, the one part that may, is empty or lacks classes."""
    empty = _classes_without("test", photos, classes, bins)
    if len(empty) == len(classes):
        return ["there is no test part, so no final figure can be given"]
    return [f"test has no photos of {len(empty)} of the {len(classes)} classes: {some(empty)}"] if empty else []


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
    rows = to_rows(photos, bins)
    return Split(rows, (*notes, *_without_test(photos, classes, bins), *_notes_on_leaks(rows, settings)))


def _carve_val(photos: Sequence[Photo], classes: Sequence[str], settings: SplitSettings) -> dict[str, Bin]:
    """Take val from the train folder: the asked count, or val's share of train and val together."""
    quotas: dict[str, dict[Bin, int]] = {}
    for label, members in sort_by_class(photos, classes).items():
        share = settings.val / (settings.train + settings.val)
        val = max(1, round(len(members) * share)) if settings.by_fraction else int(settings.val)
        if val >= len(members):
            raise DataError(
                f"the class {label!r} has {len(members)} photos in train; taking {val} of them for val leaves none",
                "make a folder val, or ask for less",
            )
        quotas[label] = {"train": len(members) - val, "val": val}
    return allocate(held_together(photos, settings), quotas, settings.seed)


def _notes_on_leaks(rows: Sequence[SplitRow], settings: SplitSettings) -> list[str]:
    notes = leak_notes(rows)
    if not settings.leak_safe:
        plain = "a plain random split, as asked (leak_safe off)"
        notes = [f"{plain}: {note}" for note in notes or ["nothing leaks"]]
    return [*notes, *few_apart_notes(rows)]


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
    left_out = {
        status: [row.path for path, row in rows.items() if photos[path].status == status] for status in _UNUSABLE
    }
    unlisted = [photo.path for path, photo in photos.items() if path not in rows and photo.usable]
    notes = [
        f"left out because they {_UNUSABLE[status]}, of the split's photos: {len(paths)} ({some(paths)})"
        for status, paths in left_out.items()
        if paths
    ]
    if unlisted:
        notes.append(f"not used because they are not in the split: {len(unlisted)} ({some(unlisted)})")
    return notes


def to_rows(photos: Sequence[Photo], bins: Mapping[str, Bin]) -> tuple[SplitRow, ...]:
    """Return the rows of a split file, in path order; ``bins`` gives each path its part."""
    rows = [SplitRow(photo.path, photo.label, photo.group, bins[photo.path]) for photo in photos]
    return tuple(sorted(rows, key=lambda row: natural_key(row.path)))


def _same_text(path: str) -> str:
    """Make two spellings of one Unicode name equal."""
    return unicodedata.normalize("NFC", path)
