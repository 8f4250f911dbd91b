"""Fingerprints of files and pictures: equal bytes, and pictures that look equal.

A difference hash (as in D. Hofstadter's and N. Krawetz's dHash) says for each of 16x16 places whether the picture
gets brighter to the right. Here it must get brighter by more than ``DEAD_ZONE`` grey levels: in the plain hash the
bits of flat areas are noise, so that a halved copy of a photo on white differs in 20 of 256 bits (median of 200
guitar photos; with the dead zone in 1), while two different photos on white agree in all their flat bits. A hash is
only a first sieve; ``duplicates.py`` compares outlines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

DEAD_ZONE = 8
SKETCH_SIZE = 32

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a picture to find its copies: about 1.1 kB.

    Attributes:
        phash: The difference hash, 32 bytes.
        mirrored: The difference hash of the mirrored picture, 32 bytes.
        grey: uint8 (32, 32), the picture squashed.
        colour: float32 (3,), mean RGB, 0..255.
    """

    phash: bytes
    mirrored: bytes
    grey: np.ndarray
    colour: np.ndarray


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def difference_hash(picture: np.ndarray) -> bytes:
    """Return the 256-bit difference hash of a picture.

    Args:
        picture: uint8 (H, W, 3) RGB.

    Returns:
        32 bytes; the bits of similar pictures are mostly equal.
    """
    return _bits(_shrink(picture, 17, 16))


def sketch(picture: np.ndarray) -> Sketch:
    """Return what is kept of a picture to find its copies.

    Args:
        picture: uint8 (H, W, 3) RGB.
    """
    grid = _shrink(picture, 17, 16)
    small = cv2.resize(picture, (SKETCH_SIZE, SKETCH_SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return Sketch(
        phash=_bits(grid),
        mirrored=_bits(grid[:, ::-1]),
        grey=np.rint(small @ _GREY).astype(np.uint8),
        colour=small.mean(axis=(0, 1)),
    )


def _shrink(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Squash a picture to float32 (height, width) grey, each value the mean of its area."""
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) @ _GREY


def _bits(grid: np.ndarray) -> bytes:
    return np.packbits(grid[:, 1:] > grid[:, :-1] + DEAD_ZONE).tobytes()


def as_words(hashes: Sequence[bytes]) -> np.ndarray:
    """Lay 32-byte hashes out for ``hamming``.

    Returns:
        uint64 (4, N), so that the same word of all hashes lies in a row.
    """
    return np.ascontiguousarray(np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, 4).T)


def hamming(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the bits in which hashes differ.

    Args:
        first: uint64 (4, N).
        second: uint64 (4, M).

    Returns:
        uint16 (N, M), 0..256; 0 is equal.
    """
    counts = (np.bitwise_count(one[:, None] ^ other[None, :]) for one, other in zip(first, second, strict=True))
    total: np.ndarray = next(counts).astype(np.uint16)
    for count in counts:
        total += count
    return total
