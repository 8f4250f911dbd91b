"""The processes that ``serve.py`` measures: started, held still while others are measured, and what they take.

A process that is not measured is stopped by SIGSTOP, with all that it started, so that it takes no processor time.
Figures come from Linux' ``/proc``, summed over the process' session.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from predict_job import end_all, members

START_SECONDS = 300.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process:
    """A process and all that it starts, in a session of its own.

    Args:
        name: For people.
        command: What to run.
        log: File for what it says.
        environment: Added to this process' own.
        port: Where it answers ``GET /health`` when it is ready; 0: it says so in a line.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: dict[str, str], port: int = 0
    ) -> None:
        self.name, self.port = name, port
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out if port else subprocess.PIPE, stderr=out,
                env={**os.environ, **environment}, start_new_session=True, text=True,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.end()
            raise

    def _wait(self) -> None:
        if not self.port:
            if self.line() != "ready":
                self._fail()
            return
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            if self._healthy():
                return
            time.sleep(0.2)
        self._fail()

    def _healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _fail(self) -> None:
        raise SystemExit(f"{self.name} did not start:\n{self._log.read_text(errors='replace')[-3000:]}")

    def line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout is not None else ""

    def ask(self, words: str) -> list[float]:
        """Write a line and return the JSON that comes back."""
        if self._process.stdin is None:
            raise RuntimeError("it has no stdin")
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        return json.loads(self.line())

    def members(self) -> list[int]:
        return members(self._process.pid)

    def signal(self, number: int) -> None:
        for member in self.members():
            os.kill(member, number)

    @contextmanager
    def awake(self) -> Iterator[None]:
        self.signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.signal(signal.SIGSTOP)

    def processor_seconds(self) -> float:
        return sum(_processor_ticks(member) for member in self.members()) / _TICKS

    def megabytes(self) -> float:
        """Resident memory; pages that processes share count in each."""
        return sum(_resident_pages(member) for member in self.members()) * _PAGE / 2**20

    def end(self) -> None:
        end_all(self._process.pid)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _fields(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` after the name, which may have spaces in it; none if it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _processor_ticks(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _resident_pages(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[21]) if fields else 0


def busy_seconds() -> float:
    """Return the processor seconds that the whole machine has worked since it started."""
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _, _, interrupts, soft, *_ = map(int, first)
    return (user + nice + system + interrupts + soft) / _TICKS


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])
