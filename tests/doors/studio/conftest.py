"""A studio's folders and jobs, without a browser, and a small command that jobs can run."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mekiki.config import StudioSettings
from mekiki.doors.studio.jobs import ENDED, Job, Jobs
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.workspace import open_workspace

PATIENCE_SECONDS = 60.0
STAND_IN = '''
"""python -m mekiki wait JOURNAL NAME SECONDS INTERRUPTIONS CODE: writes down when it begins, is interrupted and ends."""
import os, signal, sys, time

if sys.orig_argv[1:4] == ["-m", "mekiki", "wait"]:
    journal, name, seconds, needed, code = sys.orig_argv[4:]

    def note(word):
        with open(journal, "a") as file:
            file.write(f"{name} {word}\\n")

    def interrupt(number, frame):
        global needed
        needed = int(needed) - 1
        note("interrupted")
        if needed < 1:
            os._exit(130)

    signal.signal(signal.SIGINT, interrupt)
    note("began")
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        time.sleep(0.02)
    note("ended")
    os._exit(int(code))
'''


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio with an empty root; jobs that a test leaves are stopped."""
    (tmp_path / "root").mkdir()
    workspace = open_workspace(tmp_path / "home", (tmp_path / "root",))
    made = Studio(workspace, Jobs(workspace.jobs), StudioSettings())
    yield made
    for job in made.jobs.all():
        for _ in range(2):
            made.jobs.stop(job)


class Waiting:
    """Starts jobs that do nothing but wait, and reads what they wrote down.

    A module that Python loads at its start takes the place of mekiki for this one command, so that the attendants, the
    signals and the locks are the real ones and a test takes a second.
    """

    def __init__(self, jobs: Jobs, folder: Path) -> None:
        self.jobs, self.journal = jobs, folder / "journal.txt"

    def start(self, name: str, seconds: float = 60, *, lane: str = "long", needs: int = 1, code: int = 0) -> Job:
        words = ("wait", str(self.journal), name, str(seconds), str(needs), str(code))
        return self.jobs.start(words, name, lane)  # type: ignore[arg-type]

    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.is_file() else []

    def until(self, line: str, times: int = 1) -> None:
        until(lambda: self.lines().count(line) >= times)


@pytest.fixture
def waiting(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Jobs that wait."""
    place = tmp_path / "stand-in"
    place.mkdir()
    (place / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")]))
    return Waiting(studio.jobs, tmp_path)


def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds; fail if it does not come to it."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to it in time"
        time.sleep(0.05)


def until_ended(job: Job) -> None:
    until(lambda: job.state in ENDED)
