"""``--engine ray``: what predict, audit and scan ask of pictures, asked by the workers of a Ray cluster.

The answers lie in Parquet parts in a folder, from which a second run goes on. Which model, which list and which
settings they follow from is in their fingerprint; where and how fast they were computed is not.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from mekiki.cluster.asking import AnswerWork, Asked, EvidenceWork, absolute_run, answers_of, prediction_of
from mekiki.cluster.connecting import connected
from mekiki.cluster.features import FeatureWork, features_of
from mekiki.cluster.listing import Listed, listed
from mekiki.cluster.looking import LookWork, looks_of
from mekiki.cluster.parts import SUMMARY, Job, prepare_job
from mekiki.cluster.running import run_parts
from mekiki.cluster.work import Work
from mekiki.config import AuditSettings, ClusterSettings, EvaluateSettings
from mekiki.data.folders import absolute_path, is_address, place_of
from mekiki.data.remote import Remote
from mekiki.data.scans.looks import LOOK_VERSION, Look
from mekiki.errors import PictureError, SettingsError
from mekiki.evaluation.answering import IMAGENET_PREFIX, Answer, Answering
from mekiki.evaluation.loading import TORCH, card_file, fingerprint_of
from mekiki.files import printable, write_json
from mekiki.progress import Progress
from mekiki.records.manifest import Manifest
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


class SharedCatalogue:
    """What scan and audit ask of the photos of a catalogue, asked by a cluster; to be used in a ``with`` block.

    The parts lie in a hidden folder beside what the verb writes. It goes when the block ends well, and stays, to be
    gone on from, if it does not.

    Args:
        out: What the verb writes.
        cluster: Where it runs.
        progress: Where to report to.

    Raises:
        SettingsError: ``out`` is not given.
    """

    def __init__(self, out: str | Path | None, cluster: ClusterSettings | None, progress: Progress) -> None:
        if out is None:
            raise SettingsError("--engine ray keeps what it did beside the results; they have no folder", "--out DIR")
        place = absolute_path(Path(out))
        self.folder = place.parent / f".{place.name}-ray"
        self._cluster = ClusterSettings() if cluster is None else cluster
        self._progress = progress
        self._seen: dict[str, Look] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        self._stack.close()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def look(self, places: Sequence[str], max_megapixels: float) -> Iterator[Look]:
        """Look at files; those that were looked at in this block are not opened again."""
        if not places:
            return
        if not all(place in self._seen for place in places):
            self._seen |= dict(zip(places, self._look(places, max_megapixels), strict=True))
        yield from (self._seen[place] for place in places)

    def _look(self, places: Sequence[str], max_megapixels: float) -> Iterator[Look]:
        means = {"work": "looks", "version": LOOK_VERSION, "max_megapixels": max_megapixels}
        job = self._job("looks", [Listed(printable(place), place) for place in places], means)
        self._run(job, LookWork(max_megapixels, self._cluster), "cpu", "looks")
        return looks_of(job, max_megapixels)

    def answers(self, run: Path, manifest: Manifest, settings: EvaluateSettings) -> Iterator[Answer | PictureError]:
        """Ask a run about the usable photos of a catalogue, in their order; see ``evidence_of_run``."""
        asked = asked_model(run, settings, "auto", TORCH, self._cluster)
        photos = manifest.usable()
        if not photos:
            return iter(())
        listed = [Listed(photo.path, place_of(manifest.root, photo.path)) for photo in photos]
        contents = hashlib.sha256("".join(photo.sha256 for photo in photos).encode()).hexdigest()
        job = self._job("answers", listed, {"work": "evidence", "photos": contents, **means_of(asked)})
        self._run(job, EvidenceWork(asked), settings.device, "predict")
        return answers_of(job)

    def features(self, manifest: Manifest, settings: AuditSettings, max_megapixels: float) -> NDArray[np.float32]:
        """Return what ``frozen_features`` gives of the usable photos of a catalogue, (n, d).

        Raises:
            SettingsError: A photo is listed by its address.
        """
        photos = manifest.usable()
        far = next((photo.path for photo in photos if is_address(photo.path)), None)
        if far is not None:
            raise SettingsError(f"--self reads files, and {far} is an address", "mekiki audit RUN CATALOGUE")
        work = FeatureWork(settings, manifest.classes, max_megapixels)
        listed = [Listed(photo.path, place_of(manifest.root, photo.path)) for photo in photos]
        contents = hashlib.sha256("".join(photo.sha256 for photo in photos).encode()).hexdigest()
        means = settings.model_dump(include={"backbone", "weights", "image_size", "precision", "seed"})
        job = self._job("features", listed, {"work": "features", "photos": contents, "mekiki": __version__, **means})
        self._run(job, work, settings.device, "features")
        return features_of(job)

    def _run(self, job: Job, work: Work, device: str, title: str) -> None:
        """Do what is missing, on one cluster for the whole block."""
        if not all(job.is_whole(part) for part in range(job.parts)):
            self._stack.enter_context(connected(self._cluster.address))
        run_parts(job, work, self._cluster, device, title, self._progress)

    def _job(self, name: str, listed: Sequence[Listed], means: Mapping[str, object]) -> Job:
        """Return the work of a name; what was begun with another list, or otherwise, begins anew."""
        try:
            return prepare_job(self.folder / name, iter(listed), self._cluster.part_size, means)
        except SettingsError:
            shutil.rmtree(self.folder / name)
            return prepare_job(self.folder / name, iter(listed), self._cluster.part_size, means)


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


def means_of(asked: Asked) -> dict[str, object]:
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
