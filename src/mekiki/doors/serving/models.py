"""The model that is served, and how a new one takes its place without a request lost.

A new model is loaded and tried beside the old one; only then it is what new requests get. Requests hold the model that
they began with, and the old one goes with the last of them. If the new one cannot be used, the old one stays.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np

from mekiki.config import EvaluateSettings
from mekiki.doors.serving.speed import Speed
from mekiki.errors import MekikiError, PictureError, RunError, one_line
from mekiki.evaluation.answering import Answering
from mekiki.evaluation.graphs import GraphClassifier
from mekiki.evaluation.loading import fingerprint_of, load

_MEASUREMENTS = 3
_log = logging.getLogger("mekiki.serve")


@dataclass(frozen=True, eq=False)
class Served:
    """A model that answers.

    Attributes:
        answering: It.
        fingerprint: SHA-256 of the run's weights, in hexadecimal; of ImageNet's classifiers their name.
        since: When it was loaded, in UTC.
    """

    answering: Answering
    fingerprint: str
    since: datetime


def load_served(run: str, settings: EvaluateSettings, weights: str, engine: str) -> Served:
    """Load a model for serving.

    Args:
        run: A run folder, an exported graph, or ``imagenet:<timm name>``.
        settings: Device, precision, views, batch size, the largest picture.
        weights: For ``imagenet:`` only.
        engine: What computes a run.

    Raises:
        MekikiError: It cannot be loaded, or its files changed meanwhile.
    """
    before = fingerprint_of(run, engine)
    answering = load(run, settings, weights, engine)
    if fingerprint_of(run, engine) != before:
        raise RunError(f"the weights of {run} changed while they were loaded", "load it again")
    return Served(answering, before, datetime.now(UTC))


def try_out(served: Served, most_batch: int) -> Speed:
    """Ask a model as clients will, so that the first of them waits no longer than others.

    Args:
        served: The model.
        most_batch: Pictures in the largest batch.

    Returns:
        What a picture costs; the middle of a few measurements each.

    Raises:
        MekikiError: It cannot answer.
    """
    answering = served.answering
    shades = np.linspace(0, 255, 640 * 480 * 3, dtype=np.uint8).reshape(480, 640, 3)
    content = cv2.imencode(".jpg", shades)[1].tobytes()
    square = answering.prepare(content)
    if isinstance(square, PictureError):
        raise square
    if isinstance(answering, GraphClassifier):
        answering.expect(most_batch)
    many = np.stack([square] * max(most_batch, 2))
    first = _usual_seconds(lambda: answering.ask(square[None]))
    together = _usual_seconds(lambda: answering.ask(many))
    further = min(first, max(0.0, (together - first) / (len(many) - 1)))
    return Speed(_usual_seconds(lambda: answering.prepare(content)), first, further)


def _usual_seconds(work: Callable[[], object]) -> float:
    """Return what some work takes after it was done once."""
    work()
    seconds = []
    for _ in range(_MEASUREMENTS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


class Models:
    """What is served now.

    Args:
        loader: Loads the model as its files are now.
        most_batch: Pictures in the largest batch.

    Attributes:
        current: The model of new requests.
        speed: What its pictures cost.
    """

    def __init__(self, loader: Callable[[], Served], most_batch: int) -> None:
        self._loader = loader
        self._most_batch = most_batch
        self._turn = asyncio.Lock()
        self.current, self.speed = self._load()

    def _load(self) -> tuple[Served, Speed]:
        served = self._loader()
        return served, try_out(served, self._most_batch)

    async def reload(self) -> bool:
        """Load the model again beside the one in use, and let it take over; tell whether it did."""
        async with self._turn:
            try:
                self.current, self.speed = await asyncio.to_thread(self._load)
            except Exception as error:  # whatever is wrong with the new one, the old one must go on
                reason = (
                    error.message if isinstance(error, MekikiError) else f"{type(error).__name__}: {one_line(error)}"
                )
                _log.error("the new model cannot be used, the old one goes on: %s", reason)
                return False
            _log.info("a new model is served: %s", self.current.fingerprint)
            return True
