"""Photos that a browser sends arrive whole, under harmless names, or not at all."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mekiki.config import StudioSettings
from mekiki.doors.studio.data.uploads import Uploads, harmless_parts
from mekiki.doors.studio.jobs import Jobs
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.workspace import open_workspace
from mekiki.errors import DataError, PictureError

pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install '.[studio]'")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(600)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    workspace = open_workspace(tmp_path / "home", ())
    return Studio(workspace, Jobs(workspace.jobs), StudioSettings(most_photos=3))


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100):
        yield content[start : start + 100]


def take(uploads: Uploads, word: str, path: str, content: bytes = PNG) -> None:
    asyncio.run(uploads.take(word, path, in_pieces(content)))


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "path",
    ["../x.png", "a/../../x.png", "/etc/x.png", "a//x.png", "./x.png", "a\\x.png", "C:/x.png", "", "a/", ".hidden.png",
     "a/.git/x.png", "a/\n.png", "a/\0.png", "a/" + "x" * 300 + ".png", "/".join(["abcdefgh"] * 200), "\udc80.png"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_or_is_no_name_is_refused(studio, tmp_path, path) -> None:
    uploads = Uploads(studio)
    word = uploads.begin()
    with pytest.raises(DataError, match="is not taken: it "):
        take(uploads, word, path)
    assert files_below(tmp_path) == []


def test_a_name_is_spelt_in_one_way_and_html_in_it_is_a_name() -> None:
    assert harmless_parts("ギター/<img src=x onerror=1>.png") == ("ギター", "<img src=x onerror=1>.png")
    assert harmless_parts("e\u0301/a.png") == ("\u00e9", "a.png")


def test_photos_are_hidden_until_all_are_there(studio) -> None:
    uploads = Uploads(studio)
    word = uploads.begin()
    take(uploads, word, "SG/1.png")
    assert studio.workspace.find_photos() == []
    place = uploads.end(word, "my guitars/..")
    assert studio.workspace.find_photos() == [place] and place.parent == studio.workspace.photos
    assert place.name == "my-guitars" and (place / "SG" / "1.png").read_bytes() == PNG
    with pytest.raises(DataError, match="knows nothing of this upload"):
        take(uploads, word, "SG/2.png")


def test_no_picture_is_taken_for_one_whatever_its_name(studio, tmp_path) -> None:
    uploads = Uploads(studio)
    word = uploads.begin()
    for content in (b"<html>", b"", b"MZ" + bytes(2000)):
        with pytest.raises(PictureError):
            take(uploads, word, "SG/1.png", content)
    assert files_below(tmp_path) == []
    with pytest.raises(DataError, match="no pictures arrived"):
        uploads.end(word, "x")


def test_no_more_photos_than_the_limit_and_none_twice(studio) -> None:
    uploads = Uploads(studio)
    word = uploads.begin()
    take(uploads, word, "SG/1.png")
    with pytest.raises(DataError, match="there already"):
        take(uploads, word, "SG/1.png", PNG + b"other")
    take(uploads, word, "SG/2.png")
    take(uploads, word, "SG/3.png")
    with pytest.raises(DataError, match="more than 3 photos in one folder are refused"):
        take(uploads, word, "SG/4.png")
    assert files_below(uploads.end(word, "x")) == ["SG/1.png", "SG/2.png", "SG/3.png"]


def test_what_was_cut_off_is_swept_away_a_day_later_and_not_before(studio, tmp_path) -> None:
    uploads = Uploads(studio)
    take(uploads, uploads.begin(), "SG/1.png")
    Uploads(studio)
    assert files_below(studio.workspace.photos)
    for folder in studio.workspace.photos.iterdir():
        os.utime(folder, (time.time() - 90_000,) * 2)
    Uploads(studio)
    assert list(studio.workspace.photos.iterdir()) == []
