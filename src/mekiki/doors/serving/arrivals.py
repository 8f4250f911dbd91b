"""What comes in: a request's body and the pictures in it, bounded in bytes, number, time and memory.

A body is one picture, or multipart with one in each part. Its bytes are counted as they come, whatever the headers say.
Nothing is decoded here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from mekiki.doors.serving.refusals import Refusal, busy
from mekiki.files import printable

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MEGABYTE = 2**20
_LONGEST_NAME = 200
_MOST_HEADERS = 8
_CURL = "curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg, or curl -F photo=@photo.jpg"
CLOSE = {"Connection": "close"}


@dataclass(frozen=True)
class Sent:
    """One picture as it came: its name, for the answer, and its bytes."""

    name: str
    content: bytes


class Held:
    """Counts the bytes of bodies that are in memory, over all requests.

    Args:
        most: Bytes at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0

    @contextmanager
    def request(self) -> Iterator[_Share]:
        """Count one request's bytes for as long as the block lasts."""
        share = _Share(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


class _Share:
    def __init__(self, held: Held) -> None:
        self._held = held
        self.bytes = 0

    def add(self, count: int) -> None:
        if self._held.bytes + count > self._held.most:
            raise busy("too many bytes of other requests are in memory", 1.0)
        self._held.bytes += count
        self.bytes += count


@dataclass(frozen=True)
class Bounds:
    """What one request may send.

    Attributes:
        bytes: In its body.
        pictures: In its parts.
        seconds: For the body to arrive.
    """

    bytes: int
    pictures: int
    seconds: float


async def receive_pictures(request: Request, bounds: Bounds, share: _Share) -> list[Sent]:
    """Return the pictures of a request, at least one.

    Args:
        request: Its body is read here.
        bounds: What it may send.
        share: Where its bytes are counted.

    Raises:
        Refusal: It is too much, too slow, or nothing that holds pictures.
        ClientDisconnect: The client left.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    multipart = kind == b"multipart/form-data"
    if not multipart and kind not in (b"", b"application/octet-stream") and not kind.startswith(b"image/"):
        raise Refusal(415, "the body must be a picture, or multipart/form-data with pictures", _CURL)
    body = _bounded(request, bounds, share)
    try:
        async with asyncio.timeout(bounds.seconds):
            sent = await _parts(body, options, bounds.pictures) if multipart else await _whole(body)
    except TimeoutError:
        message = f"the request did not arrive within {bounds.seconds:g} s"
        raise Refusal(408, message, "send smaller pictures", CLOSE) from None
    if not sent:
        length_known = "content-length" in request.headers or "transfer-encoding" in request.headers
        raise Refusal(400 if length_known else 411, "the body is empty", _CURL)
    return sent


async def _bounded(request: Request, bounds: Bounds, share: _Share) -> AsyncIterator[bytes]:
    came = 0
    async for chunk in request.stream():
        came += len(chunk)
        if came > bounds.bytes:
            raise too_many_bytes(bounds.bytes)
        share.add(len(chunk))
        yield chunk


def too_many_bytes(most: int) -> Refusal:
    """Return the refusal of a body that is too large."""
    return Refusal(413, f"the body has more than {most / _MEGABYTE:g} MB", "send smaller or fewer pictures", CLOSE)


async def _whole(body: AsyncIterator[bytes]) -> list[Sent]:
    content = bytearray()
    async for chunk in body:
        content += chunk
    return [Sent("", bytes(content))] if content else []


async def _parts(body: AsyncIterator[bytes], options: dict[bytes, bytes], most: int) -> list[Sent]:
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise Refusal(400, "the multipart body's boundary is not named in Content-Type", _CURL)
    collector = _Collector(most)
    try:
        parser = MultipartParser(boundary, collector.callbacks(), max_header_count=_MOST_HEADERS)
        async for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise Refusal(400, "the multipart body is malformed", _CURL) from None
    if not collector.ended:
        raise Refusal(400, "the multipart body ends before its last boundary", _CURL)
    return collector.sent


class _Collector:
    """Takes what the parser finds: each part that is not empty is a picture under its file's name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._name = ""
        self._field, self._value, self._content = bytearray(), bytearray(), bytearray()
        self.sent: list[Sent] = []
        self.ended = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._note_header,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.sent) >= self._most:
            raise Refusal(413, f"more than {self._most} pictures in one request", "send them in several", CLOSE)
        self._name, self._content = "", bytearray()

    def _note_header(self) -> None:
        if bytes(self._field).lower() == b"content-disposition":
            options = parse_options_header(bytes(self._value))[1]
            name = options.get(b"filename") or options.get(b"name", b"")
            self._name = printable(name.decode("utf-8", "replace"))[:_LONGEST_NAME]
        self._field, self._value = bytearray(), bytearray()

    def _end_part(self) -> None:
        if self._content:
            self.sent.append(Sent(self._name, bytes(self._content)))

    def _end(self) -> None:
        self.ended = True
