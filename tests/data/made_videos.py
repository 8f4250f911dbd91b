"""Small videos that the tests write, whole and broken."""

import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mekiki.data.videos import QUIET

RATE = 25.0
SHADES = tuple(range(20, 240, 10))
"""The grey of frame n is SHADES[n]: encoders keep it within a few levels, so that a frame tells its number."""


def grey(shade: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


def write_video(path: Path, pictures: Sequence[np.ndarray], codec: str = "MJPG", rate: float = RATE) -> Path:
    """Write RGB pictures as a video."""
    size = pictures[0].shape[1::-1]
    with QUIET:
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate, size)
        assert writer.isOpened()
        for picture in pictures:
            writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        writer.release()
    return path


def shades_video(path: Path, count: int = 20, codec: str = "MJPG") -> Path:
    """Write frames of which each is as light as ``SHADES`` says."""
    return write_video(path, [grey(shade) for shade in SHADES[:count]], codec)


def _places_of_frames(content: bytes | bytearray, count: int) -> list[int]:
    places, at = [], content.find(b"movi")
    for _ in range(count):
        at = content.find(b"00dc", at + 4)
        places.append(at)
    return places


def cut_off(path: Path, frames: int) -> Path:
    """Keep the first frames of a Motion JPEG AVI, whose header still promises all of them."""
    content = path.read_bytes()
    path.write_bytes(content[: _places_of_frames(content, frames + 1)[-1]])
    return path


def with_broken_frames(path: Path, numbers: Sequence[int]) -> Path:
    """Overwrite some JPEGs of a Motion JPEG AVI with zeros."""
    content = bytearray(path.read_bytes())
    places = _places_of_frames(content, max(numbers) + 1)
    for number in numbers:
        start = places[number] + 8
        length = int.from_bytes(content[start - 4 : start], "little")
        content[start : start + length] = bytes(length)
    path.write_bytes(content)
    return path


def turned_by_a_quarter(path: Path) -> Path:
    """Write into an MP4's track header that it is to be shown turned clockwise by a quarter."""
    content = bytearray(path.read_bytes())
    start = content.find(b"tkhd") + 4 + 40
    assert content[start : start + 4] == struct.pack(">i", 0x10000)
    height = content[start + 40 : start + 44]
    matrix = (0, 0x10000, 0, -0x10000, 0, 0, int.from_bytes(height, "big"), 0, 0x40000000)
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


def pictures_of(path: Path) -> list[np.ndarray]:
    """Read all frames of a video with OpenCV itself, RGB."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    found = []
    while True:
        done, picture = capture.read()
        if not done:
            capture.release()
            return found
        found.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
