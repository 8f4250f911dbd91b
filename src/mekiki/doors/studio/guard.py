"""Who may speak to the studio: stands before every request and every WebSocket.

A page of another site cannot drive it: the address must be the studio's own (against DNS rebinding), what changes
something must come from its own pages (Origin; against CSRF), and where others can reach it, a token is asked for. What
a browser sends is bounded while it comes in. It knows nothing of pages.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from mekiki.doors.addresses import LOOPBACK, host_name

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_COOKIE = "mekiki_token"
TOKEN_QUERY = "token"
_READING = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class _TooMuchError(Exception):
    """More came than may come."""


class Guard:
    """An ASGI application around another.

    Args:
        application: What is guarded.
        token: What a browser must know; None: nothing, and only this machine's own names are answered to.
        most_bytes: Of one request's body.
    """

    def __init__(self, application: Application, token: str | None, most_bytes: int) -> None:
        self.application = application
        self.token = token
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
        elif self._brings_token(scope):
            await _welcome(scope, send, self.token or "")
        elif self.token is not None and not self._knows_token(headers):
            await _refuse(scope, receive, send, 401, "open the address with the token that the studio printed")
        elif scope["type"] == "websocket":
            await self.application(scope, receive, send)
        else:
            await self._pass_on(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self.token is None and host_name(host) not in LOOPBACK:
            return 421, "this is not the studio's address; open the one that it printed"
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "another site may not use the studio"
        if changes and origin is None and headers.get("sec-fetch-site") != "same-origin":
            return 403, "only the studio's own pages may change something"
        site = headers.get("sec-fetch-site", "same-origin")
        if site in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return 403, "another site may not look into the studio"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.most_bytes:
            return 413, f"more than {self.most_bytes // 2**20} MB in one file is refused"
        return None

    def _brings_token(self, scope: Scope) -> bool:
        if self.token is None or scope["type"] != "http" or scope["method"] != "GET":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get(TOKEN_QUERY, [""])[0]
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _knows_token(self, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(TOKEN_COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), (self.token or "").encode())

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        came, began = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self.most_bytes:
                raise _TooMuchError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                said = {name.lower() for name, _ in message["headers"]}
                own = ((b"content-security-policy", POLICY.encode()), *_HEADERS)
                message = {
                    **message,
                    "headers": [*message["headers"], *(header for header in own if header[0] not in said)],
                }
            await send(message)

        try:
            await self.application(scope, counted, with_headers)
        except _TooMuchError:
            if not began:
                words = f"more than {self.most_bytes // 2**20} MB in one file is refused"
                await _refuse(scope, receive, send, 413, words)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": words})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})


async def _welcome(scope: Scope, send: Send, token: str) -> None:
    """Put the token into a cookie, and lead to the same address without it, so that it is in no history."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    rest = urlencode({name: values[0] for name, values in query.items() if name != TOKEN_QUERY})
    path = "/" + scope["path"].lstrip("/\\")
    where = path + (f"?{rest}" if rest else "")
    cookie = f"{TOKEN_COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
    headers = [(b"location", where.encode("ascii", "ignore")), (b"set-cookie", cookie.encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
