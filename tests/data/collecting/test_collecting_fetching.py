"""Downloads from a server that misbehaves: each way of going wrong costs one row, in time, and says what it was."""

import io
import itertools
import struct
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mekiki.config import CollectSettings
from mekiki.data.collecting.asking import seconds_until
from mekiki.data.collecting.collecting import collect
from mekiki.progress import Silent
from mekiki.records.collected import Collected, CollectedPhoto
from mekiki.version import __version__
from tests.data.made_pictures import encoded, scene
from tests.data.made_server import Handler, Server, fixed, redirect, serving

QUICK = {
    "delay": 0.0, "backoff": 0.01, "retries": 2, "allow_private": True, "robots": False,
    "connect_seconds": 2.0, "read_seconds": 0.4, "file_seconds": 0.8,
}  # fmt: skip
PHOTO = encoded(scene(1))


def run(tmp_path: Path, urls: list[str], **settings: Any) -> Collected:
    rows = "".join(f'"{url}",SG\n' for url in urls)
    (tmp_path / "list.csv").write_text("url,label\n" + rows, encoding="utf-8")
    return collect(tmp_path / "list.csv", tmp_path / "out", CollectSettings(**{**QUICK, **settings}), Silent())


def one(tmp_path: Path, url: str, **settings: Any) -> CollectedPhoto:
    return run(tmp_path, [url], **settings).records[0]


def test_a_photo_is_kept_byte_for_byte_with_where_it_is_from(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/a b/ü.jpg"] = server.routes["/a%20b/%C3%BC.jpg"] = fixed(PHOTO, content_type="image/x-odd")
        record = one(tmp_path, server.url("/a b/ü.jpg#there"))
    assert record.status == "ok"
    assert (tmp_path / "out" / record.path).read_bytes() == PHOTO
    assert record.path.startswith("SG/ü-") and record.path.endswith(".jpg")
    assert (record.bytes, record.content_type) == (len(PHOTO), "image/x-odd")
    assert record.final_url == server.url("/a%20b/%C3%BC.jpg")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(record.time)) < timedelta(minutes=1)


