"""Asks one address once: request, status, headers, and the body within its limits. No redirect is followed here.

Time is limited three times over: for connecting, for silence, and for the whole request, so that a server that sends a
byte now and then cannot hold it. Size is limited by the declared length and again while the bytes arrive. Compressed
bodies are declined (``Accept-Encoding: identity``), so nothing can unpack to more than was counted. Each request has a
connection of its own; certificates are always checked.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property

import anyio
import httpcore2
import httpx2

from mekiki.config import CollectSettings
from mekiki.data.collecting.connecting import GuardedBackend, in_words
from mekiki.data.collecting.manners import Manners
from mekiki.data.collecting.trouble import Trouble, refused
from mekiki.version import __version__

ROBOT = "mekiki"
"""Our name in robots.txt."""

_ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/bmp,*/*;q=0.1"
_MEGABYTE = 1_000_000
_NETWORK_ERRORS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Attributes:
        url: The address that was asked.
        status: The HTTP status code.
        headers: Names in any case.
        content: The body, read only if the status is 200.
        length_told: Whether the server said where the body ends; if not, a broken connection looks like the end.
    """

    url: httpx2.URL
    status: int
    headers: httpx2.Headers
    content: bytes = b""
    length_told: bool = True


class Asker:
    """Sends requests through the guarded network. Lives as long as one run.

    Args:
        settings: Limits, and who we say we are.
        manners: Learns whether a host answers.
    """

    def __init__(self, settings: CollectSettings, manners: Manners) -> None:
        self._settings = settings
        self._manners = manners
        self._backend = GuardedBackend(settings.allow_private)
        self._agent = f"{ROBOT}/{__version__}" + (f" ({settings.contact})" if settings.contact else "")

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The system's certificates; read when first needed, because that takes a tenth of a second."""
        return httpcore2.default_ssl_context()

    async def ask(self, url: httpx2.URL, *, cut_at: int | None = None) -> Answer:
        """Ask for one address; the caller has the turn.

        Args:
            url: A checked address.
            cut_at: A body longer than this many bytes is cut; not given: one over ``max_megabytes`` is refused.

        Raises:
            Trouble: No answer in time, a broken connection, an address that must not be asked, or too large a file.
        """
        try:
            with anyio.fail_after(self._settings.file_seconds):
                answer = await self._request(url, cut_at)
        except (Trouble, *_NETWORK_ERRORS) as error:
            trouble = error if isinstance(error, Trouble) else self._in_words(error)
            self._manners.note(url.host, answered=not trouble.unreachable)
            raise trouble from None
        self._manners.note(url.host, answered=True)
        return answer

    async def _request(self, url: httpx2.URL, cut_at: int | None) -> Answer:
        limits = {
            "connect": self._settings.connect_seconds,
            "read": self._settings.read_seconds,
            "write": self._settings.read_seconds,
        }
        address = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        trust = self._trust if url.scheme == "https" else None
        async with (
            httpcore2.AsyncConnectionPool(ssl_context=trust, network_backend=self._backend) as pool,
            pool.stream("GET", address, headers=self._headers(url), extensions={"timeout": limits}) as response,
        ):
            headers = httpx2.Headers(response.headers)
            answer = Answer(url, response.status, headers)
            if response.status != 200:
                return answer
            content = await self._body(response, headers, cut_at)
            told = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
            return Answer(url, response.status, headers, content, told)

    def _headers(self, url: httpx2.URL) -> list[tuple[bytes, bytes]]:
        return [
            (b"Host", url.netloc),
            (b"User-Agent", self._agent.encode("ascii")),
            (b"Accept", _ACCEPT.encode("ascii")),
            (b"Accept-Encoding", b"identity"),
            (b"Connection", b"close"),
        ]

    async def _body(self, response: httpcore2.Response, headers: httpx2.Headers, cut_at: int | None) -> bytes:
        packing = headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("", "identity"):
            raise refused(f"the server packs it ({packing[:20]!r}) though it was asked not to")
        limit = int(self._settings.max_megabytes * _MEGABYTE)
        declared = headers.get("content-length", "")
        if cut_at is None and declared.isascii() and declared.isdigit() and int(declared) > limit:
            raise self._too_large(f"has {int(declared) / _MEGABYTE:.1f} MB")
        content = bytearray()
        async for chunk in response.aiter_stream():
            content += chunk
            if cut_at is not None and len(content) >= cut_at:
                return bytes(content[:cut_at])
            if cut_at is None and len(content) > limit:
                raise self._too_large("does not end")
        return bytes(content)

    def _too_large(self, how: str) -> Trouble:
        return refused(f"the file {how}; the limit is {self._settings.max_megabytes:g} MB")

    def _in_words(self, error: Exception) -> Trouble:
        """Turn what the network did into the trouble of a row."""
        settings = self._settings
        match error:
            case httpcore2.ConnectTimeout():
                reason = f"no connection within {settings.connect_seconds:g} seconds"
                return Trouble("failed", reason, again=True, unreachable=True)
            case httpcore2.ReadTimeout() | httpcore2.WriteTimeout():
                reason = f"the server was silent for {settings.read_seconds:g} seconds"
                return Trouble("failed", reason, again=True, unreachable=True)
            case httpcore2.ConnectError():
                reason = in_words(error)
                return Trouble("failed", reason, again="certificate" not in reason, unreachable=True)
            case TimeoutError():
                return Trouble("failed", f"not done within {settings.file_seconds:g} seconds")
            case _:
                return Trouble("failed", f"the connection broke off ({_short(error)})", again=True)


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")[:100].lower()


def seconds_until(retry_after: str, now: float) -> float:
    """Read a Retry-After header.

    Args:
        retry_after: A number of seconds, or an HTTP date.
        now: The time, seconds since 1970.

    Returns:
        Seconds to wait, at least 0; 0 if the header cannot be read.

    Source:
        RFC 9110, section 10.2.3.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return 0.0
