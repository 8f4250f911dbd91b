from pathlib import Path

import pytest

from mekiki.config import ScanSettings
from mekiki.data.importing.found import Found
from mekiki.data.importing.layouts import find_photos
from mekiki.records.copies import AUGMENTED, CopyRow, write_copies
from tests.data.made_pictures import scene, write_tree

PICTURE = scene(1, 40, 30)


def tree(root: Path, *paths: str) -> Path:
    return write_tree(root, dict.fromkeys(paths, PICTURE))


def groups_of(found: Found) -> dict[str, tuple[str, ...]]:
    return {entry.path: entry.groups for entry in found.entries if entry.groups}


def copy(path: str, original: str = "a/1.jpg", group: str = "copies of a/1.jpg") -> CopyRow:
    return CopyRow(path, "a", group, original, 1)


def test_copies_and_their_original_share_a_group(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.jpg", "a/1-copy-1.jpg", "a/2.jpg", "b/1.jpg", "b/1-copy-1.jpg")
    write_copies(tmp_path / AUGMENTED, [copy("a/1-copy-1.jpg"), copy("b/1-copy-1.jpg", "b/1.jpg", "listing 7")])
    found = find_photos(tmp_path, ScanSettings())
    first, second = ("copies of a/1.jpg",), ("listing 7",)
    assert groups_of(found) == {"a/1.jpg": first, "a/1-copy-1.jpg": first, "b/1.jpg": second, "b/1-copy-1.jpg": second}
    assert found.strays == ()


@pytest.mark.parametrize("part", ["train", "TRAIN"])
def test_copies_that_were_moved_under_train_are_found(tmp_path: Path, part: str) -> None:
    tree(tmp_path, f"{part}/a/1.jpg", f"{part}/a/1-copy-1.jpg", f"{part}/b/1.jpg", "test/a/1.jpg", "test/b/2.jpg")
    write_copies(tmp_path / AUGMENTED, [copy("a/1-copy-1.jpg")])
    found = find_photos(tmp_path, ScanSettings())
    assert groups_of(found) == {f"{part}/a/1-copy-1.jpg": ("copies of a/1.jpg",)}, "a/1.jpg may be either of two photos"
    assert found.strays == ()
    write_copies(tmp_path / AUGMENTED, [copy("a/1-copy-1.jpg", f"{part}/a/1.jpg")])
    assert set(groups_of(find_photos(tmp_path, ScanSettings()))) == {f"{part}/a/1-copy-1.jpg", f"{part}/a/1.jpg"}


def test_a_list_written_by_hand_works(tmp_path: Path) -> None:
    tree(tmp_path, "Cafe\u0301/1.jpg", "Cafe\u0301/2.jpg", "b/1.jpg")
    text = "path;label;group;original\r\nCaf\u00e9\\2.jpg;x;;Caf\u00e9\\1.jpg \r\n\r\ngone.jpg;x;g;gone2.jpg\r\n"
    (tmp_path / AUGMENTED).write_bytes(b"\xef\xbb\xbf" + text.encode())
    groups = groups_of(find_photos(tmp_path, ScanSettings()))
    assert len(groups) == 2 and len(set(groups.values())) == 1


def test_groups_of_a_csv_stay_beside_those_of_the_copies(tmp_path: Path) -> None:
    tree(tmp_path, "x/1.jpg", "x/1-copy-1.jpg", "x/2.jpg")
    (tmp_path / "list.csv").write_text("path,label,group\nx/1.jpg,a,7\nx/1-copy-1.jpg,a,\nx/2.jpg,b,7\n")
    write_copies(tmp_path / AUGMENTED, [copy("x/1-copy-1.jpg", "x/1.jpg", "g")])
    assert groups_of(find_photos(tmp_path / "list.csv", ScanSettings())) == {
        "x/1.jpg": ("7", "g"),
        "x/1-copy-1.jpg": ("g",),
        "x/2.jpg": ("7",),
    }


def test_another_file_of_that_name_is_a_stray(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.jpg", "b/1.jpg")
    (tmp_path / AUGMENTED).write_text("name,how\nx,y\n")
    found = find_photos(tmp_path, ScanSettings())
    assert [stray.path for stray in found.strays] == [AUGMENTED]
    assert "is no list of augmented copies: " in found.strays[0].reason and "no column 'path'" in found.strays[0].reason
    assert groups_of(found) == {}
