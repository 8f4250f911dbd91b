"""A web server on this machine that behaves as badly as a test asks, and remembers every request."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.data.made_pictures import encoded, scene

Route = Callable[["Handler"], None]


@dataclass
class Server:
    """What the server was asked and what it answers.

    Attributes:
        routes: Path → what to do; without one ``/photo/7.jpg`` is a picture and all else is 404.
        requests: (seconds, path, headers) in the order of arrival.
        most_at_once: The largest number of requests that waited for an answer together, robots.txt included.
        closing: Set when the test is over, so that slow routes end.
    """

    port: int = 0
    routes: dict[str, Route] = field(default_factory=dict)
    requests: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    most_at_once: int = 0
    open_now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def asked(self) -> Counter[str]:
        return Counter(path for _, path, _ in self.requests)

    def times(self) -> list[float]:
        return [when for when, _, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        state: Server = self.server.state
        with state.lock:
            state.requests.append((time.monotonic(), self.path, dict(self.headers)))
            state.open_now += 1
            state.most_at_once = max(state.most_at_once, state.open_now)
        self.waits = True
        try:
            self._answer(state)
        except (ConnectionError, ValueError):
            self.close_connection = True
        finally:
            self._waits_no_more()

    def _waits_no_more(self) -> None:
        """Count it as answered before the first byte leaves, because the client may ask again as soon as it has all."""
        with self.server.state.lock:
            self.server.state.open_now -= self.waits
        self.waits = False

    def _answer(self, state: Server) -> None:
        path = self.path.partition("?")[0]
        if path in state.routes:
            state.routes[path](self)
        elif path.startswith("/photo/"):
            self.send(encoded(scene(number_in(path))))
        else:
            self.send(b"not here", 404, "text/plain")

    def send(self, body: bytes, status: int = 200, content_type: str = "image/jpeg", **headers: str) -> None:
        self.start(status, Content_Type=content_type, Content_Length=str(len(body)), **headers)
        self.wfile.write(body)

    def start(self, status: int = 200, **headers: str) -> None:
        self._waits_no_more()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def tries(self) -> int:
        """How often this path was asked for, this request included."""
        return self.server.state.asked()[self.path]

    def wait(self, seconds: float) -> bool:
        """Wait; return whether the test is over."""
        return self.server.state.closing.wait(seconds)

    def log_message(self, *parts: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what some tests want."""


@contextmanager
def serving(wrap: Callable[[Any], Any] | None = None) -> Iterator[Server]:
    """Serve on a free port of 127.0.0.1 while the block runs; ``wrap`` may put TLS round the socket."""
    state = Server()
    http = QuietServer(("127.0.0.1", 0), Handler)
    http.state = state  # type: ignore[attr-defined]
    state.port = http.server_port
    if wrap is not None:
        http.socket = wrap(http.socket)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()


def number_in(path: str) -> int:
    return int("".join(letter for letter in path if letter.isdigit()) or 0)


def redirect(to: str, status: int = 302) -> Route:
    return lambda handler: handler.send(b"", status, Location=to)


def fixed(body: bytes, status: int = 200, content_type: str = "image/jpeg", **headers: str) -> Route:
    return lambda handler: handler.send(body, status, content_type, **headers)
