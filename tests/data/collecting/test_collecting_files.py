"""The list, the names on disk, and what a second run does: nothing escapes the folder, nothing is written over."""

import os
import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as some

from mekiki.config import CollectSettings
from mekiki.data.collecting import collecting
from mekiki.data.collecting.collecting import collect
from mekiki.data.collecting.links import last_name
from mekiki.data.collecting.listing import read_list
from mekiki.data.collecting.naming import LONGEST_BYTES, safe_name
from mekiki.errors import DataError, SettingsError
from mekiki.progress import Silent
from mekiki.records.collected import Collected, CollectedPhoto, read_collected, write_collected
from tests.data.made_pictures import encoded, scene, tree_state
from tests.data.made_server import Server, fixed, serving

QUICK = {"delay": 0.0, "backoff": 0.01, "retries": 0, "allow_private": True, "robots": False}


def run(tmp_path: Path, text: str, **settings: Any) -> Collected:
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    return collect(tmp_path / "list.csv", tmp_path / "out", CollectSettings(**{**QUICK, **settings}), Silent())


def listed(server: Server, *rows: tuple[str, str], columns: str = "url,label") -> str:
    return "\n".join([columns, *(f"{server.url(path)},{rest}" for path, rest in rows)]) + "\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SG", "SG"),
        ("Les Paul (1959)", "Les Paul (1959)"),
        ("../x", "_x"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("/", "_"),
        ("/etc", "_etc"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("C:\\Windows", "C__Windows"),
        (".hidden", "hidden"),
        ("trailing. . ", "trailing"),
        ("con", "_con"),
        ("NUL.jpg", "_NUL.jpg"),
        ("com1", "_com1"),
        ("LPT¹", "_LPT¹"),
        ("aux .txt", "_aux .txt"),
        ("console", "console"),
        ("a\0b\nc\x7f", "a_b_c_"),
        ("gpj.\u202eexe", "gpj._exe"),
        ("zero\u200bwidth\ufeff", "zero_width_"),
        ('what? <"*|>', "what_ _____"),
        (unicodedata.normalize("NFD", "Gitarre für Ämter"), "Gitarre für Ämter"),
        ("目利き", "目利き"),
        ("می‌خواهم", "می‌خواهم"),
        ("é" * 100, "é" * 60),
        ("目" * 100, "目" * 40),
    ],
)
def test_names_are_safe(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(
    some.text(some.characters(exclude_categories=()), max_size=200) | some.from_regex(r"[. ]*(con|\.\.|/|\\){0,3}.*")
)
def test_a_safe_name_is_one_part_of_a_path_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    assert name and name not in (".", "..")
    assert name == Path(name).name
    assert not set(name) & set('<>:"/\\|?*\0\n\r\t')
    assert not name.startswith((".", " ")) and not name.endswith((".", " "))
    assert len(name.encode()) <= LONGEST_BYTES
    assert safe_name(name) == name
    assert unicodedata.is_normalized("NFC", name)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a.org/x/photo.jpg?size=2", "photo"),
        ("http://a.org/", ""),
        ("http://a.org/gallery/", "gallery"),
        ("http://a.org/view.php", "view"),
        ("http://a.org/%2e%2e%2fetc%2fpasswd", "passwd"),
        ("http://a.org/a%20b%C3%A4.jpeg", "a bä"),
        ("http://a.org/v1.2-final", "v1.2-final"),
        ("http://a.org/no.dot.before.longending", "no.dot.before.longending"),
        ("http://a.org/.jpg", ".jpg"),
    ],
)
def test_a_file_is_named_after_its_address(url: str, name: str) -> None:
    assert last_name(httpx2.URL(url)) == name


def test_a_list_by_hand_is_read(tmp_path: Path) -> None:
    label = unicodedata.normalize("NFD", "Müll")
    text = (
        "\ufeffurl,colour,label,license,group\r\n"
        f'"http://a.org/x,y.jpg",red, {label} ,CC0, listing 1 \r\n'
        "\r\n"
        "http://a.org/2.jpg,,SG,,\r\n"
        ",,SG,,\r\n"
        "http://a.org/3.jpg,,,,\r\n"
        "http://a.org/2.jpg,,SG,,\r\n"
        "http://a.org/2.jpg,,Müll,,\r\n"
    )
    (tmp_path / "list.csv").write_bytes(text.encode("utf-8"))
    records = read_list(tmp_path / "list.csv")
    assert [(record.url, record.label) for record in records] == [
        ("http://a.org/x,y.jpg", "Müll"),
        ("http://a.org/2.jpg", "SG"),
        ("", "SG"),
        ("http://a.org/3.jpg", ""),
        ("http://a.org/2.jpg", "SG"),
        ("http://a.org/2.jpg", "Müll"),
    ]
    assert (records[0].licence, records[0].group) == ("CC0", "listing 1")
    assert [(record.status, record.reason) for record in records[1:]] == [
        ("failed", "not asked for yet"),
        ("refused", "row 5 of the list gives no url"),
        ("refused", "row 6 of the list gives no label"),
        ("duplicate", "row 4 of the list has the same url and label"),
        ("failed", "not asked for yet"),
    ]


