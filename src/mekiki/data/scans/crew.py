"""Shares the looking out: a few photos are looked at by threads, many by processes of their own.

Decoders release Python's lock, but for small photos most of the time goes into what holds it. A worker process is
this Python again, running ``worker.py``: it is handed paths and gives looks back through its pipes, as plain bytes.
It needs no ``if __name__ == "__main__"`` in the script that scans, ignores Ctrl-C and ends when its pipe does, so
nothing is left behind. One that cannot be started or dies is replaced by this process's own thread. Looks come back
in the order of the photos, the same whoever looked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue

import cv2

from mekiki.data.pictures import PILLOW_SILENCE
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.looks import Look
from mekiki.data.scans.worker import READY, pack_order, read_message, unpack_looks, write_message

PROCESSES_FROM = 4_000
"""Photos; starting processes takes about half a second."""

_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
"""For glibc: a worker takes and frees the same memory for each photo; fetching it anew costs as much as decoding."""
_CHUNK = 32
_AHEAD = 3


Looking = Callable[[Sequence[str], float], Iterable[Look]]
"""Looks at files somewhere else: places and the limit in megapixels → a look for each, in their order."""


def all_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def look_at_all(
    paths: Sequence[str], max_megapixels: float, workers: int, processes_from: int = PROCESSES_FROM
) -> Iterator[Look]:
    """Look at photos, several at once.

    Args:
        paths: The files.
        max_megapixels: A picture with more pixels is not decoded, in millions.
        workers: Threads or processes; 0 and 1 look in this thread.
        processes_from: So many photos are worth processes.

    Yields:
        A look for each, in their order. Closing the generator early ends the workers.
    """
    with PILLOW_SILENCE, _one_thread_each():
        if workers <= 1 or len(paths) <= 1:
            yield from (look_at(path, max_megapixels) for path in paths)
            return
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(workers, thread_name_prefix="mekiki-scan"))
            crew: SimpleQueue[_Worker] = SimpleQueue()
            for _ in range(workers):
                crew.put(stack.enter_context(_hired(len(paths) >= processes_from)))
            waiting: deque[Future[list[Look]]] = deque()
            stack.callback(lambda: [future.cancel() for future in waiting])
            for start in range(0, len(paths), _CHUNK):
                waiting.append(pool.submit(_hand_out, crew, paths[start : start + _CHUNK], max_megapixels))
                if len(waiting) > _AHEAD * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()


def _hand_out(crew: SimpleQueue[_Worker], paths: Sequence[str], max_megapixels: float) -> list[Look]:
    worker = crew.get()
    try:
        return worker.look_at(paths, max_megapixels)
    finally:
        crew.put(worker)


class _Worker:
    """Looks at a few photos at a time: in a process while there is one, else in the calling thread."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process
        self._ready = False
        self._stopped = False

    def look_at(self, paths: Sequence[str], max_megapixels: float) -> list[Look]:
        """Return a look for each photo; fewer if the worker is stopped meanwhile."""
        if self._process is not None:
            try:
                return self._ask(self._process, paths, max_megapixels)
            except (OSError, ValueError, EOFError):  # it could not be started, died, or is no worker of this version
                self._dismiss()
        return [look_at(path, max_megapixels) for path in paths if not self._stopped]

    def stop(self) -> None:
        """End the process, or after the photo at hand what the thread does."""
        self._stopped = True
        self._dismiss()

    def _ask(self, process: subprocess.Popen[bytes], paths: Sequence[str], max_megapixels: float) -> list[Look]:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a worker needs pipes")
        if not self._ready and process.stdout.read(len(READY)) != READY:
            raise ValueError("this is no worker")
        self._ready = True
        write_message(process.stdin, pack_order(paths, max_megapixels))
        looks = unpack_looks(read_message(process.stdout))
        if len(looks) != len(paths):
            raise ValueError(f"{len(looks)} looks for {len(paths)} photos")
        return looks

    def _dismiss(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be written has nobody to read it
                continue


@contextmanager
def _hired(as_process: bool) -> Iterator[_Worker]:
    worker = _Worker(_start() if as_process and _runs_python() else None)
    try:
        yield worker
    finally:
        worker.stop()


def _runs_python() -> bool:
    """Tell whether ``sys.executable`` is a Python, and not a program that has one inside."""
    return not getattr(sys, "frozen", False) and Path(sys.executable or "").stem.lower().startswith(("python", "pypy"))


def _start() -> subprocess.Popen[bytes] | None:
    """Start a worker process that finds its modules where this one does, and never in the working folder."""
    places = os.pathsep.join(place for place in sys.path if place)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "mekiki.data.scans.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            env={**os.environ, **_KEEP_MEMORY, "PYTHONPATH": places},
        )
    except OSError:
        return None


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV from starting threads of its own beside the workers; afterwards it has as many as before."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
