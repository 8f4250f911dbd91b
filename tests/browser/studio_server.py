"""A studio in a process of its own, as a person starts it, for the tests that drive it in a browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 60.0
_ADDRESS = re.compile(r"^studio: (http://\S+)$", re.MULTILINE)


class RunningStudio:
    """A studio that answers.

    Args:
        home: Its own folder.
        roots: Folders that it may look into.
        options: What else its command line gets.

    Attributes:
        address: "http://127.0.0.1:…", without a slash at the end.
    """

    def __init__(self, home: Path, *roots: Path, options: tuple[str, ...] = ()) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self._log = home.parent / f"{home.name}.log"
        named = [str(root) for root in roots or (home,)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *"-m mekiki studio --no-show --port 0".split(), *named, "--out", str(home), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={name: value for name, value in os.environ.items() if "PYTEST" not in name}  # NiceGUI looks for it
                | {"PYTHONUNBUFFERED": "1"},
            )
        self.address = self._wait_for_address()

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it at once, as a power cut would; its jobs go on."""
        self._process.kill()
        self._process.wait(30)

    def _wait_for_address(self) -> str:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            found = _ADDRESS.search(self.log)
            if found is not None and _is_open(int(found[1].rstrip("/").rpartition(":")[2])):
                return found[1].rstrip("/")
            time.sleep(0.1)
        self.kill()
        raise AssertionError(f"the studio did not start:\n{self.log}")


def _is_open(port: int) -> bool:
    with socket.socket() as place:
        place.settimeout(1)
        return place.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def opened(browser, address: str, **context) -> Iterator:
    """Open a page of the studio; an error of its script, a dialog or a request to elsewhere fails the test."""
    faults: list[str] = []
    place = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **context})
    page = place.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda line: faults.append(f"console: {line.text}") if line.type == "error" else None)
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    host = "/".join(address.split("/")[:3])
    page.on("request", lambda request: _note_request(request.url, host, faults))
    page.goto(address)
    yield page
    place.close()
    assert not faults


def _note_request(url: str, host: str, faults: list[str]) -> None:
    own = (host + "/", host.replace("http:", "ws:") + "/", "data:", "blob:")
    if url != host and not url.startswith(own):
        faults.append(f"request to elsewhere: {url}")
