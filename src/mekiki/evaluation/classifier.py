"""A trained model ready for use: pictures in, probabilities out. ``mekiki.load`` gives one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from mekiki.config import EvaluateSettings, ViewsName
from mekiki.errors import PictureError, RunError, SettingsError
from mekiki.evaluation.answering import IMAGENET_PREFIX, Answer, Answering
from mekiki.model.checkpoints import load_model
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine, choose_machine, keep_memory
from mekiki.model.folding import folded
from mekiki.model.imagenet import load_imagenet
from mekiki.model.views import answer_of, check_views, mean_logits, takes_one_size
from mekiki.records.card import ModelCard
from mekiki.records.exported import is_graph_folder
from mekiki.records.run import open_run
from mekiki.records.unknown import FEATURE_SCORES, FeatureReference, read_reference
from mekiki.scoring.unknown import known_scores
from mekiki.tensors.geometry import Picture
from mekiki.tensors.normalisation import Normaliser, load_normaliser


class Classifier(Answering):
    """A trained model in scikit-learn's sense, computed by torch.

    Args:
        model: The network; it is moved to the device and set to evaluation mode, and must not be changed any more.
        card: Its classes and preprocessing.
        settings: Device, precision, batch size and threads.
        normaliser: The one it was trained with; not given: what the card says, which is all of it unless it whitens.
        reference: Where its training photos lie among the features, if its rule for "unknown" asks for that.

    Attributes:
        classes_: (classes,) names in the order of ``predict_proba``'s columns.
        views: In which forms each picture is judged.
        temperature: What its logits are divided by; 1 if it was not calibrated.

    Example:
        >>> classifier = mekiki.load("runs/guitars")  # doctest: +SKIP
        >>> classifier.predict(["photo.jpg"])  # doctest: +SKIP
        array(['Jaguar'], dtype='<U6')
    """

    def __init__(
        self,
        model: PhotoClassifier,
        card: ModelCard,
        settings: EvaluateSettings | None = None,
        normaliser: Normaliser | None = None,
        reference: FeatureReference | None = None,
    ) -> None:
        super().__init__(card, settings)
        self.machine: Machine = choose_machine(self.settings.device, self.settings.precision)
        keep_memory()
        self.model = model.to(self.machine.device).to(memory_format=torch.channels_last).eval()
        normaliser = Normaliser(card.preprocessing) if normaliser is None else normaliser
        self.normaliser = normaliser.to(self.machine.device)
        check_views(self.views, takes_one_size(card.backbone, model.head.reads_map))
        self.reference = reference

    @cached_property
    def network(self) -> PhotoClassifier:
        """The model as it is asked: the same answers up to rounding, in less time."""
        with torch.inference_mode(False):  # gradients pass through it, whoever asks first
            return folded(self.model, self.card.preprocessing.image_size)

    @property
    def computed_by(self) -> tuple[str, int]:
        return self.machine.describe(), torch.get_num_threads()

    def ask(self, pictures: Picture, views: ViewsName | None = None) -> list[Answer]:
        with torch.inference_mode(), self.machine.precision():
            raw, pooled = answer_of(self.network, self.normaliser(pictures), views or self.views)
        return self._conclude(raw.float(), pooled.float().cpu().numpy())

    def reconsider(self, answers: Sequence[Answer | PictureError]) -> Generator[Answer | PictureError]:
        """Yield what the model says of pictures that it was asked about before it had a temperature.

        The pictures are not looked at again, and the answers are those of asking again, to the last bit.

        Args:
            answers: Of the same network, views, device and batch size, at temperature 1, in their order.
        """
        size = self.settings.batch_size
        for group in (answers[start : start + size] for start in range(0, len(answers), size)):
            good = [answer for answer in group if not isinstance(answer, PictureError)]
            if good:
                raw = torch.from_numpy(np.stack([answer.logits for answer in good])).to(self.machine.device)
                concluded = iter(self._conclude(raw, np.stack([answer.features for answer in good])))
            for answer in group:
                yield answer if isinstance(answer, PictureError) else next(concluded)

    def _conclude(self, raw: torch.Tensor, features: NDArray[np.float32]) -> list[Answer]:
        """Return the answers that follow from logits at temperature 1 and features of a batch."""
        logits = (raw / self.temperature).cpu().numpy()
        chances: NDArray[np.float32] = softmax(logits, axis=1)
        rule = self.card.unknown
        scores = None if rule is None else known_scores(rule.score, logits, features, self.reference, rule.weights)
        return [
            Answer(*row, None if scores is None else float(scores[number]))
            for number, row in enumerate(zip(logits, features, chances, strict=True))
        ]

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities of pictures that already have the network's size, (n, size, size, 3) → (n, classes)."""
        chances: NDArray[np.float32] = softmax(self.logits(pictures), axis=1)
        return chances

    def logits(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits of pictures that already have the network's size, (n, size, size, 3) → (n, classes)."""
        with torch.inference_mode():
            return self.logits_of_input(self.normaliser(pictures)).cpu().numpy()

    def logits_of_input(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits that the answer rests on; gradients pass through.

        Args:
            x: (n, 3, size, size), normalised, on the model's device.

        Returns:
            (n, classes) float32: the mean over the views, divided by the temperature.
        """
        with self.machine.precision():
            return mean_logits(self.network, x, self.views).float() / self.temperature


def as_classifier(run: str | Path | Answering, settings: EvaluateSettings | None, weights: str) -> Classifier:
    """Return what torch computes: a loaded classifier as it is, or that of a run.

    Args:
        run: As for ``load``; or what it gave.
        settings: As for ``load``.
        weights: As for ``load``.

    Raises:
        SettingsError: It is a graph. Otherwise as for ``load``.
    """
    if isinstance(run, Classifier):
        return run
    if isinstance(run, Answering) or is_graph_folder(Path(run)):
        raise SettingsError("heat maps and videos need torch, and this is an exported graph", "name the run")
    return load(run, settings, weights)


def load(run: str | Path, settings: EvaluateSettings | None = None, weights: str = "auto") -> Classifier:
    """Load a trained run, or an ImageNet classifier by ``imagenet:<timm name>``.

    Args:
        run: A run folder, or for example ``imagenet:mobilenetv1_100``.
        settings: Device, precision, batch size and threads.
        weights: For ``imagenet:`` only: ``auto`` or a path, as in training.

    Raises:
        RunError: The folder holds no trained model, or not all of it.
        WeightsError: The ImageNet weights are not to be had.
    """
    if str(run).startswith(IMAGENET_PREFIX):
        return Classifier(*load_imagenet(str(run).removeprefix(IMAGENET_PREFIX), weights), settings)
    folder = open_run(Path(run))
    model, card = load_model(folder)
    rule = card.unknown
    reference = read_reference(folder.unknown) if rule is not None and rule.score in FEATURE_SCORES else None
    width = model.layout.channels if model.head.reads_map else model.layout.features
    if reference is not None and (len(reference.centre), len(reference.class_means)) != (width, len(card.classes)):
        raise RunError(
            f"{folder.unknown} belongs to another model: it knows {len(reference.class_means)} classes and "
            f"{len(reference.centre)} features; this one has {len(card.classes)} and {width}",
            "copy all files of a run together",
        )
    return Classifier(model, card, settings, load_normaliser(folder.normalisation, card.preprocessing), reference)
