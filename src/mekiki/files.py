"""Atomic writes: a file appears whole under its name or not at all.

Everything that mekiki writes goes through here: first under a temporary name in the same folder, then renamed.
It never opens pictures (``data/pictures.py`` does) and knows nothing of what the files mean.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; rename it to ``path`` if the block succeeds, remove it if not.

    Args:
        path: The file to create or replace; its folder is made if it is missing.

    Yields:
        The temporary path, in the same folder and with the same ending.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _give_usual_rights(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _give_usual_rights(path: Path) -> None:
    """Undo mkstemp's owner-only rights: a report is meant to be shared."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


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


def write_with(path: Path, writer: Callable[[Path], object]) -> None:
    """Let ``writer`` write a file under a temporary name, then rename it to ``path``."""
    with replaced(path) as temporary:
        writer(temporary)
