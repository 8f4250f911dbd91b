"""The doors of a split in Python: folds and checks of real files, from the photos to the CSV."""

from pathlib import Path

import pytest

import mekiki
from mekiki.config import SplitSettings
from mekiki.errors import DataError, SettingsError
from mekiki.records.split import read_split
from mekiki.records.split_check import Leak
from mekiki.records.tables import read_rows
from mekiki.verbs.split import check_split, split, split_folds
from tests.data.made_pictures import encoded, scene, tree_state, write_tree


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes of twelve; the first three of each are one photo in three files, one of them recompressed."""
    tree = {f"{label}/{n:02}.png": scene(20 * place + n) for place, label in enumerate("ab") for n in range(12)}
    for place, label in enumerate("ab"):
        tree[f"{label}/01.png"] = tree[f"{label}/00.png"]
        tree[f"{label}/02.jpg"] = encoded(scene(20 * place), quality=70)  # type: ignore[assignment]
        del tree[f"{label}/02.png"]
    return write_tree(tmp_path / "photos", tree)


def test_folds_are_written_and_each_is_a_split_that_leaks_nothing(pictures: Path, tmp_path: Path) -> None:
    before = tree_state(pictures)
    folds = split_folds(pictures, 4, tmp_path / "folds")
    files = sorted((tmp_path / "folds").iterdir())
    assert [file.name for file in files] == ["fold-1.csv", "fold-2.csv", "fold-3.csv", "fold-4.csv"]
    tested = [row.path for file in files for row in read_split(file).part("test")]
    assert sorted(tested) == sorted(before)
    for file, made in zip(files, folds.splits, strict=True):
        assert read_split(file).rows == made.rows
        assert check_split(pictures, file).headline() == "nothing leaks: no photo has a twin in another part"
    assert tree_state(pictures) == before


def test_folds_that_cannot_be_are_refused_before_the_photos_are_read(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    with pytest.raises(SettingsError, match="2 folds: expected 3 to 100"):
        split_folds(nowhere, 2)
    with pytest.raises(SettingsError, match=r"val = 0.3 was given with 5 folds"):
        split_folds(nowhere, 5, settings=SplitSettings(val=0.3))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("")
    with pytest.raises(SettingsError, match="full already holds files"):
        split_folds(nowhere, 5, tmp_path / "full")
    with pytest.raises(DataError, match="there is no folder or file"):
        split_folds(nowhere, 5)


def test_a_planted_leak_is_found_in_a_split_of_somebody_else(pictures: Path, tmp_path: Path) -> None:
    paths = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("*.*"))
    parts = {path: "train" for path in paths}
    parts |= {"a/01.png": "Validation", "a/02.jpg": "holdout", "b/08.png": "valid", "b/09.png": "test"}
    theirs = pictures.parent / "theirs.csv"
    theirs.write_text("\n".join(["Image;Subset", *(f"photos/{path};{part}" for path, part in parts.items())]))
    found = check_split(pictures, theirs, tmp_path / "leaks.csv")
    assert {(leak.path, leak.other_part, leak.kind) for leak in found.leaks} == {
        ("a/01.png", "train", "exact_duplicate"),
        ("a/02.jpg", "train", "near_duplicate"),
        ("a/02.jpg", "val", "near_duplicate"),
    }
    assert [(part.name, part.photos, part.twins) for part in found.parts] == [
        ("train", 20, None),
        ("val", 2, 1),
        ("test", 2, 1),
    ]
    assert read_rows(tmp_path / "leaks.csv", Leak) == list(found.leaks)
    with pytest.raises(SettingsError, match=r"leaks\.csv is there already"):
        check_split(pictures, theirs, tmp_path / "leaks.csv")


def test_a_csv_of_photos_can_hold_the_split_to_be_checked(pictures: Path) -> None:
    table = pictures / "all.csv"
    table.write_text(
        "path,label,group,split\na/05.png,a,7,train\na/06.png,a,7,test\nb/05.png,b,,train\nb/06.png,b,,test\n"
    )
    found = check_split(table, table)
    assert [(leak.path, leak.kind, leak.detail) for leak in found.leaks] == [
        ("a/06.png", "group", "both are in the group '7'")
    ]


def test_a_plain_split_leaks_and_the_check_agrees_with_its_note(pictures: Path, tmp_path: Path) -> None:
    made = split(pictures, tmp_path / "plain.csv", SplitSettings(leak_safe=False, seed=1))
    found = check_split(pictures, tmp_path / "plain.csv")
    assert found.leaks
    for part in found.parts[1:]:
        assert f"{part.twins} of {part.photos} photos of {part.name}" in made.notes[-1]


def test_a_plain_split_can_be_trained_on(pictures: Path, tmp_path: Path) -> None:
    run = mekiki.train(
        pictures,
        tmp_path / "run",
        backbone="nin_small",
        weights="none",
        image_size=32,
        epochs=1,
        leak_safe=False,
        seed=1,
    )
    assert '"leak_safe": false' in run.config.read_text()
    rows = read_split(run.split).rows
    assert {row.group for row in rows} == {"", *(photo.group for photo in mekiki.scan(pictures).manifest.photos)}
