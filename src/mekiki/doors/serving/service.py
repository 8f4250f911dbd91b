"""What the routes share, and the two things that a client asks: what a picture shows, and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.requests import Request

from mekiki.config import ServeSettings
from mekiki.data.pictures import PILLOW_SILENCE
from mekiki.doors.serving.arrivals import Bounds, Held, Sent, receive_pictures
from mekiki.doors.serving.batching import Batcher
from mekiki.doors.serving.heat_maps import HeatMap, explainable, heat_map
from mekiki.doors.serving.metrics import Metrics
from mekiki.doors.serving.models import Models, Served
from mekiki.doors.serving.patience import while_there
from mekiki.doors.serving.places import Places
from mekiki.doors.serving.refusals import Refusal
from mekiki.errors import PictureError
from mekiki.records.predictions import Prediction
from mekiki.tensors.ahead import single_threaded_opencv

_MEGABYTE = 2**20


class Service:
    """One model and the room in which it is asked.

    Args:
        models: What is served.
        settings: Bounds and times.
        metrics: Where pictures and batches are counted.

    Attributes:
        ready: Whether it answers; False before its first moment and from the moment it is stopped.
    """

    def __init__(self, models: Models, settings: ServeSettings, metrics: Metrics) -> None:
        self.models = models
        self.metrics = metrics
        self.ready = False
        self.places = Places(settings.queue, settings.patience, settings.most_batch, settings.workers, models.speed)
        self._settings = settings
        self._bounds = Bounds(settings.most_megabytes * _MEGABYTE, settings.most_pictures, settings.body_seconds)
        self._held = Held(settings.held_megabytes * _MEGABYTE)
        notes = _Notes(self.places, metrics)
        self._batcher = Batcher(settings.most_batch, settings.window_ms / 1000, settings.workers, notes)
        metrics.watch("places_taken", "Pictures under way", lambda: self.places.taken)
        metrics.watch("places", "Pictures that may be under way", lambda: self.places.most)
        metrics.watch("expected_wait_seconds", "What the pictures under way will take", lambda: self.places.wait)
        metrics.watch("body_bytes_held", "Bytes of request bodies in memory", lambda: self._held.bytes)
        metrics.watch("model_since_seconds", "When the model was loaded", lambda: models.current.since.timestamp())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer for as long as the block lasts."""
        batches = asyncio.create_task(self._batcher.run())
        with single_threaded_opencv(), PILLOW_SILENCE:
            self.ready = True
            try:
                yield
            finally:
                self.ready = False
                batches.cancel()
                with suppress(asyncio.CancelledError):
                    await batches

    async def predict(self, request: Request, top: int, explain: bool) -> tuple[Served, list[dict[str, Any]]]:
        """Answer about the pictures of a request.

        Args:
            request: Its body is read here.
            top: Classes to give.
            explain: Whether each answer is to have its heat map.

        Returns:
            The model that answered, and the answers, in the form of ``predict --format jsonl``.

        Raises:
            Refusal: There is no room, or the request cannot be answered.
            ClientDisconnect: The client left.
        """
        served = self.models.current
        if explain:
            explainable(served, None)
        with self._held.request() as share:
            with self._batcher.coming():
                sent = await receive_pictures(request, self._bounds, share)
            with self.places.take(len(sent), explain):
                work = self._all(served, sent, top, explain)
                answers = await while_there(request.receive, work, self._settings.answer_seconds)
        unreadable = sum(answer["error"] is not None for answer in answers)
        self.metrics.pictures.labels("unreadable").inc(unreadable)
        self.metrics.pictures.labels("answered").inc(len(answers) - unreadable)
        if len(answers) == unreadable == 1:
            raise _unreadable(answers[0]["error"])
        return served, answers

    async def explain(self, request: Request, of_class: str | None) -> tuple[Served, HeatMap]:
        """Explain the decision about the one picture of a request.

        Args:
            request: Its body is read here.
            of_class: Which class to explain; None: the predicted one.

        Raises:
            Refusal: There is no room, or the request cannot be answered.
            ClientDisconnect: The client left.
        """
        served = self.models.current
        explainable(served, of_class)
        with self._held.request() as share:
            sent = await receive_pictures(request, self._bounds, share)
            if len(sent) != 1:
                raise Refusal(400, f"{len(sent)} pictures were sent; one can be explained", "send one, or ask /predict")
            with self.places.take(1, explain=True):
                work = heat_map(self._batcher, served, sent[0].content, of_class, self._settings.heat_map_pixels)
                found = await while_there(request.receive, work, self._settings.answer_seconds)
        self.metrics.pictures.labels("unreadable" if isinstance(found, PictureError) else "answered").inc()
        if isinstance(found, PictureError):
            raise _unreadable(found.message)
        return served, found

    async def reload(self) -> bool:
        """Load the model again; tell whether a new one took over."""
        done = await self.models.reload()
        self.metrics.reloads.labels("new" if done else "kept").inc()
        if done:
            self.places.speed = self.models.speed
        return done

    async def _all(self, served: Served, sent: Sequence[Sent], top: int, explain: bool) -> list[dict[str, Any]]:
        if len(sent) == 1:
            return [await self._one(served, sent[0], top, explain)]
        return await asyncio.gather(*(self._one(served, each, top, explain) for each in sent))

    async def _one(self, served: Served, sent: Sent, top: int, explain: bool) -> dict[str, Any]:
        answer = await self._batcher.answer(served, sent.content)
        if isinstance(answer, PictureError):
            return Prediction(sent.name, error=answer.message).as_json()
        said = served.answering.say(sent.name, answer, top).as_json()
        if explain:
            found = await heat_map(self._batcher, served, sent.content, None, self._settings.heat_map_pixels)
            said["heat_map"] = None if isinstance(found, PictureError) else found.as_json()
        return said


class _Notes:
    """What the batcher's work took goes to what is known of the speed, and into the figures."""

    def __init__(self, places: Places, metrics: Metrics) -> None:
        self._places = places
        self._metrics = metrics

    def prepared(self, seconds: float) -> None:
        self._places.speed.note_prepared(seconds)

    def asked(self, pictures: int, seconds: float) -> None:
        self._places.speed.note_batch(pictures, seconds)
        self._metrics.batch.observe(pictures)
        self._metrics.batch_seconds.observe(seconds)

    def explained(self, seconds: float) -> None:
        self._places.speed.note_explained(seconds)


def _unreadable(reason: str) -> Refusal:
    return Refusal(422, f"the picture {reason}", "send a JPEG, PNG, WebP, BMP, GIF or TIFF")
