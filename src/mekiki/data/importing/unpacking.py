"""Unpacks a zip of photos into a new folder: all that is a picture, or nothing at all.

Names are judged by ``zip_names.py`` first. A file is kept if its first bytes are of a picture; a CSV or classes.txt
at the top too, because it may give the labels. Bytes are counted while they are written, whatever headers say. One
folder that everything lies in is left away if it holds several folders of photos. No picture is decoded here.
"""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.config import UnpackSettings
from mekiki.data.importing.numbered import CLASS_LIST
from mekiki.data.importing.zip_names import Member, members_of, shown
from mekiki.data.pictures import FORMAT_ENDINGS, true_format
from mekiki.errors import DataError, PictureError, one_line
from mekiki.files import new_folder, write_new
from mekiki.progress import Progress
from mekiki.records.run import check_new_folder

_CHUNK = 1 << 20
_FIRST_BYTES = 512
_ENTRY_BYTES = 256
"""So much room has an entry in the list of a zip, on the average; more is refused before the list is read."""


@dataclass(frozen=True)
class Unpacked:
    """What came out of a zip.

    Attributes:
        out: The folder that was made.
        photos: Files that are pictures by their first bytes.
        folders: Folders that photos lie in.
        tables: CSV files (and classes.txt) that were kept.
        bytes: Of all that was written.
        left_out: Why other files were left out, and how many, the most frequent reason first.
        litter: Hidden files and those that systems leave behind, left out too.
        unwrapped: The folder that everything lay in and that was left away; empty if there was none.
    """

    out: Path
    photos: int
    folders: int
    tables: int
    bytes: int
    left_out: tuple[tuple[str, int], ...]
    litter: int
    unwrapped: str = ""

    def describe(self) -> str:
        """Return the counts on one line."""
        others = sum(count for _, count in self.left_out)
        tables = f", {_many(self.tables, 'table')}" if self.tables else ""
        return (
            f"{_many(self.photos, 'photo')} in {_many(self.folders, 'folder')}{tables}, {self.bytes / 1e6:,.1f} MB; "
            f"left out: {_many(others, 'other file')}, {self.litter:,} hidden or litter"
        )

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "out": str(self.out),
            "photos": self.photos,
            "folders": self.folders,
            "tables": self.tables,
            "bytes": self.bytes,
            "left_out": dict(self.left_out),
            "litter": self.litter,
            "unwrapped": self.unwrapped,
        }


def unpack(archive: Path, out: Path, settings: UnpackSettings, progress: Progress) -> Unpacked:
    """Unpack a zip; see ``verbs/unpack.py``."""
    check_new_folder(out)
    with _opened(archive, settings) as zipped:
        members, litter = members_of(zipped.infolist(), archive, settings.names)
        if len(members) > settings.most_files:
            raise _too_much(archive, f"holds {len(members):,} files", f"{settings.most_files:,}", "--most-files")
        work = _Unpacking(zipped, archive, settings)
        with new_folder(out) as folder:
            with progress.task("unpacking", len(members), "files") as task:
                for member in sorted(members, key=_may_be_table):
                    work.take(member, folder)
                    task.advance()
            work.refuse_without_photos()
            wrapping = work.wrapping()
            if wrapping:
                _unwrap(folder, wrapping)
    return Unpacked(
        out=out,
        photos=len(work.photos),
        folders=len({parts[:-1] for parts in work.photos}),
        tables=len(work.tables),
        bytes=work.bytes,
        left_out=tuple(work.left_out.most_common()),
        litter=litter,
        unwrapped=wrapping,
    )


