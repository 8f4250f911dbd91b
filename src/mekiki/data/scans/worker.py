"""A worker process of a scan: reads orders from its input, looks at the photos, writes the looks to its output.

Started by ``crew.py`` as ``python -m mekiki.data.scans.worker``; not for people. A message is its length in four bytes
and then itself. An order is the limit in megapixels and the paths; the answer is the looks in their order. Plain bytes,
nothing that could run. It ends when its input does.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Sequence
from typing import IO

import cv2

from mekiki.data.pictures import PILLOW_SILENCE
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.looks import Look

READY = b"mekiki looks\n"

_LENGTH = struct.Struct("<I")
_LIMIT = struct.Struct("<d")


def write_message(pipe: IO[bytes], content: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes:
    """Read one message.

    Raises:
        EOFError: The other side is gone.
    """
    (length,) = _LENGTH.unpack(_read(pipe, _LENGTH.size))
    return _read(pipe, length)


def _read(pipe: IO[bytes], length: int) -> bytes:
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError("the pipe was closed")
    return content


def pack_order(paths: Sequence[str], max_megapixels: float) -> bytes:
    """Return an order as bytes; a path may be anything that the system can name."""
    return _LIMIT.pack(max_megapixels) + b"\0".join(os.fsencode(path) for path in paths)


def unpack_order(content: bytes) -> tuple[list[str], float]:
    """Return the paths and the limit of an order."""
    (max_megapixels,) = _LIMIT.unpack_from(content)
    return [os.fsdecode(path) for path in content[_LIMIT.size :].split(b"\0")], max_megapixels


def pack_looks(looks: Sequence[Look]) -> bytes:
    """Return looks as bytes."""
    parts = [look.to_bytes() for look in looks]
    return b"".join(piece for part in parts for piece in (_LENGTH.pack(len(part)), part))


def unpack_looks(content: bytes) -> list[Look]:
    """Return the looks of an answer.

    Raises:
        ValueError: The bytes are damaged.
    """
    looks, place = [], 0
    while place < len(content):
        (length,) = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        looks.append(Look.from_bytes(content[place : place + length]))
        place += length
    return looks


def main() -> None:
    """Work until the input ends; Ctrl-C is for the process that gives the orders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    with PILLOW_SILENCE:
        while True:
            try:
                paths, max_megapixels = unpack_order(read_message(orders))
                write_message(answers, pack_looks([look_at(path, max_megapixels) for path in paths]))
            except (EOFError, BrokenPipeError):
                break
    os._exit(0)  # flushing to a pipe that is closed would only fail


if __name__ == "__main__":
    main()
