"""Fingerprints of files and sketches of pictures: equal bytes, and what is kept of a picture to find its copies.

A sketch is one short string of bytes of fixed length, so that a cache can keep it; everything that
``duplicates.py`` decides comes from sketches alone. It must cost little beside decoding: whole numbers only, and
two or three resamplings.

The difference hash (as in N. Krawetz's dHash) says for each of 16x16 places whether the picture gets brighter to
the right by more than ``DEAD_ZONE`` grey levels: in the plain hash the bits of flat areas are noise. It goes into
the manifest; copies are not searched by it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

SKETCH_VERSION = 2
"""Grows whenever the same picture would get another sketch: what a cache kept of older ones is of no use then."""
DEAD_ZONE = 8
SIDE = 64
CHROMA_SIDE = 16
SKETCH_BYTES = SIDE * SIDE + 2 * CHROMA_SIDE * CHROMA_SIDE + 32

_FEW_PIXELS = 4 * SIDE
"""A side below which two points in each direction stand for the area between: areas of odd size cost as much again."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a picture to find its copies: 4.6 kB.

    Attributes:
        content: The grey picture, its colours and its hash, one after the other; ``SKETCH_BYTES`` long.
    """

    content: bytes

    @property
    def grey(self) -> np.ndarray:
        """The brightness of the squashed picture, uint8 (64, 64)."""
        return np.frombuffer(self.content, np.uint8, SIDE * SIDE).reshape(SIDE, SIDE)

    @property
    def chroma(self) -> np.ndarray:
        """Red and blue less brightness (Cr, Cb) of the squashed picture, uint8 (16, 16, 2); 128 is grey."""
        kept = np.frombuffer(self.content, np.uint8, 2 * CHROMA_SIDE * CHROMA_SIDE, SIDE * SIDE)
        return kept.reshape(CHROMA_SIDE, CHROMA_SIDE, 2)

    @property
    def phash(self) -> bytes:
        """The difference hash of the whole picture, 32 bytes."""
        return self.content[-32:]

    def to_bytes(self) -> bytes:
        """Return all of it, ``SKETCH_BYTES`` long."""
        return self.content

    @classmethod
    def from_bytes(cls, content: bytes) -> Sketch:
        """Return the sketch that ``to_bytes`` gave.

        Args:
            content: Its bytes.

        Raises:
            ValueError: They are not ``SKETCH_BYTES`` long.
        """
        if len(content) != SKETCH_BYTES:
            raise ValueError(f"a sketch has {SKETCH_BYTES} bytes, not {len(content)}")
        return cls(bytes(content))


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sketch(picture: np.ndarray) -> Sketch:
    """Return what is kept of a picture to find its copies.

    Args:
        picture: uint8 (H, W, 3) RGB; its shorter side best 128 pixels or more.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if SIDE < min(picture.shape[:2]) and max(picture.shape[:2]) < _FEW_PIXELS:
        grey = cv2.resize(grey, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_LINEAR)
        picture = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST_EXACT)
    grey = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(picture, (CHROMA_SIDE, CHROMA_SIDE), interpolation=cv2.INTER_AREA)
    chroma = cv2.cvtColor(coarse, cv2.COLOR_RGB2YCrCb)[..., 1:]
    return Sketch(grey.tobytes() + chroma.tobytes() + difference_hash(grey))


def difference_hash(grey: np.ndarray) -> bytes:
    """Return the 256-bit difference hash of a picture.

    Args:
        grey: uint8 (H, W), its brightness.

    Returns:
        32 bytes; the bits of similar pictures are mostly equal.
    """
    grid = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(grid[:, 1:] > grid[:, :-1] + DEAD_ZONE).tobytes()
