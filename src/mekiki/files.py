"""Atomic writes: a file appears whole under its name or not at all. And where files lie that may be lost.

Everything that mekiki writes goes through here: first under a temporary name in the same folder, then renamed. A
device or pipe (``/dev/null``) is written straight into. A link stays, and the file that it leads to is replaced.
It never opens pictures (``data/pictures.py`` does) and knows nothing of what the files mean.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mekiki.errors import MekikiError, SettingsError

_WAITS_SECONDS = (0.05, 0.1, 0.15, 0.3, 0.4)
_UMASK = threading.Lock()
"""It can only be read by setting it: two threads at once would leave it at 0."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; rename it to ``path`` if the block succeeds, remove it if not.

    Args:
        path: The file to create or replace; its folder is made if it is missing.

    Yields:
        The temporary path, in the same folder and with the same ending; ``path`` itself if it is a device or pipe.

    Raises:
        SettingsError: The path is a folder.
        MekikiError: Another program keeps the file open and the system does not let us replace it (Windows).
    """
    if path.is_dir():
        raise SettingsError(f"cannot write the file {path}: it is a folder", "name a file")
    if path.exists() and not path.is_file():
        yield path
        return
    if path.is_symlink():
        path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _give_usual_rights(temporary)
        _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
    """Rename; on Windows wait for a second while another program (a virus scanner, Excel) has the file open."""
    for seconds in _WAITS_SECONDS:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            time.sleep(seconds)
    try:
        temporary.replace(path)
    except PermissionError as error:
        reason = error.strerror or "no permission"
        raise MekikiError(f"cannot replace {path}: {reason}", "close the program that has it open") from error


def _give_usual_rights(path: Path, most: int = 0o666) -> None:
    """Undo the owner-only rights of what is temporary: a report is meant to be shared."""
    with _UMASK:
        umask = os.umask(0)
        os.umask(umask)
    path.chmod(most & ~umask)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; rename it to ``path`` if the block succeeds, remove it with all in it if not.

    Args:
        path: The folder to make; it does not exist, or is empty. Folders above it are made, and removed again if the
            block fails.

    Yields:
        The temporary folder, hidden beside ``path``.

    Raises:
        OSError: Something lies at ``path`` now, or the system refuses.
    """
    path = path.resolve()
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}-", dir=path.parent))
    try:
        yield temporary
        _give_usual_rights(temporary, 0o777)
        if path.exists():
            path.rmdir()
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def write_new(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that must not be there yet, piece by piece: for large files in a ``new_folder``, which is atomic.

    Args:
        path: The file; its folder is made if it is missing.
        chunks: Its bytes, in order; what they raise passes through, and the file is left as far as it came.

    Raises:
        FileExistsError: There is something of that name, as the file system compares names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.writelines(chunks)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically."""
    with replaced(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text atomically, line ends as given on every system."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON document atomically; NaN is refused because no other program reads it."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def printable(path: str) -> str:
    """Return a path as text that can be written anywhere: bytes that are no UTF-8 become escapes."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def cache_folder() -> Path | None:
    """Return the folder for what may be lost; None where the user has none."""
    if given := os.environ.get("MEKIKI_CACHE"):
        return Path(given)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "mekiki" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "mekiki"
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if Path(given).is_absolute() else home / ".cache") / "mekiki"
