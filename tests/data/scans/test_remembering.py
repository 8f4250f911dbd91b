import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mekiki.config import ScanSettings
from mekiki.data.scans import looking, remembering, scanning
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.remembering import Memory, open_memory
from mekiki.data.scans.scanning import ScanResult, scan
from mekiki.data.scans.stamps import Stamp
from mekiki.files import cache_folder
from tests.data.made_pictures import encoded, scene, tree_state, write_tree
from tests.data.scans.test_scanning import Counting

AN_HOUR_AGO = time.time() - 3600
SETTINGS = ScanSettings()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEKIKI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two classes with twins, trouble and a photo of an hour ago each."""
    content = {f"{'ab'[number % 2]}/{number:02}.jpg": encoded(scene(number), quality=92) for number in range(14)}
    content |= {"a/twin.jpg": content["a/02.jpg"], "b/near.jpg": encoded(scene(3), quality=60), "a/text.jpg": b"text"}
    content |= {"b/cut.jpg": content["b/05.jpg"][:900], "a/really.png": encoded(scene(40), "JPEG"), "a/empty.jpg": b""}
    write_tree(tmp_path / "data", content)
    age(tmp_path / "data")
    return tmp_path / "data"


def age(folder: Path) -> None:
    """Set the times of all files back, and wait until the change of that is no news."""
    for path in folder.rglob("*"):
        os.utime(path, (AN_HOUR_AGO, AN_HOUR_AGO))
    time.sleep(0.25)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The photos that are opened, at the one place where a scan opens them."""
    names: list[str] = []
    read = looking.read_steady

    def counting(path: str):
        names.append(Path(path).name)
        return read(path)

    monkeypatch.setattr(looking, "read_steady", counting)
    yield names


class Listening(Counting):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_a_second_scan_opens_no_photo_and_brings_the_same(data: Path, opened: list[str]) -> None:
    first = scan(data, SETTINGS)
    assert len(opened) == 20 and first.remembered == 0 and len(first.findings) == 6
    opened.clear()
    second = scan(data, SETTINGS)
    assert opened == [] and second.remembered == 20
    assert second == first == scan(data, ScanSettings(remember=False))


def test_no_remember_neither_reads_nor_writes(data: Path, cache: Path, opened: list[str]) -> None:
    scan(data, ScanSettings(remember=False))
    assert not cache.exists()
    scan(data, SETTINGS)
    opened.clear()
    assert scan(data, ScanSettings(remember=False)).remembered == 0 and len(opened) == 20


def test_nothing_is_written_among_the_photos(data: Path) -> None:
    before = tree_state(data)
    scan(data, SETTINGS)
    scan(data, SETTINGS)
    assert tree_state(data) == before


def test_what_changed_is_opened_and_nothing_else(data: Path, opened: list[str]) -> None:
    scan(data, SETTINGS)
    opened.clear()
    (data / "a" / "new.jpg").write_bytes(encoded(scene(60)))
    (data / "b" / "01.jpg").write_bytes(encoded(scene(61)))
    (data / "a" / "04.jpg").rename(data / "a" / "moved.jpg")
    (data / "b" / "07.jpg").unlink()
    result = scan(data, SETTINGS)
    assert sorted(opened) == ["01.jpg", "moved.jpg", "new.jpg"] and result.remembered == 17
    assert result == scan(data, ScanSettings(remember=False))


def other_of_the_same_size(content: bytes, number: int) -> bytes:
    for quality in range(95, 10, -1):
        other = encoded(scene(number), quality=quality)
        if len(other) <= len(content) - 4:
            filling = len(content) - len(other)
            return other[:2] + b"\xff\xfe" + (filling - 2).to_bytes(2, "big") + bytes(filling - 4) + other[2:]
    raise AssertionError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no time of change")
