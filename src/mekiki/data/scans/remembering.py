"""What scans remember of photos, so that an unchanged file is not read again: one SQLite file for each data root.

It lies in the user's cache folder (``MEKIKI_CACHE``, else the system's usual place), never among the photos. A look
is trusted if the file's stamp is the same (``stamps.py``), the version of everything that made it and the limit on
megapixels too. Only what was seen is kept, no verdicts, so bounds may change between scans. A cache that is damaged,
locked or cannot be written costs a line and time, never a scan. Two scans at once are fine. Whole files are forgotten
after half a year without use, or the oldest when all are over 4 GB.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from mekiki.data.pictures import OUT_OF_MEMORY
from mekiki.data.scans.looks import LOOK_VERSION, Look
from mekiki.data.scans.stamps import stamp_of
from mekiki.files import cache_folder

FORGOTTEN_AFTER_DAYS = 180
MOST_BYTES = 4 * 10**9
LOCKED_SECONDS = 10.0
"""So long another scan is waited for; it writes for milliseconds."""

_AT_ONCE = 500
_SECONDS_BETWEEN_COMMITS = 5.0
_MOST_THUMBNAILS = 40_000
_LAYOUT = (
    "CREATE TABLE IF NOT EXISTS looks (path TEXT PRIMARY KEY, megapixels REAL NOT NULL, look BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS thumbnails (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS comparisons (sketches TEXT PRIMARY KEY, pairs TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS conclusions (fingerprint TEXT PRIMARY KEY, content TEXT NOT NULL)",
)
_LAYOUT_VERSION = 2


class Memory:
    """What is remembered of the photos of one root. Use it in a ``with`` block, from one thread.

    Args:
        file: The SQLite file; None to remember nothing.
        say: Told one line when it cannot be used.
    """

    def __init__(self, file: Path | None, say: Callable[[str], None]) -> None:
        self._file, self._say = file, say
        self._new: dict[str, tuple[float, bytes]] = {}
        self._committed = time.monotonic()
        self._database: sqlite3.Connection | None = None
        if file is not None:
            with self._forgiven():
                self._database = _open(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._commit()
        if self._database is not None:
            self._database.close()
            self._database = None

    def recall(self, root: Path, paths: Sequence[str], max_megapixels: float) -> list[Look | None]:
        """Return what is known of photos; None for each that is new or changed, or was looked at with another limit.

        Args:
            root: The data root.
            paths: Relative to it, or absolute.
            max_megapixels: The limit of this scan.
        """
        known: list[Look | None] = []
        for start in range(0, len(paths), _AT_ONCE):
            some = paths[start : start + _AT_ONCE]
            rows = self._read(
                f"SELECT path, look FROM looks WHERE megapixels = ? AND path IN ({','.join('?' * len(some))})",
                (max_megapixels, *some),
            )
            looks = dict(rows)
            known += [_still_true(os.path.join(root, path), looks[path]) if path in looks else None for path in some]  # noqa: PTH118  Paths are slow
        return known

    def keep(self, path: str, max_megapixels: float, look: Look) -> None:
        """Remember a look, unless a change of its file could go unseen or the machine was at fault."""
        if self._database is None or look.stamp is None or not look.sha256 or look.error == OUT_OF_MEMORY:
            return
        self._new[path] = (max_megapixels, look.to_bytes())
        if len(self._new) >= _AT_ONCE or time.monotonic() - self._committed > _SECONDS_BETWEEN_COMMITS:
            self._commit()

    def thumbnail(self, sha256: str) -> bytes | None:
        """Return the small picture that was kept for a file's bytes."""
        rows = self._read("SELECT sha256, content FROM thumbnails WHERE sha256 = ?", (sha256,))
        return rows[0][1] if rows else None

    def keep_thumbnails(self, contents: dict[str, bytes]) -> None:
        """Remember small pictures by their file's SHA-256."""
        self._write("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", list(contents.items()))

    def comparison(self, sketches: str) -> str | None:
        """Return what came of comparing sketches; ``sketches`` is a hash of them all and of how they were compared."""
        return self._last("comparisons", sketches)

    def keep_comparison(self, sketches: str, pairs: str) -> None:
        """Remember the last comparison, in the place of the one before."""
        self._keep_last("comparisons", sketches, pairs)

    def conclusion(self, fingerprint: str) -> str | None:
        """Return what the last scan came to, if it was of just this."""
        return self._last("conclusions", fingerprint)

    def keep_conclusion(self, fingerprint: str, content: str) -> None:
        """Remember what a scan came to, in the place of the one before."""
        self._keep_last("conclusions", fingerprint, content)

    def _last(self, table: str, key: str) -> str | None:
        """Return the text of a table that keeps one row, if it is that of this key."""
        return next((text for kept, text in self._read(f"SELECT * FROM {table}", ()) if kept == key), None)

    def _keep_last(self, table: str, key: str, text: str) -> None:
        self._write(f"DELETE FROM {table} WHERE ?", [(True,)])
        self._write(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", [(key, text)])

    def forget_others(self, paths: Sequence[str]) -> None:
        """Forget photos that are not among these, once they are more than these, and thumbnails if far too many."""
        photos = self._read("SELECT '', count(*) FROM looks", ())
        if photos and photos[0][1] > 2 * len(paths) + _AT_ONCE:
            self._write("INSERT OR IGNORE INTO temp.present VALUES (?)", [(path,) for path in paths])
            self._write("DELETE FROM looks WHERE path NOT IN (SELECT path FROM temp.present) AND ?", [(True,)])
        thumbnails = self._read("SELECT '', count(*) FROM thumbnails", ())
        if thumbnails and thumbnails[0][1] > _MOST_THUMBNAILS:
            self._write("DELETE FROM thumbnails WHERE ?", [(True,)])

    def _commit(self) -> None:
        rows = [(path, megapixels, look) for path, (megapixels, look) in self._new.items()]
        self._new, self._committed = {}, time.monotonic()
        if rows:
            self._write("INSERT OR REPLACE INTO looks VALUES (?, ?, ?)", rows)

    def _read(self, question: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = []
        if self._database is not None:
            with self._forgiven():
                rows = self._database.execute(question, values).fetchall()
        return rows

    def _write(self, order: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._database is not None:
            with self._forgiven(), self._database:
                self._database.executemany(order, rows)

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """Give up remembering, and say so in a line, if the cache cannot be used."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if self._database is not None:
                with suppress(sqlite3.Error):
                    self._database.close()
            self._database = None
            if self._file is not None and _is_damage(error):
                with suppress(OSError):
                    self._file.unlink()
            self._say(f"note: what scans remember cannot be used ({error}); photos are read again")


def open_memory(root: Path, wanted: bool, say: Callable[[str], None]) -> Memory:
    """Return what is remembered of a data root.

    Args:
        root: Absolute.
        wanted: Whether to remember at all.
        say: Told one line when it cannot be used.
    """
    folder = cache_folder() if wanted else None
    return Memory(None if folder is None else folder / "scans" / f"{_name(root)}.sqlite", say)


def _name(root: Path) -> str:
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:32]


def _still_true(place: str, content: bytes) -> Look | None:
    try:
        look = Look.from_bytes(content)
        return look if look.stamp == stamp_of(os.stat(place)) else None  # noqa: PTH116  Paths are slow
    except (OSError, ValueError):
        return None


def _open(file: Path) -> sqlite3.Connection:
    """Open or make the file; one that is damaged or of another version begins anew."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_old(file)
    try:
        database = _connect(file)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        file.unlink()
        database = _connect(file)
    with suppress(OSError):
        os.utime(file)
    return database


def _is_damage(error: Exception) -> bool:
    """Tell what the file itself is at fault for from what may pass: a lock, a full disk, missing rights."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=LOCKED_SECONDS)
    try:
        current = zlib.crc32(f"{_LAYOUT_VERSION} {LOOK_VERSION}".encode()) >> 1
        if database.execute("PRAGMA user_version").fetchone()[0] != current:
            database.execute("PRAGMA page_size = 16384")
            with database:
                database.execute("BEGIN IMMEDIATE")
                for table in ("looks", "thumbnails", "conclusions"):
                    database.execute(f"DROP TABLE IF EXISTS {table}")
                for order in _LAYOUT:
                    database.execute(order)
                database.execute(f"PRAGMA user_version = {current}")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("CREATE TEMP TABLE present (path TEXT PRIMARY KEY)")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _forget_old(current: Path) -> None:
    """Remove the files of roots that were not scanned for long, then the oldest while all are too large."""
    others = []
    for path in set(current.parent.glob("*.sqlite")) - {current}:
        with suppress(OSError):
            others.append((path.stat().st_mtime, path.stat().st_size, path))
    total = sum(size for _, size, _ in others) + (current.stat().st_size if current.exists() else 0)
    oldest = time.time() - FORGOTTEN_AFTER_DAYS * 86_400
    for used, size, path in sorted(others):
        if used < oldest or total > MOST_BYTES:
            with suppress(OSError):
                path.unlink()
                total -= size
