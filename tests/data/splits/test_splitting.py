import random
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import SplitSettings
from mekiki.data.splits.allocation import largest_remainder
from mekiki.data.splits.leaks import find_leaks, leak_notes
from mekiki.data.splits.splitting import apply_split, split
from mekiki.errors import DataError
from mekiki.records.manifest import Manifest, Photo, natural_key
from mekiki.records.split import Split, SplitRow, read_split, write_split


def manifest_of(*photos: Photo) -> Manifest:
    classes = tuple(sorted({photo.label for photo in photos}))
    return Manifest(Path("photos"), tuple(sorted(photos, key=lambda photo: natural_key(photo.path))), classes)


def singles(label: str, count: int, **fields: str) -> list[Photo]:
    return [Photo(f"{label}/{number}.jpg", label, **fields) for number in range(count)]


def in_groups(label: str, sizes: list[int]) -> list[Photo]:
    return [
        Photo(f"{label}/{group}_{number}.jpg", label, group=f"{label} {group}" if size > 1 else "")
        for group, size in enumerate(sizes)
        for number in range(size)
    ]


def parts_of(made: Split) -> dict[str, str]:
    return {row.path: row.part for row in made.rows}


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Two to four classes whose photos are partly in groups, some of them across classes."""
    photos = []
    shared = draw(st.integers(0, 3))
    for label in "abcd"[: draw(st.integers(2, 4))]:
        sizes = draw(st.lists(st.integers(1, 5), min_size=8, max_size=25))
        photos += in_groups(label, sizes)
        photos += [Photo(f"{label}/shared_{number}.jpg", label, group=f"shared {number}") for number in range(shared)]
        photos.append(Photo(f"{label}/broken.jpg", label, status="unreadable"))
    return manifest_of(*photos)


amounts = st.one_of(
    st.builds(
        SplitSettings,
        train=st.sampled_from([0.5, 0.6, 0.7]),
        val=st.sampled_from([0.1, 0.2, 0.3]),
        seed=st.integers(0, 99),
    ),
    st.builds(
        SplitSettings,
        train=st.integers(2, 5),
        val=st.integers(1, 2),
        test=st.sampled_from([None, 0, 1]),
        seed=st.integers(0, 99),
    ),
)


@given(manifests(), amounts)
def test_no_group_is_on_both_sides(manifest: Manifest, settings: SplitSettings) -> None:
    rows = split(manifest, settings).rows
    places: dict[str, set[str]] = {}
    for row in rows:
        if row.group:
            places.setdefault(row.group, set()).add(row.part)
    assert all(len(parts) == 1 for parts in places.values())
    assert find_leaks(rows) == []


@given(manifests(), amounts)
def test_every_readable_photo_is_in_exactly_one_row(manifest: Manifest, settings: SplitSettings) -> None:
    rows = split(manifest, settings).rows
    assert [row.path for row in rows] == [photo.path for photo in manifest.photos if photo.usable]
    labels = {photo.path: (photo.label, photo.group) for photo in manifest.photos}
    assert all((row.label, row.group) == labels[row.path] for row in rows)
    assert {row.part for row in rows} <= {"train", "val", "test", ""}


@given(manifests(), amounts)
def test_every_class_trains_and_is_chosen_by(manifest: Manifest, settings: SplitSettings) -> None:
    counts = split(manifest, settings).counts()
    assert all(counts[part][label] > 0 for part in ("train", "val") for label in manifest.classes)


@given(manifests(), amounts, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(
    manifest: Manifest, settings: SplitSettings, shuffler: random.Random
) -> None:
    shuffled = list(manifest.photos)
    shuffler.shuffle(shuffled)
    assert split(Manifest(manifest.root, tuple(shuffled), manifest.classes), settings) == split(manifest, settings)


@given(manifests(), amounts)
def test_parts_are_off_by_no_more_than_a_group_and_it_is_told(manifest: Manifest, settings: SplitSettings) -> None:
    made = split(manifest, settings)
    counts = made.counts()
    largest = max(Counter(photo.group for photo in manifest.usable() if photo.group).values(), default=1)
    for label in manifest.classes:
        count = manifest.counts()[label]
        wanted = {"train": settings.train, "val": settings.val}
        if settings.by_fraction:
            wanted = {part: share * count for part, share in wanted.items()}
        told = any(note.startswith(f"class {label!r}") for note in made.notes)
        for part, amount in wanted.items():
            assert abs(counts[part][label] - amount) <= (largest if told else 1)


@given(st.lists(st.integers(10, 60), min_size=2, max_size=5), st.integers(0, 1000))
def test_counts_are_exactly_as_asked_without_groups(sizes: list[int], seed: int) -> None:
    manifest = manifest_of(
        *(photo for label, count in zip("abcde", sizes, strict=False) for photo in singles(label, count))
    )
    exact = split(manifest, SplitSettings(train=5, val=2, test=3, seed=seed))
    rest = split(manifest, SplitSettings(train=5, val=2, seed=seed))
    shares = split(manifest, SplitSettings(train=0.6, val=0.2, seed=seed))
    for label, count in manifest.counts().items():
        assert [exact.counts()[part][label] for part in ("train", "val", "test")] == [5, 2, 3]
        assert [rest.counts()[part][label] for part in ("train", "val", "test")] == [5, 2, count - 7]
        assert [
            abs(shares.counts()[part][label] - share * count) < 1
            for part, share in (("train", 0.6), ("val", 0.2), ("test", 0.2))
        ] == [True] * 3
        assert sum(shares.counts()[part][label] for part in ("train", "val", "test")) == count
    assert exact.notes == shares.notes == ()


@given(st.lists(st.integers(1, 6), min_size=12, max_size=40), st.integers(0, 50))
def test_a_few_groups_among_many_singles_cost_no_photo(sizes: list[int], seed: int) -> None:
    manifest = manifest_of(
        *in_groups("a", sizes),
        *singles("a/x", 0),
        *[Photo(f"a/s{number}.jpg", "a") for number in range(40)],
        *singles("b", 60),
    )
    made = split(manifest, SplitSettings(train=20, val=12, seed=seed))
    assert made.counts()["train"] == {"a": 20, "b": 20}
    assert made.counts()["val"] == {"a": 12, "b": 12}
    assert made.notes == ()


def test_the_seed_decides() -> None:
    manifest = manifest_of(*singles("a", 50), *singles("b", 50))
    made = [parts_of(split(manifest, SplitSettings(seed=seed))) for seed in range(10)]
    assert parts_of(split(manifest, SplitSettings(seed=3))) == made[3]
    assert len({tuple(parts.values()) for parts in made}) == 10


def test_each_photo_is_as_likely_as_another() -> None:
    """Over 300 seeds each photo is in val about a fifth of the time: nothing hangs on its place in the folder."""
    manifest = manifest_of(*singles("a", 25), *singles("b", 25))
    chosen = Counter(
        path
        for seed in range(300)
        for path, part in parts_of(split(manifest, SplitSettings(seed=seed))).items()
        if part == "val"
    )
    assert all(30 <= chosen[photo.path] <= 95 for photo in manifest.photos)


def test_classes_do_not_touch_each_other() -> None:
    alone = parts_of(split(manifest_of(*singles("a", 30), *singles("b", 30)), SplitSettings()))
    beside = parts_of(
        split(manifest_of(*singles("a", 30), *in_groups("b", [3, 1, 2, 1, 1, 4]), *singles("c", 9)), SplitSettings())
    )
    assert all(beside[path] == part for path, part in alone.items() if path.startswith("a/"))


def test_a_new_photo_moves_few_others() -> None:
    before = parts_of(split(manifest_of(*singles("a", 60), *singles("b", 60)), SplitSettings()))
    after = parts_of(split(manifest_of(*singles("a", 61), *singles("b", 60)), SplitSettings()))
    assert sum(after[path] != part for path, part in before.items()) <= 3


def test_the_published_6_to_4_split_leaves_no_test_part() -> None:
    made = split(manifest_of(*singles("a", 10), *singles("b", 25)), SplitSettings(train=0.6, val=0.4))
    assert made.counts()["train"] == {"a": 6, "b": 15} and made.counts()["val"] == {"a": 4, "b": 10}
    assert made.notes == ("there is no test part, so no final figure can be given",)


def test_fractions_below_one_leave_photos_unused() -> None:
    made = split(manifest_of(*singles("a", 20), *singles("b", 20)), SplitSettings(train=0.5, val=0.2, test=0.1))
    assert Counter(row.part for row in made.rows) == {"train": 20, "val": 8, "test": 4, "": 8}


def test_small_classes_get_each_part() -> None:
    made = split(manifest_of(*singles("a", 2), *singles("b", 3), *singles("c", 40)), SplitSettings())
    assert [made.counts()[part]["a"] for part in ("train", "val", "test")] == [1, 1, 0]
    assert [made.counts()[part]["b"] for part in ("train", "val", "test")] == [1, 1, 1]
    assert made.notes == ("test has no photos of 1 of the 3 classes: a",)


@pytest.mark.parametrize("seed", range(10))
def test_large_groups_are_placed_before_small_ones(seed: int) -> None:
    made = split(
        manifest_of(*in_groups("a", [2, 6, 2]), *singles("b", 10)), SplitSettings(train=6, val=2, test=2, seed=seed)
    )
    assert [made.counts()[part]["a"] for part in ("train", "val", "test")] == [6, 2, 2]
    assert made.notes == ()


def test_a_copy_that_is_not_used_is_no_leak() -> None:
    rows = [
        SplitRow("a/1.jpg", "a", "g", "train"),
        SplitRow("a/2.jpg", "a", "g", ""),
        SplitRow("b/1.jpg", "b", "", "val"),
    ]
    assert find_leaks(rows) == []
    assert find_leaks([*rows, SplitRow("a/3.jpg", "a", "g", "val")]) == [
        [rows[0], SplitRow("a/3.jpg", "a", "g", "val")]
    ]


def test_what_groups_make_impossible_is_told() -> None:
    made = split(manifest_of(*in_groups("a", [9, 2, 1, 1]), *singles("b", 20)), SplitSettings(train=5, val=2, test=2))
    assert made.counts()["train"]["a"] + made.counts()["val"]["a"] >= 2
    assert any(
        note.startswith("class 'a': ") and "because copies and other groups stay together" in note
        for note in made.notes
    )


@pytest.mark.parametrize(
    ("photos", "settings", "message"),
    [
        (singles("SG", 120) + singles("b", 300), {"train": 200, "val": 50}, r"the class 'SG' has 120 readable photos, but train 200 \+ val 50 needs 250\nhint: the most that fits: --train 96 --val 24"),
        (singles("SG", 9) + singles("b", 300), {"train": 6, "val": 2, "test": 2}, r"train 6 \+ val 2 \+ test 2 needs 10\nhint: the most that fits: --train 7 --val 1 --test 1"),
        (singles("SG", 1) + singles("b", 9), {"train": 2, "val": 1}, r"the class 'SG' has 1 readable photos, but train 2 \+ val 1 needs 3\nhint: add photos"),
        (singles("SG", 1) + singles("b", 9), {}, r"the class 'SG' has too few readable photos \(1\): 2 is the least, for train and for val\nhint: add photos"),
        (singles("SG", 5, status="unreadable") + singles("b", 9) + singles("c", 9), {}, r"the class 'SG' has too few readable photos \(0\)"),
        (singles("SG", 5), {}, r"there are readable photos of 1 class; a classifier needs two or more\nhint: mekiki scan"),
        (in_groups("SG", [9]) + singles("b", 9), {}, r"the class 'SG' has 9 readable photos, but none of them is in val\nhint: copies and other groups stay together"),
    ],
)  # fmt: skip
def test_too_few_photos_are_an_error_with_numbers_that_would_do(
    photos: list[Photo], settings: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        split(manifest_of(*photos), SplitSettings(**settings))


def test_the_hinted_numbers_do_work() -> None:
    manifest = manifest_of(*singles("SG", 9), *singles("b", 300))
    assert split(manifest, SplitSettings(train=7, val=1, test=1)).counts()["train"] == {"SG": 7, "b": 7}


def with_part(photos: list[Photo], part: str) -> list[Photo]:
    return [Photo(f"{part}/{photo.path}", photo.label, photo.group, part=part) for photo in photos]


def test_the_parts_of_folders_are_kept() -> None:
    photos = [
        *with_part(singles("a", 9) + singles("b", 9), "train"),
        *with_part(singles("a", 3) + singles("b", 2), "val"),
        *with_part(singles("a", 2) + singles("b", 2), "test"),
    ]
    made = split(manifest_of(*photos), SplitSettings(train=2, val=1))
    assert {row.path: row.part for row in made.rows} == {photo.path: photo.part for photo in photos}
    assert made.notes == ("the parts are those of the folders; the asked amounts are not used",)


def test_copies_across_the_parts_of_folders_are_told() -> None:
    copies = [
        Photo("train/a/x.jpg", "a", "g", part="train"),
        Photo("test/a/x.jpg", "a", "g", part="test"),
        Photo("test/a/y.jpg", "a", "g", part="test"),
    ]
    inside = [Photo(f"val/a/{number}.jpg", "a", "h", part="val") for number in range(2)]
    photos = [
        *with_part(singles("a", 5) + singles("b", 5), "train"),
        *with_part(singles("b", 2), "val"),
        *with_part(singles("b", 2), "test"),
        *copies,
        *inside,
    ]
    made = split(manifest_of(*photos), SplitSettings())
    assert made.notes[-1] == (
        "copies or other groups lie in more than one part (groups: 1): 0 of 4 photos of val and 2 of 4 photos of test "
        "have a twin in train, so figures will look too good: test/a/x.jpg"
    )
    assert [{row.path for row in members} for members in find_leaks(made.rows)] == [{photo.path for photo in copies}]


@pytest.mark.parametrize(("settings", "val"), [({}, 5), ({"train": 3, "val": 4}, 4), ({"train": 0.5, "val": 0.5}, 10)])
def test_a_missing_val_is_taken_from_train(settings: dict[str, float], val: int) -> None:
    tested = with_part(singles("a", 6) + singles("b", 6), "test")
    photos = [*with_part(in_groups("a", [3, 3, 2] + [1] * 12) + singles("b", 20), "train"), *tested]
    made = split(manifest_of(*photos), SplitSettings(**settings))
    assert made.counts()["val"] == {"a": val, "b": val}
    assert made.counts()["train"] == {"a": 20 - val, "b": 20 - val}
    assert {row.path for row in made.part("test")} == {photo.path for photo in tested}
    assert made.notes == (f"the folders give no val: {2 * val} photos of train were taken for it",)
    assert find_leaks(made.rows) == []


def test_folders_without_test_or_with_too_few_photos() -> None:
    photos = with_part(singles("a", 20) + singles("b", 4), "train")
    made = split(manifest_of(*photos), SplitSettings())
    assert made.notes == (
        "the folders give no val: 6 photos of train were taken for it",
        "there is no test part, so no final figure can be given",
    )
    with pytest.raises(
        DataError,
        match=r"the class 'b' has 4 photos in train; taking 4 of them for val leaves none\nhint: make a folder val",
    ):
        split(manifest_of(*photos), SplitSettings(train=10, val=4))


def test_a_split_comes_back_from_its_file(tmp_path: Path) -> None:
    manifest = manifest_of(*in_groups("a", [2, 3] + [1] * 20), *singles("b", 25))
    made = split(manifest, SplitSettings(train=10, val=5, test=5))
    write_split(tmp_path / "split.csv", made)
    again = apply_split(manifest, read_split(tmp_path / "split.csv"))
    assert again.rows == made.rows and again.notes == ()


GIVEN = [SplitRow("a/0.jpg", "a", "", "train"), SplitRow("a/1.jpg", "a", "", "val"), SplitRow("b/0.jpg", "b", "", "train"), SplitRow("b/1.jpg", "b", "", "val"), SplitRow("b/2.jpg", "b", "", "test"), SplitRow("a/2.jpg", "a", "", "test")]  # fmt: skip


def test_a_given_split_takes_the_groups_of_the_scan_and_tells_leaks() -> None:
    twins = [Photo("a/0.jpg", "a", "twins"), Photo("a/1.jpg", "a", "twins"), Photo("a/2.jpg", "a")]
    made = apply_split(manifest_of(*twins, *singles("b", 3)), Split(tuple(GIVEN), ("kept",)))
    assert {row.path: (row.group, row.part) for row in made.rows}["a/1.jpg"] == ("twins", "val")
    assert made.notes[0] == "kept"
    assert made.notes[1].startswith(
        "copies or other groups lie in more than one part (groups: 1): 1 of 2 photos of val and 0 of 2 photos of test "
        "have a twin in train"
    )


def test_a_given_split_without_its_photos_is_an_error() -> None:
    manifest = manifest_of(*singles("a", 3), *singles("b", 3))
    more = [SplitRow(f"c/{number}.jpg", "c", "", "train") for number in range(5)]
    with pytest.raises(
        DataError,
        match=r"of the split's 11 photos, 5 cannot be found in photos: c/0.jpg, c/1.jpg, c/2.jpg and 2 more\nhint: paths in a split",
    ):
        apply_split(manifest, Split((*GIVEN, *more)))
    with pytest.raises(
        DataError, match=r"the split labels 1 of its 6 photos otherwise: a/0.jpg is 'b' there and 'a' here\nhint: "
    ):
        apply_split(manifest, Split((SplitRow("a/0.jpg", "b", "", "train"), *GIVEN[1:])))
    with pytest.raises(DataError, match=r"the split names a/0.jpg twice\nhint: "):
        apply_split(manifest, Split((*GIVEN, GIVEN[0])))
    with pytest.raises(DataError, match=r"the split has no readable photos in the part val\n"):
        apply_split(manifest, Split(tuple(row for row in GIVEN if row.part != "val")))


def test_a_given_split_drops_the_unreadable_and_leaves_the_unlisted() -> None:
    broken = Photo("b/2.jpg", "b", status="unreadable")
    made = apply_split(manifest_of(*singles("a", 5), *singles("b", 2), broken), Split(tuple(GIVEN)))
    assert "b/2.jpg" not in parts_of(made) and "a/4.jpg" not in parts_of(made)
    assert made.notes == (
        "left out because they cannot be read, of the split's photos: 1 (b/2.jpg)",
        "not used because they are not in the split: 2 (a/3.jpg, a/4.jpg)",
        "test has no photos of 1 of the 2 classes: b",
    )


def test_a_given_split_tells_excluded_photos_from_unreadable_ones() -> None:
    excluded = Photo("b/2.jpg", "b", status="excluded")
    made = apply_split(manifest_of(*singles("a", 3), *singles("b", 2), excluded), Split(tuple(GIVEN)))
    assert made.notes[0] == "left out because they are excluded by a decision, of the split's photos: 1 (b/2.jpg)"


def test_a_given_split_finds_names_spelled_with_other_unicode() -> None:
    manifest = manifest_of(Photo("Cafe\u0301/1.jpg", "Caf\u00e9"), *singles("a", 3), *singles("b", 3))
    manifest = manifest_of(*manifest.photos, Photo("Caf\u00e9/2.jpg", "Caf\u00e9"))
    rows = [SplitRow(f"Caf\u00e9/{name}.jpg", "Cafe\u0301", "", part) for name, part in (("1", "train"), ("2", "val"))]
    made = apply_split(manifest, Split((*GIVEN, *rows)))
    assert parts_of(made)["Cafe\u0301/1.jpg"] == "train"


@pytest.mark.parametrize(
    ("more", "rows", "message"),
    [
        (singles("c", 3), [], r"the split has no readable train photos of 1 of the 3 classes: c\nhint: make a new split with mekiki split, or take"),
        (singles("c", 3) + singles("d", 3), [], r"no readable train photos of 2 of the 4 classes: c, d\n"),
        (singles("c", 3), [SplitRow("c/0.jpg", "c", "", "val")], r"no readable train photos of 1 of the 3 classes: c\n"),
        (singles("c", 3), [SplitRow("c/0.jpg", "c", "", "train")], r"no readable val photos of 1 of the 3 classes: c\n"),
        (singles("c", 3, status="unreadable"), [SplitRow("c/0.jpg", "c", "", "train"), SplitRow("c/1.jpg", "c", "", "val")], r"no readable train photos of 1 of the 3 classes: c\n"),
    ],
)  # fmt: skip
def test_a_given_split_without_a_class_of_the_photos_is_an_error(
    more: list[Photo], rows: list[SplitRow], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        apply_split(manifest_of(*singles("a", 3), *singles("b", 3), *more), Split((*GIVEN, *rows)))


def test_one_photo_is_too_few_to_train() -> None:
    with pytest.raises(DataError, match=r"the split has 1 readable photo in the part train; 2 is the least\nhint: "):
        apply_split(manifest_of(*singles("a", 3)), Split(tuple(row for row in GIVEN if row.label == "a")))


@pytest.mark.parametrize("part", ["train", "val"])
def test_folders_without_readable_photos_of_a_class_are_an_error(part: str) -> None:
    other = {"train": "val", "val": "train"}[part]
    photos = [*with_part(singles("a", 5) + singles("b", 5), other), *with_part(singles("b", 5), part)]
    with pytest.raises(
        DataError,
        match=rf"the class 'a' has 5 readable photos, but none of them is in {part}\nhint: add photos of it to",
    ):
        split(manifest_of(*photos), SplitSettings())


@given(st.integers(0, 500), st.lists(st.floats(0.01, 1), min_size=1, max_size=5))
def test_rounded_shares_add_up(total: int, weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    rounded = largest_remainder(total, shares)
    assert sum(rounded) == total
    assert all(abs(whole - total * share) < 1 + 1e-6 for whole, share in zip(rounded, shares, strict=True))


@given(manifests(), amounts)
def test_a_plain_random_split_has_the_asked_sizes_and_tells_what_leaks(
    manifest: Manifest, settings: SplitSettings
) -> None:
    plain = split(manifest, settings.model_copy(update={"leak_safe": False}))
    alone = manifest_of(*(Photo(photo.path, photo.label) for photo in manifest.usable()))
    assert parts_of(plain) == parts_of(split(alone, settings))
    assert {row.path: row.group for row in plain.rows} == {photo.path: photo.group for photo in manifest.usable()}
    train_groups = {row.group for row in plain.rows if row.part == "train" and row.group}
    (note,) = [note for note in plain.notes if note.startswith("a plain random split, as asked (leak_safe off): ")]
    leaks = find_leaks(plain.rows)
    if not leaks:
        assert note.endswith("nothing leaks")
        return
    if not any(row.part == "train" for members in leaks for row in members):
        assert "in val and in test, so the final figure is not independent of the choice" in note
        return
    for part in ("val", "test"):
        own = [row for row in plain.rows if row.part == part]
        if own:
            assert f"{sum(row.group in train_groups for row in own)} of {len(own)} photos of {part}" in note


def test_a_plain_random_split_tears_groups() -> None:
    manifest = manifest_of(*in_groups("a", [5] * 8), *in_groups("b", [5] * 8))
    assert find_leaks(split(manifest, SplitSettings()).rows) == []
    assert len(find_leaks(split(manifest, SplitSettings(leak_safe=False)).rows)) > 10


def test_a_plain_val_may_tear_groups_of_a_train_folder() -> None:
    photos = with_part(in_groups("a", [4] * 10) + in_groups("b", [4] * 10), "train")
    assert find_leaks(split(manifest_of(*photos), SplitSettings()).rows) == []
    plain = split(manifest_of(*photos), SplitSettings(leak_safe=False))
    assert find_leaks(plain.rows)
    assert plain.counts()["val"] == {"a": 10, "b": 10}


@pytest.mark.parametrize(
    ("sizes", "amounts", "train"),
    [
        ([2, 2, 3, 3], {"train": 0.6, "val": 0.4}, 6),
        ([3, 5, 7], {"train": 0.8, "val": 0.2}, 12),
        ([4, 4, 4, 3, 3, 2], {"train": 0.5, "val": 0.5}, 10),
        ([7, 6, 5, 4, 3, 3], {"train": 14, "val": 7, "test": 7}, 14),
        ([9, 8, 7, 6, 5, 4, 3, 2], {"train": 22, "val": 11, "test": 11}, 22),
    ],
)
def test_groups_that_can_fit_exactly_do(sizes: list[int], amounts: dict[str, float], train: int) -> None:
    """Larger groups first alone would miss these sizes."""
    manifest = manifest_of(*in_groups("a", sizes), *singles("b", sum(sizes)))
    made = split(manifest, SplitSettings(**amounts))
    assert made.counts()["train"]["a"] == train
    assert not [note for note in made.notes if note.startswith("class")]


def test_few_large_groups_still_reach_every_part() -> None:
    """By sizes alone 20 + 10 + 0 would be nearer to 18 + 6 + 6."""
    manifest = manifest_of(*in_groups("a", [10, 10, 10]), *singles("b", 30))
    counts = split(manifest, SplitSettings()).counts()
    assert [counts[part]["a"] for part in ("train", "val", "test")] == [10, 10, 10]


def test_where_one_part_stays_empty_it_is_test() -> None:
    manifest = manifest_of(*in_groups("a", [5, 5]), *singles("b", 10))
    made = split(manifest, SplitSettings())
    counts = made.counts()
    assert [counts[part]["a"] for part in ("train", "val", "test")] == [5, 5, 0]
    assert "test has no photos of 1 of the 2 classes: a" in made.notes


def test_twins_in_val_and_test_alone_do_not_count_as_seen_in_training() -> None:
    rows = [SplitRow("a/0.jpg", "a", "", "train"), SplitRow("a/1.jpg", "a", "g", "val"), SplitRow("a/2.jpg", "a", "g", "test")]  # fmt: skip
    assert leak_notes(rows) == [
        "copies or other groups lie in more than one part (groups: 1), in val and in test, so the final figure is not "
        "independent of the choice: a/1.jpg"
    ]


def test_a_part_of_few_groups_is_less_sure_than_its_photos_say() -> None:
    """Six augmented copies of each photo are not six times the evidence."""
    manifest = manifest_of(*in_groups("a", [6] * 20), *in_groups("b", [6] * 20))
    told = [note for note in split(manifest, SplitSettings()).notes if "intervals" in note]
    assert [note.split(":")[0] for note in told] == [
        f"{part} has 48 photos, but copies and other groups counted once it has 8" for part in ("val", "test")
    ]
    made = split(manifest_of(*in_groups("a", [2] * 5 + [1] * 40), *singles("b", 50)), SplitSettings())
    assert made.notes == ()


def test_the_hint_of_too_large_counts_can_be_followed() -> None:
    manifest = manifest_of(*singles("a", 3), *singles("b", 7))
    for amounts in ({"train": 1, "val": 5, "test": 500}, {"train": 9, "val": 9, "test": 9}, {"train": 1, "val": 80}):
        with pytest.raises(DataError) as refused:
            split(manifest, SplitSettings(**amounts))
        words = refused.value.hint.partition("most that fits: ")[2].split()
        fitting = {name[2:]: int(count) for name, count in zip(words[::2], words[1::2], strict=True)}
        made = split(manifest, SplitSettings(**fitting))
        assert {part: made.counts()[part]["a"] for part in fitting} == fitting and sum(fitting.values()) == 3


def test_many_classes_do_not_take_the_square_of_their_number() -> None:
    photos = [Photo(f"{label}/{number}.jpg", str(label)) for label in range(1000) for number in range(12)]
    seconds = []
    for count in (100, 1000):
        manifest = manifest_of(*photos[: 12 * count])
        before = time.process_time()
        split(manifest, SplitSettings())
        seconds.append(time.process_time() - before)
    assert seconds[1] < 40 * seconds[0]
