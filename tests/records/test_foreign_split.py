from pathlib import Path

import pytest

from mekiki.errors import DataError
from mekiki.records.foreign_split import ListedPhoto, read_foreign_split


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "theirs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("path_column", ["path", "file", "Filename", "IMAGE", " image_path ", "File Name"])
@pytest.mark.parametrize("part_column", ["part", "Split", "set", "subset", "DATASET"])
def test_columns_are_known_by_many_names(tmp_path: Path, path_column: str, part_column: str) -> None:
    given = read_foreign_split(written(tmp_path, f"id,{part_column},{path_column}\n7,train,a.jpg\n8,TEST,b.jpg\n"))
    assert given.photos == (ListedPhoto(2, "a.jpg", "train"), ListedPhoto(3, "b.jpg", "test"))
    assert given.parts == ("train", "test") and not given.by_folds


@pytest.mark.parametrize(
    ("word", "part"),
    [("train", "train"), ("Training", "train"), ("val", "val"), ("VALID", "val"), ("validation", "val"), ("dev", "val"), ("test", "test"), ("Testing", "test"), (" holdout ", "test"), ("", ""), ("unused", "")],
)  # fmt: skip
def test_parts_are_known_by_many_words(tmp_path: Path, word: str, part: str) -> None:
    assert read_foreign_split(written(tmp_path, f"path,part\na.jpg,{word}\nb.jpg,train\n")).photos[0].part == part


def test_a_file_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfFile;Class;Split\r\nSG\\1.jpg;SG;Training\r\n\r\n;;\r\nLP\\2.jpg;LP;Test\r\n"
    assert read_foreign_split(written(tmp_path, text)).photos == (
        ListedPhoto(2, "SG\\1.jpg", "train", "SG"),
        ListedPhoto(5, "LP\\2.jpg", "test", "LP"),
    )


def test_a_column_of_fold_numbers_makes_each_fold_a_part(tmp_path: Path) -> None:
    given = read_foreign_split(written(tmp_path, "image,kfold\na,10\nb,2\nc,0\nd,2.0\n"))
    assert given.parts == ("fold 0", "fold 2", "fold 10") and given.by_folds
    assert [photo.part for photo in given.photos] == ["fold 10", "fold 2", "fold 0", "fold 2"]


def test_a_part_beside_folds_hides_none_of_them(tmp_path: Path) -> None:
    given = read_foreign_split(written(tmp_path, "image,fold\na,1\nb,0\nc,test\nd,\n"))
    assert given.parts == ("fold 0", "fold 1", "test") and given.by_folds


@pytest.mark.parametrize("word", ["fold 3", "Fold_3", "fold-3", "fold3"])
def test_folds_may_be_named_in_any_column_of_parts(tmp_path: Path, word: str) -> None:
    assert read_foreign_split(written(tmp_path, f"path,split\na,{word}\n")).parts == ("fold 3",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,part\na,train\n", r"theirs.csv has no column with paths of photos; its columns are name, part\nhint: call the column path; file, filename, image are understood too"),
        ("path,label\na,b\n", r"has no column with parts; its columns are path, label\nhint: call the column part; split, set, subset are"),
        ("", r"has no column with paths of photos; its columns are none"),
        ("path,part\na,train\n\nb,teset\n", r"theirs.csv, row 4, column 'part': 'teset' is no part\nhint: a part is train, val or test"),
        ("path,part\na,1\n", r"row 2, column 'part': '1' is no part\n.*fold numbers belong in a column named fold"),
        ("path,fold\na,-1\n", r"row 2, column 'fold': '-1' is no part"),
        ("path,part\na,\nb,unused\n", r"theirs.csv puts none of its 2 photos into a part: the column 'part' is empty\nhint: a part is train"),
        ("path,part\n", r"theirs.csv puts none of its 0 photos into a part"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_split_is_refused_in_plain_words(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_foreign_split(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*nothing.csv"):
        read_foreign_split(tmp_path / "nothing.csv")
