"""The one training loop: epochs of augmented photos, and after each a look at the validation photos.

It owns no files: after each epoch it hands the figures, and whether they are the best so far, to its caller.
It never sees the test part.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from mekiki.config import AugmentSettings, TrainSettings
from mekiki.errors import TrainingError
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine
from mekiki.progress import Progress, Task
from mekiki.records.history import Epoch
from mekiki.seeds import stream, torch_seed
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.tensors.normalisation import normalise
from mekiki.training.optimiser import make_optimiser, rate_at, set_rate

CHECK_EVERY_STEPS = 10


@dataclass(frozen=True)
class Mean:
    """Means over some photos.

    Attributes:
        loss: Cross entropy.
        accuracy: Share right, 0..1.
    """

    loss: float
    accuracy: float


class Trainer:
    """One training under way: the model, its optimiser and how far it came.

    Args:
        model: Is changed in place.
        train_photos: What it learns from.
        val_photos: What chooses the best snapshot.
        settings: How.
        augmentation: Random changes to the training photos.
        machine: Where.
        progress: Where it reports to.
    """

    def __init__(
        self,
        model: PhotoClassifier,
        train_photos: PhotoSet,
        val_photos: PhotoSet,
        settings: TrainSettings,
        augmentation: AugmentSettings,
        machine: Machine,
        progress: Progress,
    ) -> None:
        self.model = model
        self.train_photos = train_photos
        self.val_photos = val_photos
        self.settings = settings
        self.augmentation = augmentation
        self.machine = machine
        self.progress = progress
        self.optimiser = make_optimiser(model, settings)
        self.class_weights = self._class_weights()
        self.step = 0

    def epochs(self) -> Generator[Epoch]:
        """Train; yield the figures of epoch 0 (before any step) and of each epoch, until done or out of patience.

        Raises:
            TrainingError: The loss is no finite number any more.
            DataError: A photo vanished.
        """
        with self.progress.task("train", self.settings.epochs * self._draws) as task:
            yield from self._epochs(task)

    def _epochs(self, task: Task) -> Generator[Epoch]:
        began = time.perf_counter()
        before = self.look()
        best, since_best = before, 0
        yield Epoch(0, None, None, before.loss, before.accuracy, 0.0, 0.0, time.perf_counter() - began, True)
        for number in range(1, self.settings.epochs + 1):
            epoch_began = time.perf_counter()
            order = self._order(number)
            trained = self._train_one(number, order, task)
            speed = sum(len(batch) for batch in order) / (time.perf_counter() - epoch_began)
            seen = self.look()
            is_best = (seen.accuracy, -seen.loss) > (best.accuracy, -best.loss)
            best, since_best = (seen, 0) if is_best else (best, since_best + 1)
            rate = rate_at(self.step - 1, self._total_steps(), self.settings)
            seconds = time.perf_counter() - began
            yield Epoch(number, trained.loss, trained.accuracy, seen.loss, seen.accuracy, rate, speed, seconds, is_best)
            if since_best >= self.settings.patience:
                self.progress.say(f"no better validation for {since_best} epochs: stopped early")
                return

    def look(self) -> Mean:
        """Return loss and accuracy on the validation photos."""
        self.model.eval()
        loss, right = 0.0, 0
        with torch.inference_mode():
            for batch in self.val_photos.plain_batches(self.settings.batch_size, self.settings.workers):
                logits, labels = self._logits(batch)
                loss += float(cross_entropy(logits, labels, reduction="sum"))
                right += int((logits.argmax(1) == labels).sum())
        return Mean(loss / len(self.val_photos), right / len(self.val_photos))

    def _train_one(self, number: int, order: list[list[int]], task: Task) -> Mean:
        self._set_training_mode()
        draws = sum(len(batch) for batch in order)
        loss_sum = torch.zeros((), device=self.machine.device)
        right = torch.zeros((), device=self.machine.device, dtype=torch.long)
        batches = self.train_photos.augmented_batches(
            order, self.augmentation, self.settings.seed, number, self.settings.workers
        )
        with closing(batches), torch.random.fork_rng(devices=self._forked()):
            torch.manual_seed(torch_seed(self.settings.seed, "layers", number))
            for index, batch in enumerate(batches):
                loss, hits = self._step(batch)
                loss_sum += loss * len(batch.labels)
                right += hits
                if index % CHECK_EVERY_STEPS == 0:
                    note = f"epoch {number}/{self.settings.epochs} loss {self._finite(loss, number, index):.3f}"
                task.advance(len(batch.labels), note)
        return Mean(self._finite(loss_sum / draws, number, len(order) - 1), int(right) / draws)

    def _set_training_mode(self) -> None:
        """Set training mode; batch norms of the backbone keep their pretrained statistics if they are to be frozen."""
        self.model.train()
        if self.settings.batch_norm == "frozen":
            for module in self.model.backbone.modules():
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def _step(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        set_rate(self.optimiser, rate_at(self.step, self._total_steps(), self.settings))
        logits, labels = self._logits(batch)
        loss = self._loss(logits, labels, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step += 1
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the mean cross entropy; of a picture of two photos both labels count, by their shares."""
        smoothing = self.settings.label_smoothing
        if not batch.is_mixed:
            return cross_entropy(logits, labels, weight=self.class_weights, label_smoothing=smoothing)
        others = torch.from_numpy(batch.others).to(self.machine.device)
        shares = torch.from_numpy(batch.shares).to(self.machine.device)
        total, weight = logits.new_zeros(()), logits.new_zeros(())
        for targets, part in ((labels, shares), (others, 1 - shares)):
            single = cross_entropy(
                logits, targets, weight=self.class_weights, label_smoothing=smoothing, reduction="none"
            )
            total = total + (part * single).sum()
            weight = weight + (part if self.class_weights is None else part * self.class_weights[targets]).sum()
        return total / weight

    def _logits(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.from_numpy(batch.labels).to(self.machine.device)
        with self.machine.precision():
            logits = self.model(normalise(batch.pictures, self.train_photos.preprocessing, self.machine.device))
        return logits.float(), labels

    def _finite(self, loss: torch.Tensor, number: int, index: int) -> float:
        value = float(loss)
        if not np.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in epoch {number}, step {index + 1}: "
                f"the learning rate {self.settings.learning_rate:g} is too high for this network",
                f"--learning-rate {self.settings.learning_rate / 10:g}",
            )
        return value

    @property
    def _draws(self) -> int:
        """Photos drawn in one epoch."""
        if self.settings.steps_per_epoch is None:
            return len(self.train_photos)
        return self.settings.steps_per_epoch * self.settings.batch_size

    def _total_steps(self) -> int:
        full, rest = divmod(self._draws, self.settings.batch_size)
        return self.settings.epochs * (full + (rest > 1))

    def _order(self, number: int) -> list[list[int]]:
        """Return the draws of one epoch in batches; a last batch of one photo is dropped (batch norm needs two)."""
        size, photos = self.settings.batch_size, len(self.train_photos)
        draws: list[int] = []
        for passage in range(-(-self._draws // photos)):
            shuffled = stream(self.settings.seed, "order", number, passage).permutation(photos)
            draws += [int(photo) + passage * photos for photo in shuffled]
        draws = draws[: self._draws]
        batches = [draws[start : start + size] for start in range(0, len(draws), size)]
        return [batch for batch in batches if len(batch) > 1]

    def _class_weights(self) -> torch.Tensor | None:
        if not self.settings.class_weights:
            return None
        counts: NDArray[np.int64] = np.bincount(self.train_photos.labels)
        weights = len(self.train_photos) / (len(counts) * counts)
        return torch.tensor(weights, dtype=torch.float32, device=self.machine.device)

    def _forked(self) -> list[int]:
        return [self.machine.device.index or 0] if self.machine.device.type == "cuda" else []
