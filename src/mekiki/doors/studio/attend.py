"""The attendant of one job: ``python -m mekiki.doors.studio.attend FOLDER``, a process apart from the studio.

It waits until the earlier jobs of its lane have ended, runs the command, passes on the wish to stop, and writes how it
ended. It holds the job's lock while it lives, so that nobody takes a dead job for a running one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from mekiki.doors.progress_file import PROGRESS_VARIABLE
from mekiki.doors.studio.jobs import BEGUN, END, LOCK, LOG, OUTPUT, PROGRESS, Job, Jobs, read_job
from mekiki.files import write_json

LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 120.0
"""How long a command may take to stop: a training scores its best snapshot before it ends."""


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
    (job.folder / BEGUN).touch()
    environment = {**os.environ, PROGRESS_VARIABLE: str(job.folder / PROGRESS), "PYTHONUNBUFFERED": "1"}
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}  # type: ignore[attr-defined]
    with (job.folder / OUTPUT).open("wb") as output, (job.folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mekiki", *job.arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            env=environment,
            **apart,
        )
        return _wait(job, process)


def _wait(job: Job, process: subprocess.Popen[bytes]) -> tuple[int, bool]:
    asked: float | None = None
    while process.poll() is None:
        if job.is_stopping and asked is None:
            asked = time.monotonic()
            process.send_signal(signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGINT)  # type: ignore[attr-defined]
        if asked is not None and time.monotonic() - asked > PATIENCE_SECONDS:
            process.kill()
        time.sleep(LOOK_EVERY_SECONDS)
    return process.returncode, asked is not None


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    attend(Path(sys.argv[1]))
