"""One tool's answers as a process of its own: what it is asked, how it writes them, and what the process costs.

The peers' files (``predict_peers.py``, ``predict_keras.py``) run it from the inside: they read a ``Job`` from their
argument. ``predict.py`` runs it from the outside, with ``cost_of``: wall seconds of the whole process and peak memory
of its tree. Nothing of mekiki is imported here: peers have a python of their own.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

SECONDS_BETWEEN_LOOKS = 0.25
LONGEST = 3600.0
PHOTOS = "photos"


@dataclass(frozen=True)
class Job:
    """What a peer is asked.

    Attributes:
        tool: Its name; after a colon a way of it.
        step: ``save`` (make the model that is loaded later; not measured) or ``predict``.
        weights: A timm folder of MobileNet V1.
        classes: Of the head, which is random.
        folder: Holds the folder ``photos``, which holds nothing but JPEG files.
        model: A folder for the saved model.
        out: The CSV file to write.
        batch: Photos that the network sees at once.
        workers: Processes or threads that prepare photos.
    """

    tool: str
    step: str
    weights: str
    classes: int
    folder: str
    model: str
    out: str
    batch: int
    workers: int

    @property
    def name(self) -> str:
        return self.tool.partition(":")[0]

    @property
    def way(self) -> str:
        return self.tool.partition(":")[2]

    def files(self) -> list[str]:
        return sorted(str(path) for path in Path(self.folder, PHOTOS).iterdir())


@dataclass(frozen=True)
class Cost:
    """What one process took.

    Attributes:
        seconds: From its start to its end, imports included.
        megabytes: Peak memory of it and all that it started; pages that they share count once.
        trouble: The end of what it said if it failed.
        said: What it wrote to stdout.
    """

    seconds: float
    megabytes: float
    trouble: str = ""
    said: str = ""


def job_of_this_process() -> Job:
    return Job(**json.loads(sys.argv[1]))


def write_answers(path: str, files: Sequence[str], best: Iterable[tuple[str | int, float]]) -> None:
    """Write each photo's best class and its probability, as every user would in the end."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "score"))
        for photo, (label, score) in zip(files, best, strict=True):
            writer.writerow((photo, label, f"{score:.6f}"))


def cost_of(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a command to its end and measure it; it is ended after an hour, or with this process."""
    with TemporaryFile("w+", errors="replace") as said, TemporaryFile("w+", errors="replace") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=said, stderr=errors, start_new_session=True
        )
        try:
            status, largest, seconds = _watched(process.pid, began)
        finally:
            end_all(process.pid)
        process.returncode = status
        for file in (said, errors):
            file.seek(0)
        trouble = "" if status == 0 else f"{errors.read()[-3000:]}\nended with {status}"
        return Cost(seconds, largest, trouble, said.read())


def _watched(leader: int, began: float) -> tuple[int, float, float]:
    """Wait for a process; return its exit status, the peak memory in MB and the seconds that it took."""
    largest, next_look = 0.0, began
    while True:
        pid, status, usage = os.wait4(leader, os.WNOHANG)
        now = time.perf_counter()
        if pid:
            # looks may miss a peak; what the kernel noted of the largest process cannot
            return os.waitstatus_to_exitcode(status), max(largest, usage.ru_maxrss / 1024), now - began
        if now >= next_look:
            largest = max(largest, sum(own_share(member) for member in members(leader)))
            next_look = now + SECONDS_BETWEEN_LOOKS
        if now - began > LONGEST:
            end_all(leader)
        time.sleep(0.01)


def members(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
            except OSError:  # it ended meanwhile
                continue
    return found


def own_share(pid: int) -> float:
    """Return a process' memory in MB, of shared pages its share (Linux' PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def end_all(session: int) -> None:
    for member in members(session):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue
