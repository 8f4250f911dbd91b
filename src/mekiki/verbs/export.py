"""``mekiki export``: a run's model for other programs, kept only if it is proven to say what the run says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx_ir as ir

from mekiki.config import EvaluateSettings, ExportSettings
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.graphs import Graph, GraphClassifier, check_installed, open_graph
from mekiki.portable.formats import whole_graph, write_facts, write_graph, write_safetensors, write_timm
from mekiki.portable.graph import network_graph
from mekiki.portable.plain_timm import agrees_alone, ask_timm
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
from mekiki.progress import Progress, Silent
from mekiki.records.exported import GRAPHS, Exported, ExportFolder, Parity, write_parity
from mekiki.records.manifest import Manifest
from mekiki.records.run import RunFolder, check_new_folder, open_run
from mekiki.tensors.geometry import Picture, square
from mekiki.verbs.asked_photos import own_photos_of, with_runs_limit


@dataclass(frozen=True)
class Made:
    """What an export made.

    Attributes:
        folder: Where it lies.
        parity: The proof.
    """

    folder: ExportFolder
    parity: Parity


def export(
    run: str | Path,
    out: str | Path | None = None,
    settings: ExportSettings | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write a run's model in another format, and prove on the run's own validation photos that it says the same.

    Args:
        run: A run folder.
        out: The folder to make; not given: ``exports/<format>`` inside the run, where ``predict --engine`` looks.
        settings: Format, 8 bits, views and margin.
        progress: Where to report to.

    Returns:
        The folder, and how far both agree.

    Raises:
        ExportError: It does not say what the run says, or the format has no form for this model; nothing is kept.
        RunError: It is no trained run, or its photos are not where they were.
        SettingsError: ``out`` holds something, the run has no validation photos, or a package is not installed.
    """
    progress = Silent() if progress is None else progress
    settings = ExportSettings() if settings is None else settings
    folder = open_run(Path(run))
    wanted = Exported(to=settings.to, int8=settings.int8, model="", views="plain")
    target = folder.exports / wanted.name if out is None else Path(out)
    if out is None and target.exists():
        raise SettingsError(f"{target} is there already; nothing is ever written over", "remove it, or name --out")
    check_new_folder(target)
    check_installed(settings.to, ("onnx", "onnxscript", "onnxruntime") if settings.to in GRAPHS else ())
    asked = EvaluateSettings(device="cpu", precision="float32", views=settings.views)
    classifier = load(folder.path, with_runs_limit(folder.path, asked))
    photos = own_photos_of(folder, "val", "export", progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as place:
        made = ExportFolder(Path(place) / target.name)
        job = _Job(folder, classifier, photos, settings, wanted.name, progress)
        parity = job.graph(made) if settings.to in GRAPHS else job.tensors(made)
        write_facts(made, folder, classifier, wanted)
        write_parity(made.parity, parity)
        if target.is_dir():
            target.rmdir()  # it is empty, or it would have been refused
        made.path.rename(target)
    return Made(ExportFolder(target), parity)


@dataclass(frozen=True)
class _Job:
    """One export."""

    run: RunFolder
    classifier: Classifier
    photos: Manifest
    settings: ExportSettings
    name: str
    progress: Progress

    def graph(self, made: ExportFolder) -> Parity:
        """Write a graph and prove it."""
        self.progress.say(f"writing the graph of {self.classifier.card.backbone}")
        network = network_graph(self.classifier)
        if not self.settings.int8:
            self._write(made, network)
            trial = self._try(made)
            parity = parity_of(trial, self.classifier, self.name, "val")
            demand_parity(parity, partial(self._at_fault, made, trial))
            share = demand_one_answer(trial, self._as_engine(made, trial), self.name, LEAST_AGREEMENT)
            return parity.model_copy(update={"engine_agreement": share})
        plain = ExportFolder(made.path.with_name("float32"))
        self._write(plain, network)
        squares = self._squares()
        self.progress.say(f"8 bits: calibrating on {len(squares)} training photos")
        self._write(made, in_8_bits(network, squares))
        trial = self._try(made)
        speed = compare_speed(open_graph(plain, prepared=True), open_graph(made, prepared=True), squares[0])
        compared = demand_worth(trial, speed, self.name, self.settings.margin)
        share = demand_one_answer(trial, self._as_engine(made, trial), self.name, LEAST_IN_8_BITS)
        parity = parity_of(trial, self.classifier, self.name, "val")
        return parity.model_copy(update={"compared": compared, "speed": speed, "engine_agreement": share})

    def tensors(self, made: ExportFolder) -> Parity:
        """Write timm's folder, or the run's own tensors, and prove them."""
        if self.settings.int8:
            raise SettingsError(f"--int8 goes with a graph, not with {self.settings.to}", "--to onnx or --to openvino")
        if self.settings.to == "timm":
            write_timm(made, self.classifier)
            ask = ask_timm(made, self.classifier)
        else:
            write_safetensors(made, self.run)
            write_facts(made, self.run, self.classifier, Exported(to="safetensors", model="", views="plain"))
            ask = _asking(load(made.path, self.classifier.settings))
        trial = try_both(self.classifier, ask, self.photos, self.progress)
        parity = parity_of(trial, self.classifier, self.name, "val")
        demand_parity(parity, lambda: "the tensors, or how they are read, differ")
        if self.settings.to == "timm":
            alone = agrees_alone(made, [self.photos.root / path for path in trial.paths], trial.run)
            return parity.model_copy(update={"alone": alone})
        return parity

    def _write(self, made: ExportFolder, network: ir.Model) -> None:
        write_graph(made, whole_graph(network, self.classifier.card.preprocessing), self.settings.to)
        write_facts(made, self.run, self.classifier, Exported(to=self.settings.to, model="", views="plain"))

    def _try(self, made: ExportFolder) -> Trial:
        return try_both(self.classifier, _asking_graph(open_graph(made, prepared=False)), self.photos, self.progress)

    def _as_engine(self, made: ExportFolder, trial: Trial) -> Trial:
        """Return what ``predict --engine`` says of the photos of a trial."""
        engine = GraphClassifier(made, self.classifier.settings)
        said = []
        for _, answer in engine.answers([self.photos.root / path for path in trial.paths], self.progress):
            if isinstance(answer, PictureError):  # it could be read a minute ago
                raise answer
            said.append(Said(answer.chances, answer.known_score))
        return replace(trial, other=tuple(said))

    def _at_fault(self, made: ExportFolder, trial: Trial) -> str:
        """Tell whether a graph's preparation or its network differs, by asking the network about prepared squares."""
        worst = max(
            range(len(trial.paths)), key=lambda at: np.abs(trial.run[at].chances - trial.other[at].chances).max()
        )
        prepared = self._prepared(self.photos.root / trial.paths[worst])
        said = open_graph(made, prepared=True)(prepared[None])["probabilities"][0]
        alike = float(np.abs(said - trial.run[worst].chances).max())
        if alike <= np.abs(trial.other[worst].chances - trial.run[worst].chances).max() / 2:
            return "the graph prepares the photo in another way: its network, given the prepared photo, agrees"
        return f"the graph's network answers otherwise, also about the prepared photo (by {alike:.2g})"

    def _squares(self) -> list[Picture]:
        train = own_photos_of(self.run, "train", "export", self.progress)
        found = []
        for path in paths_of(train, CALIBRATED_ON):
            try:
                found.append(self._prepared(path))
            except PictureError:
                continue
        if not found:
            raise DataError("none of the run's training photos can be read, so 8 bits cannot be calibrated")
        return found

    def _prepared(self, path: Path) -> Picture:
        preprocessing, limit = self.classifier.card.preprocessing, self.classifier.settings.max_megapixels
        size = preprocessing.image_size
        return square(read_picture(path, max_megapixels=limit, at_least=size), size, preprocessing.fit)


def _asking_graph(graph: Graph) -> Ask:
    def ask(picture: Picture) -> Said:
        found = graph(picture[None])
        return Said(found["probabilities"][0], float(found["known_score"][0]) if "known_score" in found else None)

    return ask


def _asking(classifier: Classifier) -> Ask:
    preprocessing = classifier.card.preprocessing

    def ask(picture: Picture) -> Said:
        (answer,) = classifier.ask(square(picture, preprocessing.image_size, preprocessing.fit)[None])
        return Said(answer.chances, answer.known_score)

    return ask
