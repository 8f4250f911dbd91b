"""Decoded photos on disk, so that no epoch after the first decodes again: one memory-mapped file for each picture.

They lie in the user's cache folder, beside what scans remember. A picture's name comes from the bytes of its photo, how
it was reduced and the versions of all that decoded it, so nothing ever goes stale, and runs and processes share it. It
is written whole or not at all; whoever uses one for the first time compares its checksum. The longest unused go when
all are over the limit. The folder may be removed at any time, and a disk that refuses costs a line and time, never a
training. The system's page cache holds what is used often; this process keeps nothing.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import features

from mekiki.config import FitName
from mekiki.data.scans.remembering import FORGOTTEN_AFTER_DAYS
from mekiki.errors import MekikiError
from mekiki.files import cache_folder, replaced
from mekiki.tensors.geometry import Picture

FREE_BYTES = 10**9
"""So much of the disk is left to others."""

_VERSION = "1"
_MAGIC = b"mekiki 1"
_HEADER = struct.Struct("<8sIII")
_PIXELS_FROM = 64
_OWN_NAME = re.compile(r"\.?([0-9a-f]{2})[0-9a-f]{30}(?:-[a-z0-9_]+)?")
_LOOKS_PER_LIMIT = 16
_SHARE_AFTER_CLEARING = 0.9


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the cache.

    Attributes:
        used: When it was last used, seconds since 1970.
        size: Bytes.
        path: Where it lies.
    """

    used: float
    size: int
    path: str


def pictures_folder() -> Path | None:
    """Return where decoded photos lie; None where the user has no cache folder."""
    folder = cache_folder()
    return None if folder is None else folder / "decoded"


def picture_name(sha256: str, size: int, fit: FitName, left_alone: float) -> str:
    """Return the name under which a photo is kept.

    Args:
        sha256: Of the bytes of the photo's file, hexadecimal.
        size: Side of the square to whose scale it was reduced, pixels.
        fit: How it is to fit the square.
        left_alone: Up to how many times too large it was not reduced.
    """
    return hashlib.blake2b(f"{sha256} {size} {fit} {left_alone} {_decoders()}".encode(), digest_size=16).hexdigest()


@cache
def _decoders() -> str:
    return f"{_VERSION} {PIL.__version__} {features.version('libjpeg_turbo')} {cv2.__version__}"


