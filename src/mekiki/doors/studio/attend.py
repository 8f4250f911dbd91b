"""The attendant of one job: ``python -m mekiki.doors.studio.attend FOLDER``, a process apart from the studio.

It waits until the earlier jobs of its lane have ended, runs the command, passes on the wish to stop, and writes how it
ended. It holds the job's lock while it lives, so that nobody takes a dead job for a running one; the command is given
another, which it holds by being alive.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mekiki.doors.progress_file import PROGRESS_VARIABLE
from mekiki.doors.studio.jobs import BEGUN, COMMAND_LOCK, END, LOCK, LOG, OUTPUT, PROGRESS, Job, Jobs, read_job
from mekiki.files import write_json

LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 1800.0
"""How long a command may take to stop: a training scores and explains its best snapshot before it ends."""
HURRIED_SECONDS = 30.0
"""How long it may take once it was asked a second time."""


def attend(folder: Path) -> None:
    """Run a job to its end.

    Args:
        folder: The job's.
    """
    job = read_job(folder)
    if job is None:
        return
    try:
        with FileLock(folder / LOCK, timeout=10):
            began = time.time()
            code, stopped = _run(job)
            write_json(folder / END, {"code": code, "stopped": stopped, "seconds": time.time() - began})
    except Timeout:
        return


def _run(job: Job) -> tuple[int, bool]:
    jobs = Jobs(job.folder.parent)
    while not job.is_stopping and jobs.before(job):
        time.sleep(LOOK_EVERY_SECONDS)
    if job.is_stopping:
        return 130, True
    environment = {**os.environ, PROGRESS_VARIABLE: str(job.folder / PROGRESS), "PYTHONUNBUFFERED": "1"}
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}  # type: ignore[attr-defined]
    with (
        (job.folder / OUTPUT).open("wb") as output,
        (job.folder / LOG).open("wb") as log,
        _lock_to_inherit(job.folder / COMMAND_LOCK) as inherited,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "mekiki", *job.arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            env=environment,
            pass_fds=inherited,
            **apart,
        )
        (job.folder / BEGUN).write_text(str(process.pid), encoding="ascii")
        return _wait(job, process)


@contextmanager
def _lock_to_inherit(path: Path) -> Iterator[tuple[int, ...]]:
    """Lock a file for as long as any process has it open that was given the descriptor; nothing on Windows."""
    if sys.platform == "win32":
        yield ()
        return
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield (descriptor,)
    finally:
        os.close(descriptor)


def _wait(job: Job, process: subprocess.Popen[bytes]) -> tuple[int, bool]:
    deadline: float | None = None
    hurried = False
    while process.poll() is None:
        if job.is_stopping and deadline is None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            _interrupt(process)
        elif job.is_hurrying and not hurried:
            hurried, deadline = True, time.monotonic() + HURRIED_SECONDS
            _interrupt(process)
        if deadline is not None and time.monotonic() > deadline:
            process.kill()
        time.sleep(LOOK_EVERY_SECONDS)
    return process.returncode, deadline is not None


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGINT)  # type: ignore[attr-defined]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    attend(Path(sys.argv[1]))
