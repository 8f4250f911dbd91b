"""The service as a person starts it: sockets, signals, and bytes that are no HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mekiki.records.run import RunFolder, model_fingerprint
from tests.doors.serving.asking import photo
from tests.doors.serving.running import PATIENCE_SECONDS, Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def service(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--body-seconds", "1", "--most-megabytes", "1", "--connections", "30", "--patience", "1000")
    running = Running(run, tmp_path_factory.mktemp("service") / "log", *options)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait(30)


def one_line_of(reply: bytes) -> tuple[int, str]:
    """Return status and error of a refusal as it came through the socket."""
    head, _, body = reply.partition(b"\r\n\r\n")
    assert body.count(b"\n") == 1 and b"/" not in json.loads(body)["error"].encode()
    return int(head.split()[1]), json.loads(body)["error"]


MALFORMED = "the request is no HTTP that can be understood"


@pytest.mark.parametrize(
    "content",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
        b"GET /health HTTP/one\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000,
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_400_in_one_line(service: Running, content: bytes) -> None:
    assert one_line_of(service.raw(content)) == (400, MALFORMED)
    assert service.ask("/predict", photo(1))[0] == 200


def test_slow_headers_and_slow_bodies_are_cut_off(service: Running) -> None:
    assert one_line_of(service.raw(b"GET /health HT")) == (408, "the request did not arrive in time")
    begun = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\nContent-Type: image/png\r\n\r\nabc"
    assert one_line_of(service.raw(begun)) == (408, "the request did not arrive within 1 s")
    assert service.raw(b"") == b"HTTP/1.1 408" or b"408" in service.raw(b"")[:20]


def test_a_body_that_nobody_reads_is_cut_off_too(service: Running) -> None:
    began = time.monotonic()
    begun = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\nabc"
    assert b"404 Not Found" in service.raw(begun)
    assert time.monotonic() - began < 20


def test_too_many_connections_are_refused_and_the_others_go_on(service: Running) -> None:
    idle = [socket.create_connection(("127.0.0.1", service.port), 30) for _ in range(30)]
    try:
        assert one_line_of(service.raw(b""))[0] == 503
    finally:
        for place in idle:
            place.close()
    time.sleep(0.3)
    assert service.ask("/predict", photo(1))[0] == 200


def test_a_client_that_leaves_is_noticed(service: Running) -> None:
    begun = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\nContent-Type: image/png\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", service.port), 30) as place:
        place.sendall(begun)
    until = time.monotonic() + 20
    while '"status": 499' not in service.log and time.monotonic() < until:
        time.sleep(0.1)
    assert '"status": 499' in service.log
    assert "mekiki_places_taken 0.0" in service.ask("/metrics", None, "GET")[2].decode()


class Load:
    """Clients that ask one after the other until they are told to stop, and remember each end."""

    def __init__(self, service: Running, clients: int = 4) -> None:
        self.service = service
        self.ends: list[tuple[int, str, str | None]] = []
        self.refused = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int) -> None:
        content = photo(number, (number * 40, 90, 250 - number * 40))
        while not self._over.is_set():
            try:
                status, headers, body = self.service.ask("/predict", content)
            except ConnectionRefusedError:
                self.refused += 1
                return
            except (ConnectionError, http.client.HTTPException) as error:
                self.ends.append((number, type(error).__name__, None))
                return
            said = json.dumps(json.loads(body)["predictions"][0]["top"]) if status == 200 else body
            self.ends.append((number, f"{status} {said!s}", headers.get("x-mekiki-model")))

    def wait_for(self, more: int) -> None:
        goal, until = len(self.ends) + more, time.monotonic() + 60
        while len(self.ends) < goal and time.monotonic() < until:
            time.sleep(0.02)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)


def test_a_new_model_takes_over_under_load_and_a_broken_one_does_not(service: Running, run: Path) -> None:
    fingerprint = model_fingerprint(RunFolder(run))
    weights = RunFolder(run).weights
    good = weights.read_bytes()
    load = Load(service)
    try:
        load.wait_for(10)
        weights.write_bytes(good[:-4] + b"\0\0\0\0")
        changed = model_fingerprint(RunFolder(run))
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for_log(service, f"a new model is served: {changed}")
        load.wait_for(10)
        weights.write_bytes(good[: len(good) // 2])
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for_log(service, "the new model cannot be used, the old one goes on")
        load.wait_for(10)
    finally:
        load.stop()
        weights.write_bytes(good)
    assert fingerprint != changed
    assert {end[:3] for _, end, _ in load.ends} == {"200"}
    assert {model for _, _, model in load.ends} == {fingerprint, changed}
    first: dict[tuple[int, str | None], dict[str, float]] = {}
    for number, end, model in load.ends:
        said = dict(json.loads(end[4:]))
        known = first.setdefault((number, model), said)
        assert all(abs(said[name] - known[name]) < 2e-5 for name in said), "an answer of somebody else"
    assert len(first) == 8


def wait_for_log(service: Running, words: str) -> None:
    until = time.monotonic() + 60
    while words not in service.log and time.monotonic() < until:
        time.sleep(0.05)
    assert words in service.log


def test_a_stop_under_load_loses_no_answer_and_ends_with_zero(run: Path, tmp_path: Path) -> None:
    service = Running(run, tmp_path / "log", "--patience", "1000")
    load = Load(service, 6)
    load.wait_for(20)
    content = photo(1)
    begun = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: image/png\r\n"
    with socket.create_connection(("127.0.0.1", service.port), 60) as place:
        place.sendall(begun + b"Content-Length: %d\r\n\r\n" % len(content))
        assert place.recv(65536).startswith(b"HTTP/1.1 100"), "it is taken"
        place.sendall(content[:100])
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        place.sendall(content[100:])
        came = b""
        while part := place.recv(65536):
            came += part
    assert service.process.wait(60) == 0
    load.stop()
    assert came.startswith(b"HTTP/1.1 200") and b'"label"' in came
    assert {end.split()[0] for _, end, _ in load.ends} <= {"200", "503", "ConnectionResetError", "RemoteDisconnected"}
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
    answered = sum(line["status"] == 200 and line["path"] == "/predict" for line in lines)
    assert answered == sum(end.startswith("200") for _, end, _ in load.ends) + 1, "an answer was lost"
    assert "Traceback" not in service.log


def test_a_port_that_is_taken_is_told_in_one_line(run: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = [sys.executable, "-m", "mekiki", "serve", str(run), "--port", str(port)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 2
    assert f"error: cannot listen at 127.0.0.1, port {port}: Address already in use" in done.stderr
