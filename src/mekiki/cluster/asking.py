"""A model asked by workers: ranked classes as ``mekiki predict`` gives them, or what an audit judges by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mekiki.cluster.parts import Job, Row
from mekiki.cluster.work import NOT_NAMED, Columns, Doing, Work
from mekiki.config import ClusterSettings, EvaluateSettings
from mekiki.data.folders import is_address
from mekiki.data.remote import Remote
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer, Answering, Source
from mekiki.evaluation.loading import load
from mekiki.progress import Silent
from mekiki.records.predictions import Prediction
from mekiki.tensors.geometry import Picture

_ARRAYS = ("logits", "features", "chances")
_RANKED = pa.list_(pa.struct([("class", pa.string()), ("probability", pa.float64())]))


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
            if not is_address(place):
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


@dataclass(frozen=True)
class EvidenceWork(Work):
    """All that a model says of each picture, to be judged afterwards on one machine.

    Attributes:
        asked: The model.
    """

    asked: Asked

    def begin(self, stack: ExitStack) -> Doing:
        ask = self.asked.load(stack)

        def do(rows: Sequence[Row]) -> Columns:
            return columns_of_answers([answer for _, answer, _ in ask(rows)])

        return do


def columns_of_answers(answers: Sequence[Answer | PictureError]) -> Columns:
    """Return answers as columns, to the last bit; arrays of what cannot be read are absent."""
    told = [None if isinstance(answer, PictureError) else answer for answer in answers]
    numbers = pa.list_(pa.float32())
    return {
        **{name: pa.array([each and getattr(each, name) for each in told], numbers) for name in _ARRAYS},
        "known_score": pa.array([each and each.known_score for each in told], pa.float64()),
        "error": pa.array([e.message if isinstance(e, PictureError) else None for e in answers], pa.string()),
    }


def answers_of(job: Job) -> Iterator[Answer | PictureError]:
    """Yield what ``EvidenceWork`` wrote, in the order of the list."""
    for part in range(job.parts):
        table = job.read(part)
        arrays = [table[name].to_numpy(zero_copy_only=False) for name in _ARRAYS]
        rest = zip(table["known_score"].to_pylist(), table["error"].to_pylist(), strict=True)
        for *values, (score, error) in zip(*arrays, rest, strict=True):
            if error is None:
                logits, features, chances = (np.asarray(each, np.float32) for each in values)
                yield Answer(logits, features, chances, score)
            else:
                yield PictureError(error)


def absolute_run(run: str | Path, prefix: str) -> str:
    """Return a run's name as it is found from any folder; what begins with the prefix is no path."""
    return str(run) if str(run).startswith(prefix) else os.path.abspath(run)  # noqa: PTH100  links stay as named
