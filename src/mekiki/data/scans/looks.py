"""What one look at a photo's file brought, as a record and as bytes.

The bytes are the same on the way from a worker process and in what is remembered between scans. They begin with a
checksum: bytes that were cut or changed are refused and never half understood. The layout's version is part of
``LOOK_VERSION``, with those of everything that could give another look at the same file.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import PIL

from mekiki.data.copies.hashing import SKETCH_VERSION, Sketch
from mekiki.data.pictures import PictureFacts
from mekiki.data.scans.measures import MEASURES_VERSION, Measures
from mekiki.data.scans.stamps import Stamp

LOOK_VERSION = f"1 {SKETCH_VERSION} {MEASURES_VERSION} {PIL.__version__} {cv2.__version__} {np.__version__}"
"""Looks of another version are not to be trusted: another decoder may give other pixels."""

_HEAD = struct.Struct("<32sBqqqqBII3dH")
_CHECKSUM = struct.Struct("<I")
_READ, _DECODED, _STAMPED = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Look:
    """One photo after it was opened.

    Attributes:
        sha256: Of the file's bytes, hexadecimal; empty if they could not be read.
        facts: What the file says of its picture; None if it cannot be decoded, for the reason in ``error``.
        measures: What was measured of the picture; None likewise.
        sketch: What its copies are found by; None likewise.
        error: Why there is no picture, as a predicate ("is truncated: ...").
        stamp: By what a later change of the file will show; None if it cannot be told.
    """

    sha256: str = ""
    facts: PictureFacts | None = None
    measures: Measures | None = None
    sketch: Sketch | None = None
    error: str = ""
    stamp: Stamp | None = None

    def to_bytes(self) -> bytes:
        """Return all of it as bytes."""
        facts, measures, stamp = self.facts, self.measures, self.stamp
        decoded = facts is not None and measures is not None and self.sketch is not None
        flags = (_READ if self.sha256 else 0) | (_DECODED if decoded else 0) | (_STAMPED if stamp else 0)
        texts = "\0".join(
            text.replace("\0", " ")
            for text in ((facts.format, facts.taken, facts.camera, "") if facts else ("", "", "", self.error))
        ).encode("utf-8", "replace")
        head = _HEAD.pack(
            bytes.fromhex(self.sha256),
            flags,
            *((stamp.size, stamp.modified, stamp.changed, stamp.number) if stamp else (0, 0, 0, 0)),
            facts.rotated if facts else False,
            *((facts.width, facts.height) if facts else (0, 0)),
            *((measures.spread, measures.sharpness, measures.cut) if measures else (0.0, 0.0, 0.0)),
            len(texts),
        )
        body = head + texts + (self.sketch.to_bytes() if decoded and self.sketch else b"")
        return _CHECKSUM.pack(zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, content: bytes) -> Look:
        """Return the look that ``to_bytes`` gave.

        Raises:
            ValueError: The bytes are damaged.
        """
        body = memoryview(content)[_CHECKSUM.size :]
        if len(body) < _HEAD.size or _CHECKSUM.unpack_from(content)[0] != zlib.crc32(body):
            raise ValueError("these bytes are no look, or were changed")
        sha256, flags, size, modified, changed, number, rotated, width, height, *measured, length = _HEAD.unpack_from(
            body
        )
        texts, rest = bytes(body[_HEAD.size : _HEAD.size + length]), body[_HEAD.size + length :]
        form, taken, camera, error = texts.decode("utf-8").split("\0")
        decoded = bool(flags & _DECODED)
        return cls(
            sha256=sha256.hex() if flags & _READ else "",
            facts=PictureFacts(form, width, height, bool(rotated), taken, camera) if decoded else None,
            measures=Measures(*measured) if decoded else None,
            sketch=Sketch.from_bytes(bytes(rest)) if decoded else None,
            error=error,
            stamp=Stamp(size, modified, changed, number) if flags & _STAMPED else None,
        )
