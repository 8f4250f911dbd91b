"""Divides photos into k folds, so that each photo is in test once and no copy of a photo is on another side.

Each fold makes one ordinary split: its photos are test, those of the next fold are val, the rest is train. Classes are
spread as evenly as their groups allow. Where folders give a part test, its photos stay out of all folds; the
notes say which photos in the folds have a twin there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mekiki.config import SplitSettings
from mekiki.data.splits.allocation import allocate
from mekiki.data.splits.leaks import leak_notes, some
from mekiki.data.splits.splitting import held_together, photos_to_divide, sort_by_class, to_rows
from mekiki.errors import DataError, SettingsError
from mekiki.records.manifest import Manifest, Photo
from mekiki.records.split import Folds, Split

LEAST_FOLDS = 3
MOST_FOLDS = 100


def split_into_folds(manifest: Manifest, count: int, settings: SplitSettings) -> Folds:
    """Divide the readable photos of a manifest into folds.

    Args:
        manifest: What a scan found.
        count: Folds, 3 to 100: one is test, one is val, the others train.
        settings: The seed, and whether groups stay together; amounts must not be given.

    Returns:
        One split per fold, over the same photos.

    Raises:
        SettingsError: The number of folds is out of range, or amounts were given too.
        DataError: Fewer than two classes, or a class that cannot be in every fold.
    """
    check_fold_settings(count, settings)
    photos = photos_to_divide(manifest)
    tested = [photo for photo in photos if photo.part == "test"]
    pool = held_together([photo for photo in photos if photo.part != "test"], settings)
    members = sort_by_class(pool, manifest.classes)
    for label, own in members.items():
        _check_class(label, own, count)
    quotas = _even_quotas({label: len(own) for label, own in members.items()}, count)
    fold_of = allocate(pool, quotas, settings.seed)
    got = Counter((photo.label, fold_of[photo.path]) for photo in pool)
    _check_spread(quotas, got, count)
    splits = tuple(
        Split(to_rows(photos, _parts(fold_of, number, count) | {photo.path: "" for photo in tested}))
        for number in range(count)
    )
    notes = [*_about_parts(photos, tested), *_about_balance(members, quotas, got)]
    return Folds(splits, (*notes, *_about_leaks(splits, settings)))


def check_fold_settings(count: int, settings: SplitSettings) -> None:
    """Refuse a number of folds that cannot be, and amounts beside it; the errors are those of ``split_into_folds``."""
    if not LEAST_FOLDS <= count <= MOST_FOLDS:
        raise SettingsError(
            f"{count} folds: expected {LEAST_FOLDS} to {MOST_FOLDS}, because one is test, one is val, and the others "
            "train",
            "--folds 5",
        )
    amounts = [name for name in ("train", "val", "test") if name in settings.model_fields_set]
    if amounts:
        given = getattr(settings, amounts[0])
        raise SettingsError(
            f"{amounts[0]} = {given} was given with {count} folds: each fold tests one part in {count}, chooses by "
            "another, and trains on the rest",
            f"leave out --{amounts[0]}, or leave out --folds",
        )


def _check_class(label: str, members: Sequence[Photo], count: int) -> None:
    apart = len({("group", photo.group) if photo.group else ("photo", photo.path) for photo in members})
    if apart < count:
        held = f"{len(members)} readable photos"
        if apart < len(members):
            held += f", and as copies and other groups stay together they are {apart} that can be apart"
        fits = f"--folds {apart} is the most that fits; or " if apart >= LEAST_FOLDS else ""
        raise DataError(
            f"the class {label!r} has {held}; {count} folds need {count}",
            f"{fits}add different photos to the class, or leave it out",
        )


def _even_quotas(totals: Mapping[str, int], count: int) -> dict[str, dict[str, int]]:
    """Say how many photos of each class go into each fold; the remainders are dealt on from class to class."""
    quotas: dict[str, dict[str, int]] = {}
    dealt = 0
    for label, total in totals.items():
        more = {(dealt + number) % count for number in range(total % count)}
        dealt += total % count
        quotas[label] = {str(number): total // count + (number in more) for number in range(count)}
    return quotas


def _check_spread(quotas: Mapping[str, Mapping[str, int]], got: Counter[tuple[str, str]], count: int) -> None:
    for label, sizes in quotas.items():
        empty = sum(not got[label, name] for name in sizes)
        if empty:
            raise DataError(
                f"the class {label!r} is missing in {empty} of the {count} folds: its photos are in groups with photos "
                "of other classes, and groups stay together",
                "ask for fewer folds, or add different photos to the class",
            )


def _parts(fold_of: Mapping[str, str], number: int, count: int) -> dict[str, str]:
    roles = {str(number): "test", str((number + 1) % count): "val"}
    return {path: roles.get(fold, "train") for path, fold in fold_of.items()}


def _about_parts(photos: Sequence[Photo], tested: Sequence[Photo]) -> list[str]:
    if not tested:
        given = any(photo.part for photo in photos)
        return ["the parts of the folders are not used: all photos are divided anew"] if given else []
    notes = [f"the {len(tested):,} photos of the folder test are in no fold; the others are divided anew"]
    groups = {photo.group for photo in tested if photo.group}
    twins = [photo.path for photo in photos if photo.part != "test" and photo.group in groups]
    if twins:
        notes.append(
            f"photos in the folds have a twin in the folder test (photos: {len(twins):,}), so figures on that folder "
            f"will look too good: {some(twins)}"
        )
    return notes


def _about_balance(
    members: Mapping[str, Sequence[Photo]],
    quotas: Mapping[str, Mapping[str, int]],
    got: Counter[tuple[str, str]],
) -> list[str]:
    notes = []
    for label, sizes in quotas.items():
        counts = [got[label, name] for name in sizes]
        even = len(members[label]) // len(sizes)
        if min(counts) < even or max(counts) > -(-len(members[label]) // len(sizes)):
            notes.append(
                f"class {label!r}: {min(counts)} to {max(counts)} photos a fold instead of {even}, "
                "because copies and other groups stay together"
            )
    return notes


def _about_leaks(splits: Sequence[Split], settings: SplitSettings) -> list[str]:
    if settings.leak_safe:
        return []
    plain = "plain random folds, as asked (leak_safe off)"
    return [
        f"{plain}, fold {number}: {note}" for number, made in enumerate(splits, 1) for note in leak_notes(made.rows)
    ] or [f"{plain}: nothing leaks"]
