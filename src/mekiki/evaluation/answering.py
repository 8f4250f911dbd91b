"""What answers about pictures: it prepares them, asks a network, and says what came out.

The network is torch's (``classifier.py``) or a portable graph (``graphs.py``); all that is not the network is here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import EvaluateSettings, ViewsName
from mekiki.data.pictures import read_picture
from mekiki.errors import PictureError, SettingsError
from mekiki.progress import Progress, Silent
from mekiki.records.card import ModelCard
from mekiki.records.predictions import Prediction
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.geometry import Picture, square

IMAGENET_PREFIX = "imagenet:"
"""Before the name of a backbone, where a run folder might stand: its own classifier of ImageNet's classes."""

Source = str | Path | bytes | Picture
"""A picture: its file, that file's bytes, or its upright RGB pixels (H, W, 3) uint8."""


@dataclass(frozen=True)
class Answer:
    """What the model says of one picture.

    Attributes:
        logits: (classes,) mean over the views, divided by the temperature.
        features: (d,) pooled features of the picture as it is.
        chances: (classes,) probabilities, which sum to 1.
        known_score: The score that tells what is known, higher for what is; None if the model has no rule for it.
    """

    logits: NDArray[np.float32]
    features: NDArray[np.float32]
    chances: NDArray[np.float32]
    known_score: float | None


class Answering(ABC):
    """A trained model in scikit-learn's sense, whatever computes it.

    Args:
        card: Its classes and preprocessing.
        settings: Batch size, threads and the largest picture.

    Attributes:
        classes_: (classes,) names in the order of ``predict_proba``'s columns.
        views: In which forms each picture is judged.
        temperature: What its logits are divided by; 1 if it was not calibrated.
    """

    def __init__(self, card: ModelCard, settings: EvaluateSettings | None = None) -> None:
        self.settings = EvaluateSettings() if settings is None else settings
        self.card = card
        self.views: ViewsName = "plain" if self.settings.views == "plain" else card.views
        self.temperature = card.calibration.temperature if card.calibration else 1.0
        self.classes_: NDArray[np.str_] = np.array(card.classes)

    @property
    @abstractmethod
    def computed_by(self) -> tuple[str, int]:
        """What computes the answers, in words, and with how many threads."""

    @abstractmethod
    def ask(self, pictures: Picture, views: ViewsName | None = None) -> list[Answer]:
        """Return what the model says of pictures that already have the network's size.

        Args:
            pictures: (n, size, size, 3).
            views: In which forms each is judged; not given: the model's own.
        """

    def predict_proba(self, pictures: Source | Iterable[Source]) -> NDArray[np.float32]:
        """Return the probability of each class for each picture.

        Args:
            pictures: Paths, bytes of files, or upright RGB arrays (H, W, 3) uint8; one alone is a list of one.

        Returns:
            (n, classes), rows sum to 1.

        Raises:
            PictureError: A file cannot be read.
            SettingsError: An array is no uint8 picture (H, W, 3).
        """
        if isinstance(pictures, str | Path | bytes | np.ndarray):
            pictures = [pictures]
        rows = []
        for picture, chances in self.each(list(pictures), Silent()):
            if isinstance(chances, PictureError):
                name = "a picture given as bytes" if isinstance(picture, bytes) else picture
                raise PictureError(f"{name} {chances.message}", chances.hint)
            rows.append(chances)
        return np.stack(rows) if rows else np.zeros((0, len(self.classes_)), np.float32)

    def predict(self, pictures: Source | Iterable[Source]) -> NDArray[np.str_]:
        """Return the most probable class of each picture, (n,) names.

        Args:
            pictures: Paths, bytes of files, or upright RGB arrays (H, W, 3) uint8; one alone is a list of one.

        Raises:
            PictureError: A file cannot be read.
            SettingsError: An array is no uint8 picture (H, W, 3).
        """
        best: NDArray[np.str_] = self.classes_[self.predict_proba(pictures).argmax(axis=1)]
        return best

    def each(
        self, pictures: Sequence[Source], progress: Progress
    ) -> Generator[tuple[Source, NDArray[np.float32] | PictureError]]:
        """Yield each picture with its probabilities, (classes,), or with the error that says why there are none.

        Args:
            pictures: Paths, bytes of files, or upright RGB arrays (H, W, 3) uint8.
            progress: Where to report to.
        """
        for picture, answer in self.answers(pictures, progress):
            yield picture, answer if isinstance(answer, PictureError) else answer.chances

    def answers(
        self,
        pictures: Sequence[Source],
        progress: Progress,
        views: ViewsName | None = None,
        prepare: Callable[[Source], Picture | PictureError] | None = None,
    ) -> Generator[tuple[Source, Answer | PictureError]]:
        """Yield each picture with all that the model says of it, or with the error that says why there is nothing.

        Args:
            pictures: Paths, bytes of files, or upright RGB arrays (H, W, 3) uint8.
            progress: Where to report to.
            views: In which forms each picture is judged; not given: the model's own. The features are the same in all.
            prepare: Makes the network's square of a picture, from any thread; not given: the method of that name.
        """
        size = self.settings.batch_size
        groups = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        ahead = prepared_ahead(groups, self.prepare if prepare is None else prepare, self.settings.workers)
        with closing(ahead), progress.task("predict", len(pictures)) as task:
            for group, prepared in ahead:
                good = [item for item in prepared if not isinstance(item, PictureError)]
                answers = iter(self.ask(np.stack(good), views) if good else ())
                for picture, item in zip(group, prepared, strict=True):
                    yield picture, item if isinstance(item, PictureError) else next(answers)
                task.advance(len(group))

    def is_known(self, answer: Answer) -> bool | None:
        """Tell whether a picture shows something that the model knows; None: the model has no threshold for that."""
        rule = self.card.unknown
        return None if rule is None or answer.known_score is None else answer.known_score >= rule.threshold

    def say(self, path: str, answer: Answer, top: int) -> Prediction:
        """Return an answer as a record, with the ``top`` most probable classes."""
        return replace(self.rank(path, answer.chances, top), known=self.is_known(answer))

    def rank(self, path: str, chances: NDArray[np.float32], top: int) -> Prediction:
        """Return the ``top`` most probable classes as a record."""
        best = np.argsort(-chances, kind="stable")[:top]
        return Prediction(path, tuple((str(self.classes_[number]), float(chances[number])) for number in best))

    def prepare(self, picture: Source) -> Picture | PictureError:
        """Return a picture as the network's square, (size, size, 3), or why its file cannot be read.

        Raises:
            SettingsError: An array is no uint8 picture (H, W, 3).
        """
        size, fit = self.card.preprocessing.image_size, self.card.preprocessing.fit
        if isinstance(picture, str | Path | bytes):
            try:
                limit, source = self.settings.max_megapixels, picture if isinstance(picture, bytes) else Path(picture)
                return square(read_picture(source, max_megapixels=limit, at_least=size), size, fit)
            except PictureError as error:
                return error
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise SettingsError(
                f"an array of {picture.dtype} with shape {picture.shape} is no picture",
                "give upright RGB pictures: uint8, (height, width, 3)",
            )
        return square(picture, size, fit)
