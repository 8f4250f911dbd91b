"""Batches across clients: pictures are decoded by a few threads, and asked about together by one.

A prepared picture waits for others that are on their way, but no longer than the window; while the model computes, the
next batch gathers. A batch is of one model, so requests keep the model that they began with when it is replaced. Who
stops waiting (cancels) leaves nothing behind. How many pictures may come in is not decided here (``places.py``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from mekiki.doors.serving.models import Served
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer
from mekiki.tensors.geometry import Picture

Result = TypeVar("Result")


class Notes(Protocol):
    """Is told what work took."""

    def prepared(self, seconds: float) -> None:
        """Note a picture that was decoded and prepared."""

    def asked(self, pictures: int, seconds: float) -> None:
        """Note a batch about which the model was asked."""

    def explained(self, seconds: float) -> None:
        """Note other work of the model with one picture."""


@dataclass(eq=False, repr=False)
class _Waiting:
    """A prepared picture whose answer somebody waits for, and since when it has been ready."""

    square: Picture
    served: Served
    answer: asyncio.Future[Answer]
    ready: float


class Batcher:
    """Answers about pictures of many clients in common batches; ``run`` must be running.

    Args:
        most: Pictures in a batch.
        window: How long a prepared picture waits for others, seconds.
        workers: Threads that decode and prepare.
        notes: Told what work took.
    """

    def __init__(self, most: int, window: float, workers: int, notes: Notes) -> None:
        self._most = most
        self._window = window
        self._notes = notes
        self._preparers = ThreadPoolExecutor(workers, "mekiki-prepare")
        self._computer = ThreadPoolExecutor(1, "mekiki-compute")
        self._ready: dict[_Waiting, None] = {}
        self._coming = 0
        self._changed = asyncio.Event()

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Tell that a picture is on its way: others wait for it, up to the window."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1
            self._changed.set()

    async def answer(self, served: Served, content: bytes) -> Answer | PictureError:
        """Return what a model says of one picture, or why it cannot be read.

        Args:
            served: The model.
            content: The bytes of the picture's file.
        """
        loop = asyncio.get_running_loop()
        with self.coming():
            square, seconds = await self.prepare(lambda: _timed(lambda: served.answering.prepare(content)))
            if isinstance(square, PictureError):  # it takes no time, and tells none
                return square
            self._notes.prepared(seconds)
            waiting = _Waiting(square, served, loop.create_future(), loop.time())
            self._ready[waiting] = None
        try:
            return await waiting.answer
        finally:
            self._ready.pop(waiting, None)

    async def prepare(self, work: Callable[[], Result]) -> Result:
        """Do work with a picture in one of the preparing threads."""
        return await asyncio.get_running_loop().run_in_executor(self._preparers, work)

    async def compute(self, work: Callable[[], Result]) -> Result:
        """Do work with the model and one picture in the only thread that does, between two batches."""
        result, seconds = await self._compute(work)
        self._notes.explained(seconds)
        return result

    async def _compute(self, work: Callable[[], Result]) -> tuple[Result, float]:
        return await asyncio.get_running_loop().run_in_executor(self._computer, _timed, work)

    async def run(self) -> None:
        """Make batches for as long as the service lives."""
        try:
            while True:
                await self._gather()
                if batch := self._take():
                    await self._ask(batch)
        finally:
            for executor in (self._preparers, self._computer):
                executor.shutdown(wait=False, cancel_futures=True)

    async def _gather(self) -> None:
        """Return when there is a batch to ask about: it is full, its window is over, or nobody else is coming."""
        loop = asyncio.get_running_loop()
        while not self._ready:
            await self._change(None)
        until = self._oldest().ready + self._window
        while self._coming and 0 < len(self._ready) < self._most and loop.time() < until:
            await self._change(until)

    async def _change(self, until: float | None) -> None:
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._changed.wait()

    def _take(self) -> list[_Waiting]:
        """Take the oldest pictures off the queue that are for one model."""
        batch: list[_Waiting] = []
        while self._ready and len(batch) < self._most:
            oldest = self._oldest()
            if batch and oldest.served is not batch[0].served:
                break
            del self._ready[oldest]
            batch.append(oldest)
        return batch

    def _oldest(self) -> _Waiting:
        return next(iter(self._ready))

    async def _ask(self, batch: Sequence[_Waiting]) -> None:
        served, squares = batch[0].served, [waiting.square for waiting in batch]
        try:
            answers, seconds = await self._compute(lambda: served.answering.ask(np.stack(squares)))
        except Exception as error:  # whatever a device or a graph throws is the answer to those who wait
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        self._notes.asked(len(batch), seconds)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began
