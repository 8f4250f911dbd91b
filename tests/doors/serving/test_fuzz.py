"""Hostile streams, some seconds or a minute: refusals are one line and tell nothing; the service keeps its size and goes on."""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.doors.serving.hostile import GOOD, stream
from tests.doors.serving.running import Running

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
SHORT_SECONDS, SECONDS, WARM_SECONDS, CLIENTS = 5.0, 60.0, 20.0, 4
MOST_GROWTH_MEGABYTES = 40.0
SECRETS = (b"/home", b"/tmp", b"/root", b"/usr", b"site-packages", b".py", b"Traceback", b'File "')


@pytest.fixture(scope="module")
def service(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--body-seconds", "1", "--most-megabytes", "1", "--max-megapixels", "4", "--patience", "1000")
    running = Running(run, tmp_path_factory.mktemp("fuzz") / "log", *options)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait(30)


class Attack(threading.Thread):
    """One stranger after the other for so many seconds; what is wrong with an answer is kept with the seed."""

    def __init__(self, port: int, seed: int, seconds: float) -> None:
        super().__init__()
        self._port, self._seed, self._until = port, seed, time.monotonic() + seconds
        self.statuses: Counter[int] = Counter()
        self.wrong: list[tuple[int, str]] = []

    def run(self) -> None:
        while time.monotonic() < self._until:
            self._seed += 1000
            draw = random.Random(self._seed)
            came = self._send(stream(draw), draw)
            for reason in self._faults(came):
                self.wrong.append((self._seed, reason))

    def _send(self, pieces: list[bytes], draw: random.Random) -> bytes:
        came = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 20) as place:
            for number, piece in enumerate(pieces):
                time.sleep(0.05 if number else 0.0)
                place.sendall(piece)
            if (way := draw.random()) < 0.05:
                return b""  # it leaves
            if way < 0.1:
                place.shutdown(socket.SHUT_WR)
            while part := place.recv(65536):
                came += part
        return came

    def _faults(self, came: bytes) -> list[str]:
        found = [f"tells {secret!r}: {came[:300]!r}" for secret in SECRETS if secret in came]
        rest = came
        while rest:
            head, mark, rest = rest.partition(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 100"):
                continue
            status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") and head[9:12].isdigit() else 0
            self.statuses[status] += 1
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if not mark or not status:
                return [*found, f"no answer of HTTP: {head[:200]!r}"]
            body, rest = rest[: int(length or 0)], rest[int(length or 0) :]
            if rest and not rest.startswith(b"HTTP/1.1 "):  # an answer to HEAD has a length and no body
                body, rest = b"", body + rest
            found += _faults_of(status, body)
        return found


def _faults_of(status: int, body: bytes) -> list[str]:
    if status >= 500:
        return [f"status {status}: {body[:200]!r}"]
    if status < 400 or not body:
        return []
    with suppress(ValueError):
        if body.count(b"\n") == 1 and body.isascii() and set(json.loads(body)) == {"error", "hint"}:
            return []
    return [f"a refusal ({status}) that is not one line: {body[:300]!r}"]


def attack(service: Running, seconds: float, seed: int) -> tuple[Counter[int], list[tuple[int, str]]]:
    threads = [Attack(service.port, seed + number, seconds) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sum((thread.statuses for thread in threads), Counter[int]())
    return statuses, [fault for thread in threads for fault in thread.wrong]


def megabytes(service: Running) -> float:
    lines = Path(f"/proc/{service.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def answer(service: Running) -> dict[str, float]:
    status, _, body = service.ask("/predict?top=9", GOOD["PNG"])
    assert status == 200, body
    return dict(json.loads(body)["predictions"][0]["top"])


def still_as_before(service: Running, before: dict[str, float]) -> None:
    after = answer(service)
    assert all(abs(after[name] - before[name]) < 2e-5 for name in before)
    figures = service.ask("/metrics", None, "GET")[2].decode()
    assert "mekiki_places_taken 0.0" in figures and "mekiki_body_bytes_held 0.0" in figures
    assert service.process.poll() is None and "Traceback" not in service.log


def test_some_seconds_of_hostile_streams_change_nothing(service: Running) -> None:
    before = answer(service)
    statuses, wrong = attack(service, SHORT_SECONDS, 10_000)
    assert not wrong
    assert {200, 400} <= set(statuses) and sum(statuses.values()) >= 10
    still_as_before(service, before)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_minute_of_hostile_streams_changes_nothing(service: Running) -> None:
    before = answer(service)
    warm, wrong = attack(service, WARM_SECONDS, 0)
    size = megabytes(service)
    statuses, more = attack(service, SECONDS - WARM_SECONDS, 100)
    assert not wrong + more
    total = warm + statuses
    assert {200, 400, 404, 405, 408, 413, 415, 421, 422} <= set(total), "an attack that no longer reaches all parts"
    assert megabytes(service) - size < MOST_GROWTH_MEGABYTES
    still_as_before(service, before)
    print(dict(total), f"{size:.0f} MB, then {megabytes(service):.0f} MB")
