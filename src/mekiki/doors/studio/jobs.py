"""Long work: each job is a folder, and a process of its own that runs one mekiki command.

A job outlives the studio. What state it is in is read from its folder each time: ``job.json`` (what was asked),
``progress.json``, ``output.txt`` and ``log.txt`` (the command's streams), ``end.json`` (its exit code), and two locks:
its attendant (``attend.py``) holds one as long as it lives, the command the other, so that a command that outlives its
attendant is still known to run. Jobs of one lane run one after the other, in the order of their numbers. Nothing here
imports torch or knows what a command does.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from mekiki.doors.progress_file import Seen, read_progress
from mekiki.errors import RunError
from mekiki.files import write_json

Lane = Literal["long", "quick"]
JobState = Literal["waiting", "running", "done", "stopped", "failed", "lost"]
ENDED: tuple[JobState, ...] = ("done", "stopped", "failed", "lost")

RECORD = "job.json"
END = "end.json"
LOCK = "alive.lock"
COMMAND_LOCK = "command.lock"
BEGUN = "begun"
STOP = "stop"
HURRY = "hurry"
PROGRESS = "progress.json"
OUTPUT = "output.txt"
LOG = "log.txt"
_BIRTH_SECONDS = 20.0
_LOG_BYTES = 20_000


@dataclass(frozen=True)
class Job:
    """One command that was asked for.

    Attributes:
        folder: Where its files are.
        kind: The command's name: "train", "scan" …
        title: What a person sees.
        arguments: What comes after ``python -m mekiki``.
        lane: Jobs of one lane run one after the other.
        about: What it belongs to, by name: ``{"run": "/…", "photos": "/…"}``.
        asked: When, seconds since 1970.
    """

    folder: Path
    kind: str
    title: str
    arguments: tuple[str, ...]
    lane: Lane = "long"
    about: dict[str, str] = field(default_factory=dict)
    asked: float = 0.0

    @property
    def number(self) -> int:
        return int(self.folder.name.partition("-")[0])

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> JobState:
        """What became of it, from its folder."""
        end = _read(self.folder / END)
        if end is not None:
            code = end.get("code")
            return "done" if code == 0 else "stopped" if end.get("stopped") else "failed"
        if is_held(self.folder / COMMAND_LOCK):
            return "running"
        if is_held(self.folder / LOCK):
            return "running" if (self.folder / BEGUN).is_file() else "waiting"
        return "waiting" if time.time() - self.asked < _BIRTH_SECONDS else "lost"

    @property
    def progress(self) -> Seen | None:
        return read_progress(self.folder / PROGRESS)

    @property
    def is_stopping(self) -> bool:
        return (self.folder / STOP).is_file()

    @property
    def is_hurrying(self) -> bool:
        return (self.folder / HURRY).is_file()

    @property
    def error(self) -> tuple[str, str]:
        """The message and the hint with which it failed; empty where there are none."""
        lines = self.log.splitlines()
        message = next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), "")
        hint = next((line.removeprefix("hint: ") for line in reversed(lines) if line.startswith("hint: ")), "")
        last = next((line for line in reversed(lines) if line.strip()), "")
        return message or last, hint if message else ""

    @property
    def log(self) -> str:
        """The end of what the command said."""
        return _tail(self.folder / LOG)

    @property
    def output(self) -> str:
        """What the command printed as its result."""
        return _tail(self.folder / OUTPUT, 2_000_000)


class Jobs:
    """All jobs of one studio folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._starting = threading.Lock()

    def all(self) -> list[Job]:
        """Return all jobs, the newest first."""
        if not self.folder.is_dir():
            return []
        folders = [path for path in self.folder.iterdir() if re.fullmatch(r"\d+-[a-z_]+", path.name)]
        jobs = [read_job(path) for path in folders]
        return sorted((job for job in jobs if job is not None), key=lambda job: -job.number)

    def find(self, name: str) -> Job | None:
        """Return a job by its folder's name."""
        return next((job for job in self.all() if job.name == name), None)

    def about(self, what: str, place: Path) -> list[Job]:
        """Return the jobs about a run or about photos, the newest first."""
        return [job for job in self.all() if job.about.get(what) == str(place)]

    def start(
        self,
        arguments: Sequence[str],
        title: str,
        lane: Lane = "long",
        about: dict[str, Path] | None = None,
    ) -> Job:
        """Start a command in a process that lives on when the studio ends; it waits for its turn in its lane.

        Args:
            arguments: What comes after ``mekiki``; the first is the command.
            title: What a person sees.
            lane: "long" for what takes all cores for minutes, "quick" for what should not wait for that.
            about: What the job belongs to.
        """
        kind = re.sub(r"[^a-z]", "_", arguments[0])
        with self._starting:
            number = max((job.number for job in self.all()), default=0) + 1
            folder = self.folder / f"{number:04d}-{kind}"
            folder.mkdir(parents=True)
            places = {name: str(place) for name, place in (about or {}).items()}
            job = Job(folder, kind, title, tuple(arguments), lane, places, time.time())
            values = asdict(job)
            del values["folder"]
            write_json(folder / RECORD, values)
        _start_attendant(folder)
        return job

    def stop(self, job: Job) -> None:
        """Ask a job to stop as Ctrl-C does; one that waits does not begin. Asked again, it leaves out its last words.

        A training that is stopped makes the figures of its best snapshot; a second Ctrl-C skips them.
        """
        if job.state in ENDED:
            return
        (job.folder / (HURRY if job.is_stopping else STOP)).touch()
        if not is_held(job.folder / LOCK) and is_held(job.folder / COMMAND_LOCK):
            _interrupt_orphan(job)

    def remove(self, job: Job) -> None:
        """Forget a job that ended; what it made stays.

        Raises:
            RunError: It has not ended.
        """
        if job.state not in ENDED:
            raise RunError(f"{job.title} has not ended", "stop it first")
        shutil.rmtree(job.folder, ignore_errors=True)

    def before(self, job: Job) -> list[Job]:
        """Return the jobs of its lane that come before it and have not ended."""
        return [
            other
            for other in self.all()
            if other.lane == job.lane and other.number < job.number and other.state not in ENDED
        ]


def read_job(folder: Path) -> Job | None:
    """Read a job's folder; None if it holds no job."""
    values = _read(folder / RECORD)
    if values is None:
        return None
    try:
        return Job(folder, **{**values, "arguments": tuple(values["arguments"])})
    except (TypeError, KeyError):
        return None


def is_held(lock: Path) -> bool:
    """Tell whether a living process holds a lock."""
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except (Timeout, OSError):
        return True


def _interrupt_orphan(job: Job) -> None:
    """Interrupt a command whose attendant is gone; while it holds its lock, its number is no other process's."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((job.folder / BEGUN).read_text(encoding="ascii")), signal.SIGINT)


def _start_attendant(folder: Path) -> None:
    apart: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined]
    process = subprocess.Popen(
        [sys.executable, "-m", "mekiki.doors.studio.attend", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        **apart,
    )
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays as a zombie until the studio ends


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        values = json.loads(path.read_text(encoding="utf-8"))
        return values if isinstance(values, dict) else None
    return None


def _tail(path: Path, most: int = _LOG_BYTES) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
