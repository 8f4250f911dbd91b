import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mekiki.config import SplitSettings
from mekiki.data.splits.folds import split_into_folds
from mekiki.data.splits.leaks import find_leaks
from mekiki.data.splits.splitting import apply_split
from mekiki.errors import DataError, SettingsError
from mekiki.records.manifest import Manifest, Photo
from mekiki.records.split import Folds, read_split, write_folds
from tests.data.splits.test_splitting import in_groups, manifest_of, manifests, singles, with_part

AS_IS = SplitSettings()
counts = st.integers(3, 6)
seeds = st.integers(0, 99)


def divided(manifest: Manifest, count: int, seed: int = 0) -> Folds:
    """Divide; where a class has too few groups for that many folds, the example says nothing."""
    try:
        return split_into_folds(manifest, count, SplitSettings(seed=seed))
    except DataError as error:
        assert "folds need" in error.message or "is missing in" in error.message
        assume(False)
        raise


@given(manifests(), counts, seeds)
def test_no_group_is_on_both_sides_of_any_fold(manifest: Manifest, count: int, seed: int) -> None:
    assert all(find_leaks(made.rows) == [] for made in divided(manifest, count, seed).splits)


@given(manifests(), counts, seeds)
def test_each_photo_is_in_test_once_and_in_val_once(manifest: Manifest, count: int, seed: int) -> None:
    folds = divided(manifest, count, seed)
    assert len(folds.splits) == count
    parts = Counter((row.path, row.part) for made in folds.splits for row in made.rows)
    for photo in manifest.usable():
        assert [parts[photo.path, part] for part in ("train", "val", "test")] == [count - 2, 1, 1]
    for number, made in enumerate(folds.splits):
        following = folds.splits[(number + 1) % count]
        assert [row.path for row in made.part("val")] == [row.path for row in following.part("test")]


@given(manifests(), counts, seeds, st.randoms(use_true_random=False))
def test_folds_depend_on_the_seed_and_not_on_the_order_of_files(
    manifest: Manifest, count: int, seed: int, shuffler: random.Random
) -> None:
    shuffled = list(manifest.photos)
    shuffler.shuffle(shuffled)
    other_order = Manifest(manifest.root, tuple(shuffled), manifest.classes)
    assert divided(other_order, count, seed) == divided(manifest, count, seed)


