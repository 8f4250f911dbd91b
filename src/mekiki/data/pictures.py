"""Opens pictures: the one door between files and pixels, for photos that may be broken, huge or no pictures at all.

Only the decoders of six formats can run, and only the one that the first bytes call for. The size in the header is
checked before pixels are decoded. Whatever goes wrong becomes a ``PictureError`` whose message is a predicate ("is
truncated"): whoever reports it puts the path before it. Safe to call from several threads. A JPEG that was cut off
and closed again with an end mark, or padded, cannot be told from a grey picture and is read as one.
"""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mekiki.data.colours import to_rgb
from mekiki.data.exif import orientation_of, taken_and_camera
from mekiki.data.scans.stamps import Stamp, stamp_of
from mekiki.errors import PictureError, one_line

FORMAT_ENDINGS: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
PICTURE_ENDINGS: frozenset[str] = frozenset(ending for endings in FORMAT_ENDINGS.values() for ending in endings)
LARGEST_FILE = 512 * 1024 * 1024
OUT_OF_MEMORY = "is too large for this machine's memory"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"GIF8[79]a", "GIF"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    (rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", "BMP"),
)
_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (rb"....ftyp(heic|heix|hevc|mif1|msf1)", "a HEIC picture"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp", "a video"),
    (rb"%PDF", "a PDF document"),
    (rb"8BPS", "a Photoshop document"),
    (rb"PK\x03\x04", "a zip archive"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg", "an SVG drawing"),
    (rb"(?i)\s*(<!doctype html|<html|<head|<body)", "a web page"),
)
_UPRIGHT: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a file says of its picture.

    Attributes:
        format: A key of ``FORMAT_ENDINGS``, from the bytes and not from the name.
        width: Of the upright picture in full size, pixels.
        height: Of the upright picture in full size, pixels.
        rotated: Whether its EXIF tag turned or mirrored it.
        taken: When it was taken by its EXIF tag, local time to fractions of a second ("2024-05-01T12:00:01.25").
        camera: Make and model by its EXIF tags ("Canon EOS 5D"). Both are empty where there is no such tag.
    """

    format: str
    width: int
    height: int
    rotated: bool
    taken: str = ""
    camera: str = ""


def read_picture(source: Path | bytes, *, max_megapixels: float = 100.0, at_least: int = 0) -> np.ndarray:
    """Read one picture, upright, as a person sees it.

    Args:
        source: A file, or a file's bytes.
        max_megapixels: A picture with more pixels is refused before it is decoded, in millions (at most 178).
        at_least: 0 for full size; else a large JPEG may come smaller, its shorter side no shorter than this, pixels.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        PictureError: It cannot be read; the message is the reason, without the path.
    """
    return decode(source, max_megapixels=max_megapixels, at_least=at_least)[0]


def decode(
    source: Path | bytes, *, max_megapixels: float = 100.0, at_least: int = 0
) -> tuple[np.ndarray, PictureFacts]:
    """Read one picture as ``read_picture`` does, with the facts of its file; same arguments and errors."""
    content = source if isinstance(source, bytes) else read_file(source)
    kind = true_format(content)
    with _as_picture_errors(kind, max_megapixels), PILLOW_SILENCE:
        image = Image.open(io.BytesIO(content), formats=(kind,))
        if image.width * image.height > max_megapixels * 1e6:
            raise _too_large(image.width * image.height, max_megapixels)
        width, height = image.size
        turned_by_pillow = kind == "TIFF" and orientation_of(image) != 1
        origin = taken_and_camera(image) if kind == "TIFF" else None
        if 0 < 2 * at_least <= min(width, height):
            image.draft(None, (at_least, at_least))
        image.decodermaxblock = max(image.decodermaxblock, len(content))  # else Pillow feeds its decoder in 64 kB bits
        image.load()
        orientation = orientation_of(image)
        if orientation >= 5:
            width, height = height, width
        taken, camera = taken_and_camera(image) if origin is None else origin
        facts = PictureFacts(kind, width, height, turned_by_pillow or orientation != 1, taken, camera)
        return to_rgb(image.transpose(_UPRIGHT[orientation]) if orientation > 1 else image), facts


def read_file(path: Path | str) -> bytes:
    """Read a picture file's bytes.

    Args:
        path: The file.

    Raises:
        PictureError: It is missing, no regular file, empty, over 512 MB, or the system refuses.
    """
    return read_steady(path)[0]


def read_steady(path: Path | str) -> tuple[bytes, Stamp | None]:
    """Read a file's bytes as ``read_file`` does, with the stamp by which a change will show.

    Returns:
        The bytes, and the stamp; None if the file changed while it was read, or so shortly before that a further
        change could leave the same stamp.
    """
    try:
        before = os.stat(path)  # noqa: PTH116  a Path costs more here than the system's call
        if not stat.S_ISREG(before.st_mode):
            raise PictureError("is no file" if not stat.S_ISDIR(before.st_mode) else "is a folder")
        if before.st_size > LARGEST_FILE:
            raise PictureError(f"has {before.st_size // 2**20} MB; the limit is {LARGEST_FILE // 2**20}")
        began = time.time_ns()
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  as above
            content = file.read()
            stamp = stamp_of(os.fstat(file.fileno()))
        steady = stamp == stamp_of(before) and len(content) == stamp.size and stamp.settled_at(began)
        return content, stamp if steady else None
    except FileNotFoundError:
        raise PictureError("does not exist") from None
    except (OSError, ValueError) as error:
        raise PictureError(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None


def true_format(content: bytes) -> str:
    """Tell a picture's format from its first bytes.

    Args:
        content: The file's bytes; the first 512 are looked at.

    Returns:
        A key of ``FORMAT_ENDINGS``.

    Raises:
        PictureError: The bytes are of something else; the message says of what.
    """
    if not content:
        raise PictureError("is empty (0 bytes)")
    start = content[:512]
    for pattern, kind in _SIGNATURES:
        if re.match(pattern, start, re.DOTALL):
            return kind
    raise PictureError(f"is no picture that can be read: its first bytes are of {_stranger(start)}")


def _stranger(start: bytes) -> str:
    for pattern, name in _STRANGERS:
        if re.match(pattern, start, re.DOTALL):
            return name
    if not start.strip(b"\0"):
        return "an empty or unfinished download (all zero)"
    return "an unknown format" if re.search(rb"[\0-\x08\x0e-\x1a]", start) else "a text file"


def _too_large(pixels: int, max_megapixels: float) -> PictureError:
    return PictureError(f"has {pixels / 1e6:.4g} megapixels; the limit is {max_megapixels:g}")


@contextmanager
def _as_picture_errors(kind: str, max_megapixels: float) -> Iterator[None]:
    """Turn whatever a decoder throws at foreign bytes into a ``PictureError``."""
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\((\d+) pixels\)", str(error))
        raise _too_large(int(pixels[1]) if pixels else Image.MAX_IMAGE_PIXELS or 0, max_megapixels) from None
    except UnidentifiedImageError:
        raise PictureError(f"is a {kind} whose header is damaged or of a rare kind") from None
    except MemoryError:
        raise PictureError(OUT_OF_MEMORY) from None
    except Exception as error:
        words = one_line(error, 120)
        if isinstance(error, EOFError) or "truncated" in words.lower():
            raise PictureError("is truncated: the file ends before the picture does") from None
        raise PictureError(f"is a damaged {kind} ({words})") from None


class _PillowSilence:
    """Silences Pillow's warnings while anyone reads.

    ``warnings.catch_warnings`` puts back the filters it found, which is wrong when threads overlap: here the first
    reader adds one filter and the last one takes that one out again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0

    def __enter__(self) -> None:
        with self._lock:
            self._readers += 1
            if self._ours() is None:
                warnings.filterwarnings("ignore", module=_PILLOW)

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0 and (ours := self._ours()) is not None:
                warnings.filters.remove(ours)  # type: ignore[attr-defined]

    @staticmethod
    def _ours() -> object:
        """Return our filter if it is in force; as a rule it is the first."""
        return next((entry for entry in warnings.filters if getattr(entry[3], "pattern", "") == _PILLOW), None)


_PILLOW = r"PIL\."
PILLOW_SILENCE = _PillowSilence()
"""Held while a picture is decoded, and by a caller round many: then the filter is not put in and out each time."""
