"""One tool's training as a process of its own: what it is asked, what it tells, and how it is started and ended.

The tools' files (``training_own.py``, ``training_keras.py``, ``training_peers.py``) run it from the inside: they read
a ``Job`` from their argument, train as the tool does, and call ``mark_step`` after each step and ``mark_epoch`` after
each look at the validation photos. ``training.py`` runs it from the outside, reads the marks and ends the process when
it has seen enough, so that no tool needs a way to stop. Nothing of mekiki is imported here: peers have a python of
their own.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import Any

SIGN = "mark "
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """What a tool is asked.

    Attributes:
        tool: Its name; after a colon a way of it.
        kind: ``throughput`` (all layers train, speed alone counts) or ``accuracy`` (by the tool's best recipe).
        network: By timm's name: ``resnet50`` or ``mobilenetv1_100``.
        weights: A timm folder (``config.json``, ``model.safetensors``); empty: random ones.
        photos: A folder with ``train/CLASS/*.jpg`` and ``val/CLASS/*.jpg``.
        place: An empty folder for whatever the tool writes.
        size: Of the network's input, pixels on each side.
        batch: Photos a step.
        epochs: Passes over the training photos, for tools whose schedule has an end.
        rate: Learning rate of those tools that have no recipe of their own.
        threads: For computing.
        workers: Threads or processes that prepare pictures beside training.
    """

    tool: str
    kind: str
    network: str
    weights: str
    photos: str
    place: str
    size: int
    batch: int
    epochs: int
    rate: float
    threads: int
    workers: int

    @property
    def way(self) -> str:
        """What stands after the colon."""
        return self.tool.partition(":")[2]

    @property
    def classes(self) -> int:
        return len(list(Path(self.photos, "train").iterdir()))


@dataclass
class Told:
    """What a process told before it ended or was ended.

    Attributes:
        version: Of the tool.
        steps: When each step was done, in lists by epoch; seconds since the process was started.
        looks: When each look at the validation photos was done, and its accuracy.
        trouble: The end of what it said if it ended by itself with an error.
    """

    version: str = ""
    steps: list[list[float]] = field(default_factory=lambda: [[]])
    looks: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0
    trouble: str = ""


def job_of_this_process() -> Job:
    return Job(**json.loads(sys.argv[1]))


def mark(kind: str, value: object = None) -> None:
    print(SIGN + json.dumps([kind, time.time(), value]), flush=True)


def mark_version(version: str) -> None:
    mark("version", version)


def mark_step() -> None:
    mark("step")


def mark_epoch(accuracy: float) -> None:
    mark("epoch", accuracy)


def tell(python: str, script: str, job: Job, environment: dict[str, str], limit: float) -> Iterator[Told]:
    """Start a tool and yield all that it told so far, after each mark; closing this ends the process.

    Args:
        python: Its interpreter.
        script: Beside this file.
        job: What it is asked.
        environment: Variables beside those of this process and the number of threads.
        limit: It is ended after so many seconds.
    """
    told = Told()
    command = [python, str(Path(__file__).with_name(script)), json.dumps(asdict(job))]
    threads = dict.fromkeys(THREAD_VARIABLES, str(job.threads))
    began = time.time()
    with TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            env={**os.environ, **threads, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
            cwd=job.place,
        )
        with _ended(process, limit) as alarm:
            for line in process.stdout or ():
                if line.startswith(SIGN):
                    _note(told, began, *json.loads(line.removeprefix(SIGN)))
                    yield told
            process.wait()
            told.seconds = time.time() - began
            if process.returncode and alarm.is_alive():
                errors.seek(0)
                told.trouble = errors.read()[-3000:]
            yield told


def _note(told: Told, began: float, kind: str, at: float, value: Any) -> None:
    told.seconds = at - began
    if kind == "version":
        told.version = value
    elif kind == "step":
        told.steps[-1].append(told.seconds)
    else:
        told.looks.append((told.seconds, value))
        told.steps.append([])


@contextmanager
def _ended(process: subprocess.Popen[str], limit: float) -> Iterator[Timer]:
    """End the process and all that it started: after the limit, or at the end of the block."""

    def end() -> None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    alarm = Timer(limit, end)
    alarm.daemon = True
    alarm.start()
    try:
        yield alarm
    finally:
        alarm.cancel()
        end()
        process.wait()
