"""One list from many sources: each row once, in order, with where it lies."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mekiki.cluster.listing import Listed, listed
from mekiki.config import ClusterSettings
from mekiki.data.remote import Remote
from mekiki.errors import DataError, SettingsError
from tests.conftest import write_photos
from tests.data.made_server import fixed, serving

SETTINGS = ClusterSettings(allow_private=True, robots=False, file_seconds=5)


def all_of(*sources: str | Path) -> list[Listed]:
    with Remote(SETTINGS) as remote:
        return list(listed(sources, remote))


def write_table(place: Path, **columns: list[object]) -> Path:
    place.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), place)
    return place


def test_folders_and_globs_are_listed_as_predict_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos(tmp_path / "photos", 2)
    monkeypatch.chdir(tmp_path)
    found = all_of("photos/blue", "photos/*/001.png")
    assert [each.path for each in found] == [
        "photos/blue/000.png", "photos/blue/001.png",
        "photos/blue/001.png", "photos/green/001.png", "photos/red/001.png",
    ]  # fmt: skip
    assert [each.place for each in found] == [str(tmp_path / each.path) for each in found]


def test_a_row_that_repeats_or_names_nothing_is_a_row_all_the_same(tmp_path: Path) -> None:
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label", "id"], ["a.jpg", "red", 1], ["a.jpg", "blue", 2], ["", "red", 3]])
    found = all_of(tmp_path / "list.csv")
    assert found == [
        Listed("a.jpg", str(tmp_path / "a.jpg"), "1", "red"),
        Listed("a.jpg", str(tmp_path / "a.jpg"), "2", "blue"),
        Listed("", "", "3", "red"),
    ]


def test_parquet_lists_and_folders_of_them(tmp_path: Path) -> None:
    first = write_table(tmp_path / "lists" / "1.parquet", path=["/a.jpg", None], id=[10, None], group=["g", None])
    write_table(tmp_path / "lists" / "2.parquet", url=["s3://bucket/b.jpg"], label=["red"], price=[3.5])
    assert all_of(first) == [Listed("/a.jpg", "/a.jpg", "10", "", "g"), Listed("", "")]
    assert all_of(tmp_path / "lists") == [*all_of(first), Listed("s3://bucket/b.jpg", "s3://bucket/b.jpg", "", "red")]


def test_a_list_behind_an_address_names_its_neighbours(tmp_path: Path) -> None:
    table = write_table(tmp_path / "list.parquet", path=["a.jpg", "https://else.where/b.jpg"])
    with serving() as server:
        server.routes["/shop/list.parquet"] = fixed(table.read_bytes())
        server.routes["/shop/list.csv"] = fixed(b"url,label\na.jpg,red\n")
        found = all_of(server.url("/shop/list.parquet"), server.url("/shop/list.csv"), server.url("/c.jpg"))
        with pytest.raises(DataError, match=r"/gone.csv cannot be fetched: the server says 404 Not Found\nhint: check"):
            all_of(server.url("/gone.csv"))
    assert [each.place for each in found] == [
        server.url("/shop/a.jpg"), "https://else.where/b.jpg", server.url("/shop/a.jpg"), server.url("/c.jpg"),
    ]  # fmt: skip
    assert found[2].tag == "red"


def test_a_folder_of_a_store_is_listed_by_names() -> None:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    for name in ("b.jpg", "a.png", "notes.txt", "below/c.webp"):
        system.pipe(f"/listing-test/{name}", b"x")
    assert [each.place for each in all_of("memory://listing-test/")] == [
        "memory:///listing-test/a.png", "memory:///listing-test/b.jpg", "memory:///listing-test/below/c.webp",
    ]  # fmt: skip
    with pytest.raises(DataError, match="memory://nothing-here holds no pictures"):
        all_of("memory://nothing-here")


def test_what_cannot_be_a_list_is_refused_by_name(tmp_path: Path) -> None:
    wrong = write_table(tmp_path / "wrong.parquet", name=["a"])
    with pytest.raises(DataError, match=r"wrong.parquet has no column 'path' or 'url'; its columns are name"):
        all_of(wrong)
    (tmp_path / "wrong.csv").write_text("name\na\n")
    with pytest.raises(DataError, match=r"wrong.csv has no column 'path' or 'url'; its columns are name"):
        all_of(tmp_path / "wrong.csv")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(DataError, match=r"text.parquet cannot be read: .*\nhint: expected a Parquet file"):
        all_of(tmp_path / "text.parquet")
    with pytest.raises(DataError, match="there is no file or folder"):
        all_of(tmp_path / "gone")
    with pytest.raises(SettingsError, match=r"ssh:// is no kind of address that can be read\nhint: known: http://"):
        all_of("ssh://host/a.jpg")
    with pytest.raises(SettingsError, match=r"s3:// needs the package s3fs\nhint: pip install s3fs"):
        all_of("s3://bucket/photos/")
