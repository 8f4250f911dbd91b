"""``--engine ray``: what predict, audit and scan ask of pictures, asked by the workers of a Ray cluster.

The answers lie in Parquet parts in a folder, from which a second run goes on. Which model, which list and which
settings they follow from is in their fingerprint; where and how fast they were computed is not.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.compute as pc

from mekiki.cluster.listing import listed
from mekiki.cluster.parts import SUMMARY, Job, prepare_job
from mekiki.cluster.running import run_parts
from mekiki.cluster.work import AnswerWork, Asked, absolute_run, prediction_of
from mekiki.config import ClusterSettings, EvaluateSettings
from mekiki.data.remote import Remote
from mekiki.errors import SettingsError
from mekiki.evaluation.answering import IMAGENET_PREFIX, Answering
from mekiki.evaluation.loading import card_file, fingerprint_of
from mekiki.files import write_json
from mekiki.progress import Progress
from mekiki.records.predictions import Prediction
from mekiki.verbs.asked_photos import with_runs_limit
from mekiki.version import __version__


@dataclass(frozen=True)
class Shared:
    """What ``predict --engine ray`` came to, as in ``summary.json``.

    Attributes:
        folder: With the parts.
        rows: Of the list, and of all parts together.
        answered: Rows with an answer.
        unreadable: Rows without, because of their picture.
        unknown: Answered rows that show none of the classes, where the model can tell.
        labels: Class → answered rows of which it is the likeliest, the most frequent first.
        parts: Files.
        asked: Rows that were asked about in this run.
        kept: Rows that an earlier run had done.
        replicas: Workers of this run.
        seconds: Wall time of this run, with the start of the cluster.
        working_seconds: From the first part that this run began to the end of the last one.
    """

    folder: str
    rows: int
    answered: int
    unreadable: int
    unknown: int
    labels: dict[str, int]
    parts: int
    asked: int
    kept: int
    replicas: int
    seconds: float
    working_seconds: float


def predict_in_parts(
    asked: Asked, sources: Sequence[str | Path], out: str | Path | None, top: int, progress: Progress
) -> tuple[Job, Shared]:
    """Ask a model about a long list by the workers of a cluster.

    Args:
        asked: The model, and where it runs.
        sources: As ``cluster.listing.listed`` takes them.
        out: A folder for the parts; one of the same work is gone on with.
        top: How many classes to give.
        progress: Where to report to.

    Returns:
        The parts, and what they hold in numbers.

    Raises:
        DataError: A source cannot be used.
        RunError: It is no trained run, or the cluster gave up.
        SettingsError: ``out`` is not given, or holds something else.
    """
    if out is None:
        raise SettingsError("--engine ray writes its answers in parts, and there is no folder for them", "--out FOLDER")
    means = {"work": "predict", "top": top, **means_of(asked)}
    with Remote(asked.cluster) as remote:
        job = prepare_job(Path(out), listed(sources, remote), asked.cluster.part_size, means)
    ran = run_parts(job, AnswerWork(asked, top), asked.cluster, asked.settings.device, "predict", progress)
    unreadable, unknown, labels = _count(job)
    shared = Shared(
        folder=str(out),
        rows=job.rows,
        answered=job.rows - unreadable,
        unreadable=unreadable,
        unknown=unknown,
        labels=dict(labels.most_common()),
        parts=job.parts,
        asked=ran.asked,
        kept=ran.kept,
        replicas=ran.replicas,
        seconds=round(ran.seconds, 3),
        working_seconds=round(ran.working_seconds, 3),
    )
    write_json(job.path / SUMMARY, asdict(shared))
    return job, shared


def predictions_of(job: Job) -> Iterator[Prediction]:
    """Yield what ``predict_in_parts`` wrote, in the order of the list."""
    return map(prediction_of, job.rows_read())


def asked_model(
    run: str | Path | Answering,
    settings: EvaluateSettings | None,
    weights: str,
    engine: str,
    cluster: ClusterSettings | None,
) -> Asked:
    """Return a model as workers load it.

    Raises:
        SettingsError: It is loaded already, or a device was named that only one machine has.
    """
    if isinstance(run, Answering):
        raise SettingsError("workers of a cluster load the model themselves, and this one is loaded", "name the run")
    cluster = ClusterSettings() if cluster is None else cluster
    settings = with_runs_limit(run, settings)
    if settings.device not in ("auto", "cpu", "cuda"):
        raise SettingsError(f"device {settings.device!r} is of one machine; Ray gives each worker its own", "auto")
    place = str(Path(weights).absolute()) if weights != "auto" else weights
    return Asked(absolute_run(run, IMAGENET_PREFIX), settings, place, engine, cluster)


def means_of(asked: Asked) -> dict[str, str | int | float]:
    """Return all that a model's answers follow from, to be compared with those of an earlier run.

    Raises:
        RunError: There is no such model.
    """
    card = card_file(asked.run, asked.engine)
    return {
        "model": fingerprint_of(asked.run, asked.engine),
        "card": "" if card is None else hashlib.sha256(card.read_bytes()).hexdigest(),
        "weights": asked.weights,
        "engine": asked.engine,
        "views": asked.settings.views,
        "precision": asked.settings.precision,
        "max_megapixels": asked.settings.max_megapixels,
        "mekiki": __version__,
    }


def _count(job: Job) -> tuple[int, int, Counter[str]]:
    """Return the rows without an answer, the unknown ones, and how often each class is the likeliest."""
    unreadable, unknown, labels = 0, 0, Counter[str]()
    for part in range(job.parts):
        table = job.read(part, ["label", "known", "error"])
        unreadable += table.num_rows - table["error"].null_count
        unknown += pc.sum(pc.equal(table["known"], False)).as_py() or 0
        labels.update(label for label in table["label"].to_pylist() if label is not None)
    return unreadable, unknown, labels
