"""Progress for another process to read: one small JSON file, replaced at most twice a second.

The studio names the file in ``MEKIKI_PROGRESS``; whoever watches reads how far the work is. What the work says goes to
stderr, as elsewhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from mekiki.doors.terminal import without_controls
from mekiki.files import write_text

PROGRESS_VARIABLE = "MEKIKI_PROGRESS"
WRITE_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Seen:
    """How far work is.

    Attributes:
        title: What is done.
        done: Units done.
        total: Units in all.
        unit: Of what.
        per_second: Units a second since it began.
        seconds_left: At that rate; None where nothing is known yet.
        note: A few words, such as the loss.
    """

    title: str
    done: int
    total: int
    unit: str
    per_second: float
    seconds_left: float | None
    note: str = ""


def read_progress(path: Path) -> Seen | None:
    """Return how far work is; None if it told nothing yet."""
    try:
        return Seen(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


class Speaker(Protocol):
    """Whatever can tell a person one line."""

    def say(self, line: str) -> None:
        """Tell one line."""


class ProgressFile:
    """A progress that another process reads."""

    def __init__(self, path: Path, speaker: Speaker) -> None:
        self.path = path
        self.speaker = speaker

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator[_Written]:
        """Tell of a task while the block runs."""
        yield _Written(self.path, title, total, unit)

    def say(self, line: str) -> None:
        """Print one line to stderr."""
        self.speaker.say(line)


class _Written:
    def __init__(self, path: Path, title: str, total: int, unit: str) -> None:
        self.path, self.title, self.total, self.unit = path, title, total, unit
        self.done = 0
        self.note = ""
        self.began = time.monotonic()
        self.told = -WRITE_EVERY_SECONDS
        self._tell()

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count
        self.note = without_controls(note) if note else self.note
        if time.monotonic() - self.told >= WRITE_EVERY_SECONDS or self.done >= self.total:
            self._tell()

    def _tell(self) -> None:
        self.told = time.monotonic()
        rate = self.done / max(self.told - self.began, 1e-9)
        left = (self.total - self.done) / rate if self.done else None
        seen = Seen(without_controls(self.title), self.done, self.total, self.unit, rate, left, self.note)
        with suppress(OSError):  # work does not fail because nobody can watch it
            write_text(self.path, json.dumps(asdict(seen)))
