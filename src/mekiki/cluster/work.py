"""What workers do with a part of a list: a model's answers, its evidence, or a look at each file.

A kind of work is a small record that travels to the workers; ``begin`` loads what it needs, once, and gives the
function that makes the columns of a part. What is wrong with one picture is a value of its row.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mekiki.cluster.parts import Row
from mekiki.config import ClusterSettings, EvaluateSettings
from mekiki.data.remote import Remote, is_remote
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer, Answering, Source
from mekiki.evaluation.loading import load
from mekiki.progress import Silent
from mekiki.records.predictions import Prediction
from mekiki.tensors.geometry import Picture

Columns = dict[str, Any]
"""Name → an Arrow array with a value for each row of a part."""
Doing = Callable[[Sequence[Row]], Columns]
NOT_NAMED = "is not named: its row of the list gives no path"
_RANKED = pa.list_(pa.struct([("class", pa.string()), ("probability", pa.float64())]))


class Work(ABC):
    """One kind of work."""

    @abstractmethod
    def begin(self, stack: ExitStack) -> Doing:
        """Load what is needed, and return what makes a part's columns.

        Args:
            stack: Closes what has to be closed when the worker ends.

        Raises:
            MekikiError: It cannot be loaded.
        """


@dataclass(frozen=True)
class Asked:
    """A model, as workers load it.

    Attributes:
        run: A run folder or an exported graph, absolute; or ``imagenet:<timm name>``.
        settings: Device, precision, batch size, threads, largest picture.
        weights: For ``imagenet:`` only.
        engine: What computes: "torch", "onnx" …
        cluster: Bounds of what is fetched from addresses.
    """

    run: str
    settings: EvaluateSettings
    weights: str
    engine: str
    cluster: ClusterSettings

    def load(
        self, stack: ExitStack
    ) -> Callable[[Sequence[Row]], Iterator[tuple[Row, Answer | PictureError, Answering]]]:
        """Load the model; return what yields its answers about rows, in their order."""
        answering = load(self.run, self.settings, self.weights, self.engine)
        remote = stack.enter_context(Remote(self.cluster, self.settings.workers))

        def prepare(source: Source) -> Picture | PictureError:
            place = str(source)
            if not place:
                return PictureError(NOT_NAMED)
            if not is_remote(place):
                return answering.prepare(Path(place))
            try:
                return answering.prepare(remote.read(place))
            except PictureError as error:
                return error

        def ask(rows: Sequence[Row]) -> Iterator[tuple[Row, Answer | PictureError, Answering]]:
            places = [row.listed.place for row in rows]
            with closing(answering.answers(places, Silent(), prepare=prepare)) as answers:
                for row, (_, answer) in zip(rows, answers, strict=True):
                    yield row, answer, answering

        return ask


@dataclass(frozen=True)
class AnswerWork(Work):
    """Ranked classes, as ``mekiki predict`` gives them.

    Attributes:
        asked: The model.
        top: How many classes.
    """

    asked: Asked
    top: int

    def begin(self, stack: ExitStack) -> Doing:
        ask = self.asked.load(stack)

        def do(rows: Sequence[Row]) -> Columns:
            said = [
                Prediction(row.listed.path, error=answer.message)
                if isinstance(answer, PictureError)
                else answering.say(row.listed.path, answer, self.top)
                for row, answer, answering in ask(rows)
            ]
            return columns_of_predictions(said)

        return do


def columns_of_predictions(said: Sequence[Prediction]) -> Columns:
    """Return predictions as columns, with the names and values of ``predict --format jsonl``."""
    lines = [each.as_json() for each in said]
    ranked = [[{"class": name, "probability": chance} for name, chance in line["top"]] for line in lines]
    return {
        "label": pa.array([line["label"] for line in lines], pa.string()),
        "known": pa.array([line["known"] for line in lines], pa.bool_()),
        "score": pa.array([line["score"] for line in lines], pa.float64()),
        "top": pa.array(ranked, _RANKED),
        "error": pa.array([line["error"] for line in lines], pa.string()),
    }


def prediction_of(row: dict[str, Any]) -> Prediction:
    """Return a row of such a part as the record that it was made from; its numbers have six places."""
    ranked = tuple((each["class"], each["probability"]) for each in row["top"])
    return Prediction(row["path"], ranked, row["error"] or "", row["known"])


def absolute_run(run: str | Path, prefix: str) -> str:
    """Return a run's name as it is found from any folder; what begins with the prefix is no path."""
    return str(run) if str(run).startswith(prefix) else os.path.abspath(run)  # noqa: PTH100  links stay as named
