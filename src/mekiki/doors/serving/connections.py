"""A connection as uvicorn handles it, with what it leaves open: slow senders, too many of them, and errors as JSON.

Before there is a request, no application can refuse it; so that is done here. ``arrivals.py`` bounds a request's body
where the application reads it; here the rest is: headers that never end, and a body that nobody reads any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mekiki.doors.serving.refusals import error_line

_WHOLE = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR)
_GRACE = 2.0
"""Seconds more than the application has, so that its own words come first."""


class Connection(H11Protocol):
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
        self._late_for: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            self._cut(503, "too many connections are open", "come again later", "too_many")
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in _WHOLE:
            self._forget()
        elif self._late is None or self._late_for is not self.cycle:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._cut(400, "the request is no HTTP that can be understood", "", "malformed")

    def _expect(self) -> None:
        self._forget()
        self._late_for = self.cycle
        self._late = self.loop.call_later(self._seconds, self._too_slow)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_slow(self) -> None:
        self._cut(408, "the request did not arrive in time", "", "slow")

    def _cut(self, status: int, message: str, hint: str, reason: str) -> None:
        """Say why, if nothing was said yet, and close."""
        if self.transport.is_closing():
            return
        self._note(reason)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = error_line(message, hint)
            length = str(len(body)).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", length), (b"connection", b"close")]
            phrase = HTTPStatus(status).phrase.encode()
            for event in (h11.Response(status_code=status, headers=headers, reason=phrase), h11.Data(data=body)):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
