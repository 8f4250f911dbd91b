"""A zip becomes a folder of photos or is refused whole: hostile zips are planted, one for each rule."""

import random
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

import mekiki
from mekiki.config import ScanSettings, UnpackSettings
from mekiki.data.importing import unpacking, zip_names
from mekiki.data.importing.layouts import find_photos
from mekiki.data.importing.unpacking import Unpacked
from mekiki.data.pictures import LARGEST_FILE
from mekiki.errors import DataError, MekikiError, SettingsError
from tests.conftest import Heard
from tests.data.made_pictures import encoded, scene

PHOTOS = [encoded(scene(number)) for number in range(4)]
JPEG = PHOTOS[0]
GOOD = {"SG/1.jpg": PHOTOS[0], "SG/2.jpg": PHOTOS[1], "LP/1.jpg": PHOTOS[2], "LP/2.png": encoded(scene(9), "PNG")}


def make_zip(place: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(place, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return place


def make_odd(place: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """Write entries that ``zipfile`` warns of or would spell otherwise."""
    with zipfile.ZipFile(place, "w") as made:
        for name, content in GOOD.items():
            made.writestr(name, content)
        for info, content in entries:
            if isinstance(info, str):
                name, info = info, zipfile.ZipInfo("x")
                info.filename = name
            if info.filename in made.NameToInfo:
                del made.NameToInfo[info.filename]
            made.writestr(info, content)
    return place


def with_raw_names(place: Path, names: dict[str, bytes]) -> Path:
    """Replace ASCII names of a finished zip by raw bytes of the same length, without the mark of UTF-8."""
    content = place.read_bytes()
    for name, raw in names.items():
        assert len(name) == len(raw) and content.count(name.encode()) == 2
        content = content.replace(name.encode(), raw)
    place.write_bytes(content)
    return place


def written(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refused(archive: Path, match: str, **settings: Any) -> None:
    """The refusal reads as expected, is one line with a hint, and leaves nothing behind."""
    before = sorted(archive.parent.iterdir())
    with pytest.raises(DataError, match=match) as caught:
        mekiki.unpack(archive, archive.parent / "new" / "photos", UnpackSettings(**settings))
    assert "\n" not in caught.value.message and caught.value.hint
    assert sorted(archive.parent.iterdir()) == before


def test_a_good_zip_becomes_the_folder_to_the_byte(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", GOOD)
    made = mekiki.unpack(archive, tmp_path / "photos")
    assert written(tmp_path / "photos") == GOOD
    size = sum(map(len, GOOD.values()))
    assert made == Unpacked(tmp_path / "photos", photos=4, folders=2, tables=0, bytes=size, left_out=(), litter=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.zip", "photos"]
    assert find_photos(tmp_path / "photos", ScanSettings()).classes == ("LP", "SG")


def test_an_empty_folder_is_filled_and_any_other_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", GOOD)
    (tmp_path / "photos").mkdir()
    mekiki.unpack(archive, tmp_path / "photos")
    assert written(tmp_path / "photos") == GOOD
    with pytest.raises(SettingsError, match=r"already holds files; nothing is ever written over"):
        mekiki.unpack(archive, tmp_path / "photos")
    with pytest.raises(SettingsError, match=r"p.zip is a file"):
        mekiki.unpack(archive, archive)


def test_the_new_folder_can_be_read_by_others_as_any_folder(tmp_path: Path) -> None:
    mekiki.unpack(make_zip(tmp_path / "p.zip", GOOD), tmp_path / "photos")
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "photos").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_litter_and_what_is_no_picture_is_left_out_and_counted(tmp_path: Path) -> None:
    litter = {name: JPEG for name in ("__MACOSX/SG/._1.jpg", "SG/.DS_Store", "LP/Thumbs.db", "LP/Icon\r", ".git/a.jpg")}
    others = {
        "readme.txt": b"words", "SG/empty.jpg": b"", "SG/really.jpg": b"<html>", "LP/setup.exe": b"MZ\x90\0",
        "LP/deep/labels.csv": b"path,label\n", "LP/really.txt": PHOTOS[3], "LP/phone.heic": b"\0\0\0\x18ftypheic",
    }  # fmt: skip
    made = mekiki.unpack(make_zip(tmp_path / "p.zip", {**GOOD, **litter, **others}), tmp_path / "photos")
    assert written(tmp_path / "photos") == {**GOOD, "LP/really.txt": PHOTOS[3]}
    assert (made.photos, made.litter) == (5, 5)
    assert dict(made.left_out) == {
        "is no picture that can be read: its first bytes are of a text file": 2,
        "is empty (0 bytes)": 1,
        "is no picture that can be read: its first bytes are of a web page": 1,
        "is no picture that can be read: its first bytes are of an unknown format": 1,
        "is no picture that can be read: its first bytes are of a HEIC picture": 1,
    }
    assert made.left_out[0][1] == 2


def test_tables_that_may_give_labels_are_kept_at_the_top(tmp_path: Path) -> None:
    table = b"path,label\nimg/1.jpg,SG\nimg/2.jpg,LP\n"
    flat = {"img/1.jpg": PHOTOS[0], "img/2.jpg": PHOTOS[1]}
    made = mekiki.unpack(make_zip(tmp_path / "a.zip", {"labels.CSV": table, **flat}), tmp_path / "a")
    assert (made.tables, written(tmp_path / "a")["labels.CSV"]) == (1, table)
    assert len(find_photos(tmp_path / "a" / "labels.CSV", ScanSettings()).entries) == 2
    inside = {
        f"all/{name}": content for name, content in {"labels.csv": table, "classes.txt": b"SG\nLP\n", **flat}.items()
    }
    made = mekiki.unpack(make_zip(tmp_path / "b.zip", inside), tmp_path / "b")
    assert (made.tables, made.unwrapped, written(tmp_path / "b")) == (2, "", inside)
    beside = {**GOOD, "SG/notes.csv": b"my notes"}
    made = mekiki.unpack(make_zip(tmp_path / "c.zip", beside), tmp_path / "c")
    assert (written(tmp_path / "c"), made.left_out) == (GOOD, (("is a table that does not lie at the top", 1),))


@pytest.mark.parametrize(
    ("files", "unwrapped"),
    [
        ({f"guitars/{name}": content for name, content in GOOD.items()}, "guitars"),
        ({f"guitars/guitars/{name}": content for name, content in GOOD.items()}, ""),
        ({"SG/SG/1.jpg": JPEG, "SG/LP/1.jpg": JPEG}, "SG"),
        ({"all/SG/1.jpg": JPEG, "all/LP/1.jpg": JPEG, "all/labels.csv": b"path,label\n"}, "all"),
        ({"all/SG/1.jpg": JPEG, "all/LP/1.jpg": JPEG, "__MACOSX/._all": b"", "read.txt": b"x"}, "all"),
        ({"all/SG/1.jpg": JPEG, "all/LP/1.jpg": JPEG, "labels.csv": b"path,label\n"}, ""),
        ({"all/SG/1.jpg": JPEG, "all/LP/1.txt": b"no picture"}, ""),
        ({"all/SG/1.jpg": JPEG, "all/LP/1.jpg": JPEG, "2.jpg": JPEG}, ""),
        ({"all/1.jpg": JPEG, "all/2.jpg": JPEG}, ""),
    ],
)  # fmt: skip
def test_one_wrapping_folder_is_left_away_only_round_two_folders_of_photos(
    tmp_path: Path, files: dict[str, bytes], unwrapped: str
) -> None:
    made = mekiki.unpack(make_zip(tmp_path / "p.zip", files), tmp_path / "photos")
    assert made.unwrapped == unwrapped
    kept = {n: c for n, c in files.items() if c == JPEG or n.endswith(".csv") or c in GOOD.values()}
    expected = {name.removeprefix(f"{unwrapped}/") if unwrapped else name: content for name, content in kept.items()}
    assert written(tmp_path / "photos") == expected


def kind(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("/etc/1.jpg", "'/etc/1.jpg' has an absolute path\nhint: make the zip anew"),
        ("//host/share/1.jpg", "has an absolute path"),
        ("SG/../../1.jpg", r"leads out of the folder by \"..\""),
        ("../__MACOSX/.hidden", r"leads out of the folder by \"..\""),
        ("..", r"leads out of the folder by \"..\""),
        ("C:/1.jpg", "names a drive"),
        ("c:1.jpg", "names a drive"),
        ("SG\\1.jpg", "has a backslash in its name"),
        ("..\\1.jpg", "has a backslash in its name"),
        ("SG/a\x1b[2J.jpg", r"'SG/a\\x1b\[2J.jpg' has a control character in its name\nhint: rename the photo"),
        ("./.", "has no name"),
        (f"SG/{'a' * 252}.jpg", "has a name of 256 bytes; the limit is 255\nhint: give it a shorter name"),
        (f"SG/{'ギ' * 84}.jpg", "has a name of 256 bytes; the limit is 255"),
        ("long/" * 205 + "1.jpg", r"…' has a name of 1030 bytes with its folders; the limit is 1024"),
        ("SG/1.jpg", "'SG/1.jpg' is there twice\nhint: make the zip anew"),
        ("SG/./1.jpg", "'SG/1.jpg' is there twice"),
        ("SG//1.jpg", "'SG/1.jpg' is there twice"),
        ("SG/1.JPG", "'SG/1.JPG' and its entry 'SG/1.jpg' differ only in upper and lower case\nhint: rename one"),
        ("sg/3.jpg", "'sg' and its entry 'SG' differ only in upper and lower case"),
        ("SG", "'SG' is a file, and a folder too"),
        ("SG/1.jpg/2.jpg", "'SG/1.jpg' is a file, and a folder too"),
        (kind("link.jpg", stat.S_IFLNK | 0o777), "'link.jpg' is a link\nhint: make the zip anew with the photos"),
        (kind("__MACOSX/link", stat.S_IFLNK | 0o777), "is a link"),
        (kind("pipe", stat.S_IFIFO | 0o666), "is a device or pipe, no file\nhint: make the zip anew"),
        (kind("disk", stat.S_IFBLK | 0o666), "is a device or pipe, no file"),
        (kind("tty", stat.S_IFCHR | 0o666), "is a device or pipe, no file"),
    ],
)  # fmt: skip
def test_an_entry_that_could_do_harm_refuses_the_whole_zip(
    tmp_path: Path, entry: str | zipfile.ZipInfo, message: str
) -> None:
    refused(make_odd(tmp_path / "p.zip", (entry, JPEG)), r"p.zip is not unpacked: its entry .*" + message)


def test_a_name_cut_by_a_zero_byte_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", {**GOOD, "SG/evil.exeX.jpg": JPEG})
    archive.write_bytes(archive.read_bytes().replace(b"evil.exeX.jpg", b"evil.exe\0.jpg"))
    refused(archive, r"'SG/evil.exe\\x00.jpg' has a control character")


def test_two_spellings_of_one_name_are_there_twice(tmp_path: Path) -> None:
    name = "SG/Café.jpg"
    files = {unicodedata.normalize(form, name): JPEG for form in ("NFC", "NFD")}
    assert len(files) == 2
    refused(make_zip(tmp_path / "p.zip", files), "'SG/Café.jpg' is there twice")


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x2000])
def test_an_encrypted_entry_is_refused(tmp_path: Path, flag: int) -> None:
    archive = make_zip(tmp_path / "p.zip", GOOD)
    content = bytearray(archive.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 8
    struct.pack_into("<H", content, at, struct.unpack_from("<H", content, at)[0] | flag)
    archive.write_bytes(content)
    refused(archive, r"'LP/2.png' is encrypted\nhint: unpack it with its password")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_methods_whose_memory_has_no_bound_are_refused(tmp_path: Path, method: int) -> None:
    refused(make_zip(tmp_path / "p.zip", GOOD, method), r"is compressed in a rare way\nhint: make the zip anew with")


@pytest.mark.parametrize("name", ["SG/12:30.jpg", "CON/1.jpg", "SG/nul.jpg", "SG./1.jpg", "SG/what?.jpg"])
def test_names_that_windows_takes_otherwise_are_refused_there(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_odd(tmp_path / "p.zip", (name, JPEG))
    assert mekiki.unpack(archive, tmp_path / "here").photos == 5
    monkeypatch.setattr(zip_names, "ON_WINDOWS", True)
    refused(archive, "has a name that Windows does not take\nhint: rename it where it is from")


def test_too_many_files_are_refused_and_litter_does_not_count(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", {**GOOD, "SG/.hidden": b""})
    refused(
        archive,
        r"p.zip is not unpacked: it holds 4 files; the limit is 3\nhint: --most-files allows more",
        most_files=3,
    )
    assert mekiki.unpack(archive, tmp_path / "photos", UnpackSettings(most_files=4)).photos == 4


def test_a_list_of_entries_that_is_far_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_CHUNK", 600)
    archive = make_zip(tmp_path / "p.zip", {f"SG/{number:03}.jpg": b"" for number in range(40)})
    refused(archive, r"it lists far more files; the limit is 3\nhint: --most-files allows more", most_files=3)
    claims = bytearray(archive.read_bytes())
    struct.pack_into("<I", claims, claims.rindex(b"PK\x05\x06") + 12, 0xFFFF_FFF0)
    archive.write_bytes(claims)
    refused(archive, "Bad offset for central directory")


def test_the_default_for_one_photo_is_what_may_be_opened() -> None:
    assert UnpackSettings().largest_mebibytes * 2**20 == LARGEST_FILE


def bomb(size: int) -> bytes:
    return JPEG + bytes(size)


def test_a_photo_that_swells_is_refused_by_its_real_bytes(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", {**GOOD, "SG/bomb.jpg": bomb(2**20)})
    assert archive.stat().st_size < 60_000
    refused(
        archive, r"holds 'SG/bomb.jpg', which is larger; the limit is 1 MiB\nhint: leave it out", largest_mebibytes=1
    )


def test_many_that_swell_are_refused_by_the_bytes_of_all(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", {f"SG/{number}.jpg": bomb(300_000) for number in range(4)})
    refused(archive, r"holds more bytes of photos; the limit is 0.001 GB\nhint: --most-gigabytes", most_gigabytes=0.001)
    assert mekiki.unpack(archive, tmp_path / "photos", UnpackSettings(most_gigabytes=0.002)).photos == 4


def test_headers_that_lie_about_sizes_are_found_out(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", {"LP/1.jpg": JPEG, "SG/bomb.jpg": bomb(2**21)})
    content = bytearray(archive.read_bytes())
    struct.pack_into("<I", content, content.rindex(b"PK\x01\x02") + 24, len(JPEG))
    archive.write_bytes(content)
    refused(archive, r"its entry 'SG/bomb.jpg' is damaged \(Bad CRC-32.*\)\nhint: copy or download it once more")


def test_a_damaged_photo_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "p.zip", GOOD, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[content.index(JPEG) + 700] ^= 1
    archive.write_bytes(content)
    refused(archive, r"its entry 'SG/1.jpg' is damaged \(Bad CRC-32 for file 'SG/1.jpg'\)")


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(JPEG)
    refused(
        tmp_path / "p.zip",
        r"p.zip is not unpacked: it is no zip, or a damaged one \(File is not a zip file\)\nhint: copy",
    )
    refused(tmp_path / "none.zip", r"cannot read .*none.zip: No such file or directory\nhint: name a zip of photos")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", r"folder is no file\nhint: name a zip of photos; a folder can be used as it is")


def test_a_zip_without_pictures_says_what_was_in_it(tmp_path: Path) -> None:
    files = {f"{number}.heic": b"\0\0\0\x18ftypheic" for number in range(3)}
    refused(
        make_zip(tmp_path / "p.zip", {**files, "labels.csv": b"path,label\n"}),
        r"p.zip holds no pictures\nhint: 3 of its files: is no picture.* a HEIC picture; expected JPEG, PNG",
    )
    refused(make_zip(tmp_path / "p.zip", {}), r"holds no pictures\nhint: expected JPEG")


def test_names_of_japanese_windows_macs_and_old_dos_are_read(tmp_path: Path) -> None:
    for encoding, label in (("cp932", "表ギター①"), ("utf-8", "ギター"), ("cp437", "Größe¥")):
        raw = label.encode(encoding)
        stand_in = "Q" * len(raw)
        archive = make_zip(tmp_path / f"{encoding}.zip", {f"{stand_in}/1.jpg": JPEG, "SG/1.jpg": JPEG})
        with_raw_names(archive, {stand_in: raw})
        names = "cp437" if encoding == "cp437" else "auto"
        mekiki.unpack(archive, tmp_path / encoding, UnpackSettings(names=names))
        assert written(tmp_path / encoding) == {f"{label}/1.jpg": JPEG, "SG/1.jpg": JPEG}
    decomposed = unicodedata.normalize("NFD", "ギター")
    mekiki.unpack(make_zip(tmp_path / "mac.zip", {f"{decomposed}/1.jpg": JPEG}), tmp_path / "mac")
    assert list(written(tmp_path / "mac")) == ["ギター/1.jpg"]


def test_one_name_that_cannot_be_japanese_settles_it_for_all(tmp_path: Path) -> None:
    for other, label in ((b"\x80a", "Ça"), (b"a\x81", "aü")):
        archive = make_zip(tmp_path / "p.zip", {"QQQQQ/1.jpg": JPEG, "ZZ/1.jpg": JPEG})
        with_raw_names(archive, {"QQQQQ": "Größe".encode("cp437"), "ZZ/": other + b"/"})
        mekiki.unpack(archive, tmp_path / label)
        assert set(written(tmp_path / label)) == {"Größe/1.jpg", f"{label}/1.jpg"}


def test_names_that_are_not_written_as_said_are_refused(tmp_path: Path) -> None:
    archive = with_raw_names(make_zip(tmp_path / "p.zip", {"QQ/1.jpg": JPEG}), {"QQ": b"\x81\x20"})
    refused(archive, r"has a name that is not cp932\nhint: leave --names out", names="cp932")


def test_a_backslash_within_a_japanese_letter_is_none(tmp_path: Path) -> None:
    raw = "表".encode("cp932")
    assert raw.endswith(b"\\")
    archive = with_raw_names(make_zip(tmp_path / "p.zip", {"QQ/1.jpg": JPEG, "SG/1.jpg": JPEG}), {"QQ": raw})
    mekiki.unpack(archive, tmp_path / "photos")
    assert "表/1.jpg" in written(tmp_path / "photos")


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_zip(tmp_path / "p.zip", GOOD)
    seen: list[str] = []

    def full(path: Path, chunks: object) -> None:
        seen.append(path.name)
        if len(seen) == 3:
            raise KeyboardInterrupt
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")

    monkeypatch.setattr(unpacking, "write_new", full)
    with pytest.raises(KeyboardInterrupt):
        mekiki.unpack(archive, tmp_path / "new" / "deep" / "photos")
    assert len(seen) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["p.zip"]


def test_names_that_only_the_disk_takes_for_one_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exists(path: Path, chunks: object) -> None:
        raise FileExistsError

    monkeypatch.setattr(unpacking, "write_new", exists)
    refused(make_zip(tmp_path / "p.zip", GOOD), r"on this disk 'SG/1.jpg' is the same as another entry\nhint: rename")


def test_any_damage_is_refused_in_one_line_or_makes_no_difference(tmp_path: Path) -> None:
    """Bytes are changed at random places; whatever happens, the outcome is all photos or a refusal without a trace."""
    original = make_zip(tmp_path / "p.zip", {**GOOD, "SG/three.jpg": PHOTOS[3]}).read_bytes()
    directory = original.index(b"PK\x01\x02")
    numbers = random.Random(3)
    refusals = 0
    for trial in range(250):
        content = bytearray(original)
        for _ in range(numbers.randint(1, 3)):
            content[numbers.randrange(directory if trial % 5 else 0, len(content))] = numbers.randrange(256)
        place = tmp_path / "changed.zip"
        place.write_bytes(content[: numbers.randrange(len(content))] if trial % 10 == 9 else content)
        try:
            mekiki.unpack(place, tmp_path / f"out{trial}")
        except MekikiError as error:
            refusals += 1
            assert "\n" not in error.message
            assert not list(tmp_path.glob(f"*out{trial}*"))
    assert 50 < refusals < 250


def test_progress_counts_every_file(tmp_path: Path) -> None:
    heard: list[int] = []

    class Counting(Heard):
        def task(self, title: str, total: int, unit: str = "photos") -> Any:
            heard.append(total)
            return super().task(title, total, unit)

        def advance(self, count: int = 1, note: str = "") -> None:
            heard.append(count)

    mekiki.unpack(make_zip(tmp_path / "p.zip", {**GOOD, "a.txt": b"x"}), tmp_path / "photos", progress=Counting())
    assert (heard[0], sum(heard[1:])) == (5, 5)
