"""A teacher's answers to the photos that its student learns from, changed as the student sees them.

The changes come from counters, so the same draw is the same change for both, each at its own size and with its own
preprocessing. A set of changes that comes again (``DistillSettings.variants``) has its answers already: the teacher,
mostly the larger network of the two, is asked about each changed photo once.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015; Beyer et al., "Knowledge
distillation: A good teacher is patient and consistent", CVPR 2022 (teacher and student see the same changed photo).
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mekiki.config import AugmentSettings, TrainSettings
from mekiki.files import write_bytes
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine
from mekiki.model.folding import folded
from mekiki.progress import Progress
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.order import draws_of_epoch

KEY, MARK = "logits", "fingerprint"


class Teacher:
    """What a trained model says of changed photos, epoch by epoch.

    Args:
        model: The teacher; is not changed.
        normaliser: Its own; on the machine's device.
        machine: Where it is asked.
        photos: The student's training photos; their labels are not looked at.
        settings: Of the student's training: seed, batches, threads.
        augmentation: Random changes to the training photos.
        variants: Sets of changes that the epochs take in turn; 0: new ones in every epoch.
        folder: Keeps the answers until training is done, for a student that goes on.
        fingerprint: Of teacher, photos and settings; answers of another are not used.
        progress: Where to report to.
    """

    def __init__(
        self,
        model: PhotoClassifier,
        normaliser: Normaliser,
        machine: Machine,
        photos: PhotoSet,
        settings: TrainSettings,
        augmentation: AugmentSettings,
        variants: int,
        folder: Path,
        fingerprint: str,
        progress: Progress,
    ) -> None:
        self.photos = photos.prepared_as(normaliser.preprocessing)
        self._network = folded(model.eval(), normaliser.preprocessing.image_size)
        self._normaliser = normaliser
        self._machine = machine
        self._settings = settings
        self._augmentation = augmentation
        self._variants = variants
        self._folder = folder
        self._fingerprint = fingerprint
        self._progress = progress
        self._answers: dict[int, NDArray[np.float32]] = {}

    def counter_of(self, epoch: int) -> int:
        """Return which set of changes an epoch has, from 1; what the student draws by, too."""
        return (epoch - 1) % self._variants + 1 if self._variants else epoch

    def beside(self, batches: Iterable[Batch], order: Sequence[Sequence[int]], epoch: int) -> Generator[Batch]:
        """Yield the student's batches, each with the teacher's answers to its photos.

        Args:
            batches: Of changed photos.
            order: The draws of each batch.
            epoch: Counted from 1.
        """
        answers = self.answers(epoch)
        for batch, draws in zip(batches, order, strict=False):
            yield replace(batch, answers=answers[draws])

    def look_ahead(self, first: int, last: int) -> None:
        """Let the teacher look at all sets of changes that come again; if they do not, at those of the first epoch.

        Args:
            first: Epoch that comes now, from 1.
            last: Epoch.
        """
        counters = range(1, min(self._variants, last) + 1) if self._variants else (first,)
        for counter in counters if first <= last else ():
            self.answers(counter)

    def answers(self, epoch: int) -> NDArray[np.float32]:
        """Return the logits of all draws of an epoch, (draws, classes); the teacher is asked if that is new.

        Raises:
            DataError: A photo vanished.
        """
        counter = self.counter_of(epoch)
        if counter not in self._answers:
            if not self._variants:
                self._answers.clear()
            self._answers[counter] = self._recall(counter)
        return self._answers[counter]

    def _recall(self, counter: int) -> NDArray[np.float32]:
        path = self._folder / f"{counter:05}.safetensors"
        with contextlib.suppress(OSError, SafetensorError), safe_open(path, "numpy") as kept:
            if (kept.metadata() or {}).get(MARK) == self._fingerprint:
                answers: NDArray[np.float32] = kept.get_tensor(KEY)
                return answers
        found = self._ask(counter)
        if not self._variants:
            forget(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, save({KEY: found}, {MARK: self._fingerprint}))
        return found

    @property
    def _draws(self) -> int:
        """How many draws an epoch has, in whole passes over the photos."""
        return -(-draws_of_epoch(len(self.photos), self._settings) // len(self.photos)) * len(self.photos)

    def _ask(self, counter: int) -> NDArray[np.float32]:
        size, settings = self._settings.batch_size, self._settings
        draws = range(self._draws)
        order = [list(draws[start : start + size]) for start in range(0, len(draws), size)]
        batches = self.photos.augmented_batches(order, self._augmentation, settings.seed, counter, settings.workers)
        found = []
        with self._progress.task("the teacher looks", len(draws)) as task, closing(batches):
            for batch in batches:
                with torch.inference_mode(), self._machine.precision():
                    logits = self._network(self._normaliser(batch.pictures))
                found.append(logits.float().cpu().numpy())
                task.advance(len(batch.labels))
        return np.concatenate(found)


def forget(folder: Path) -> None:
    """Remove the answers that a teacher left."""
    for path in folder.glob("*.safetensors"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
