"""Shares the parts of a list out over a Ray cluster, and takes note of what is done.

Ray Data streams the numbers of the parts through a pool of actors that hold the model. A worker that is lost, with its
machine or without, is replaced, and its part is done again; a part that is there already is not asked about. Parts are
files and not rows of Ray's own, because Ray Data forgets what it did when its driver ends.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from mekiki import errors
from mekiki.cluster.connecting import connected
from mekiki.cluster.parts import Job
from mekiki.cluster.work import Doing, Work
from mekiki.config import ClusterSettings
from mekiki.errors import MekikiError, RunError, one_line
from mekiki.progress import Progress

MOST_TRIES = 10
"""A part that ended its worker so often is at fault itself."""
AHEAD = 2
"""Parts that wait at each worker; more would keep them from others that are free."""


@dataclass(frozen=True)
class Ran:
    """What a run over the parts came to.

    Attributes:
        asked: Rows that were done now.
        kept: Rows that were there already.
        replicas: Workers; 0 if there was nothing to do.
        seconds: Wall time, with the start of the cluster.
        working_seconds: From the first part that was begun to the end of the last one.
    """

    asked: int
    kept: int
    replicas: int
    seconds: float
    working_seconds: float


def run_parts(job: Job, work: Work, cluster: ClusterSettings, device: str, title: str, progress: Progress) -> Ran:
    """Do all parts that are not there yet.

    Args:
        job: The list and where its parts lie.
        work: What to do with them.
        cluster: Where, and with how many workers of how many cores.
        device: "auto": a GPU each if the cluster has any; "cpu", or "cuda".
        title: Of the progress.
        progress: Where to report to.

    Raises:
        MekikiError: What a worker failed with; or a part ended its worker again and again; or there is no cluster.
    """
    began = time.perf_counter()
    todo = [part for part in range(job.parts) if not job.is_whole(part)]
    left = sum(len(job.rows_of(part)) for part in todo)
    kept = job.rows - left
    if kept:
        progress.say(f"{kept:,} of {job.rows:,} rows are there already")
    if not todo:
        return Ran(0, kept, 0, time.perf_counter() - began, 0.0)
    with connected(cluster.address):
        replicas, on_gpu = choose_replicas(_machines(), cluster, device, len(todo))
        spans = []
        with progress.task(title, left) as task:
            for done in _stream(job, work, todo, cluster.cores, replicas, on_gpu):
                _raise_again(done["failure"])
                spans.append((done["began"], done["ended"]))
                task.advance(len(job.rows_of(done["part"])))
    missing = next((part for part in todo if not job.is_whole(part)), None)
    if missing is not None:
        raise RunError(f"{job.file(missing)} is not there, and its worker said that it wrote it", _SHARED)
    job.sweep()
    working = max(end for _, end in spans) - min(start for start, _ in spans)
    return Ran(left, kept, replicas, time.perf_counter() - began, working)


_SHARED = "the folder must lie on storage that all machines of the cluster share, under the same path"


def choose_replicas(
    machines: Sequence[dict[str, float]], cluster: ClusterSettings, device: str, parts: int
) -> tuple[int, bool]:
    """Return how many workers there are to be, and whether each has a GPU.

    Args:
        machines: What each living machine of the cluster has, as Ray names it.
        cluster: Replicas that were asked for, and cores of each.
        device: "auto", "cpu" or "cuda"; other names count as "cuda" if they begin so.
        parts: There is no use in more workers.

    Raises:
        RunError: There is no room for any.
    """
    gpus = sum(int(each.get("GPU", 0)) for each in machines)
    on_gpu = device.startswith("cuda") or (device == "auto" and gpus > 0)
    room = sum(
        min(int(each.get("CPU", 0) // cluster.cores), int(each.get("GPU", 0)) if on_gpu else 10**6) for each in machines
    )
    if room < 1:
        cores = max((int(each.get("CPU", 0)) for each in machines), default=0)
        raise RunError(
            f"no machine of the cluster has {cluster.cores} cores{' and a GPU' if on_gpu else ''} for a replica; "
            f"the largest has {cores} cores, and there are {gpus} GPUs",
            "--cores with fewer, or --device cpu",
        )
    return min(room if cluster.replicas == 0 else cluster.replicas, parts), on_gpu


def _machines() -> list[dict[str, float]]:
    return [machine["Resources"] for machine in import_module("ray").nodes() if machine["Alive"]]


def _stream(job: Job, work: Work, todo: Sequence[int], cores: int, replicas: int, on_gpu: bool) -> Any:
    """Yield what workers say of each part that they did, as they end it."""
    data = import_module("ray.data")
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    numbers = data.from_items([{"part": part} for part in todo], override_num_blocks=len(todo))
    done = numbers.map_batches(
        Worker,
        fn_constructor_args=(job, work, on_gpu),
        batch_size=None,
        compute=data.ActorPoolStrategy(size=replicas, max_tasks_in_flight_per_actor=AHEAD),
        num_cpus=cores,
        num_gpus=1 if on_gpu else 0,
    )
    try:
        yield from done.iter_rows()
    except MekikiError:
        raise
    except Exception as error:  # Ray's errors are of many kinds, which differ between its versions
        raise RunError(
            f"the cluster gave up: {one_line(error, 300)}", "start again; parts that are done stay"
        ) from error


def _raise_again(failure: str) -> None:
    """Raise what a worker could not do."""
    if failure:
        words = json.loads(failure)
        raise getattr(errors, words["kind"])(words["message"], words["hint"])


class Worker:
    """An actor: it holds what the work needs, and does parts one after the other.

    Args:
        job: The list and where its parts lie.
        work: What to do with them.
        on_gpu: Whether Ray gave it a GPU; Ray hides them from nobody.
    """

    def __init__(self, job: Job, work: Work, on_gpu: bool) -> None:
        if not on_gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        self._job = job
        self._stack = ExitStack()
        self._failure = ""
        self._do: Doing | None = None
        try:
            self._do = work.begin(self._stack)
        except MekikiError as error:  # Ray would start it again, for ever
            self._failure = _in_words(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the parts of a batch, and say so."""
        said = [self._one(int(part)) for part in batch["part"]]
        return {name: np.array([each[name] for each in said]) for name in said[0]}

    def _one(self, part: int) -> dict[str, Any]:
        began = time.time()
        failure = self._failure
        if self._do is not None and not self._job.is_whole(part):
            try:
                self._write(part, self._do)
            except MekikiError as error:
                failure = _in_words(error)
        return {"part": part, "began": began, "ended": time.time(), "failure": failure}

    def _write(self, part: int, do: Doing) -> None:
        numbers = self._job.rows_of(part)
        if self._job.tried(part) > MOST_TRIES:
            raise RunError(
                f"part {part} ended its worker {MOST_TRIES} times: rows {numbers.start} to {numbers.stop - 1}",
                f"look at those pictures; to try again: rm {self._job.path / 'parts'}/.tries-*",
            )
        rows = self._job.read_list(part)
        self._job.write(part, rows, do(rows))


def _in_words(error: MekikiError) -> str:
    return json.dumps({"kind": type(error).__name__, "message": error.message, "hint": error.hint})
