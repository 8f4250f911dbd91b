"""Many requests on one connection, and what never ends between them: each whole request gets its own answer in order."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.serving.asking import photo
from tests.doors.serving.running import Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
MALFORMED = "the request is no HTTP that can be understood"
BEGUN = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@pytest.fixture(scope="module")
def service(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--body-seconds", "2", "--most-megabytes", "1", "--patience", "1000")
    running = Running(run, tmp_path_factory.mktemp("connections") / "log", *options)
    yield running
    running.process.kill()
    running.process.wait(30)


def asking(number: int, more: bytes = b"") -> bytes:
    content = photo(number, (number * 50, 90, 40))
    return BEGUN + more + b"Content-Length: %d\r\n\r\n" % len(content) + content


LAST = b"Connection: close\r\n"


def answers(came: bytes) -> list[tuple[int, dict[str, object]]]:
    """Return status and body of each answer in a stream."""
    found = []
    while came:
        head, _, came = came.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        found.append((int(head.split()[1]), json.loads(came[:length])))
        came = came[length:]
    return found


def tops(found: list[tuple[int, dict[str, object]]]) -> list[dict[str, float]]:
    return [dict(body["predictions"][0]["top"]) for status, body in found if status == 200]  # type: ignore[index]


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(abs(one[name] - other[name]) < 2e-5 for name in one)


def test_requests_that_come_together_are_answered_in_their_order(service: Running) -> None:
    alone = [tops(answers(service.raw(asking(number, LAST))))[0] for number in range(4)]
    together = tops(answers(service.raw(b"".join(map(asking, range(3))) + asking(3, LAST))))
    assert len(together) == 4 and all(map(same, alone, together))
    assert not same(alone[0], alone[3])


def test_a_whole_request_is_answered_though_nonsense_follows(service: Running) -> None:
    found = answers(service.raw(asking(1) + b"hello\r\n\r\n"))
    assert [status for status, _ in found] in ([200], [200, 400])


def test_after_a_refused_body_the_next_request_is_answered(service: Running) -> None:
    refused = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), 30) as place:
        place.sendall(refused)
        said = b""
        while not said.endswith(b"}\n"):
            said += place.recv(65536)
        assert said.startswith(b"HTTP/1.1 415")
        place.sendall(b"123456789" + asking(1, LAST))
        came = b""
        while part := place.recv(65536):
            came += part
    assert [status for status, _ in answers(came)] == [200]


@pytest.mark.parametrize(
    "begun",
    [
        b"\r\n" * 30_000,
        BEGUN + b"X: y\r\n" * 9_000,
        BEGUN + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 60_000,
        BEGUN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 12_000,
    ],
)
def test_headers_and_trailers_without_end_are_cut_off(service: Running, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", service.port), 30) as place:
        came = b""
        try:
            for start in range(0, len(begun), 5000):
                place.sendall(begun[start : start + 5000])
                time.sleep(0.02)
            while part := place.recv(65536):
                came += part
        except ConnectionError:
            pass
    assert [(status, body.get("error")) for status, body in answers(came)] in ([(400, MALFORMED)], [])
    assert service.ask("/predict", photo(1))[0] == 200


@pytest.mark.parametrize(
    "more",
    [
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings, close\r\n",
        b"Expect: 100-continue\r\nConnection: close\r\n",
    ],
)
def test_what_clients_offer_beside_is_no_hindrance(service: Running, more: bytes) -> None:
    came = service.raw(asking(1, more)).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert [status for status, _ in answers(came)] == [200]


def test_a_connection_on_which_nothing_comes_any_more_is_closed(service: Running) -> None:
    refused = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"
    began = time.monotonic()
    assert service.raw(refused + b"123456789", seconds=60).startswith(b"HTTP/1.1 415")
    assert 5 < time.monotonic() - began < 50, "it stays open for a pause, and not for ever"
