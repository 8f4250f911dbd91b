import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.seeds import stream
from mekiki.tensors.cache import (
    FREE_BYTES,
    PictureCache,
    clear,
    list_kept,
    open_picture_cache,
    picture_name,
    pictures_folder,
)

PIXELS_FROM = 64
FILE_BYTES = PIXELS_FROM + 20 * 30 * 3


def picture(number: int, height: int = 20, width: int = 30) -> np.ndarray:
    return stream(0, "cached", number).integers(0, 256, (height, width, 3), np.uint8)


def name(number: int) -> str:
    return picture_name(f"{number:064x}", 160, "letterbox", 1.0)


def silent(line: str) -> None:
    raise AssertionError(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "decoded"


@pytest.fixture
def pictures(folder: Path) -> PictureCache:
    return PictureCache(folder, 10**9, silent)


def only_file(folder: Path) -> Path:
    (kept,) = list_kept(folder)
    return Path(kept.path)


@given(st.integers(1, 9), st.integers(1, 9))
def test_what_is_kept_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int
) -> None:
    pictures = PictureCache(tmp_path_factory.mktemp("cache"), 10**9, silent)
    pictures.keep(name(0), picture(0, height, width))
    for trusted in (False, True):
        np.testing.assert_array_equal(pictures.recall(name(0), trusted), picture(0, height, width))


def test_what_comes_back_cannot_be_written_to(pictures: PictureCache) -> None:
    pictures.keep(name(0), picture(0))
    with pytest.raises(ValueError, match="read-only"):
        pictures.recall(name(0))[0] = 0


def test_a_name_differs_by_photo_size_fit_and_what_is_left_alone() -> None:
    photos = [(sha, size) for sha in ("a", "b") for size in (1, 11)]
    names = {picture_name(*photo, fit, alone) for photo in photos for fit in ("crop", "squash") for alone in (1.0, 1.1)}
    assert len(names) == 16


def test_nothing_is_known_before_it_is_kept_and_no_folder_is_made(pictures: PictureCache, folder: Path) -> None:
    assert pictures.recall(name(0)) is None
    assert not folder.exists()


@pytest.mark.parametrize("place", [0, 7, 8, 12, 16, 18, PIXELS_FROM, 700, FILE_BYTES - 1])
def test_one_wrong_byte_is_noticed_and_the_picture_made_anew(pictures: PictureCache, folder: Path, place: int) -> None:
    pictures.keep(name(0), picture(0))
    file = only_file(folder)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert pictures.recall(name(0)) is None
    assert not file.exists()
    pictures.keep(name(0), picture(0))
    np.testing.assert_array_equal(pictures.recall(name(0)), picture(0))


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("length", [0, 1, PIXELS_FROM - 1, PIXELS_FROM, FILE_BYTES - 1, FILE_BYTES + 1])
def test_a_file_of_another_length_is_noticed(pictures: PictureCache, folder: Path, length: int, trusted: bool) -> None:
    pictures.keep(name(0), picture(0))
    file = only_file(folder)
    file.write_bytes(file.read_bytes()[:length].ljust(length, b"\0"))
    assert pictures.recall(name(0), trusted) is None
    assert not file.exists()


@given(st.binary(max_size=200))
def test_any_bytes_in_the_place_of_a_picture_are_noticed(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    place = folder / name(0)[:2] / name(0)
    place.parent.mkdir()
    for start in (b"", b"mekiki 1", b"mekiki 0"):
        place.write_bytes(start + content)
        assert PictureCache(folder, 10**9, silent).recall(name(0), trusted=True) is None


def test_the_longest_unused_go_first(folder: Path) -> None:
    first = PictureCache(folder, 100 * FILE_BYTES, silent)
    for number in range(10):
        first.keep(name(number), picture(number))
    long_ago = time.time() - 1000
    for number in range(10):
        os.utime(folder / name(number)[:2] / name(number), (long_ago + number, long_ago + number))
    later = PictureCache(folder, 10 * FILE_BYTES, silent)
    assert later.recall(name(0)) is not None
    later.keep(name(10), picture(10))
    assert {Path(kept.path).name for kept in list_kept(folder)} == {name(number) for number in (0, *range(2, 11))}


def test_photos_that_do_not_fit_leave_what_is_there_alone(folder: Path) -> None:
    said: list[str] = []
    small = PictureCache(folder, 10 * FILE_BYTES, said.append)
    for _ in range(2):
        for number in range(40):
            if small.recall(name(number)) is None:
                small.keep(name(number), picture(number))
    assert 8 <= len(list_kept(folder)) <= 10
    (line,) = said
    assert "decoded photos may take no more of the disk at" in line
    assert "(--cache-gigabytes); those that are not there are read again in each epoch" in line


def test_what_nobody_used_for_half_a_year_goes(folder: Path) -> None:
    pictures = PictureCache(folder, 10**9, silent)
    pictures.keep(name(0), picture(0))
    os.utime(only_file(folder), (0, 0))
    PictureCache(folder, 10**9, silent).keep(name(1), picture(1))
    assert only_file(folder).name == name(1)


def test_room_is_left_on_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(FREE_BYTES + 3 * FILE_BYTES))
    said: list[str] = []
    pictures = PictureCache(folder, 10**9, said.append)
    pictures.keep(name(0), picture(0))
    assert len(list_kept(folder)) == 1
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(FREE_BYTES - 1))
    pictures = PictureCache(folder, 10**9, said.append)
    pictures.keep(name(1), picture(1))
    pictures.keep(name(2), picture(2))
    assert list_kept(folder) == []
    assert len(said) == 1


