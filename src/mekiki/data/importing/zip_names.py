r"""Judges what a zip lists before a byte of it is unpacked: which names may become files, and how they are spelt.

An entry that could be written elsewhere, over another, or not on every system makes the whole zip refused: who made
it should know. Folders and the litter of systems have to be harmless too, but are not among the members. Names that
are not marked as UTF-8 are read in one encoding for the whole zip. Sizes are not looked at; ``unpacking.py`` counts.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mekiki.data.folders import is_litter
from mekiki.errors import DataError

ON_WINDOWS = os.name == "nt"
LONGEST_PART = 255
LONGEST_PATH = 1024
"""Both in bytes of UTF-8; the first is what most file systems take."""

_MARKED_UTF8 = 0x800
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NO_JAPANESE = frozenset("\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3")
"""What Python makes of bytes that are unused in cp932."""
_NOT_ON_WINDOWS = re.compile(r'(?i).*[<>:"|?*]|.*[. ]$|(con|prn|aux|nul|com\d|lpt\d)(\..*)?$')
_SHOWN = 100
_ANEW = "make the zip anew from the folder of photos"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a zip that may be unpacked.

    Attributes:
        info: As ``zipfile`` lists it.
        parts: Its folders and its name, one spelling of Unicode; every one can be written.
    """

    info: zipfile.ZipInfo
    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        """The parts with "/" between them."""
        return "/".join(self.parts)


def members_of(listed: Sequence[zipfile.ZipInfo], place: Path, encoding: str = "auto") -> tuple[list[Member], int]:
    """Return the files of a zip in its order, and how many others are hidden or litter of systems.

    Args:
        listed: All entries.
        place: The zip, for messages.
        encoding: Of names that are not marked as UTF-8; auto: UTF-8 if all can be, else cp932, else cp437.

    Raises:
        DataError: An entry is encrypted, a link or a device, compressed in a rare way, or has a name that leads
            elsewhere, cannot be written, or means the same file as another.
    """
    unmarked = [_raw(info) for info in listed if not info.flag_bits & _MARKED_UTF8]
    encoding = _encoding_of(unmarked) if encoding == "auto" else encoding
    taken = _Taken(place)
    members: list[Member] = []
    litter = 0
    for info in listed:
        name = unicodedata.normalize("NFC", _decoded(info, encoding, place))
        _refuse_kind(info, name, place)
        parts = _harmless(name, place)
        if name.endswith("/") or stat.S_ISDIR(info.external_attr >> 16):
            continue
        if any(is_litter(part) for part in parts):
            litter += 1
            continue
        _refuse_unwritable(name, parts, place)
        if info.compress_type not in _METHODS:
            _refuse(place, name, "is compressed in a rare way", "make the zip anew with the usual method (deflate)")
        member = Member(info, parts)
        taken.add(member)
        members.append(member)
    return members, litter


def shown(name: str) -> str:
    """Return a foreign name as it stands in messages."""
    return repr(name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…")


def _refuse(place: Path, name: str, reason: str, hint: str) -> NoReturn:
    raise DataError(f"{place} is not unpacked: its entry {shown(name)} {reason}", hint)


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a name that is not marked; ``zipfile`` reads those as cp437, which has every byte."""
    return info.orig_filename.encode("cp437")


def _encoding_of(names: Sequence[bytes]) -> str:
    try:
        for name in names:
            name.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return "cp437" if any(_NO_JAPANESE & set(name.decode("cp932")) for name in names) else "cp932"
    except UnicodeDecodeError:
        return "cp437"


def _decoded(info: zipfile.ZipInfo, encoding: str, place: Path) -> str:
    if info.flag_bits & _MARKED_UTF8:
        return info.orig_filename
    try:
        return _raw(info).decode(encoding)
    except UnicodeDecodeError:
        _refuse(place, info.orig_filename, f"has a name that is not {encoding}", "leave --names out, or give another")


def _refuse_kind(info: zipfile.ZipInfo, name: str, place: Path) -> None:
    if info.flag_bits & _ENCRYPTED:
        _refuse(place, name, "is encrypted", "unpack it with its password, and name the folder instead")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        _refuse(place, name, "is a link", "make the zip anew with the photos themselves instead of links to them")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        _refuse(place, name, "is a device or pipe, no file", _ANEW)


def _harmless(name: str, place: Path) -> tuple[str, ...]:
    """Return the parts of a name that leads nowhere else."""
    if name.startswith("/"):
        _refuse(place, name, "has an absolute path", _ANEW)
    if "\\" in name:
        _refuse(place, name, "has a backslash in its name", _ANEW)
    if re.match("[A-Za-z]:", name):
        _refuse(place, name, "names a drive", _ANEW)
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        _refuse(place, name, 'leads out of the folder by ".."', _ANEW)
    return parts


def _refuse_unwritable(name: str, parts: Sequence[str], place: Path) -> None:
    if not parts:
        _refuse(place, name, "has no name", _ANEW)
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        _refuse(place, name, "has a control character in its name", "rename the photo, and make the zip anew")
    long = max(len(part.encode()) for part in parts)
    if long > LONGEST_PART or len(name.encode()) > LONGEST_PATH:
        much = f"{long} bytes" if long > LONGEST_PART else f"{len(name.encode())} bytes with its folders"
        most = LONGEST_PART if long > LONGEST_PART else LONGEST_PATH
        _refuse(place, name, f"has a name of {much}; the limit is {most}", "give it a shorter name, and zip it anew")
    if ON_WINDOWS and any(_NOT_ON_WINDOWS.match(part) for part in parts):
        _refuse(place, name, "has a name that Windows does not take", "rename it where it is from, and zip it anew")


class _Taken:
    """The names of files and folders so far, as the least careful file system compares them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._spellings: dict[str, str] = {}
        self._folders: set[str] = set()

    def add(self, member: Member) -> None:
        for depth in range(1, len(member.parts)):
            folder = "/".join(member.parts[:depth])
            if folder not in self._folders:
                self._claim(folder, "is a file, and a folder too")
                self._folders.add(folder)
        self._claim(member.path, "is a file, and a folder too" if member.path in self._folders else "is there twice")

    def _claim(self, path: str, clash: str) -> None:
        key = unicodedata.normalize("NFC", path.casefold())
        other = self._spellings.setdefault(key, "")
        if other == path:
            _refuse(self._place, path, clash, _ANEW)
        if other:
            reason = f"and its entry {shown(other)} differ only in upper and lower case"
            _refuse(self._place, path, reason, "rename one of them: many systems take both for the same")
        self._spellings[key] = path
