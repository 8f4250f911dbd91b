"""Stands before every request: who may ask, what is counted, and one line of log for each.

Without a token only this machine's own names are answered to (against DNS rebinding), and no page of another site (its
Origin tells). With one, all but ``/health`` and ``/ready`` ask for it. The log has no query, and no name
or content of a picture. It knows nothing of models.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mekiki.doors.addresses import host_name, is_loopback
from mekiki.doors.serving.arrivals import CLOSE, too_many_bytes
from mekiki.doors.serving.metrics import Metrics
from mekiki.doors.serving.refusals import Refusal

OPEN = ("/health", "/ready")
LEFT = 499
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LONGEST_PATH = 120
_MOST_DIGITS = 18
_log = logging.getLogger("mekiki.access")


class Gate:
    """An ASGI application around another.

    Args:
        application: What is behind it.
        routes: Its paths; all others count as "other".
        token: What a client must bring; None: nothing, from this machine.
        most_bytes: Of one request's body.
        metrics: Where requests are counted.
        admit: By path what refuses a POST for which there is no room: here that costs a fifth of what it does behind.

    Attributes:
        stopping: Whether new work is refused because the service is being stopped.
        cut_off: Requests that were taken and cut off before their answer, because the time for stopping was over.
    """

    def __init__(
        self,
        application: ASGIApp,
        routes: tuple[str, ...],
        token: str | None,
        most_bytes: int,
        metrics: Metrics,
        admit: Mapping[str, Callable[[], None]],
    ) -> None:
        self._application = application
        self._routes = routes
        self._token = token
        self._most_bytes = most_bytes
        self._metrics = metrics
        self._admit = admit
        self.stopping = False
        self.cut_off = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        visit = _Visit(scope, receive, send)
        try:
            self._check(scope, visit.headers)
            await self._application(scope, visit.receive, visit.send)
        except Refusal as refusal:
            await refusal.response()(scope, visit.receive, visit.send)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        finally:
            self._note(scope, visit)

    def _check(self, scope: Scope, headers: dict[str, list[str]]) -> None:
        """Refuse who may not ask, and what is too much by its own word."""
        if self._token is None:
            _check_own(headers)
        elif scope["path"] not in OPEN and not self._knows_token(headers):
            hint = "send the header Authorization: Bearer TOKEN"
            raise Refusal(401, "the token is missing or wrong", hint, {"WWW-Authenticate": "Bearer"})
        if self.stopping and scope["path"] not in OPEN:
            raise Refusal(503, "the service is being stopped", "come again later", {"Retry-After": "5", **CLOSE})
        length = headers.get("content-length", ["0"])[0]
        if not (length.isascii() and length.isdecimal()):
            raise Refusal(400, "the header Content-Length is no number", "give the bytes of the body", CLOSE)
        if len(length) > _MOST_DIGITS or int(length) > self._most_bytes:
            raise too_many_bytes(self._most_bytes)
        if scope["method"] == "POST" and scope["path"] in self._admit:
            self._admit[scope["path"]]()

    def _knows_token(self, headers: dict[str, list[str]]) -> bool:
        scheme, _, given = headers.get("authorization", [""])[0].partition(" ")
        same = hmac.compare_digest(given.strip().encode(), (self._token or "").encode())
        return same and scheme.lower() == "bearer"

    def _note(self, scope: Scope, visit: _Visit) -> None:
        seconds = time.perf_counter() - visit.began
        route = scope["path"] if scope["path"] in self._routes else "other"
        self._metrics.requests.labels(route, str(visit.status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        client = scope.get("client")
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": visit.name,
            "client": client[0] if client else None,
            "method": scope["method"] if scope["method"] in _METHODS else "other",
            "path": scope["path"][:_LONGEST_PATH],
            "status": visit.status,
            "bytes": visit.came,
            "ms": round(seconds * 1000, 1),
        }
        _log.info(json.dumps(line))


class _Visit:
    """One request: its headers, what came, what was answered. Adds the headers that every answer has."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.name = secrets.token_hex(8)
        self.began = time.perf_counter()
        self.came = 0
        self.status = LEFT
        self.headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    async def receive(self) -> Message:
        message = await self._receive()
        self.came += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [
                (b"x-request-id", self.name.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"cross-origin-resource-policy", b"same-origin"),
                (b"cache-control", b"no-store"),
            ]
            message = {**message, "headers": [*message["headers"], *own]}
        await self._send(message)


def _check_own(headers: dict[str, list[str]]) -> None:
    """Refuse names that are not this machine's, and pages of other sites."""
    hosts = headers.get("host", [""])
    if len(hosts) > 1 or not is_loopback(host_name(hosts[0])):
        raise Refusal(421, "this is not the service's address", "use 127.0.0.1 or localhost, or start it with a token")
    origins = headers.get("origin", [])
    if any(_authority(origin) != hosts[0].lower() for origin in origins):
        raise Refusal(
            403, "a page of another site may not ask", "ask from a program, or start the service with a token"
        )
    if headers.get("sec-fetch-site", ["none"])[0] in ("cross-site", "same-site"):
        raise Refusal(
            403, "a page of another site may not ask", "ask from a program, or start the service with a token"
        )


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def left() -> Response:
    """Return the answer to a client that is not there any more."""
    return Response(status_code=LEFT)