@pytest.mark.parametrize("way", ["written over", "replaced"])
def test_a_photo_of_the_same_size_with_its_time_set_back_is_seen(data: Path, opened: list[str], way: str) -> None:
    photo = data / "a" / "06.jpg"
    before = photo.stat()
    other = other_of_the_same_size(photo.read_bytes(), 70)
    scan(data, SETTINGS)
    opened.clear()
    if way == "replaced":
        (data / "other").write_bytes(other)
        (data / "other").replace(photo)
    else:
        photo.write_bytes(other)
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (photo.stat().st_size, photo.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    result = scan(data, SETTINGS)
    assert opened == ["06.jpg"] and result == scan(data, ScanSettings(remember=False))


def test_a_photo_of_this_moment_is_read_again_next_time(data: Path, opened: list[str]) -> None:
    (data / "a" / "fresh.jpg").write_bytes(encoded(scene(80)))
    scan(data, SETTINGS)
    opened.clear()
    assert scan(data, SETTINGS).remembered == 20 and opened == ["fresh.jpg"]


def test_a_photo_that_grows_while_it_is_read_is_not_remembered(
    data: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = data / "a" / "08.jpg"
    sizes = iter([1, 2])
    fstat = os.fstat

    def growing(number: int) -> os.stat_result:
        facts = fstat(number)
        if facts.st_ino == place.stat().st_ino:
            facts = os.stat_result((*facts[:6], facts.st_size + next(sizes), *facts[7:]))
        return facts

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", growing)
        scan(data, SETTINGS)
    opened.clear()
    assert scan(data, SETTINGS).remembered == 19 and opened == ["08.jpg"]


def test_bounds_that_change_give_what_a_first_scan_gives(data: Path, opened: list[str]) -> None:
    scan(data, SETTINGS)
    for changed in ({"near_similarity": 1.0}, {"near_similarity": 0.8}, {"bursts": False}, {"max_megapixels": 0.01}):
        opened.clear()
        result = scan(data, ScanSettings(**changed))
        assert result == scan(data, ScanSettings(remember=False, **changed))
        assert (result.remembered == 20) == ("max_megapixels" not in changed)
    assert scan(data, SETTINGS) == scan(data, ScanSettings(remember=False))


def test_of_an_unchanged_folder_no_look_is_read_and_nothing_is_compared(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = scan(data, SETTINGS)
    monkeypatch.setattr(Memory, "recall", lambda *_: pytest.fail("the looks were read"))
    monkeypatch.setattr(scanning, "_conclude", lambda *_: pytest.fail("the scan was concluded again"))
    second = scan(data, SETTINGS)
    assert second == first and second.remembered == 20


@pytest.mark.parametrize("change", ["setting", "decision", "new photo", "photo gone", "other bytes", "other label"])
def test_a_conclusion_holds_for_nothing_else(data: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, settings = scan(data, SETTINGS), SETTINGS
    match change:
        case "setting":
            settings = ScanSettings(near_similarity=1.0)
        case "decision":
            (data / "decisions.csv").write_text("path,action\na/twin.jpg,exclude\n")
        case "new photo":
            (data / "a" / "new.jpg").write_bytes(encoded(scene(77)))
        case "photo gone":
            (data / "a" / "00.jpg").unlink()
        case "other bytes":
            (data / "a" / "00.jpg").write_bytes(encoded(scene(78)))
        case "other label":
            (data / "a" / "00.jpg").rename(data / "b" / "00.jpg")
    after = scan(data, settings)
    assert after != first
    monkeypatch.setenv("MEKIKI_CACHE", str(data.parent / "another cache"))
    assert after == scan(data, settings)


def test_another_version_is_not_trusted(data: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    scan(data, SETTINGS)
    opened.clear()
    monkeypatch.setattr(remembering, "LOOK_VERSION", remembering.LOOK_VERSION + " later")
    assert scan(data, SETTINGS).remembered == 0 and len(opened) == 20
    assert scan(data, SETTINGS).remembered == 20


def only_file(cache: Path) -> Path:
    (file,) = (cache / "scans").glob("*.sqlite")
    return file


def scan_and_listen(data: Path) -> tuple[ScanResult, list[str]]:
    progress = Listening()
    return scan(data, SETTINGS, progress=progress), progress.lines


@pytest.mark.parametrize("damage", ["all", "head", "middle", "empty"])
def test_a_damaged_cache_is_made_anew(data: Path, cache: Path, damage: str) -> None:
    first = scan(data, SETTINGS)
    file = only_file(cache)
    content = bytearray(file.read_bytes())
    if damage == "all":
        content[:] = b"this is no database " * 100
    elif damage == "head":
        content[:16] = bytes(16)
    elif damage == "middle":
        content[3 * 16384 :] = b"\xa5" * (len(content) - 3 * 16384)
    else:
        content.clear()
    file.write_bytes(content)
    assert scan(data, SETTINGS) == first
    scan(data, SETTINGS)
    third, lines = scan_and_listen(data)
    assert third == first and third.remembered == 20 and lines == []


def test_a_look_with_a_wrong_bit_is_not_trusted(data: Path, cache: Path, opened: list[str]) -> None:
    first = scan(data, SETTINGS)
    with sqlite3.connect(only_file(cache)) as database:
        (look,) = database.execute("SELECT look FROM looks WHERE path = 'a/02.jpg'").fetchone()
        wrong = look[:200] + bytes([look[200] ^ 4]) + look[201:]
        database.execute("UPDATE looks SET look = ? WHERE path = 'a/02.jpg'", (wrong,))
        database.execute("DELETE FROM conclusions")
    database.close()
    opened.clear()
    assert scan(data, SETTINGS) == first and opened == ["02.jpg"]


def test_a_conclusion_with_a_wrong_letter_is_not_trusted(data: Path, cache: Path) -> None:
    first = scan(data, SETTINGS)
    with sqlite3.connect(only_file(cache)) as database:
        database.execute("UPDATE conclusions SET content = replace(content, 'blank', 'blink')")
        database.execute("UPDATE conclusions SET content = replace(content, 'ok', 'excluded')")
    database.close()
    assert scan(data, SETTINGS) == first


def test_a_locked_cache_costs_a_line_and_no_scan(data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scan(data, SETTINGS)
    monkeypatch.setattr(remembering, "LOCKED_SECONDS", 0.1)
    holder = sqlite3.connect(only_file(cache), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    second, lines = scan_and_listen(data)
    holder.execute("ROLLBACK")
    holder.close()
    assert second == first and second.remembered == 0
    assert lines == ["note: what scans remember cannot be used (database is locked); photos are read again"]
    assert scan(data, SETTINGS).remembered == 20


def test_a_cache_folder_that_cannot_be_made_costs_a_line(data: Path, cache: Path) -> None:
    cache.write_text("a file stands in its place")
    result, lines = scan_and_listen(data)
    assert result == scan(data, ScanSettings(remember=False))
    assert len(lines) == 1 and lines[0].startswith("note: what scans remember cannot be used (")


def test_two_scans_at_once_disturb_neither(data: Path) -> None:
    expected = scan(data, ScanSettings(remember=False))
    one, other = open_memory(data, True, print), open_memory(data, True, print)
    paths = [photo.path for photo in expected.manifest.photos]
    with one, other:
        for path in paths:
            for memory in (one, other):
                assert memory.recall(data, [path], 100.0) == [None]
                memory.keep(path, 100.0, look_at(str(data / path), 100.0))
    assert scan(data, SETTINGS) == expected and scan(data, SETTINGS).remembered == 20


def test_a_scan_that_is_broken_off_goes_on_where_it_was(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking_off(paths: list[str], limit: float, workers: int):
        for number, path in enumerate(paths):
            if number == 12:
                raise KeyboardInterrupt
            yield look_at(path, limit)

    with monkeypatch.context() as patch:
        patch.setattr(scanning, "look_at_all", breaking_off)
        with pytest.raises(KeyboardInterrupt):
            scan(data, SETTINGS)
    assert scan(data, SETTINGS).remembered == 12


def test_an_excluded_photo_is_not_opened_and_comes_back_unread(data: Path, opened: list[str]) -> None:
    (data / "decisions.csv").write_text("path,action\na/00.jpg,exclude\n")
    result = scan(data, SETTINGS)
    assert "00.jpg" not in opened and len(opened) == 19
    photo = next(photo for photo in result.manifest.photos if photo.path == "a/00.jpg")
    assert photo.status == "excluded" and not photo.usable and photo.sha256 == ""
    (data / "decisions.csv").unlink()
    opened.clear()
    assert scan(data, SETTINGS).remembered == 19 and opened == ["00.jpg"]


def test_photos_that_went_are_forgotten_in_time(data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_AT_ONCE", 4)
    scan(data, SETTINGS)
    for path in [*data.glob("a/*"), *data.glob("b/*")]:
        if path.name not in ("00.jpg", "01.jpg", "03.jpg"):
            path.unlink()
    scan(data, SETTINGS)
    with sqlite3.connect(only_file(cache)) as database:
        assert database.execute("SELECT count(*) FROM looks").fetchone() == (3,)
    database.close()
    assert scan(data, SETTINGS).remembered == 3


def test_roots_not_used_for_long_and_too_much_in_all_are_forgotten(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "scans").mkdir(parents=True)
    for name, days in (("old", 200), ("older", 100), ("newer", 1)):
        (cache / "scans" / f"{name}.sqlite").write_bytes(bytes(1000))
        used = time.time() - days * 86_400
        os.utime(cache / "scans" / f"{name}.sqlite", (used, used))
    monkeypatch.setattr(remembering, "MOST_BYTES", 1500)
    scan(data, SETTINGS)
    left = {path.stem for path in (cache / "scans").glob("*.sqlite")}
    assert {"newer"} < left and not left & {"old", "older"} and len(left) == 2


def test_thumbnails_are_remembered_by_their_photos_bytes(data: Path) -> None:
    with open_memory(data, True, print) as memory:
        assert memory.thumbnail("ab" * 32) is None
        memory.keep_thumbnails({"ab" * 32: b"picture", "cd" * 32: b"other"})
    with open_memory(data, True, print) as memory:
        assert memory.thumbnail("ab" * 32) == b"picture" and memory.thumbnail("ef" * 32) is None
    with Memory(None, print) as memory:
        memory.keep_thumbnails({"ab" * 32: b"picture"})
        assert memory.thumbnail("ab" * 32) is None and memory.recall(data, ["a/00.jpg"], 100.0) == [None]


def test_the_machines_own_trouble_is_not_remembered(data: Path) -> None:
    look = replace(look_at(str(data / "a/00.jpg"), 100.0), error="is too large for this machine's memory", sketch=None)
    with open_memory(data, True, print) as memory:
        memory.keep("a/00.jpg", 100.0, replace(look, facts=None, measures=None))
    with open_memory(data, True, print) as memory:
        assert memory.recall(data, ["a/00.jpg"], 100.0) == [None]


@pytest.mark.parametrize(
    ("modified", "changed", "settled"),
    [(-3, -3, True), (-1, -3, False), (-3, -0.05, False), (60, -3, False), (-3, -0.5, True)],
)
def test_a_stamp_is_settled_when_its_file_was_left_alone(modified: float, changed: float, settled: bool) -> None:
    now = 1_700_000_000_000_000_000
    stamp = Stamp(5, now + int(modified * 1e9), now + int(changed * 1e9), 1)
    assert stamp.settled_at(now) is settled


def test_the_cache_lies_where_the_system_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("MEKIKI_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "mekiki"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "mekiki"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "mekiki"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "mekiki" / "Cache"
