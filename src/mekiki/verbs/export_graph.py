"""An export as a graph: ONNX or OpenVINO, in float32 or in 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx_ir as ir

from mekiki.errors import DataError, ExportError, MekikiError, PictureError, one_line
from mekiki.evaluation.graphs import Graph, GraphClassifier, open_graph
from mekiki.portable.facts import write_facts
from mekiki.portable.graph import network_graph
from mekiki.portable.proof import (
    LEAST_AGREEMENT,
    LEAST_IN_8_BITS,
    Ask,
    Said,
    Trial,
    demand_one_answer,
    demand_parity,
    parity_of,
    paths_of,
    try_both,
)
from mekiki.portable.quantising import CALIBRATED_ON, compare_speed, demand_worth, in_8_bits
from mekiki.portable.whole import whole_graph, write_graph
from mekiki.records.exported import Exported, ExportFolder, Parity
from mekiki.tensors.geometry import Picture
from mekiki.verbs.asked_photos import own_photos_of
from mekiki.verbs.export_job import ExportJob


def make_graph(job: ExportJob, made: ExportFolder) -> Parity:
    """Write a graph and prove it.

    Raises:
        ExportError: It does not say what the run says, or is not worth having in 8 bits; or it cannot be written.
    """
    job.progress.say(f"writing the graph of {job.classifier.card.backbone}")
    with _can_be_written(job):
        network = network_graph(job.classifier)
    return _Graph(job, made).in_8_bits(network) if job.settings.int8 else _Graph(job, made).in_float32(network)


@contextmanager
def _can_be_written(job: ExportJob) -> Iterator[None]:
    """Refuse in one line what the packages that write graphs cannot do."""
    try:
        yield
    except MekikiError:
        raise
    except Exception as error:  # their errors have no common base
        raise ExportError(
            f"{job.classifier.card.backbone} cannot be written as {job.name}: {one_line(error, 160)}; nothing is kept",
            "--to safetensors holds any model",
        ) from error


@dataclass(frozen=True)
class _Graph:
    """A graph in the making."""

    job: ExportJob
    made: ExportFolder

    def in_float32(self, network: ir.Model) -> Parity:
        self._write(self.made, network)
        trial = self._try()
        parity = parity_of(trial, self.job.classifier, self.job.name, "val")
        demand_parity(parity, partial(self._at_fault, trial))
        share = demand_one_answer(trial, self._as_engine(trial), self.job.name, LEAST_AGREEMENT)
        return parity.model_copy(update={"engine_agreement": share})

    def in_8_bits(self, network: ir.Model) -> Parity:
        plain = ExportFolder(self.made.path.with_name("float32"))
        self._write(plain, network)
        squares = self._squares()
        self.job.progress.say(f"8 bits: calibrating on {len(squares)} training photos")
        with _can_be_written(self.job):
            smaller = in_8_bits(network, squares)
        self._write(self.made, smaller)
        trial = self._try()
        speed = compare_speed(open_graph(plain, prepared=True), open_graph(self.made, prepared=True), squares[0])
        compared = demand_worth(trial, speed, self.job.name, self.job.settings.margin)
        share = demand_one_answer(trial, self._as_engine(trial), self.job.name, LEAST_IN_8_BITS)
        parity = parity_of(trial, self.job.classifier, self.job.name, "val")
        return parity.model_copy(update={"compared": compared, "speed": speed, "engine_agreement": share})

    def _write(self, folder: ExportFolder, network: ir.Model) -> None:
        job = self.job
        with _can_be_written(job):
            write_graph(folder, whole_graph(network, job.classifier.card.preprocessing), job.settings.to)
        write_facts(folder, job.run, job.classifier, Exported(to=job.settings.to, model="", views="plain"))

    def _try(self) -> Trial:
        ask = _asking(open_graph(self.made, prepared=False))
        return try_both(self.job.classifier, ask, self.job.photos, self.job.progress)

    def _as_engine(self, trial: Trial) -> Trial:
        """Return what ``predict --engine`` says of the photos of a trial."""
        engine = GraphClassifier(self.made, self.job.classifier.settings)
        files = [self.job.photos.root / path for path in trial.paths]
        said = []
        for file, (_, answer) in zip(files, engine.answers(files, self.job.progress), strict=True):
            if isinstance(answer, PictureError):  # it could be read a minute ago
                raise DataError(f"{file} could be read a moment ago and cannot now: {answer.message}", "start again")
            said.append(Said(answer.chances, answer.known_score))
        return replace(trial, other=tuple(said))

    def _at_fault(self, trial: Trial) -> str:
        """Tell whether a graph's preparation or its network differs, by asking the network about prepared squares."""
        apart = [np.abs(mine.chances - its.chances).max() for mine, its in zip(trial.run, trial.other, strict=True)]
        worst = int(np.argmax(apart))
        prepared = self.job.classifier.prepare(self.job.photos.root / trial.paths[worst])
        assert isinstance(prepared, np.ndarray)  # it was read a moment ago
        said = open_graph(self.made, prepared=True)(prepared[None])["probabilities"][0]
        alike = float(np.abs(said - trial.run[worst].chances).max())
        if alike <= apart[worst] / 2:
            return "the graph prepares the photo in another way: its network, given the prepared photo, agrees"
        return f"the graph's network answers otherwise, also about the prepared photo (by {alike:.2g})"

    def _squares(self) -> list[Picture]:
        """Return prepared training photos."""
        hint = "export without --int8: 8 bits are calibrated on training photos"
        train = own_photos_of(self.job.run, "train", hint, self.job.progress)
        tried = [self.job.classifier.prepare(path) for path in paths_of(train, CALIBRATED_ON)]
        found = [each for each in tried if isinstance(each, np.ndarray)]
        if not found:
            raise DataError("none of the run's training photos can be read, so 8 bits cannot be calibrated", hint)
        return found


def _asking(graph: Graph) -> Ask:
    def ask(picture: Picture) -> Said:
        found = graph(picture[None])
        return Said(found["probabilities"][0], float(found["known_score"][0]) if "known_score" in found else None)

    return ask
