"""A service as a person starts it, in a process of its own, and how tests ask it through its socket."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 240.0
_ADDRESS = re.compile(r"^serving: http://127\.0\.0\.1:(\d+)$", re.MULTILINE)


class Running:
    """A service in a process of its own, listening at a free port."""

    def __init__(self, run: Path, log: Path, *options: str) -> None:
        self._log = log
        words = [sys.executable, "-m", "mekiki", "serve", str(run), "--port", "0", *options]
        with log.open("wb") as out:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.port = self._wait_for_port()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def _wait_for_port(self) -> int:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            found = _ADDRESS.search(self.log)
            if found is not None and self.raw(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", int(found[1])):
                return int(found[1])
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the service did not start:\n{self.log}")

    def raw(self, content: bytes, port: int | None = None, seconds: float = 30.0) -> bytes:
        """Send bytes, and return all that comes until the service closes; nothing if nobody listens."""
        came = b""
        try:
            with socket.create_connection(("127.0.0.1", port or self.port), seconds) as place:
                with suppress(ConnectionError):  # it may close before all is sent; what it said is there to read
                    place.sendall(content)
                while part := place.recv(65536):
                    came += part
        except (ConnectionError, TimeoutError):
            pass
        return came

    def ask(self, path: str, body: bytes | None = None, method: str = "POST") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "image/png"})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()
