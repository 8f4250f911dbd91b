"""A connection as uvicorn handles it, with what it leaves open: slow senders, too many of them, and errors as JSON.

Before there is a request, no application can refuse it; so that is done here. ``arrivals.py`` bounds a request's body
where the application reads it; here the rest is: headers, trailers and the like that never end, and a body that nobody
reads any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mekiki.doors.serving.refusals import error_line

_GRACE = 2.0
"""Seconds more than the application has, so that its own words come first."""
_MOST_WITHOUT_PROGRESS = 32 * 1024
"""Bytes of headers, trailers or a chunk's extension: the parser itself bounds none of them."""


class Connection(HttpToolsProtocol):
    """One connection.

    Args:
        seconds: For a request to arrive.
        most: Connections that may be open.
        note: Told why a connection was cut off before there was a request.
        given: What uvicorn gives.
    """

    def __init__(self, *, seconds: float, most: int, note: Callable[[str], None], **given: Any) -> None:
        super().__init__(**given)
        self._seconds = seconds + _GRACE
        self._most = most
        self._note = note
        self._late: asyncio.TimerHandle | None = None
        self._in_head = False
        self._in_body = False
        self._broken = False
        self._offer = b""
        self._without_progress = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            self._cut(503, "too many connections are open", "come again later", "too_many")
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        if self._broken or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._without_progress += len(data)
        self._feed(data)
        if self._without_progress > _MOST_WITHOUT_PROGRESS:
            self.send_400_response("")
        elif not (self._in_head or self._in_body or self._busy or self._late or self.timeout_keep_alive_task):
            self._await_next()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("")

    def _decline(self, rest: bytes) -> None:
        """Read a request again without the other protocol it offered, which the parser would take its body for."""
        head, self._offer = self._offer, b""
        if head:
            self.parser = httptools.HttpRequestParser(self)
            self._feed(head + rest)
        else:
            self.send_400_response("")

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self._late is None:
            self._expect()

    def on_headers_complete(self) -> None:
        self._without_progress = 0
        method = self.parser.get_method()
        if self.parser.should_upgrade() and method != b"CONNECT":
            lines = [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
            version = self.parser.get_http_version().encode()
            self._offer = b"\r\n".join([b"%s %s HTTP/%s" % (method, self.url, version), *lines, b"", b""])
            return
        super().on_headers_complete()
        self._in_head, self._in_body = False, True

    def on_body(self, body: bytes) -> None:
        self._without_progress = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._offer:
            return
        self._without_progress = 0
        self._in_body = False
        self._forget()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._cut(400, "the request is no HTTP that can be understood", "", "malformed")

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_next(self) -> None:
        """Bound the pause between two requests; uvicorn does not after a body that was refused unread."""
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _expect(self) -> None:
        self._forget()
        self._late = self.loop.call_later(self._seconds, self._too_slow)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_slow(self) -> None:
        self._cut(408, "the request did not arrive in time", "", "slow")

    def _cut(self, status: int, message: str, hint: str, reason: str) -> None:
        """Say why, if nothing was said yet, and close; requests that came whole before are answered first."""
        if self._broken or self.transport.is_closing():
            return
        self._broken = True
        self._forget()
        self._note(reason)
        if self._busy and not self._in_body:
            self.cycle.keep_alive = False
            return
        if not self._in_body or not self.cycle.response_started:
            self.transport.write(_refusal(status, error_line(message, hint)))
        self.transport.close()


def _refusal(status: int, body: bytes) -> bytes:
    lines = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