class PictureCache:
    """Decoded photos of many runs. Any number of threads and processes may use one folder at a time.

    Args:
        folder: Where they lie.
        most_bytes: Of all files together; each process that writes may pass it by a sixteenth, or by one picture.
        say: Told one line when nothing more can be kept.
    """

    def __init__(self, folder: Path, most_bytes: int, say: Callable[[str], None]) -> None:
        self._folder, self._most_bytes, self._say = folder, most_bytes, say
        self._lock = threading.Lock()
        self._began = time.time()
        self._room = 0
        self._full = False

    def recall(self, name: str, trusted: bool = False) -> Picture | None:
        """Return a picture if it is kept; one that is damaged is removed.

        Args:
            name: See ``picture_name``.
            trusted: This process compared its checksum before.

        Returns:
            uint8 (H, W, 3), read-only, mapped; None if it is to be read from the photo.
        """
        path = self._path(name)
        try:
            picture, checksum = _mapped(path)
            if not trusted:
                if _checksum(picture) != checksum:
                    raise ValueError
                with suppress(OSError):
                    os.utime(path)  # this is what "used" means
        except OSError:
            return None
        except ValueError:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108  Paths are slow
            return None
        return picture

    def keep(self, name: str, picture: Picture) -> None:
        """Keep a picture, unless those of this process alone are over the limit already."""
        with self._lock:
            if self._full:
                return
            try:
                self._write(Path(self._path(name)), np.ascontiguousarray(picture))
            except FileNotFoundError:
                pass  # the folder was removed this moment
            except (OSError, MekikiError) as error:
                self._add_no_more(f"cannot be kept in {self._folder} ({getattr(error, 'strerror', None) or error})")

    def _add_no_more(self, reason: str) -> None:
        self._full = True
        self._say(f"note: decoded photos {reason}; those that are not there are read again in each epoch")

    def _write(self, path: Path, picture: Picture) -> None:
        size = _PIXELS_FROM + picture.nbytes
        if self._room < size:
            self._room = self._make_room(size)
        if self._room < size:
            self._add_no_more(f"may take no more of the disk at {self._folder} (--cache-gigabytes)")
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        header = _HEADER.pack(_MAGIC, picture.shape[0], picture.shape[1], _checksum(picture))
        with replaced(path) as temporary, temporary.open("wb") as file:
            file.write(header.ljust(_PIXELS_FROM, b"\0"))
            file.write(picture.data)
        self._room -= size

    def _make_room(self, size: int) -> int:
        """Remove what was not used for longest, and return how many bytes may be written before the next look.

        If that has to touch what was used since this cache was opened, the photos of this run do not fit: then it
        is 0, because to go on would be to write and remove all the time.
        """
        kept = list_kept(self._folder)
        total = sum(file.size for file in kept)
        limit = min(self._most_bytes, total + _free_bytes(self._folder) - FREE_BYTES)
        step = max(size, limit // _LOOKS_PER_LIMIT)
        target = limit if total + step <= limit else int(limit * _SHARE_AFTER_CLEARING)
        too_old = time.time() - FORGOTTEN_AFTER_DAYS * 86_400
        own_are_gone = False
        for file in sorted(kept, key=lambda file: file.used):
            if total <= target and file.used >= too_old:
                break
            with suppress(OSError):
                os.unlink(file.path)  # noqa: PTH108  Paths are slow
                total -= file.size
                own_are_gone = own_are_gone or file.used >= self._began
        return 0 if own_are_gone else min(step, limit - total)

    def _path(self, name: str) -> str:
        return f"{self._folder}{os.sep}{name[:2]}{os.sep}{name}"


def open_picture_cache(gigabytes: float, say: Callable[[str], None]) -> PictureCache | None:
    """Return the user's cache of decoded photos.

    Args:
        gigabytes: The limit of all files together; 0: none is used.
        say: Told one line when nothing more can be kept.
    """
    folder = pictures_folder()
    return None if folder is None or gigabytes == 0 else PictureCache(folder, int(gigabytes * 1e9), say)


def list_kept(folder: Path) -> list[Kept]:
    """Return all files of a cache, also those that a killed process left half written, and no others."""
    kept = []
    for place, _, names in os.walk(folder):
        for name in names:
            found = _OWN_NAME.fullmatch(name)
            if found is None or os.path.basename(place) != found[1]:  # noqa: PTH119  Paths are slow
                continue
            path = f"{place}{os.sep}{name}"
            with suppress(OSError):
                facts = os.stat(path)  # noqa: PTH116  as above
                kept.append(Kept(facts.st_mtime, facts.st_size, path))
    return kept


def clear(folder: Path) -> None:
    """Remove all files of a cache, and its folders if nothing else is in them; what is in use may stay (Windows)."""
    for file in list_kept(folder):
        with suppress(OSError):
            os.unlink(file.path)  # noqa: PTH108  Paths are slow
    for place in (*folder.glob("[0-9a-f][0-9a-f]"), folder):
        with suppress(OSError):
            place.rmdir()


def _free_bytes(folder: Path) -> int:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def _mapped(path: str) -> tuple[Picture, int]:
    """Map a file and return its picture and checksum; ValueError if it is not as it was written."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        content = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
    size = len(content)
    if size < _PIXELS_FROM:
        raise ValueError
    magic, height, width, checksum = _HEADER.unpack_from(content)
    if magic != _MAGIC or height == 0 or width == 0 or size != _PIXELS_FROM + height * width * 3:
        raise ValueError
    return np.frombuffer(content, np.uint8, offset=_PIXELS_FROM).reshape(height, width, 3), checksum


def _checksum(picture: Picture) -> int:
    return zlib.crc32(picture.data, picture.shape[1])
