"""What strangers send: pictures, bodies and whole streams of bytes, spoilt in as many ways as could be thought of.

Everything is drawn from a ``random.Random``, so that a seed gives the same attack again.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.conftest import draw_photo

HOST = b"Host: 127.0.0.1\r\n"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
KINDS = (b"image/jpeg", b"image/png", b"application/octet-stream", b"text/html", b"application/json", b"", b"\xff/\x01")
Draw = random.Random


def good(kind: str, number: int = 3, size: int = 96) -> bytes:
    """Return a picture that can be read."""
    buffer = io.BytesIO()
    Image.fromarray(draw_photo((200, 50, 40), number, size)).save(buffer, kind)
    return buffer.getvalue()


GOOD = {kind: good(kind) for kind in FORMATS}


def flipped(draw: Draw) -> bytes:
    content = bytearray(GOOD[draw.choice(FORMATS)])
    for _ in range(draw.choice((1, 3, 20, 200))):
        content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content)


def flipped_in_the_head(draw: Draw) -> bytes:
    content = bytearray(GOOD[draw.choice(FORMATS)])
    for _ in range(draw.choice((1, 2, 8))):
        content[draw.randrange(4, min(len(content), 80))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
    return bytes(content)


def truncated(draw: Draw) -> bytes:
    content = GOOD[draw.choice(FORMATS)]
    return content[: draw.randrange(len(content))]


def spliced(draw: Draw) -> bytes:
    one, other = GOOD[draw.choice(FORMATS)], GOOD[draw.choice(FORMATS)]
    return one[: draw.randrange(len(one))] + other[draw.randrange(len(other)) :]


def png_bomb(draw: Draw) -> bytes:
    """Return a PNG whose header promises far more than its few bytes hold."""
    width, height = (draw.choice((1, 1000, 20_000, 65_535, 2**31 - 1)) for _ in range(2))
    head = struct.pack(">IIBBBBB", width, height, draw.choice((1, 8, 16)), draw.choice((0, 2, 3, 6)), 0, 0, 0)
    rows = zlib.compress(b"\0" * draw.choice((100, 3_000_000)))
    chunks = (
        (b"IHDR", head),
        (draw.choice((b"IDAT", b"iCCP", b"zTXt", b"eXIf")), rows),
        (b"IDAT", rows),
        (b"IEND", b""),
    )
    packed = (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def size_bomb(draw: Draw) -> bytes:
    """Return a picture of another format whose size was changed in its header."""
    kind = draw.choice(("JPEG", "GIF", "BMP", "WEBP", "TIFF"))
    content = bytearray(GOOD[kind])
    huge = draw.choice((0, 1, 16_383, 30_000, 65_535))
    if kind == "JPEG":
        place = content.find(b"\xff\xc0") + 5
        content[place : place + 4] = struct.pack(">HH", huge, huge)
    elif kind == "GIF":
        content[6:10] = struct.pack("<HH", huge, huge)
    elif kind == "BMP":
        content[18:26] = struct.pack("<ii", huge, draw.choice((huge, -huge)))
    elif kind == "WEBP":
        content[26:30] = struct.pack("<HH", huge & 0x3FFF, huge & 0x3FFF)
    else:
        place = content.find(struct.pack("<HHI", 256, 4, 1)) + 8
        content[place : place + 4] = struct.pack("<I", huge * draw.choice((1, 1000)))
    return bytes(content)


def noise(draw: Draw) -> bytes:
    return draw.randbytes(draw.choice((1, 30, 3000, 200_000)))


def other_files(draw: Draw) -> bytes:
    return draw.choice(
        (
            b"%PDF-1.7\n",
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
            b"PK\x03\x04" + b"\0" * 100,
            b'{"photo": "' + b"A" * 5000 + b'"}',
            b"GIF89a" + b"\xff" * 500,
            b"\0\0\0\x1cftypavif" + b"\0" * 300,
            b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0xFFFF) + b"\xff" * 4000,
        )
    )


PICTURES: tuple[Callable[[Draw], bytes], ...] = (
    flipped, flipped_in_the_head, truncated, spliced, png_bomb, size_bomb, noise, other_files,
)  # fmt: skip


def picture(draw: Draw) -> bytes:
    return draw.choice(PICTURES)(draw)


def name(draw: Draw) -> bytes:
    return draw.choice(
        (
            b"a.jpg",
            b"../../etc/passwd",
            b"C:\\x\\y.png",
            "ü\u202e.png".encode(),
            b"x" * 5000,
            b'"',
            b"\0\r",
            b"%00",
            b"",
        )
    )


def form(draw: Draw) -> tuple[bytes, bytes]:
    """Return a multipart body, mostly malformed, and its Content-Type."""
    boundary = draw.choice((b"X", b"--", b"=" * 69, draw.randbytes(4).hex().encode()))
    parts = []
    for _ in range(draw.choice((0, 1, 2, 40))):
        head = b'Content-Disposition: form-data; name="p"; filename="' + name(draw) + b'"\r\n'
        head += draw.choice(
            (b"", b"Content-Type: image/png\r\n", b"X: y\r\n" * 50, b"no colon\r\n", b"A" * 9000 + b": 1\r\n")
        )
        content = draw.choice((b"", GOOD["PNG"], picture(draw)))
        parts.append(b"--" + boundary + b"\r\n" + head + draw.choice((b"\r\n", b"\n", b"")) + content + b"\r\n")
    body = b"".join(parts) + draw.choice((b"--" + boundary + b"--\r\n", b"--" + boundary, b""))
    told = draw.choice((boundary, boundary, boundary, b"", b"other", b'"' + boundary))
    return body, b"multipart/form-data; boundary=" + told


def body(draw: Draw) -> tuple[bytes, bytes]:
    """Return a body, and its Content-Type."""
    if draw.random() < 0.3:
        return form(draw)
    if draw.random() < 0.1:
        return json.dumps({"image": "x" * draw.randrange(5000)}).encode(), b"application/json"
    return picture(draw), draw.choice(KINDS)


def target(draw: Draw) -> bytes:
    return draw.choice(
        (
            b"/predict", b"/predict", b"/predict", b"/predict?top=2", b"/predict?top=-1", b"/predict?top=" + b"9" * 400,
            b"/predict?explain=true", b"/explain", b"/explain?class=red", b"/explain?class=" + b"%ff" * 300,
            b"/explain?class=%00..%2f..%2fetc", b"/admin/reload/../../etc/passwd", b"//predict", b"/%2e%2e/%2e%2e/etc/passwd",
            b"http://evil.example/predict", b"/model", b"*", b"/" + b"a" * 20_000, b"/predict#x", b"/\xc3\xbc", b"evil:80",
        )
    )  # fmt: skip


def more_headers(draw: Draw) -> bytes:
    return draw.choice(
        (
            b"", b"", b"", b"Expect: 100-continue\r\n", b"Expect: 200-ok\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n",
            b"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Host: evil\r\n", b"Range: bytes=0-1\r\n", b"Content-Encoding: gzip\r\n",
            b"X: " + b"y" * 20_000 + b"\r\n", b"X: y\r\n" * 3000, b"Origin: null\r\n", b"Host: evil.example\r\n", b"A\0: b\r\n",
            b"Authorization: Bearer " + b"\xff" * 40 + b"\r\n", b" folded: yes\r\n", b"Content-Type: image/png\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n", b"Content-Length: 7\r\n", b"Cookie: " + b"a=b; " * 500 + b"\r\n",
        )
    )  # fmt: skip


def request(draw: Draw, close: bool = True) -> bytes:
    """Return one request in one piece."""
    content, kind = body(draw)
    method = draw.choice((b"POST", b"POST", b"POST", b"POST", b"GET", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"BREW"))
    head = method + b" " + target(draw) + b" HTTP/1.1\r\n" + HOST + more_headers(draw)
    if kind:
        head += b"Content-Type: " + kind + b"\r\n"
    if close:
        head += b"Connection: close\r\n"
    if draw.random() < 0.2:
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(draw, content)
    told = draw.choice((len(content),) * 8 + (0, len(content) + 1, max(0, len(content) - 1), -1, 10**12))
    return head + b"Content-Length: %d\r\n\r\n" % told + content


def chunked(draw: Draw, content: bytes) -> bytes:
    step = draw.choice((1000, 65_536, len(content) or 1))
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    extension = draw.choice((b"", b"", b"", b";a=b", b";" + b"x" * 40_000))
    packed = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    end = draw.choice(
        (b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 9000 + b"\r\n", b"", b"zz\r\n")
    )
    return packed + end


def stream(draw: Draw) -> list[bytes]:
    """Return what one connection sends, in pieces between which it waits."""
    way = draw.random()
    if way < 0.70:
        return [request(draw)]
    if way < 0.80:
        return [b"".join(request(draw, close=False) for _ in range(draw.choice((2, 3, 20)))) + request(draw)]
    if way < 0.90:
        whole = request(draw)
        cuts = sorted(draw.randrange(len(whole)) for _ in range(draw.choice((1, 3))))
        return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    if way < 0.95:
        return [request(draw)[: draw.choice((10, 100, 1000))]]
    return [
        draw.choice((b"\r\n" * 30_000, b"\x16\x03\x01" + b"\0" * 500, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", noise(draw)))
    ]
