"""What cannot be answered gets 4xx and one line; no path and no trace goes out, and the service goes on."""

import asyncio
import io
import json
import logging
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.doors.serving.asking import Client, Reply, Slow, grey, models_with, multipart, served

TOKEN = "a-token-of-sixteen-or-more"


def asked(path: str, body=b"", service: dict | None = None, **given) -> Reply:
    """Ask a fresh service once, and hold what every refusal must be."""

    async def ask() -> Reply:
        options = {"token": None, **(service or {})}
        async with served(models_with(Slow()), **options) as client:
            reply = await client.ask(path, body, **given)
            check(reply)
            return reply

    return asyncio.run(ask())


def check(reply: Reply) -> None:
    """Hold that a refusal is one line of JSON that tells nothing of this machine."""
    if reply.status >= 400 and reply.status != 499:
        assert reply.headers["content-type"] == "application/json"
        assert reply.body.count(b"\n") == 1 and reply.body.isascii()
        assert set(reply.json) == {"error", "hint"} and reply.json["error"]
        assert not any(word in reply.body for word in (b"Traceback", b"/home", b"/tmp", b"/work", b".py", b"site-pack"))


@pytest.mark.parametrize(
    ("path", "body", "given", "status", "error"),
    [
        ("/nowhere", b"", {}, 404, "not found"),
        ("/predict", b"", {"method": "GET"}, 405, "method not allowed"),
        ("/predict", b"", {}, 400, "the body is empty"),
        ("/predict", b"", {"content_length": ""}, 411, "the body is empty"),
        ("/predict", grey(1), {"content_type": "application/json"}, 415, "the body must be a picture, or multipart"),
        ("/predict?top=0", grey(1), {}, 422, "top: Input should be greater than or equal to 1"),
        ("/predict?top=many", grey(1), {}, 422, "top: Input should be a valid integer"),
        ("/predict", b"hello", {}, 422, "the picture is no picture that can be read"),
        ("/predict", grey(1)[:50], {}, 422, "the picture is truncated"),
        ("/predict", grey(1), {"content_length": "99999999999"}, 413, "the body has more than 32 MB"),
        ("/predict", grey(1), {"content_length": "-5"}, 400, "the header Content-Length is no number"),
        ("/predict", grey(1), {"content_length": "9" * 5000}, 413, "the body has more than 32 MB"),
        ("/predict", grey(1), {"content_type": "multipart/form-data"}, 400, "the multipart body's boundary is not"),
        ("/predict", b"junk", {"content_type": "multipart/form-data; boundary=X"}, 400, "the multipart body is malf"),
        ("/predict", b"--X\r\n", {"content_type": "multipart/form-data; boundary=X"}, 400, "the multipart body ends"),
        ("/predict", b"--X\r\n", {"content_type": f"multipart/form-data; boundary={'X' * 999}"}, 400, "the multipart"),
        ("/explain", multipart({"a": grey(1), "b": grey(2)})[0], multipart({})[1], 422, "heat maps need torch"),
        ("/predict", grey(1), {"host": "evil.example"}, 421, "this is not the service's address"),
        ("/predict", grey(1), {"host": ""}, 421, "this is not the service's address"),
        ("/predict", grey(1), {"origin": "http://evil.example"}, 403, "a page of another site may not ask"),
        ("/predict", grey(1), {"origin": "null"}, 403, "a page of another site may not ask"),
        ("/model", b"", {"method": "GET", "sec_fetch_site": "cross-site"}, 403, "a page of another site may not ask"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(path: str, body: bytes, given: dict, status: int, error: str) -> None:
    reply = asked(path, body, **given)
    assert reply.status == status
    assert reply.json["error"].startswith(error)


def test_its_own_page_and_names_are_answered() -> None:
    for host in ("127.0.0.1:8777", "localhost:8777", "[::1]:8777", "127.0.0.9"):
        assert asked("/predict", grey(1), host=host).status == 200
        assert asked("/predict", grey(1), host=host, origin=f"http://{host}").status == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "é"])
def test_without_the_token_nothing_but_the_probes_is_answered(given: str) -> None:
    for path, method in (("/predict", "POST"), ("/model", "GET"), ("/metrics", "GET"), ("/admin/reload", "POST")):
        reply = asked(path, b"", {"token": TOKEN}, method=method, authorization=given)
        assert (reply.status, reply.json["error"]) == (401, "the token is missing or wrong")
        assert reply.headers["www-authenticate"] == "Bearer"
    assert asked("/health", b"", {"token": TOKEN}, method="GET", authorization=given).status == 200


def test_with_the_token_any_name_is_answered() -> None:
    reply = asked("/predict", grey(1), {"token": TOKEN}, host="photos.example", authorization=f"Bearer {TOKEN}")
    assert reply.status == 200


def test_bytes_are_counted_and_not_believed() -> None:
    chunks = [b"x" * 2**20] * 3
    reply = asked("/predict", chunks, {"most_megabytes": 2}, content_length="", transfer_encoding="chunked")
    assert (reply.status, reply.headers["connection"]) == (413, "close")


def test_more_pictures_than_may_be_are_refused() -> None:
    body, header = multipart({str(number): grey(number) for number in range(4)})
    assert asked("/predict", body, {"most_pictures": 4}, **header).status == 200
    reply = asked("/predict", body, {"most_pictures": 3}, **header)
    assert (reply.status, reply.json["error"]) == (413, "more than 3 pictures in one request")


def test_a_slow_body_is_cut_off() -> None:
    reply = asked("/predict", [b"x"] * 50, {"body_seconds": 0.2}, pause=0.05)
    assert (reply.status, reply.json["error"]) == (408, "the request did not arrive within 0.2 s")
    assert reply.headers["connection"] == "close"


def bomb() -> bytes:
    """Return a PNG of a few kB that says it has 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    reply = asked("/predict", bomb())
    assert (reply.status, reply.json["error"]) == (422, "the picture has 3600 megapixels; the limit is 100")


def test_names_of_files_are_bounded_and_harmless() -> None:
    body, header = multipart({"../../etc/" + "x" * 1000 + "\x1b[31m": grey(1), "b": grey(1)})
    path = asked("/predict", body, **header).json["predictions"][0]["path"]
    assert len(path) == 200


def test_the_access_log_is_json_without_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mekiki.access")
    body, header = multipart({"secret-name.png": grey(1)})
    reply = asked("/predict?top=3", body, **header)
    (record,) = [record for record in caplog.records if record.name == "mekiki.access"]
    line = json.loads(record.getMessage())
    assert (line["path"], line["status"], line["bytes"], line["client"]) == ("/predict", 200, len(body), "127.0.0.1")
    assert line["id"] == reply.headers["x-request-id"]
    assert "secret" not in record.getMessage() and "top" not in record.getMessage()


def test_when_it_is_being_stopped_new_work_is_refused() -> None:
    async def ask() -> Reply:
        async with served(models_with(Slow())) as client:
            client.gate.stopping = True
            return await client.ask("/predict", grey(1))

    reply = asyncio.run(ask())
    check(reply)
    assert (reply.status, reply.headers["connection"]) == (503, "close")


def jpeg(quality: int = 80) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 20, 200)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def broken(content: bytes, place: int, put: bytes) -> bytes:
    place %= len(content)
    return content[:place] + put + content[place + len(put) :]


PICTURES = st.one_of(
    st.binary(max_size=300),
    st.builds(broken, st.sampled_from([grey(9), jpeg(), bomb()]), st.integers(0, 5000), st.binary(max_size=12)),
    st.builds(lambda content, end: content[:end], st.sampled_from([grey(9), jpeg()]), st.integers(0, 900)),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content_type": st.one_of(
            st.text(st.characters(max_codepoint=255), max_size=60),
            st.sampled_from(["image/png", "multipart/form-data; boundary=X", 'multipart/form-data; boundary="', ""]),
        ),
        "content_length": st.one_of(st.text(st.characters(max_codepoint=255), max_size=12), st.just("0")),
        "authorization": st.text(st.characters(max_codepoint=255), max_size=30),
        "origin": st.text(st.characters(max_codepoint=255), max_size=30),
        "host": st.one_of(st.just("127.0.0.1:8777"), st.text(st.characters(max_codepoint=255), max_size=30)),
    },
)
BODIES = st.one_of(
    PICTURES.map(lambda content: [content]),
    st.lists(st.binary(max_size=200), min_size=1, max_size=4),
    st.builds(
        lambda parts, end: [multipart(parts, "X")[0][: end or None]],
        st.dictionaries(st.text(max_size=20), PICTURES, max_size=3),
        st.integers(-30, 0),
    ),
    st.builds(
        lambda head, content: [b"--X\r\n" + head + b"\r\n\r\n" + content + b"\r\n--X--\r\n"],
        st.binary(max_size=60),
        PICTURES,
    ),
)
PATHS = st.one_of(
    st.sampled_from(
        ["/predict", "/predict?top=1", "/predict?explain=1", "/explain?class=dark", "/model", "/../etc/passwd"]
    ),
    st.text(st.characters(max_codepoint=255), max_size=30).map(lambda words: "/" + words),
    st.text(st.characters(max_codepoint=127, exclude_characters="\r\n"), max_size=20).map(
        lambda words: f"/predict?{words}"
    ),
)


@settings(max_examples=150)
@given(path=PATHS, body=BODIES, headers=HEADERS, method=st.sampled_from(["POST", "POST", "GET", "PUT", "\x00"]))
def test_whatever_comes_the_service_answers_in_one_line_and_goes_on(
    path: str, body: list[bytes], headers: dict[str, str], method: str
) -> None:
    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            reply = await client.ask(path, body, method, **headers)
            check(reply)
            assert reply.status < 500
            await still_answers(client)

    asyncio.run(ask())


async def still_answers(client: Client) -> None:
    assert dict((await client.ask("/predict", grey(255))).said["top"])["light"] == 1.0
    assert client.service.places.taken == 0
    assert b"mekiki_body_bytes_held 0.0" in client.service.metrics.text()
