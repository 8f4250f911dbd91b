"""Batches across clients: pictures are decoded by a few threads, and asked about together by one.

A prepared picture waits for others that are on their way, but no longer than the window; while the model computes, the
next batch gathers. A batch is of one model, so requests keep the model that they began with when it is replaced. Who
stops waiting (cancels) leaves nothing behind. How many pictures may come in is not decided here (``places.py``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mekiki.doors.serving.models import Served
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer
from mekiki.tensors.geometry import Picture

Result = TypeVar("Result")
NoteBatch = Callable[[int, float], None]
"""Told of each batch: how many pictures it had, and the seconds that it took, from the end of the one before."""


@dataclass(eq=False)
class _Waiting:
    """A prepared picture whose answer somebody waits for; ``began`` is when it came in, ``ready`` when it was ready."""

    square: Picture
    served: Served
    answer: asyncio.Future[Answer]
    began: float
    ready: float


class Batcher:
    """Answers about pictures of many clients in common batches; ``run`` must be running.

    Args:
        most: Pictures in a batch.
        window: How long a prepared picture waits for others, seconds.
        workers: Threads that decode and prepare.
        note_batch: Told of each batch.
    """

    def __init__(self, most: int, window: float, workers: int, note_batch: NoteBatch) -> None:
        self._most = most
        self._window = window
        self._note_batch = note_batch
        self._preparers = ThreadPoolExecutor(workers, "mekiki-prepare")
        self._computer = ThreadPoolExecutor(1, "mekiki-compute")
        self._ready: deque[_Waiting] = deque()
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
        began = loop.time()
        with self.coming():
            square = await self.prepare(lambda: served.answering.prepare(content))
            if isinstance(square, PictureError):
                return square
            waiting = _Waiting(square, served, loop.create_future(), began, loop.time())
            self._ready.append(waiting)
        try:
            return await waiting.answer
        finally:
            with suppress(ValueError):
                self._ready.remove(waiting)

    async def prepare(self, work: Callable[[], Result]) -> Result:
        """Do work with a picture in one of the preparing threads."""
        return await asyncio.get_running_loop().run_in_executor(self._preparers, work)

    async def compute(self, work: Callable[[], Result]) -> Result:
        """Do work with the model in the only thread that does, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._computer, work)

    async def run(self) -> None:
        """Make batches for as long as the service lives."""
        loop = asyncio.get_running_loop()
        free = loop.time()
        try:
            while True:
                await self._gather()
                batch = self._take()
                if batch:
                    began = max(free, min(waiting.began for waiting in batch))
                    await self._ask(batch)
                    free = loop.time()
                    self._note_batch(len(batch), free - began)
        finally:
            for executor in (self._preparers, self._computer):
                executor.shutdown(wait=False, cancel_futures=True)

    async def _gather(self) -> None:
        """Return when there is a batch to ask about: it is full, its window is over, or nobody else is coming."""
        loop = asyncio.get_running_loop()
        while not self._ready:
            await self._change(None)
        until = self._ready[0].ready + self._window
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
        while self._ready and len(batch) < self._most and (not batch or self._ready[0].served is batch[0].served):
            batch.append(self._ready.popleft())
        return batch

    async def _ask(self, batch: Sequence[_Waiting]) -> None:
        served, squares = batch[0].served, [waiting.square for waiting in batch]
        try:
            answers = await self.compute(lambda: served.answering.ask(np.stack(squares)))
        except Exception as error:  # whatever a device or a graph throws is the answer to those who wait
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