def test_the_bytes_decide_the_ending(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/png.jpg"] = fixed(encoded(scene(2), "PNG"))
        server.routes["/view.php"] = fixed(encoded(scene(3), "WEBP"), content_type="text/html")
        server.routes["/"] = fixed(encoded(scene(4), "GIF"))
        collected = run(tmp_path, [server.url("/png.jpg"), server.url("/view.php?id=3"), server.url("/")])
    assert [Path(record.path).suffix for record in collected.records] == [".png", ".webp", ".gif"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><html><body>log in</body></html>", "its first bytes are of a web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "its first bytes are of an SVG drawing"),
        (b"", "is empty (0 bytes)"),
        (PHOTO[:-200], "is truncated"),
        (b"\0" * 5000, "an empty or unfinished download"),
        (b"PK\x03\x04 and so on", "a zip archive"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(tmp_path: Path, body: bytes, reason: str) -> None:
    with serving() as server:
        server.routes["/lie.jpg"] = fixed(body)
        record = one(tmp_path, server.url("/lie.jpg"))
        assert record.status == "no_picture"
        assert reason in record.reason
        assert server.asked()["/lie.jpg"] == 1
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["collected.csv"]


def bomb() -> bytes:
    """Return a PNG of a few hundred bytes whose header promises 400 megapixels."""
    buffer = io.BytesIO()
    Image.new("1", (8, 8)).save(buffer, "PNG")
    made = bytearray(buffer.getvalue())
    made[16:24] = struct.pack(">II", 20_000, 20_000)
    made[29:33] = struct.pack(">I", zlib.crc32(made[12:29]))
    return bytes(made)


def test_too_many_pixels_are_refused(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/bomb.png"] = fixed(bomb())
        record = one(tmp_path, server.url("/bomb.png"))
    assert (record.status, "megapixels; the limit is 100" in record.reason) == ("no_picture", True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(tmp_path: Path, status: int) -> None:
    with serving() as server:
        server.routes["/from"] = redirect("further", status)
        server.routes["/further"] = redirect(server.url("/photo/7.jpg", "localhost"), status)
        record = one(tmp_path, server.url("/from"))
    assert record.status == "ok"
    assert record.final_url == server.url("/photo/7.jpg", "localhost")


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("file:///etc/passwd", "the address it redirects to is neither http nor https (file:…)"),
        ("//user:pw@127.0.0.1/", "the address it redirects to holds a user name or password"),
        ("http://127.0.0.1:22/", "the address it redirects to has port 22"),
        ("http://[bad]/", "the address cannot be read"),
        ("/loop", "it redirects in a circle"),
        ("/grow?1", "it redirects more than 5 times"),
    ],
)
def test_a_bad_redirect_ends_with_its_reason(tmp_path: Path, to: str, reason: str) -> None:
    with serving() as server:
        server.routes["/loop"] = redirect("/loop2")
        server.routes["/loop2"] = redirect("/loop")
        server.routes["/grow"] = lambda handler: handler.send(b"", 302, Location=handler.path + "1")
        server.routes["/start"] = redirect(to)
        record = one(tmp_path, server.url("/start"))
        assert record.status == "refused"
        assert reason in record.reason
        assert len(server.requests) <= 6


@pytest.mark.parametrize("status", [304, 401, 403, 404, 410, 451])
def test_a_final_no_is_asked_once(tmp_path: Path, status: int) -> None:
    with serving() as server:
        server.routes["/no.jpg"] = fixed(b"", status)
        record = one(tmp_path, server.url("/no.jpg"))
        assert record.status == "missing"
        assert record.reason.startswith(f"the server says {status} ")
        assert server.asked()["/no.jpg"] == 1


def failing_first(times: int, fail: Callable[[Handler], None]) -> Callable[[Handler], None]:
    return lambda handler: fail(handler) if handler.tries() <= times else handler.send(PHOTO)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def break_off(handler: Handler) -> None:
    handler.start(Content_Length=str(len(PHOTO)))
    handler.wfile.write(PHOTO[:1000])
    handler.wfile.flush()
    hang_up(handler)


def be_silent(handler: Handler) -> None:
    handler.wait(5)


def drip(handler: Handler) -> None:
    handler.start(Content_Length=str(len(PHOTO)))
    for byte in PHOTO:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if handler.wait(0.05):
            return


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


TEMPORARY: dict[str, tuple[Callable[[Handler], None], str]] = {
    "500": (fixed(b"", 500), "the server says 500 Internal Server Error"),
    "503": (fixed(b"", 503), "the server says 503 Service Unavailable"),
    "hangs up": (hang_up, "the connection broke off"),
    "breaks off": (break_off, "the connection broke off"),
    "is silent": (be_silent, "the server was silent for 0.4 seconds"),
    "talks nonsense": (lambda handler: handler.wfile.write(b"hello\r\n\r\n") and None, "the connection broke off"),
}


@pytest.mark.parametrize("name", TEMPORARY)
def test_what_may_pass_is_tried_again(tmp_path: Path, name: str) -> None:
    fail, reason = TEMPORARY[name]
    with serving() as server:
        server.routes["/a.jpg"] = failing_first(2, fail)
        server.routes["/b.jpg"] = failing_first(3, fail)
        good, bad = run(tmp_path, [server.url("/a.jpg"), server.url("/b.jpg")], retries=2).records
        assert good.status == "ok"
        assert (bad.status, reason in bad.reason) == ("failed", True), bad.reason
        assert server.asked() == {"/a.jpg": 3, "/b.jpg": 3}
    assert len(list((tmp_path / "out" / "SG").iterdir())) == 1


def test_a_body_without_length_that_broke_off_is_tried_again(tmp_path: Path) -> None:
    def until_close(handler: Handler) -> None:
        handler.start()
        handler.wfile.write(PHOTO if handler.tries() > 2 else PHOTO[:1000])
        handler.close_connection = True

    with serving() as server:
        server.routes["/a.jpg"] = until_close
        first = one(tmp_path, server.url("/a.jpg"), retries=1)
        assert (first.status, "may have broken off" in first.reason) == ("failed", True)
        assert one(tmp_path, server.url("/a.jpg")).status == "ok"
        assert server.asked()["/a.jpg"] == 3


@pytest.mark.parametrize("route", [drip, drip_headers])
def test_a_slow_drip_cannot_hold_it(tmp_path: Path, route: Callable[[Handler], None]) -> None:
    with serving() as server:
        server.routes["/drip.jpg"] = route
        began = time.monotonic()
        record = one(tmp_path, server.url("/drip.jpg"), file_seconds=0.4)
        assert time.monotonic() - began < 2
        assert (record.status, record.reason) == ("failed", "not done within 0.4 seconds")


def test_a_host_that_takes_no_connection_says_so(tmp_path: Path) -> None:
    with serving() as server:
        link = server.url("/photo/1.jpg")
    record = one(tmp_path, link, retries=0)
    assert record.status == "failed"
    assert "refused" in record.reason.lower() and "cannot connect" in record.reason


def endless(handler: Handler) -> None:
    handler.start(Transfer_Encoding="chunked")
    while not handler.wait(0):
        handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def lying_length(handler: Handler) -> None:
    """Declare little and send much: only what was declared is read."""
    handler.start(Content_Length=str(len(PHOTO)), Connection="close")
    handler.wfile.write(PHOTO + b"x" * 100_000)


def test_size_is_limited_by_header_and_while_it_arrives(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/declared.jpg"] = lambda handler: handler.start(Content_Length="5000000")
        server.routes["/endless.jpg"] = endless
        server.routes["/lying.jpg"] = lying_length
        declared, unending, lying = run(
            tmp_path,
            [server.url("/declared.jpg"), server.url("/endless.jpg"), server.url("/lying.jpg")],
            max_megabytes=2,
            file_seconds=10,
        ).records
    assert (declared.status, declared.reason) == ("refused", "the file has 5.0 MB; the limit is 2 MB")
    assert (unending.status, unending.reason) == ("refused", "the file does not end; the limit is 2 MB")
    assert (lying.status, lying.bytes) == ("ok", len(PHOTO))


def test_nothing_is_unpacked(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/packed.jpg"] = fixed(b"\x1f\x8b" + b"0" * 100, Content_Encoding="gzip")
        record = one(tmp_path, server.url("/packed.jpg"))
        assert record.reason == "the server packs it ('gzip') though it was asked not to"
        assert server.requests[0][2]["Accept-Encoding"] == "identity"


def test_it_says_who_it_is(tmp_path: Path) -> None:
    with serving() as server:
        one(tmp_path, server.url("/photo/1.jpg"))
        run(tmp_path, [server.url("/photo/2.jpg")], contact="me@example.org")
        agents = [headers["User-Agent"] for _, _, headers in server.requests]
        assert agents == [f"mekiki/{__version__}", f"mekiki/{__version__} (me@example.org)"]
        assert server.requests[0][2]["Host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), (" 3 ", 3), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), ("1" * 50, 111_111_111), ("²", 0)],
)
def test_retry_after_in_seconds(text: str, seconds: float) -> None:
    assert seconds_until(text, 0.0) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert seconds_until(format_datetime(now + timedelta(seconds=90), usegmt=True), now.timestamp()) == 90
    assert seconds_until(format_datetime(now - timedelta(hours=1), usegmt=True), now.timestamp()) == 0


def gaps(server: Server) -> list[float]:
    times = sorted(server.times())
    return [after - before for before, after in itertools.pairwise(times)]


def mean_gap(server: Server, first: int = 0) -> float:
    """Return the mean time between requests; unlike the least, a machine under load hardly moves it."""
    times = sorted(server.times())[first:]
    return (times[-1] - times[0]) / (len(times) - 1)


def test_requests_to_one_host_begin_apart_and_hosts_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with serving() as one_host, serving() as other_host:
        urls = [one_host.url(f"/photo/{number}.jpg") for number in range(6)]
        urls += [other_host.url(f"/photo/{number}.jpg", "localhost") for number in range(6, 12)]
        assert run(tmp_path, urls, delay=0.15).counts()["ok"] == 12
        assert mean_gap(one_host) > 0.13
        assert mean_gap(other_host) > 0.13
        assert one_host.times()[2] < other_host.times()[-2]
        assert other_host.times()[2] < one_host.times()[-2], "the hosts waited for each other"


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_host_has_no_more_connections_than_it_should(tmp_path: Path, limit: int) -> None:
    def slow(handler: Handler) -> None:
        handler.wait(0.08)
        handler.send(encoded(scene(int(handler.path[2:]))))

    with serving() as server:
        for number in range(8):
            server.routes[f"/n{number}"] = slow
        urls = [server.url(f"/n{number}") for number in range(8)]
        assert run(tmp_path, urls, per_host=limit).counts()["ok"] == 8
        assert server.most_at_once == limit


def test_redirects_take_their_turn_at_the_host_that_they_lead_to(tmp_path: Path) -> None:
    def slow(handler: Handler) -> None:
        handler.wait(0.05)
        handler.send(encoded(scene(int(handler.path[2:]))))

    with serving() as many, serving() as one_host:
        urls = []
        for number, host in enumerate(("127.0.0.1", "localhost", "127.1", "2130706433")):
            many.routes[f"/from{number}"] = redirect(one_host.url(f"/n{number}"))
            one_host.routes[f"/n{number}"] = slow
            urls.append(many.url(f"/from{number}", host))
        assert run(tmp_path, urls, per_host=1).counts()["ok"] == 4
        assert one_host.most_at_once == 1


def test_connections_are_limited_over_all_hosts(tmp_path: Path) -> None:
    def slow(handler: Handler) -> None:
        handler.wait(0.05)
        handler.send(encoded(scene(number)))

    hosts = ("127.0.0.1", "localhost", "127.1", "2130706433")
    with serving() as server:
        for number in range(12):
            server.routes[f"/n{number}"] = slow
        urls = [server.url(f"/n{number}", host) for number in range(12) for host in hosts]
        run(tmp_path, urls, connections=3)
        assert server.most_at_once == 3


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tmp_path: Path) -> None:
    def busy(handler: Handler) -> None:
        if handler.tries() == 1:
            handler.send(b"", 429, Retry_After="1")
        else:
            handler.send(PHOTO)

    with serving() as server:
        server.routes["/busy.jpg"] = busy
        urls = [server.url("/busy.jpg"), *(server.url(f"/photo/{number}.jpg") for number in range(2, 6))]
        assert run(tmp_path, urls, per_host=1).counts()["ok"] == 5
        asked = [path for _, path, _ in server.requests]
        assert asked[:2] == ["/busy.jpg", "/busy.jpg"]
        assert gaps(server)[0] > 0.95


def test_a_server_that_asks_for_too_long_is_given_up_for_this_run(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/busy.jpg"] = fixed(b"", 503, Retry_After="3600")
        urls = [server.url("/busy.jpg"), *(server.url(f"/photo/{number}.jpg") for number in range(5))]
        collected = run(tmp_path, urls, per_host=1, longest_wait=1)
        assert collected.counts()["failed"] == 6
        assert set(collected.reasons("failed")) == {"127.0.0.1 asks to come back in 3600 seconds; the limit is 1"}
        assert len(server.requests) == 1
        del server.routes["/busy.jpg"]
        assert run(tmp_path, urls, per_host=1).counts()["ok"] == 5


def test_a_dead_host_does_not_cost_every_photo_its_time(tmp_path: Path) -> None:
    with serving() as server:
        urls = [server.url(f"/photo/{number}.jpg") for number in range(40)]
    collected = run(tmp_path, urls, retries=1)
    reasons = collected.reasons("failed")
    assert reasons["127.0.0.1 was given up: no answer 8 times in a row"] >= 30
    assert sum(reasons.values()) == 40


def test_a_host_that_stays_busy_does_not_cost_every_photo_its_time(tmp_path: Path) -> None:
    with serving() as server:
        urls = [server.url(f"/no/{number}.jpg") for number in range(40)]
        for number in range(40):
            server.routes[f"/no/{number}.jpg"] = fixed(b"", 429)
        reasons = run(tmp_path, urls, retries=3).reasons("failed")
        assert reasons["127.0.0.1 was given up: busy 20 times in a row"] >= 30
        assert sum(reasons.values()) == 40
        assert 20 <= len(server.requests) <= 22


def test_busy_now_and_then_is_no_host_to_give_up(tmp_path: Path) -> None:
    with serving() as server:
        urls = []
        for number in range(8):
            server.routes[f"/busy{number}.jpg"] = fixed(b"", 503)
            urls += [server.url(f"/busy{number}.jpg"), server.url(f"/photo/{number}.jpg")]
        counts = run(tmp_path, urls, retries=2, per_host=1).counts()
        assert (counts["ok"], counts["failed"]) == (8, 8)


def test_silence_now_and_then_is_no_dead_host(tmp_path: Path) -> None:
    with serving() as server:
        urls = []
        for number in range(9):
            server.routes[f"/silent{number}.jpg"] = be_silent
            urls += [server.url(f"/silent{number}.jpg"), server.url(f"/photo/{number}.jpg")]
        counts = run(tmp_path, urls, retries=0, read_seconds=0.1, per_host=1).counts()
        assert (counts["ok"], counts["failed"]) == (9, 9)
        assert len(server.requests) == 18


def test_pauses_between_tries_grow(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/no.jpg"] = fixed(b"", 500)
        one(tmp_path, server.url("/no.jpg"), backoff=0.1)
        first, second = gaps(server)
    assert first >= 0.05
    assert second >= 0.1


ROBOTS = b"""User-agent: *
Disallow: /private/
Disallow: /*.png$
Allow: /private/open/

User-agent: other
Disallow: /
"""


def test_robots_txt_is_obeyed_and_fetched_once(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/robots.txt"] = fixed(ROBOTS, content_type="text/plain")
        for path in ("/private/a.jpg", "/private/open/a.jpg", "/b.png", "/b.png?x"):
            server.routes[path.partition("?")[0]] = lambda handler: handler.send(encoded(scene(len(handler.path))))
        server.routes["/in"] = redirect("/private/a.jpg")
        paths = ["/private/a.jpg", "/private/open/a.jpg", "/b.png", "/b.png?x", "/in", "/photo/1.jpg"]
        collected = run(tmp_path, [server.url(path) for path in paths], robots=True)
        statuses = [record.status for record in collected.records]
        assert statuses == ["refused", "ok", "refused", "ok", "refused", "ok"]
        assert collected.records[0].reason == "robots.txt of 127.0.0.1 forbids it"
        assert server.asked() == {
            "/robots.txt": 1, "/private/open/a.jpg": 1, "/b.png?x": 1, "/in": 1, "/photo/1.jpg": 1,
        }  # fmt: skip


def test_rules_with_many_wildcards_hold_nobody_up(tmp_path: Path) -> None:
    path = "/photo/1" + "a" * 3000 + ".jpg"
    with serving() as server:
        server.routes["/robots.txt"] = fixed(b"User-agent: *\nDisallow: /" + b"*a" * 30 + b"*b\n")
        began = time.monotonic()
        assert one(tmp_path, server.url(path), robots=True).status == "ok"
        assert time.monotonic() - began < 5


def test_our_own_name_in_robots_txt_counts(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/robots.txt"] = fixed(b"User-agent: *\nDisallow:\n\nUser-agent: Mekiki\nDisallow: /\n")
        assert one(tmp_path, server.url("/photo/1.jpg"), robots=True).status == "refused"
        assert one(tmp_path, server.url("/photo/1.jpg"), robots=False).status == "ok"


@pytest.mark.parametrize(
    ("route", "status"),
    [
        (fixed(b"", 404), "ok"),
        (fixed(b"", 403), "ok"),
        (fixed(b"<html>not a robots file</html>"), "ok"),
        (fixed(b"\xff\xfe\x00 User-agent", 200), "ok"),
        (redirect("/robots.txt"), "ok"),
        (redirect("/moved.txt"), "refused"),
        (fixed(b"", 500), "failed"),
        (fixed(b"", 501), "failed"),
        (fixed(b"", 429), "failed"),
        (be_silent, "failed"),
        (hang_up, "failed"),
        (fixed(b"User-agent: *\nDisallow: /\n" + b"#" * 1_000_000), "refused"),
    ],
)
def test_robots_txt_that_is_odd_or_not_to_be_had(tmp_path: Path, route: Any, status: str) -> None:
    with serving() as server:
        server.routes["/robots.txt"] = route
        server.routes["/moved.txt"] = fixed(b"User-agent: *\nDisallow: /\n")
        record = one(tmp_path, server.url("/photo/1.jpg"), robots=True, retries=1, file_seconds=2)
        assert record.status == status, record.reason
        if status == "failed":
            assert record.reason.startswith("robots.txt of 127.0.0.1 cannot be had: ")
            assert "/photo/1.jpg" not in server.asked()


def test_crawl_delay_is_obeyed_within_the_longest_wait(tmp_path: Path) -> None:
    with serving() as server:
        server.routes["/robots.txt"] = fixed(b"User-agent: *\nCrawl-delay: 0.2\n")
        run(tmp_path, [server.url(f"/photo/{number}.jpg") for number in range(4)], robots=True)
        assert mean_gap(server, first=1) > 0.17
    with serving() as server:
        server.routes["/robots.txt"] = fixed(b"User-agent: *\nCrawl-delay: 1000\n")
        began = time.monotonic()
        run(tmp_path, [server.url(f"/photo/{number}.jpg") for number in range(4, 7)], robots=True, longest_wait=0.1)
        assert time.monotonic() - began < 3