def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    pictures = PictureCache(tmp_path / "file" / "decoded", 10**9, said.append)
    for number in range(3):
        assert pictures.recall(name(number)) is None
        pictures.keep(name(number), picture(number))
    (line,) = said
    assert line.startswith(f"note: decoded photos cannot be kept in {tmp_path / 'file' / 'decoded'} (")


def test_a_full_disk_costs_one_line_and_leaves_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    pictures = PictureCache(folder, 10**9, said.append)

    def no_space(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    pictures.keep(name(0), picture(0))
    pictures.keep(name(1), picture(1))
    assert list_kept(folder) == []
    assert not [path for path in folder.rglob("*") if path.is_file()]
    (line,) = said
    assert "(No space left on device)" in line


def test_the_folder_may_go_while_a_picture_is_looked_at(pictures: PictureCache, folder: Path) -> None:
    pictures.keep(name(0), picture(0))
    seen = pictures.recall(name(0))
    shutil.rmtree(folder)
    np.testing.assert_array_equal(seen, picture(0))
    assert pictures.recall(name(0), trusted=True) is None
    pictures.keep(name(0), picture(0))
    np.testing.assert_array_equal(pictures.recall(name(0)), picture(0))


def test_files_of_others_are_never_touched(folder: Path) -> None:
    """Somebody may point MEKIKI_CACHE at a folder that holds other things."""
    others = [folder / "holiday.jpg", folder / name(0)[:2] / "holiday.jpg", folder / "x" / name(0), folder / name(1)]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(5000))
        os.utime(path, (0, 0))
    said: list[str] = []
    pictures = PictureCache(folder, 3 * FILE_BYTES, said.append)
    for number in range(9):
        pictures.keep(name(number), picture(number))
    clear(folder)
    assert list_kept(folder) == []
    assert all(path.exists() for path in others)


def test_clearing_takes_what_a_killed_process_left_and_the_folders(pictures: PictureCache, folder: Path) -> None:
    pictures.keep(name(0), picture(0))
    (folder / name(0)[:2] / f".{name(0)}-a1_b2c3d").write_bytes(b"half")
    assert len(list_kept(folder)) == 2
    clear(folder)
    assert not folder.exists()
    clear(folder)


WRITER = """
import sys
from pathlib import Path
from tests.tensors.test_cache import name, picture
from mekiki.tensors.cache import PictureCache
pictures = PictureCache(Path(sys.argv[1]), int(sys.argv[2]), print)
first, count = int(sys.argv[3]), int(sys.argv[4])
for _ in range(3):
    for number in range(first, first + count):
        seen = pictures.recall(name(number))
        if seen is None:
            pictures.keep(name(number), picture(number))
        elif (seen != picture(number)).any():
            sys.exit("a picture was not what was kept")
"""


def write_elsewhere(folder: Path, most_bytes: int, first: int, count: int) -> subprocess.Popen:
    numbers = [str(number) for number in (most_bytes, first, count)]
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITER, str(folder), *numbers]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_share_one_folder(folder: Path) -> None:
    processes = [write_elsewhere(folder, 10**9, 0, 300) for _ in range(2)]
    results = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    assert results == [("", ""), ("", "")]
    assert len(list_kept(folder)) == 300


def test_two_processes_that_write_stay_within_the_limit(folder: Path) -> None:
    limit = 64 * FILE_BYTES
    processes = [write_elsewhere(folder, limit, first, 150) for first in (0, 150)]
    most = 0
    while any(process.poll() is None for process in processes):
        most = max(most, sum(kept.size for kept in list_kept(folder)))
        time.sleep(0.002)
    assert [process.returncode for process in processes] == [0, 0], [process.communicate() for process in processes]
    for process in processes:
        assert process.communicate()[0].count("\n") == 1
    assert 0 < most <= limit * (1 + 2 / 16)
    assert list_kept(folder)


def test_the_cache_lies_beside_what_scans_remember(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEKIKI_CACHE", str(tmp_path))
    assert pictures_folder() == tmp_path / "decoded"
    assert open_picture_cache(0, silent) is None
    opened = open_picture_cache(1, silent)
    opened.keep(name(0), picture(0))
    assert len(list_kept(tmp_path / "decoded")) == 1


@pytest.mark.skipif(os.name == "nt", reason="rights are of another kind there")
def test_nobody_else_looks_into_the_folder(pictures: PictureCache, folder: Path) -> None:
    pictures.keep(name(0), picture(0))
    assert folder.stat().st_mode & 0o077 == 0