@given(manifests(), counts, seeds)
def test_folds_are_even_by_no_more_than_a_group_and_it_is_told(manifest: Manifest, count: int, seed: int) -> None:
    folds = divided(manifest, count, seed)
    largest = max(Counter(photo.group for photo in manifest.usable() if photo.group).values(), default=1)
    for label, total in manifest.counts().items():
        sizes = [tested[label] for tested in folds.tested()]
        told = any(note.startswith(f"class {label!r}: ") for note in folds.notes)
        assert told == (min(sizes) < total // count or max(sizes) > -(-total // count))
        assert max(abs(size - total / count) for size in sizes) <= (largest if told else 1)


@given(st.lists(st.integers(6, 40), min_size=2, max_size=5), counts, seeds)
def test_without_groups_each_class_and_the_whole_are_even_by_one(sizes: list[int], count: int, seed: int) -> None:
    manifest = manifest_of(
        *(photo for label, size in zip("abcde", sizes, strict=False) for photo in singles(label, size))
    )
    folds = divided(manifest, count, seed)
    for label in manifest.classes:
        tested = [each[label] for each in folds.tested()]
        assert max(tested) - min(tested) <= 1
    whole = [sum(each.values()) for each in folds.tested()]
    assert max(whole) - min(whole) <= 1
    assert folds.notes == ()


def test_another_seed_gives_other_folds() -> None:
    manifest = manifest_of(*singles("a", 30), *singles("b", 30))
    assert divided(manifest, 5, 1) != divided(manifest, 5, 2)


def test_groups_are_spread_as_evenly_as_they_can_be() -> None:
    manifest = manifest_of(*in_groups("a", [6, 5, 4, 4, 3, 3, 2, 2, 1]), *in_groups("b", [10, 4, 3, 3] + [1] * 4))
    folds = divided(manifest, 3)
    assert [tested["a"] for tested in folds.tested()] == [10, 10, 10]
    assert sorted(tested["b"] for tested in folds.tested()) == [7, 7, 10]
    assert folds.notes == (
        "class 'b': 7 to 10 photos a fold instead of 8, because copies and other groups stay together",
    )


def test_each_fold_trains_again_from_its_file(tmp_path: Path) -> None:
    manifest = manifest_of(*in_groups("a", [2, 3] + [1] * 20), *singles("b", 25))
    folds = divided(manifest, 5)
    paths = write_folds(tmp_path, folds)
    assert [path.name for path in paths] == [f"fold-{number}.csv" for number in range(1, 6)]
    for path, made in zip(paths, folds.splits, strict=True):
        again = apply_split(manifest, read_split(path))
        assert again.rows == made.rows and again.notes == ()


def test_the_photos_of_a_folder_test_stay_out_of_all_folds() -> None:
    photos = [
        *with_part(singles("a", 9) + singles("b", 9), "train"),
        *with_part(singles("a", 6) + singles("b", 6), "val"),
        *with_part(singles("a", 4) + singles("b", 4), "test"),
    ]
    folds = divided(manifest_of(*photos), 3)
    for made in folds.splits:
        assert {row.part for row in made.rows if row.path.startswith("test/")} == {""}
    assert [sum(tested.values()) for tested in folds.tested()] == [10, 10, 10]
    assert folds.notes == ("the 8 photos of the folder test are in no fold; the others are divided anew",)
    without = divided(manifest_of(*photos[:30]), 3)
    assert without.notes == ("the parts of the folders are not used: all photos are divided anew",)


@pytest.mark.parametrize("leak_safe", [True, False])
def test_twins_of_a_folder_test_in_the_folds_are_told(leak_safe: bool) -> None:
    photos = [
        *with_part(singles("a", 9) + singles("b", 9), "train"),
        *with_part(singles("a", 4) + singles("b", 4), "test"),
        Photo("train/a/x.jpg", "a", "g", part="train"),
        Photo("test/a/x.jpg", "a", "g", part="test"),
    ]
    notes = split_into_folds(manifest_of(*photos), 3, SplitSettings(leak_safe=leak_safe)).notes
    assert notes[1] == (
        "photos in the folds have a twin in the folder test (photos: 1), so figures on that folder will look too good: "
        "train/a/x.jpg"
    )


def test_plain_folds_tear_groups_and_tell_it() -> None:
    manifest = manifest_of(*in_groups("a", [5] * 6), *in_groups("b", [5] * 6))
    folds = split_into_folds(manifest, 3, SplitSettings(leak_safe=False))
    assert all(find_leaks(made.rows) for made in folds.splits)
    assert len(folds.notes) == 3
    assert folds.notes[1].startswith(
        "plain random folds, as asked (leak_safe off), fold 2: copies or other groups lie in more than one"
    )
    unique = manifest_of(*singles("a", 9), *singles("b", 9))
    notes = split_into_folds(unique, 3, SplitSettings(leak_safe=False)).notes
    assert notes == ("plain random folds, as asked (leak_safe off): nothing leaks",)


@pytest.mark.parametrize(
    ("count", "given_settings", "message"),
    [
        (2, {}, r"2 folds: expected 3 to 100, because one is test, one is val, and the others train\nhint: --folds 5"),
        (101, {}, r"101 folds: expected 3 to 100"),
        (5, {"train": 0.6}, r"train = 0.6 was given with 5 folds: each fold tests one part in 5, chooses by another, and trains on the rest\nhint: leave out --train, or leave out --folds"),
        (5, {"test": 10, "train": 30, "val": 5}, r"train = 30 was given with 5 folds"),
        (5, {"val": 0.2}, r"val = 0.2 was given with 5 folds"),
    ],
)  # fmt: skip
def test_folds_that_cannot_be_asked_for(count: int, given_settings: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        split_into_folds(manifest_of(*singles("a", 30), *singles("b", 30)), count, SplitSettings(**given_settings))


@pytest.mark.parametrize(
    ("photos", "message"),
    [
        (singles("a", 4), r"the class 'a' has 4 readable photos; 5 folds need 5\nhint: --folds 4 is the most that fits; or add"),
        (singles("a", 2), r"the class 'a' has 2 readable photos; 5 folds need 5\nhint: add different photos"),
        (in_groups("a", [6, 6, 6]), r"the class 'a' has 18 readable photos, and as copies and other groups stay together they are 3 that can be apart; 5 folds need 5\nhint: --folds 3 is"),
        (singles("a", 20, status="unreadable"), r"the class 'a' has 0 readable photos; 5 folds need 5\nhint: add"),
    ],
)  # fmt: skip
def test_a_class_with_too_few_groups_is_an_error_with_the_number_that_fits(photos: list[Photo], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_into_folds(manifest_of(*photos, *singles("b", 30), *singles("c", 30)), 5, AS_IS)


def test_groups_over_classes_that_cannot_be_spread_are_an_error() -> None:
    """Each class has three groups, but any two of the six groups share a class that then misses a fold."""
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"), ("c", "d")]
    photos = [Photo(f"{label}/{one}{two}.jpg", label, f"{one}{two}") for one, two in pairs for label in (one, two)]
    folds = divided(manifest_of(*photos), 3)
    assert all(min(tested.values()) == 1 for tested in folds.tested())
    triangle = [("a", "b"), ("b", "c"), ("a", "c")]
    photos = [Photo(f"{label}/{one}{two}.jpg", label, f"{one}{two}") for one, two in triangle for label in (one, two)]
    photos += [Photo(f"{label}/x.jpg", label, "x") for label in "abc"]
    with pytest.raises(
        DataError,
        match=r"the class '\w' is missing in 1 of the 3 folds: its photos are in groups with photos of other classes",
    ):
        split_into_folds(manifest_of(*photos), 3, AS_IS)
