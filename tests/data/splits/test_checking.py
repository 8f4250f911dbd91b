"""A split that somebody else made: each planted leak is found, and nothing else."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import SplitSettings
from mekiki.data.splits.checking import check_split
from mekiki.data.splits.leaks import find_leaks
from mekiki.data.splits.splitting import split
from mekiki.errors import DataError
from mekiki.records.findings import Finding
from mekiki.records.foreign_split import ForeignSplit, ListedPhoto, read_foreign_split
from mekiki.records.manifest import Manifest, Photo
from mekiki.records.split import write_split
from mekiki.records.split_check import Leak, PartCheck, Sides, SplitCheck, write_leaks
from mekiki.records.tables import read_rows
from tests.data.splits.test_splitting import amounts, manifest_of, manifests, singles

ROOT = Path("/photos")
NEAR = "almost the same picture (similarity 0.991)"


def listed(parts: dict[str, str], **labels: str) -> ForeignSplit:
    rows = [
        ListedPhoto(number, path, part, labels.get(path, "")) for number, (path, part) in enumerate(parts.items(), 2)
    ]
    folds = sorted(name for name in set(parts.values()) if name.startswith("fold"))
    names = [name for name in ("train", "val", "test") if name in parts.values()]
    return ForeignSplit(ROOT / "theirs.csv", tuple(rows), (*folds, *names))


def rooted(*photos: Photo) -> Manifest:
    made = manifest_of(*photos)
    return Manifest(ROOT, made.photos, made.classes)


def check(photos: list[Photo], parts: dict[str, str], findings: list[Finding] | None = None) -> SplitCheck:
    return check_split(rooted(*photos), findings or [], listed(parts))


def in_parts(photos: list[Photo], *names: str) -> dict[str, str]:
    return dict(zip([photo.path for photo in photos], names, strict=True))


def test_each_kind_of_leak_is_found_with_its_evidence() -> None:
    photos = [
        Photo("a/1.jpg", "a", "copies of a/1.jpg", sha256="11"),
        Photo("a/2.jpg", "a", "copies of a/1.jpg", sha256="11"),
        Photo("a/3.jpg", "a", "copies of a/1.jpg", sha256="33"),
        Photo("a/4.jpg", "a", "copies of a/1.jpg", sha256="44"),
        Photo("b/1.jpg", "b", "listing 7", sha256="55"),
        Photo("b/2.jpg", "b", "listing 7", sha256="66"),
        Photo("b/3.jpg", "b", sha256="77"),
        Photo("b/4.jpg", "b", "listing 8", sha256="88"),
        Photo("b/5.jpg", "b", "listing 8", sha256="99"),
    ]
    findings = [
        Finding("exact_duplicate", "a/1.jpg", "a/2.jpg", 1.0, "the same bytes"),
        Finding("near_duplicate", "a/2.jpg", "a/3.jpg", 0.991, NEAR),
        Finding("near_duplicate", "a/3.jpg", "a/4.jpg", 0.98, "almost the same picture, mirrored"),
        Finding("blurred", "b/3.jpg", score=0.4),
    ]
    parts = in_parts(photos, "train", "val", "val", "test", "train", "test", "train", "test", "test")
    found = check(photos, parts, findings)
    assert list(found.leaks) == [
        Leak("a/2.jpg", "val", "a/1.jpg", "train", "exact_duplicate", 1.0, "the same bytes"),
        Leak("a/3.jpg", "val", "a/1.jpg", "train", "near_duplicate", None, "a copy of a copy"),
        Leak("a/4.jpg", "test", "a/1.jpg", "train", "near_duplicate", None, "a copy of a copy"),
        Leak("a/4.jpg", "test", "a/3.jpg", "val", "near_duplicate", 0.98, "almost the same picture, mirrored"),
        Leak("b/2.jpg", "test", "b/1.jpg", "train", "group", None, "both are in the group 'listing 7'"),
    ]
    assert found.parts == (
        PartCheck("train", 3, (), None),
        PartCheck("val", 2, ("b",), 2),
        PartCheck("test", 4, (), 2),
    )
    assert found.sides == (Sides("train", "val", 1, 2), Sides("train", "test", 2, 2), Sides("val", "test", 1, 1))
    assert found.groups == 2
    assert found.headline() == (
        "it leaks (groups in more than one part: 2): with a twin in train: "
        "2 of 2 photos of val (100.0%), 2 of 4 photos of test (50.0%)"
    )


def test_a_split_without_leaks_says_so() -> None:
    photos = [Photo("a/1.jpg", "a", "g"), Photo("a/2.jpg", "a", "g"), *singles("b", 2)]
    found = check(photos, in_parts(photos, "train", "train", "val", "test"))
    assert found.leaks == () and found.groups == 0
    assert found.headline() == "nothing leaks: no photo has a twin in another part"
    assert found.as_json()["leaking"] is False


def test_a_photo_in_two_parts_is_its_own_twin() -> None:
    rows = (ListedPhoto(2, "a/0.jpg", "train"), ListedPhoto(3, "b/0.jpg", "val"), ListedPhoto(4, "a/0.jpg", "val"))
    again = (ListedPhoto(5, "b/0.jpg", "val"),)
    manifest = rooted(*singles("a", 1), *singles("b", 1))
    found = check_split(manifest, [], ForeignSplit(ROOT / "x.csv", rows + again, ("train", "val")))
    assert [leak.kind for leak in found.leaks] == ["same_photo"]
    assert found.parts[1] == PartCheck("val", 2, (), 1)


def test_folds_leak_both_ways() -> None:
    photos = [Photo(f"a/{number}.jpg", "a", "g" if number < 3 else "") for number in range(6)]
    parts = in_parts(photos, "fold 0", "fold 1", "fold 1", "fold 0", "fold 1", "fold 2")
    found = check_split(rooted(*photos, *singles("b", 1)), [], listed(parts))
    assert [(part.name, part.twins) for part in found.parts] == [("fold 0", 1), ("fold 1", 2), ("fold 2", 0)]
    assert "with a twin in another part: 1 of 2 photos of fold 0 (50.0%)" in found.headline()


def test_a_part_test_beside_folds_is_held_against_them() -> None:
    photos = [Photo("a/0.jpg", "a", "g"), Photo("a/1.jpg", "a", "g"), Photo("a/2.jpg", "a")]
    found = check(photos, in_parts(photos, "fold 0", "test", "fold 1"))
    assert [(part.name, part.twins) for part in found.parts] == [("fold 0", 1), ("fold 1", 0), ("test", 1)]
    assert [(leak.path, leak.part, leak.other_part) for leak in found.leaks] == [("a/1.jpg", "test", "fold 0")]
    assert found.notes == ()


def test_without_a_part_train_val_and_test_are_held_against_each_other() -> None:
    photos = [Photo("a/0.jpg", "a", "g"), Photo("a/1.jpg", "a", "g"), Photo("a/2.jpg", "a")]
    found = check(photos, in_parts(photos, "val", "test", "test"))
    assert [(part.name, part.twins) for part in found.parts] == [("val", 1), ("test", 1)]
    assert found.headline().endswith("with a twin in another part: 1 of 1 photos of val (100.0%), 1 of 2 photos of test (50.0%)")  # fmt: skip
    assert found.notes == ("the split has no part train",)


def test_a_leak_between_val_and_test_alone_is_said_to_be_that() -> None:
    photos = [Photo("a/0.jpg", "a"), Photo("a/1.jpg", "a", "g"), Photo("a/2.jpg", "a", "g")]
    assert check(photos, in_parts(photos, "train", "val", "test")).headline() == (
        "it leaks (groups in more than one part: 1): no photo has a twin in train, but 1 of test in val"
    )


def test_what_is_missing_on_either_side_is_listed() -> None:
    photos = [*singles("a", 3), Photo("a/broken.jpg", "a", status="unreadable"), Photo("b/1.jpg", "b")]
    parts = {"a/0.jpg": "train", "a/1.jpg": "val", "a/broken.jpg": "val", "gone/1.jpg": "test"}
    found = check(photos, parts)
    assert found.missing == ("gone/1.jpg",)
    assert found.unlisted == ("a/2.jpg", "b/1.jpg")
    assert [part.photos for part in found.parts] == [1, 1, 0]
    assert found.notes == (
        "not checked because they are not in the data: 1 of 4 (gone/1.jpg)",
        "not checked because they cannot be read or are excluded: 1 (a/broken.jpg)",
    )
    assert found.headline() == (
        "nothing leaks: no photo has a twin in another part; but 1 of its photos were not found"
    )


def test_other_labels_are_told_but_numbers_are_not_taken_for_labels() -> None:
    photos = [*singles("a", 2), *singles("b", 2)]
    parts = in_parts(photos, "train", "val", "train", "val")
    theirs = listed(parts, **{"a/0.jpg": "b", "a/1.jpg": "a", "b/0.jpg": "1"})
    assert check_split(rooted(*photos), [], theirs).notes == (
        "another label in the split than in the data: 1 (a/0.jpg)",
    )


@pytest.mark.parametrize(
    ("file", "before", "note"),
    [
        ("/x/t.csv", "", ""),
        ("/x/t.csv", "./b/../", ""),
        ("/x/t.csv", "/data/photos/", ""),
        ("/data/t.csv", "photos/", "relative to the file's folder"),
        ("/data/lists/t.csv", "../photos/", ""),
        ("/x/t.csv", "photos/", "without their first folder"),
        ("/x/t.csv", "/kaggle/input/", "without their first 3 folders"),
        ("/x/t.csv", "C:\\Users\\me\\", "without their first 3 folders"),
        ("/x/t.csv", "/home/bob/projects/2023/thesis/data/raw/photos/", "without their first 9 folders"),
    ],
)
def test_paths_are_found_however_they_are_written(file: str, before: str, note: str) -> None:
    slash = "\\" if "\\" in before else "/"
    rows = tuple(ListedPhoto(2, f"{before}{label}{slash}0.jpg", part) for label, part in (("a", "train"), ("b", "val")))
    made = manifest_of(Photo("a/0.jpg", "a", "g"), Photo("b/0.jpg", "b", "g"))
    manifest = Manifest(Path("/data/photos"), made.photos, made.classes)
    found = check_split(manifest, [], ForeignSplit(Path(file), rows, ("train", "val")))
    assert found.missing == () and len(found.leaks) == 1
    assert found.notes == ((f"the paths of the split were read {note}",) if note else ())


def test_windows_paths_are_paths() -> None:
    rows = (ListedPhoto(2, "a\\0.jpg", "train"), ListedPhoto(3, "b\\0.jpg", "val"))
    found = check_split(
        rooted(*singles("a", 1), *singles("b", 1)), [], ForeignSplit(ROOT / "t", rows, ("train", "val"))
    )
    assert found.missing == () and found.notes == ()


def test_a_backslash_in_a_photos_own_name_is_kept_and_no_path_is_too_long_or_odd() -> None:
    rows = (
        ListedPhoto(2, "a/x\\0.jpg", "train"),
        ListedPhoto(3, "b\\0.jpg", "val"),
        ListedPhoto(4, "b\\" + 400 * "0", "val"),
        ListedPhoto(5, "b\\\0.jpg", "val"),
    )
    manifest = rooted(Photo("a/x\\0.jpg", "a", "g"), Photo("b/0.jpg", "b", "g"))
    found = check_split(manifest, [], ForeignSplit(ROOT / "t", rows, ("train", "val")))
    assert found.missing == (rows[2].path, rows[3].path) and len(found.leaks) == 1


def test_names_are_found_beside_their_label_or_if_only_one_photo_has_them() -> None:
    manifest = rooted(Photo("a/0.jpg", "a", "g"), Photo("b/0.jpg", "b", "g"))
    rows = (ListedPhoto(2, "0.jpg", "train", "a"), ListedPhoto(3, "0.jpg", "val", "b"))
    found = check_split(manifest, [], ForeignSplit(ROOT / "x.csv", rows, ("train", "val")))
    assert [(leak.path, leak.other) for leak in found.leaks] == [("b/0.jpg", "a/0.jpg")]
    assert found.notes == ("the paths of the split were read as label/name",)
    manifest = rooted(
        Photo("a/x.jpg", "a", "g"), Photo("b/y.jpg", "b", "g"), Photo("a/z.jpg", "a"), Photo("b/z.jpg", "b")
    )
    rows = (ListedPhoto(2, "x.jpg", "train"), ListedPhoto(3, "y.jpg", "val"), ListedPhoto(4, "z.jpg", "val"))
    found = check_split(manifest, [], ForeignSplit(ROOT / "x.csv", rows, ("train", "val")))
    assert len(found.leaks) == 1 and found.missing == ("z.jpg",)
    assert found.notes == (
        "the paths of the split were read by file name alone",
        "not checked because they are not in the data: 1 of 3 (z.jpg)",
    )


def test_other_unicode_is_the_same_name() -> None:
    manifest = rooted(Photo("Cafe\u0301/1.jpg", "Caf\u00e9"), *singles("a", 1))
    rows = (ListedPhoto(2, "Caf\u00e9/1.jpg", "train"),)
    assert check_split(manifest, [], ForeignSplit(ROOT / "x.csv", rows, ("train",))).missing == ()


def test_a_split_of_other_photos_is_an_error() -> None:
    with pytest.raises(
        DataError,
        match=r"none of the 1 paths of /photos/theirs.csv is a photo of /photos, for example 'q/1.png'\nhint: paths may be",
    ):
        check(singles("a", 1), {"q/1.png": "train"})


@given(manifests(), amounts, st.booleans())
def test_it_agrees_with_the_split_that_was_made(manifest: Manifest, settings: SplitSettings, leak_safe: bool) -> None:
    made = split(manifest, settings.model_copy(update={"leak_safe": leak_safe}))
    parts = {row.path: row.part for row in made.rows}
    names = [name for name in ("train", "val", "test") if name in parts.values()]
    rows = [ListedPhoto(2, path, part) for path, part in parts.items()]
    random.Random(0).shuffle(rows)
    found = check_split(manifest, [], ForeignSplit(Path("split.csv"), tuple(rows), tuple(names)))
    torn = find_leaks(made.rows)
    assert found.groups == len(torn) and bool(found.leaks) == bool(torn)
    assert leak_safe <= (not found.leaks)
    train_groups = {row.group for row in made.rows if row.part == "train" and row.group}
    for part in found.parts[1:]:
        assert part.twins == sum(row.group in train_groups for row in made.rows if row.part == part.name)
    assert {part.name: part.photos for part in found.parts} == {name: len(made.part(name)) for name in names}  # type: ignore[arg-type]
    assert found.unlisted == () and found.missing == ()


def test_our_own_split_file_is_checked_and_pairs_are_written(tmp_path: Path) -> None:
    manifest = rooted(*(Photo(f"{label}/{n}.jpg", label, f"{label}{n // 3}") for label in "ab" for n in range(30)))
    write_split(tmp_path / "split.csv", split(manifest, SplitSettings(leak_safe=False)))
    found = check_split(manifest, [], read_foreign_split(tmp_path / "split.csv"))
    assert found.leaks
    write_leaks(tmp_path / "leaks.csv", found)
    assert read_rows(tmp_path / "leaks.csv", Leak) == list(found.leaks)
    assert (tmp_path / "leaks.csv").read_text().startswith("path,part,other,other_part,kind,score,detail\n")
