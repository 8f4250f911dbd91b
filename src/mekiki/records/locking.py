"""One writer at a time: a lock for a file that several threads and processes add to.

The lock is an empty file in the user's cache folder, never beside the file that it guards, and stays there. It holds
among writers of one machine that have the same cache folder. Who only reads needs none: writes are atomic.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mekiki.errors import MekikiError
from mekiki.files import cache_folder

PATIENCE_SECONDS = 10.0
"""So long another writer is waited for; it writes for milliseconds."""

_POLL_SECONDS = 0.01


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which need not exist; whoever else wants it waits.

    Args:
        path: The file; a link stands for what it leads to.

    Raises:
        MekikiError: Another writer held it all the time, or there can be no lock here.
    """
    import filelock  # later than the rest: a third of the time to import this room, and only writers need it

    place = _place(path)
    lock = filelock.FileLock(place)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE_SECONDS, poll_interval=_POLL_SECONDS)
    except filelock.Timeout:
        raise MekikiError(
            f"{path} has been in another writer's hands for {PATIENCE_SECONDS:g} seconds",
            "close what else of mekiki writes there, or try again when it is done",
        ) from None
    except OSError as error:
        raise MekikiError(
            f"cannot lock {path}: {place.parent} cannot be written to ({error.strerror or error})",
            "set MEKIKI_CACHE to a folder that can be",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _place(path: Path) -> Path:
    """Return where a file's lock lies; the same for every name that the file has."""
    real = os.path.normcase(os.path.realpath(path))
    cache = cache_folder()
    folder = Path(tempfile.gettempdir()) / "mekiki" if cache is None else cache
    return folder / "locks" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:32]}.lock"
