"""Photos that a browser sends: a folder file by file, or a zip as one.

They gather in a hidden folder, which gets its name when all are there; what is cut off is swept away a day later. Each
file is a picture by its first bytes, its path is judged before anything is made, and sizes and counts are bounded.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import threading
import time
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

from mekiki.data.pictures import true_format
from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.workspace import plain_name
from mekiki.errors import DataError
from mekiki.files import replaced

_HIDDEN = ".arriving-"
_FIRST_BYTES = 512
_LONGEST_PART = 255
_LONGEST_PATH = 1024
_FORGOTTEN_AFTER_SECONDS = 86_400.0


class Uploads:
    """What is on its way.

    Args:
        studio: The studio.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self.sweep()

    def begin(self) -> str:
        """Begin a folder; return the word by which its files name it."""
        word = secrets.token_urlsafe(12)
        (self._studio.workspace.photos / f"{_HIDDEN}{word}").mkdir()
        with self._lock:
            self._counts[word] = 0
        return word

    async def take(self, word: str, named: str, body: AsyncIterator[bytes]) -> None:
        """Write one file of a folder.

        Args:
            word: From ``begin``.
            named: Its path in the folder, as the browser tells it.
            body: Its bytes; how many at most is for the guard.

        Raises:
            DataError: It is no picture, its path leads elsewhere or is taken, or there are too many.
        """
        folder = self._folder(word)
        parts = harmless_parts(named)
        self._count(word)
        try:
            place = folder.joinpath(*parts)
            if place.exists():
                raise DataError(f"{named!r} is there already", "the names of two photos differ in upper case only")
            await _write(place, body, check=True)
        except BaseException:
            with self._lock:
                self._counts[word] = max(0, self._counts.get(word, 1) - 1)
            raise

    def end(self, word: str, name: str) -> Path:
        """Give the folder its name; return where it is.

        Raises:
            DataError: Nothing arrived.
        """
        folder = self._folder(word)
        with self._lock:
            count = self._counts.pop(word)
        if count == 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise DataError("no pictures arrived", "JPEG, PNG, WebP, BMP, GIF and TIFF are read")
        return folder.rename(self._studio.workspace.new(self._studio.workspace.photos, name))

    def cancel(self, word: str) -> None:
        """Throw away what arrived.

        Raises:
            DataError: There is no such upload.
        """
        folder = self._folder(word)
        with self._lock:
            self._counts.pop(word, None)
        shutil.rmtree(folder, ignore_errors=True)

    async def take_zip(self, name: str, body: AsyncIterator[bytes], title: str) -> Job:
        """Write a zip and start unpacking it.

        Args:
            name: Of the zip; the folder of photos is called after it.
            body: Its bytes.
            title: What the job is called.
        """
        workspace = self._studio.workspace
        plain = plain_name(name.removesuffix(".zip"))
        folder = workspace.photos / f"{_HIDDEN}{secrets.token_urlsafe(12)}"
        archive, out = folder / f"{plain}.zip", workspace.new(workspace.photos, plain)
        try:
            await _write(archive, body, check=False)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        most = str(self._studio.settings.most_photos)
        arguments = ["unpack", str(archive), "--out", str(out), "--most-files", most]
        return self._studio.jobs.start(arguments, title, "quick", {"photos": out, "arriving": folder})

    def sweep(self) -> None:
        """Remove zips that were unpacked, and what was cut off long ago."""
        jobs = {job.about.get("arriving", ""): job for job in self._studio.jobs.all()}
        for folder in self._studio.workspace.photos.glob(f"{_HIDDEN}*"):
            job = jobs.get(str(folder))
            with contextlib.suppress(OSError):
                old = time.time() - folder.stat().st_mtime > _FORGOTTEN_AFTER_SECONDS
                if job.state in ENDED if job is not None else old:
                    shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, word: str) -> Path:
        with self._lock:
            known = word in self._counts
        if not known:
            raise DataError(
                "the studio knows nothing of this upload", "it was begun anew meanwhile: send the photos again"
            )
        return self._studio.workspace.photos / f"{_HIDDEN}{word}"

    def _count(self, word: str) -> None:
        most = self._studio.settings.most_photos
        with self._lock:
            if self._counts.get(word, 0) >= most:
                raise DataError(f"more than {most:,} photos in one folder are refused", "mekiki studio --most-photos")
            self._counts[word] = self._counts.get(word, 0) + 1


def harmless_parts(named: str) -> tuple[str, ...]:
    """Return the folders and the name of a file that a browser sends, in one spelling of Unicode.

    Raises:
        DataError: It leads elsewhere, is hidden, or cannot be a name.
    """
    path = unicodedata.normalize("NFC", named)
    parts = tuple(path.split("/"))
    if "\\" in path or re.match("[A-Za-z]:", path) or any(part in ("", ".", "..") for part in parts):
        raise _refused(named, "leads out of the folder")
    if any(part.startswith(".") for part in parts):
        raise _refused(named, "is hidden")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path):
        raise _refused(named, "has a control character in its name")
    if len(path.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_PART for part in parts):
        raise _refused(named, "has a name that is too long")
    return parts


def _refused(named: str, reason: str) -> DataError:
    shown = named if len(named) <= 100 else named[:99] + "…"
    return DataError(f"{shown!r} is not taken: it {reason}", "rename it, or leave it out")


async def _write(place: Path, body: AsyncIterator[bytes], check: bool) -> None:
    with replaced(place) as temporary, temporary.open("wb") as file:
        start, checked = b"", not check
        async for piece in body:
            if not checked:
                start += piece
                if len(start) >= _FIRST_BYTES:
                    true_format(start)
                    checked = True
            file.write(piece)
        if not checked:
            true_format(start)
