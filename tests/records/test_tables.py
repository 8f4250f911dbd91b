from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mekiki.errors import DataError
from mekiki.records.history import Epoch, read_history, write_history
from mekiki.records.manifest import Photo
from mekiki.records.split import Split, SplitRow, read_split, write_split
from mekiki.records.tables import read_rows, write_rows

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=12)


@given(st.lists(st.builds(Photo, path=texts, label=texts, group=texts, width=st.integers(0, 9999))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path: Path, photos: list[Photo]) -> None:
    write_rows(tmp_path / "photos.csv", photos, Photo)
    assert read_rows(tmp_path / "photos.csv", Photo) == photos


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_come_back_to_the_last_bit(tmp_path: Path, value: float, best: bool) -> None:
    epoch = Epoch(3, None, value, value, value, value, value, value, best)
    write_history(tmp_path / "history.csv", [epoch])
    assert read_history(tmp_path / "history.csv") == [epoch]


def test_a_spreadsheets_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_bytes("\ufeffpath,extra,label,group,part\r\na.jpg,x,A,,train\r\n".encode())
    assert read_split(tmp_path / "split.csv").rows == (SplitRow("a.jpg", "A", "", "train"),)


def test_messages(tmp_path: Path) -> None:
    file = tmp_path / "split.csv"
    with pytest.raises(DataError, match=r"cannot read .*split.csv: No such file"):
        read_split(file)
    file.write_text("path,label,part\na,b,train\n")
    with pytest.raises(DataError, match="has no column 'group'; its columns are path, label, part"):
        read_split(file)
    file.write_text("path,label,group,part\na,b,,validation\n")
    with pytest.raises(DataError, match="row 2, column 'part': 'validation' is no part"):
        read_split(file)
    file.write_text("path,label,group,part\na,b\n")
    with pytest.raises(DataError, match="row 2 is too short: no value for 'group'"):
        read_split(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        read_split(file)
    write_history(file, [])
    file.write_text(file.read_text() + "x,,,1,1,1,1,1,true\n")
    with pytest.raises(DataError, match="row 2, column 'epoch': 'x' does not fit"):
        read_history(file)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('a,A,,train\n"b,B,,val\nc,C,,val\n', r"row 3 is no valid CSV: unexpected end of data\nhint: a quotation mark"),
        ('a,A,,train\n"b"x,B,,val\n', r"row 3 is no valid CSV: ',' expected after '\"'\nhint: "),
        ('a,A,,train\n"b,B,,val\nc,"C",,val\n', r"row 3 is no valid CSV: ',' expected after '\"'"),
        ("\n\na" + "x" * 200_000 + ",A,,train\n", r"row 4 is no valid CSV: field larger than field limit"),
        ("SG, red.jpg,SG,,train\n", r"row 2 has 5 values, but there are 4 columns\nhint: put quotation marks round"),
        ("a,A,,train\n\n\nb,B,,dev\n", r"row 5, column 'part': 'dev' is no part"),
    ],
)
def test_a_stray_mark_never_swallows_rows(tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "split.csv").write_text("path,label,group,part\n" + rows)
    with pytest.raises(DataError, match=r"split.csv, " + message) as caught:
        read_split(tmp_path / "split.csv")
    assert "\n" not in caught.value.message and len(caught.value.message) < 300


def test_marks_and_empty_cells_that_belong_there_are_read(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text('path,label,group,part\n"a, ""1"".jpg",5" neck,,train,,\n')
    assert read_split(tmp_path / "split.csv").rows == (SplitRow('a, "1".jpg', '5" neck', "", "train"),)


def test_a_file_with_semicolons_is_read(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text('\ufeff\npath;label;group;part\nSG, red.jpg;A;;train\n"a;b.jpg";A;;val\n')
    rows = read_split(tmp_path / "split.csv").rows
    assert rows == (SplitRow("SG, red.jpg", "A", "", "train"), SplitRow("a;b.jpg", "A", "", "val"))


def test_a_row_may_end_before_columns_that_have_a_default(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("path,label,group,width\na.jpg,SG\nb.jpg,SG,g\n")
    assert read_rows(tmp_path / "photos.csv", Photo) == [Photo("a.jpg", "SG"), Photo("b.jpg", "SG", "g")]


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("path,label,note,label,note\na.jpg,SG,,V,\n")
    with pytest.raises(DataError, match=r"photos.csv has two columns 'label'\nhint: keep one of them"):
        read_rows(tmp_path / "photos.csv", Photo)


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("")
    with pytest.raises(DataError, match="has no column 'path'; its columns are none"):
        read_split(tmp_path / "split.csv")


@dataclass(frozen=True)
class Switch:
    on: bool


def test_a_switch_is_true_or_false(tmp_path: Path) -> None:
    (tmp_path / "switch.csv").write_text("on\nyes\n")
    with pytest.raises(DataError, match="'yes' does not fit"):
        read_rows(tmp_path / "switch.csv", Switch)


def test_split_counts(tmp_path: Path) -> None:
    rows = (SplitRow("1", "a", "", "train"), SplitRow("2", "a", "", "val"), SplitRow("3", "b", "", ""))
    write_split(tmp_path / "split.csv", Split(rows))
    read = read_split(tmp_path / "split.csv")
    assert read.counts() == {"train": {"a": 1, "b": 0}, "val": {"a": 1, "b": 0}, "test": {"a": 0, "b": 0}}
    assert [row.path for row in read.part("val")] == ["2"]
