"""Asks one model about damaged photos and keeps what it said.

The threads read a photo once and damage it while the model judges the one before; one photo with all its damages is
held at a time, so memory does not grow with the photos. What is done to a photo comes from the seed and the bytes of
its file, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import KindName, StressSettings, severities_of
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError
from mekiki.evaluation.adversarial import fgsm, pgd
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.flips import Flips
from mekiki.progress import Task
from mekiki.records.manifest import Photo
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.damage.damaging import damaged
from mekiki.tensors.geometry import Picture, reduce, square

ADVERSARIAL: tuple[KindName, ...] = ("fgsm", "pgd")


class Asking:
    """One model being asked.

    Args:
        classifier: The model.
        root: The folder that photo paths are relative to.
        settings: Kinds, severities and seed.

    Attributes:
        clean: The class number that each photo was given undamaged.
        answers: Of each kind, for each photo the (severities,) class numbers that it was given.
        flips: Photos that flipped.
        samples: Of each kind the first photo, clean and at each severity.
    """

    def __init__(self, classifier: Classifier, root: Path, settings: StressSettings) -> None:
        self.classifier, self.root, self.settings = classifier, root, settings
        self.number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
        self.severities = {kind: severities_of(kind, settings.fine) for kind in settings.wanted}
        self.clean: list[int] = []
        self.answers: dict[KindName, list[NDArray[np.int64]]] = {kind: [] for kind in settings.wanted}
        self.samples: dict[KindName, Picture] = {}
        self.flips = Flips([str(name) for name in classifier.classes_])
        self.plain_kinds = [kind for kind in settings.wanted if kind not in ADVERSARIAL]

    def numbers(self, photos: Sequence[Photo]) -> NDArray[np.int64]:
        """Return the class number of each photo."""
        return np.array([self.number_of[photo.label] for photo in photos], dtype=np.int64)

    def plainly(self, photos: Sequence[Photo], task: Task) -> list[Photo]:
        """Ask about photos under all kinds that need no model, and return those that can be read."""
        read = []
        prepare = self._reading(self._all_damages)
        with closing(prepared_ahead([[photo] for photo in photos], prepare, self.classifier.settings.workers)) as ahead:
            for (photo,), (pictures,) in ahead:
                if isinstance(pictures, PictureError):
                    continue
                read.append(photo)
                chances = self._chances(pictures)
                self.clean.append(int(chances[0].argmax()))
                first = 1
                for kind in self.plain_kinds:
                    last = first + len(self.severities[kind])
                    self._note(photo, kind, pictures[0], pictures[first:last], chances[first:last], self.clean[-1])
                    first = last
                task.advance(len(pictures))
        return read

    def adversarially(self, photos: Sequence[Photo], task: Task) -> None:
        """Ask about photos that were changed against this very model."""
        wanted = [kind for kind in ADVERSARIAL if kind in self.answers]
        if not wanted:
            return
        size = self.classifier.settings.batch_size
        groups = [photos[start : start + size] for start in range(0, len(photos), size)]
        prepare = self._reading(lambda _, reduced: self._square(reduced))
        with closing(prepared_ahead(groups, prepare, self.classifier.settings.workers)) as ahead:
            for number, (group, prepared) in enumerate(ahead):
                clean = np.stack([self._still_readable(*pair) for pair in zip(group, prepared, strict=True)])
                answers = self.clean[number * size : number * size + len(group)]
                for kind in wanted:
                    self._attack(kind, group, clean, answers)
                    task.advance(len(group) * len(self.severities[kind]))

    def _attack(self, kind: KindName, photos: Sequence[Photo], clean: Picture, answers: Sequence[int]) -> None:
        levels, labels = [int(level) for level in self.severities[kind]], self.numbers(photos)
        if kind == "fgsm":
            found = fgsm(self.classifier, clean, labels, levels)
        else:
            found = pgd(self.classifier, clean, labels, levels, self.settings.pgd_steps)
        chances = np.stack([self._chances(pictures) for pictures in found], axis=1)
        changed = np.stack(found, axis=1)
        for photo, before, after, row, answer in zip(photos, clean, changed, chances, answers, strict=True):
            self._note(photo, kind, before, after, row, answer)

    def _note(
        self,
        photo: Photo,
        kind: KindName,
        before: Picture,
        after: Picture,
        chances: NDArray[np.float32],
        answer: int,
    ) -> None:
        """Keep what was said of one photo under one kind, (severities, classes), and whether and where it flipped."""
        said = chances.argmax(axis=1)
        self.answers[kind].append(said)
        if kind not in self.samples:
            self.samples[kind] = np.stack([before, *after])
        label = self.number_of[photo.label]
        wrong = np.flatnonzero(said != label)
        if answer == label and len(wrong):
            step = int(wrong[0])
            self.flips.add(kind, step, self.severities[kind][step], photo, chances[step], before, after[step])

    def _chances(self, pictures: Picture) -> NDArray[np.float32]:
        size = self.classifier.settings.batch_size
        parts = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        return np.concatenate([self.classifier.probabilities(part) for part in parts])

    def _square(self, reduced: Picture) -> Picture:
        preprocessing = self.classifier.card.preprocessing
        return square(reduced, preprocessing.image_size, preprocessing.fit)

    def _all_damages(self, photo: Photo, reduced: Picture) -> Picture:
        """Return the clean square and all its damages, (1 + all severities, size, size, 3)."""
        preprocessing, key = self.classifier.card.preprocessing, Key(self.settings.seed, (photo.sha256,))
        size, fit = preprocessing.image_size, preprocessing.fit
        plan = [(kind, severity) for kind in self.plain_kinds for severity in self.severities[kind]]
        return np.stack([self._square(reduced), *(damaged(reduced, *step, key, size, fit) for step in plan)])

    def _reading(self, prepare: Callable[[Photo, Picture], Picture]) -> Callable[[Photo], Picture | PictureError]:
        """Return what the threads do with a photo: read it, reduce it, prepare it."""
        preprocessing, limit = self.classifier.card.preprocessing, self.classifier.settings.max_megapixels
        size, fit = preprocessing.image_size, preprocessing.fit

        def read(photo: Photo) -> Picture | PictureError:
            try:
                picture = read_picture(self.root / photo.path, max_megapixels=limit, at_least=size)
            except PictureError as error:
                return error
            return prepare(photo, reduce(picture, size, fit))

        return read

    def _still_readable(self, photo: Photo, picture: Picture | PictureError) -> Picture:
        if isinstance(picture, PictureError):
            raise DataError(
                f"{self.root / photo.path} could be read a moment ago and cannot now: {picture.message}", "start again"
            )
        return picture