class _Unpacking:
    """What was unpacked so far, and the limits of it."""

    def __init__(self, zipped: zipfile.ZipFile, place: Path, settings: UnpackSettings) -> None:
        self._zipped, self._place, self._settings = zipped, place, settings
        self.photos: list[tuple[str, ...]] = []
        self.tables: list[tuple[str, ...]] = []
        self.bytes = 0
        self.left_out: Counter[str] = Counter()

    def take(self, member: Member, folder: Path) -> None:
        """Write a member if it is a picture, or a table at the top; all pictures have to come first."""
        with closing(self._pieces(member)) as pieces:
            first = next(pieces)
            if reason := self._why_not(member, first):
                self.left_out[reason] += 1
                return
            (self.tables if _may_be_table(member) else self.photos).append(member.parts)
            content = self._counted(member, itertools.chain([first], pieces))
            try:
                write_new(folder.joinpath(*member.parts), content)
            except FileExistsError:
                raise DataError(
                    f"{self._place} is not unpacked: on this disk {shown(member.path)} is the same as another entry",
                    "rename one of them, and make the zip anew",
                ) from None

    def _why_not(self, member: Member, first: bytes) -> str:
        """Return why a file is left out; empty if it is kept."""
        if _may_be_table(member):
            at_top = member.parts[:-1] in ((), _common(self.photos))
            return "" if at_top else "is a table that does not lie at the top"
        try:
            true_format(first)
            return ""
        except PictureError as error:
            return error.message

    def _pieces(self, member: Member) -> Generator[bytes]:
        """Yield a file's first bytes, as many as tell a format, then the others."""
        with _damage_told(self._place, member.path), self._zipped.open(member.info) as file:
            yield file.read(_FIRST_BYTES)
            while piece := file.read(_CHUNK):
                yield piece

    def _counted(self, member: Member, pieces: Iterator[bytes]) -> Iterator[bytes]:
        size, settings = 0, self._settings
        for piece in pieces:
            size += len(piece)
            self.bytes += len(piece)
            if size > settings.largest_mebibytes * 2**20:
                limit = f"{settings.largest_mebibytes} MiB"
                raise _too_much(self._place, f"holds {shown(member.path)}, which is larger", limit, "")
            if self.bytes > settings.most_gigabytes * 1e9:
                limit = f"{settings.most_gigabytes:g} GB"
                raise _too_much(self._place, "holds more bytes of photos", limit, "--most-gigabytes")
            yield piece

    def refuse_without_photos(self) -> None:
        if self.photos:
            return
        common = self.left_out.most_common(1)
        what = f"{common[0][1]:,} of its files: {common[0][0]}; " if common else ""
        raise DataError(f"{self._place} holds no pictures", f"{what}expected {', '.join(FORMAT_ENDINGS)}")

    def wrapping(self) -> str:
        """Return the folder to be left away, or an empty name."""
        inner = {parts[1] for parts in self.photos if len(parts) > 2}
        return "".join(_common([*self.photos, *self.tables])) if len(inner) >= 2 else ""


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _may_be_table(member: Member) -> bool:
    """Tell whether a file may give labels; only such at the top, or in the one folder of all photos, can."""
    name = member.parts[-1].lower()
    return len(member.parts) <= 2 and (name.endswith(".csv") or name == CLASS_LIST)


def _common(files: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the folder at the top that all files lie in; empty if there is none."""
    tops = {parts[:-1][:1] for parts in files}
    return tops.pop() if len(tops) == 1 else ()


def _unwrap(folder: Path, wrapping: str) -> None:
    """Move what lies in a folder's one folder up; the name between is hidden, and so no member has it."""
    inner = (folder / wrapping).rename(folder / ".wrapping")
    for path in list(inner.iterdir()):
        path.rename(folder / path.name)
    inner.rmdir()


def _too_much(place: Path, what: str, limit: str, option: str) -> DataError:
    hint = f"{option} allows more, if you trust it" if option else "leave it out, and make the zip anew"
    return DataError(f"{place} is not unpacked: it {what}; the limit is {limit}", hint)


class _ShortReads(io.BufferedReader):
    """A file that is never read in one piece beyond a limit, as ``zipfile`` does with the list of entries."""

    def __init__(self, place: Path, most_files: int) -> None:
        super().__init__(io.FileIO(place))
        self._place, self._most_files = place, most_files

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _CHUNK + self._most_files * _ENTRY_BYTES:
            raise _too_much(self._place, "lists far more files", f"{self._most_files:,}", "--most-files")
        return super().read(size)


@contextmanager
def _opened(archive: Path, settings: UnpackSettings) -> Iterator[zipfile.ZipFile]:
    """Open a zip, its list of entries read."""
    if archive.exists() and not archive.is_file():
        raise DataError(f"{archive} is no file", "name a zip of photos; a folder can be used as it is")
    try:
        file = _ShortReads(archive, settings.most_files)
    except OSError as error:
        raise DataError(f"cannot read {archive}: {error.strerror or error}", "name a zip of photos") from None
    with file:
        with _damage_told(archive):
            zipped = zipfile.ZipFile(file)
        with zipped:
            yield zipped


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What ``zipfile`` raises at foreign bytes; an OSError where an offset cannot be, or the disk cannot be read."""


@contextmanager
def _damage_told(place: Path, name: str = "") -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        what = f"its entry {shown(name)} is damaged" if name else "it is no zip, or a damaged one"
        raise DataError(
            f"{place} is not unpacked: {what} ({one_line(error, 120)})", "copy or download it once more"
        ) from None