def test_a_list_saved_with_semicolons_is_read(tmp_path: Path) -> None:
    """As Excel does where the comma is the decimal sign."""
    (tmp_path / "list.csv").write_text("\ufeffurl;label;group\r\nhttp://a.org/1,2.jpg;SG;a\r\n", encoding="utf-8")
    assert read_list(tmp_path / "list.csv") == [
        CollectedPhoto("http://a.org/1,2.jpg", "SG", reason="not asked for yet", group="a")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("url,label\n", "lists nothing"),
        ("", "has no column 'url'"),
        ("link,label\nhttp://a.org/1.jpg,SG\n", "has no column 'url'; its columns are link, label"),
        ("url\nhttp://a.org/1.jpg\n", "has no column 'label'"),
        ("url,label\nhttp://a.org/1,2.jpg,SG\n", "row 2 has 3 values, but there are 2 columns"),
        ("url,label\nhttp://a.org/1.jpg,Collected.csv\n", "the label 'Collected.csv' is the name of a file of mekiki"),
        ("url,label\nhttp://a.org/1.jpg,a/b\nhttp://a.org/2.jpg,a_b\n", "would share the folder 'a_b'"),
        ("url,label\nhttp://a.org/1.jpg,SG\nhttp://a.org/2.jpg,sg\n", "the labels 'SG' and 'sg' would share the folder 'SG'"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused_before_anything_is_asked(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=r"list\.csv") as raised:
        run(tmp_path, text)
    assert message in raised.value.message
    assert not (tmp_path / "out").exists()


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*list\.csv: No such file"):
        collect(tmp_path / "list.csv", tmp_path / "out", CollectSettings(), Silent())


def test_a_file_or_a_foreign_record_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(SettingsError, match=r"cannot collect into .*out: it is a file"):
        run(tmp_path, "url,label\nhttp://a.org/1.jpg,SG\n")
    (tmp_path / "out").unlink()
    (tmp_path / "out").mkdir()
    for foreign, message in {
        "stamp,price\n1,2\n": "has no column 'url'",
        "url,label,status\na,b,sold\n": "'sold' is no status of a collected photo",
        "url,label,price\na,b,9\n": "is no record of mekiki collect: it has no column 'sha256'",
    }.items():
        (tmp_path / "out" / "collected.csv").write_text(foreign)
        with pytest.raises(DataError, match=r"collected\.csv") as raised:
            run(tmp_path, "url,label\nhttp://a.org/1.jpg,SG\n")
        assert message in raised.value.message
        assert (tmp_path / "out" / "collected.csv").read_text() == foreign


def test_a_file_where_a_class_folder_belongs_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "SG").write_text("mine")
    with serving() as server:
        text = listed(server, ("/photo/1.jpg", "V"), ("/photo/2.jpg", "SG"))
        with pytest.raises(SettingsError, match=r"cannot collect 'SG' into .*SG: it is a file\nhint: move it away"):
            run(tmp_path, text)
        assert not server.requests
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["SG"]


@pytest.mark.parametrize(
    ("claim", "recorded"),
    [
        ("image/jpeg", "image/jpeg"),
        ("Image/PNG; charset=utf-8", "image/png"),
        ('=HYPERLINK("http://evil/?"&A1,"x")', ""),
        ("+1+cmd/x", ""),
        ("@SUM(1)/x", ""),
        ("-1/x", ""),
        ("nonsense", ""),
    ],
)
def test_what_a_server_claims_cannot_be_a_formula_in_the_record(tmp_path: Path, claim: str, recorded: str) -> None:
    with serving() as server:
        server.routes["/a.jpg"] = fixed(encoded(scene(1)), content_type=claim)
        record = run(tmp_path, listed(server, ("/a.jpg", "SG"))).records[0]
    assert (record.status, record.content_type) == ("ok", recorded)


def test_labels_and_addresses_cannot_leave_the_folder(tmp_path: Path) -> None:
    rows = [
        ("/photo/1.jpg", "../../evil"), ("/photo/2.jpg", "/abs"), ("/photo/3.jpg", "a/b"), ("/photo/4.jpg", "nul"),
        ("/photo/5.jpg", ".."), ("/photo/..%2f..%2f6.jpg", "SG"), ("/photo/" + "7" * 300 + ".jpg", "SG"),
        ("/photo/%00%0a8.jpg", "SG"), ("/photo/con9.jpg", "x" * 400),
    ]  # fmt: skip
    with serving() as server:
        collected = run(tmp_path, listed(server, *rows))
    assert collected.counts()["ok"] == len(rows)
    assert {path.name for path in tmp_path.iterdir()} == {"list.csv", "out"}
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {record.path for record in collected.records} | {"collected.csv"}
    assert all(name.count("/") == 1 for name in files - {"collected.csv"})


def test_the_same_bytes_are_kept_once_per_class_and_a_conflict_is_told(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/copy.jpg"] = fixed(encoded(scene(1)))
        text = listed(
            server, ("/photo/1.jpg", "SG"), ("/copy.jpg", "SG"), ("/copy.jpg", "Les Paul"), ("/photo/1.jpg", "SG")
        )
        first, copy, conflict, again = run(tmp_path, text, per_host=1).records
        assert server.asked() == {"/photo/1.jpg": 1, "/copy.jpg": 1}, "one address is asked for once"
    assert (first.status, first.reason) == ("ok", "")
    assert (copy.status, copy.path, copy.reason) == ("duplicate", "", f"the same bytes as {first.path}")
    assert copy.sha256 == first.sha256
    assert conflict.status == "ok" and conflict.path.startswith("Les Paul/copy-")
    assert conflict.reason == f"the same bytes as {first.path} (SG): one of the labels is wrong"
    assert (again.status, again.reason) == ("duplicate", "row 2 of the list has the same url and label")


def test_a_second_run_asks_only_for_what_may_still_come(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/copy.jpg"] = fixed(encoded(scene(1)))
        server.routes["/page.jpg"] = fixed(b"<html>")
        server.routes["/later.jpg"] = fixed(b"", 500)
        server.routes["/large.jpg"] = fixed(encoded(scene(9), "BMP"))
        names = ("/photo/1.jpg", "/photo/2.jpg", "/copy.jpg", "/page.jpg", "/gone.jpg", "/later.jpg", "/large.jpg")
        text = listed(server, *((name, "SG,CC0") for name in names), columns="url,label,licence")
        first = run(tmp_path, text, max_megabytes=0.02, per_host=1)
        assert [record.status for record in first.records] == [
            "ok", "ok", "duplicate", "no_picture", "missing", "failed", "refused",
        ]  # fmt: skip
        assert (first.fetched, first.kept) == (2, 0)
        before = tree_state(tmp_path / "out" / "SG")
        server.requests.clear()
        server.routes["/later.jpg"] = fixed(encoded(scene(8)))
        second = run(tmp_path, text)
        assert server.asked() == {"/later.jpg": 1, "/large.jpg": 1}
        assert (second.fetched, second.kept) == (2, 2)
        assert second.records[:5] == first.records[:5]
        after = tree_state(tmp_path / "out" / "SG")
        assert {name: after[name] for name in before} == before
        server.requests.clear()
        assert run(tmp_path, text).fetched == 0
        assert not server.requests
        assert {record.licence for record in read_collected(tmp_path / "out")} == {"CC0"}


def test_a_photo_that_is_gone_is_fetched_again_and_one_that_was_edited_is_left(tmp_path: Path) -> None:
    with serving() as server:
        rows = [(f"/photo/{number}.jpg", "SG") for number in range(3)]
        first = run(tmp_path, listed(server, *rows)).records
        gone, edited, broken = (tmp_path / "out" / record.path for record in first)
        gone.unlink()
        mine = encoded(scene(77))
        edited.write_bytes(mine)
        broken.write_bytes(broken.read_bytes()[:300])
        second = run(tmp_path, listed(server, *rows)).records
        assert server.asked() == {"/photo/0.jpg": 2, "/photo/1.jpg": 1, "/photo/2.jpg": 2}
    assert gone.is_file() and second[0].path == first[0].path
    assert edited.read_bytes() == mine and second[1].reason == "changed since it was collected; left as it is"
    assert broken.stat().st_size == 300, "also a broken file is never written over"
    assert second[2].path == first[2].path.replace(".jpg", "-2.jpg")


def test_a_line_taken_out_of_the_record_is_asked_for_again(tmp_path: Path) -> None:
    with serving() as server:
        text = listed(server, ("/gone.jpg", "SG"), ("/photo/1.jpg", "SG"))
        run(tmp_path, text)
        records = read_collected(tmp_path / "out")
        write_collected(tmp_path / "out", records[1:])
        run(tmp_path, text)
        assert server.asked() == {"/gone.jpg": 2, "/photo/1.jpg": 1}


def test_files_that_are_not_ours_are_never_touched(tmp_path: Path) -> None:
    with serving() as server:
        text = listed(server, ("/photo/1.jpg", "SG"))
        path = run(tmp_path / "", text).records[0].path
        (tmp_path / "out" / "collected.csv").unlink()
        (tmp_path / "out" / path).write_bytes(b"somebody's own")
        (tmp_path / "out" / "SG" / "notes.txt").write_text("mine")
        again = run(tmp_path, text).records[0]
    assert (tmp_path / "out" / path).read_bytes() == b"somebody's own"
    assert again.path == path.replace(".jpg", "-2.jpg")
    assert (tmp_path / "out" / "SG" / "notes.txt").read_text() == "mine"


def test_a_photo_that_lost_its_record_is_found_again_by_its_bytes(tmp_path: Path) -> None:
    with serving() as server:
        text = listed(server, ("/photo/1.jpg", "SG"))
        first = run(tmp_path, text).records[0]
        (tmp_path / "out" / "collected.csv").unlink()
        before = tree_state(tmp_path / "out")
        assert run(tmp_path, text).records[0].path == first.path
        assert {name: tree_state(tmp_path / "out")[name] for name in before} == before
        assert len(list((tmp_path / "out" / "SG").iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    with serving() as server:
        text = listed(server, ("/photo/1.jpg", "SG"))
        path = tmp_path / "out" / run(tmp_path, text).records[0].path
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere.jpg")
        assert run(tmp_path, text).records[0].path.endswith("-2.jpg")
    assert not (tmp_path / "elsewhere.jpg").exists()


def test_photos_of_a_former_list_stay_in_the_record(tmp_path: Path) -> None:
    with serving() as server:
        run(tmp_path, listed(server, ("/photo/1.jpg", "SG"), ("/gone.jpg", "SG")))
        second = run(tmp_path, listed(server, ("/photo/2.jpg", "SG"), ("/photo/1.jpg", "Les Paul")))
        assert [Path(record.path).parent.name for record in second.records] == ["SG", "Les Paul", "SG"]
        assert "one of the labels is wrong" in second.records[1].reason


def test_a_record_is_a_list_too(tmp_path: Path) -> None:
    """Somebody who is given collected.csv can collect the same photos."""
    with serving() as server:
        text = listed(server, ("/photo/1.jpg", "SG,CC0,a"), ("/gone.jpg", "SG,,"), columns="url,label,licence,group")
        first = run(tmp_path, text)
        second = collect(first.table, tmp_path / "other", CollectSettings(**QUICK), Silent())
    assert [replace(record, time="") for record in second.records] == [
        replace(record, time="") for record in first.records
    ]


def test_the_record_is_written_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "WRITE_EVERY_SECONDS", 0.0)
    seen: list[int] = []
    real = collecting.write_collected

    def write(out: Path, records: list[CollectedPhoto]) -> None:
        real(out, records)
        seen.append(sum(record.status == "ok" for record in read_collected(out)))

    monkeypatch.setattr(collecting, "write_collected", write)
    with serving() as server:
        run(tmp_path, listed(server, *((f"/photo/{number}.jpg", "SG") for number in range(5))), delay=0.1, per_host=1)
    assert seen[-1] == 5
    assert len(set(seen)) >= 3


def test_no_more_bodies_wait_in_memory_than_connections_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding may be slower than the network: then the network waits."""
    real = collecting.picture_ending

    def slow(*given: Any) -> str:
        time.sleep(0.1)
        return real(*given)

    monkeypatch.setattr(collecting, "picture_ending", slow)
    with serving() as server:
        rows = [(f"/photo/{number}.jpg", "SG") for number in range(4)]
        assert run(tmp_path, listed(server, *rows), connections=1).counts()["ok"] == 4
        assert server.times()[-1] - server.times()[0] > 0.25


def test_a_full_disk_ends_the_run_with_one_error_and_keeps_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mekiki.data.collecting import storing

    real = storing.write_bytes

    def write(path: Path, content: bytes) -> None:
        if path.name.startswith("3-"):
            raise OSError(28, "No space left on device", str(path))
        real(path, content)

    monkeypatch.setattr(storing, "write_bytes", write)
    with serving() as server, pytest.raises(OSError, match="No space left") as raised:
        run(tmp_path, listed(server, *((f"/photo/{number}.jpg", "SG") for number in range(6))), per_host=1)
    assert not isinstance(raised.value, ExceptionGroup)
    assert [record.status for record in read_collected(tmp_path / "out")] == ["ok"] * 3 + ["failed"] * 3
