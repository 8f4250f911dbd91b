"""The one training loop: epochs of augmented photos, and after each a look at the validation photos.

After each epoch it hands the figures, and whether they are the best so far, to its caller; then it keeps how far it
came in a checkpoint. Whatever is random comes from the seed and the step, so that a training that goes on from there
takes the same course to the last bit. It never sees the test part.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import cast

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
from mekiki.tensors.augmentation.batched import runs_batched
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.checkpoint import Checkpoints, Reached
from mekiki.training.optimiser import average_of, make_optimiser, rate_at, set_rate

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
        normaliser: Turns pictures into the network's input; on the machine's device.
        progress: Where it reports to.
        checkpoints: Where it keeps how far it came; if there is something already, it goes on from there.

    Attributes:
        finished: Figures of the epochs so far.
    """

    def __init__(
        self,
        model: PhotoClassifier,
        train_photos: PhotoSet,
        val_photos: PhotoSet,
        settings: TrainSettings,
        augmentation: AugmentSettings,
        machine: Machine,
        normaliser: Normaliser,
        progress: Progress,
        checkpoints: Checkpoints,
    ) -> None:
        self.model = model
        self.train_photos = train_photos
        self.val_photos = val_photos
        self.settings = settings
        self.augmentation = augmentation
        self.machine = machine
        self.normaliser = normaliser
        self.progress = progress
        self.optimiser = make_optimiser(model, settings)
        self.class_weights = self._class_weights()
        self.average = average_of(model, settings.average) if settings.average else None
        self.checkpoints = checkpoints
        reached = checkpoints.read(self._modules(), self.optimiser) or Reached(0, 0, 0.0, 0, 0.0, ())
        self.finished = list(reached.epochs)
        self.step, self._batch = reached.step, reached.batch
        self._loss_sum, self._right = reached.loss_sum, reached.right
        self._began = time.perf_counter() - reached.seconds

    def epochs(self) -> Generator[Epoch]:
        """Train; yield the figures of epoch 0 (before any step) and of each epoch, until done or out of patience.

        An epoch counts as reached when its caller asks for the next one.

        Raises:
            TrainingError: The loss is no finite number any more.
            DataError: A photo vanished.
            RunError: The checkpoint cannot be written.
        """
        with self.progress.task("train", self.settings.epochs * self._draws) as task:
            task.advance(min(self.step, self._total_steps()) * self.settings.batch_size)
            while len(self.finished) <= self.settings.epochs:
                since_best = self._since_best()
                if since_best >= self.settings.patience:
                    self.progress.say(f"no better validation for {since_best} epochs: stopped early")
                    return
                self.finished.append(self._first() if not self.finished else self._next(len(self.finished), task))
                yield self.finished[-1]
                self._keep()

    def _first(self) -> Epoch:
        before = self.look()
        return Epoch(0, None, None, before.loss, before.accuracy, 0.0, 0.0, self._seconds(), True)

    def _next(self, number: int, task: Task) -> Epoch:
        began, order, done = time.perf_counter(), self._order(number), self._batch
        trained = self._train_one(number, order, task)
        speed = sum(len(batch) for batch in order[done:]) / (time.perf_counter() - began)
        seen = self.look()
        best = max((epoch for epoch in self.finished if epoch.best), key=lambda epoch: epoch.epoch)
        is_best = (seen.accuracy, -seen.loss) > (best.val_accuracy, -best.val_loss)
        rate = rate_at(self.step - 1, self._total_steps(), self.settings)
        loss, accuracy = trained.loss, trained.accuracy
        return Epoch(number, loss, accuracy, seen.loss, seen.accuracy, rate, speed, self._seconds(), is_best)

    def _since_best(self) -> int:
        bests = [epoch.epoch for epoch in self.finished if epoch.best]
        return self.finished[-1].epoch - bests[-1] if bests else 0

    def _seconds(self) -> float:
        return time.perf_counter() - self._began

    def _keep(self) -> None:
        """Write how far it came."""
        reached = Reached(self.step, self._batch, self._loss_sum, self._right, self._seconds(), tuple(self.finished))
        self.checkpoints.write(self._modules(), self.optimiser, reached)

    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"model": self.model} if self.average is None else {"model": self.model, "average": self.average}

    @property
    def judged(self) -> PhotoClassifier:
        """The model that validation judges and that is kept: the one that learns, or its running average."""
        if self.average is None:
            return self.model
        return cast(PhotoClassifier, self.average.module)

    def first_batch(self) -> Batch | None:
        """Return the batch that the first step of training sees; nothing else changes by it. None: there is no step."""
        order = self._order(1)[:1] if self.settings.epochs else []
        batches = self.train_photos.augmented_batches(
            order, self.augmentation, self.settings.seed, 1, self.settings.workers, self._augmenting_device()
        )
        with closing(batches):
            return next(batches, None)

    def look(self) -> Mean:
        """Return loss and accuracy on the validation photos."""
        model = self.judged.eval()
        loss, right = 0.0, 0
        with torch.inference_mode():
            for batch in self.val_photos.plain_batches(self.settings.batch_size, self.settings.workers):
                logits, labels = self._logits(model, batch)
                loss += float(cross_entropy(logits, labels, reduction="sum"))
                right += int((logits.argmax(1) == labels).sum())
        return Mean(loss / len(self.val_photos), right / len(self.val_photos))

    def _train_one(self, number: int, order: list[list[int]], task: Task) -> Mean:
        self._set_training_mode()
        draws = sum(len(batch) for batch in order)
        loss_sum = torch.tensor(self._loss_sum, device=self.machine.device)
        right = torch.tensor(self._right, device=self.machine.device)
        batches = self.train_photos.augmented_batches(
            order[self._batch :],
            self.augmentation,
            self.settings.seed,
            number,
            self.settings.workers,
            self._augmenting_device(),
        )
        note = ""
        with closing(batches), torch.random.fork_rng(devices=self._forked()):
            for batch in batches:
                torch.manual_seed(torch_seed(self.settings.seed, "layers", self.step))
                loss, hits = self._step(batch)
                loss_sum += loss * len(batch.labels)
                right += hits
                if not note or self._batch % CHECK_EVERY_STEPS == 0:
                    note = f"epoch {number}/{self.settings.epochs} loss {self._finite(loss, number, self._batch):.3f}"
                task.advance(len(batch.labels), note)
                self._batch += 1
                if self.checkpoints.is_due:
                    self._loss_sum, self._right = float(loss_sum), int(right)
                    self._keep()
        mean = Mean(self._finite(loss_sum / draws, number, len(order) - 1), int(right) / draws)
        self._batch, self._loss_sum, self._right = 0, 0.0, 0
        return mean

    def _set_training_mode(self) -> None:
        """Set training mode; batch norms of the backbone keep their pretrained statistics if they are to be frozen."""
        self.model.train()
        if self.settings.batch_norm == "frozen":
            for module in self.model.backbone.modules():
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def _step(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        set_rate(self.optimiser, rate_at(self.step, self._total_steps(), self.settings))
        logits, labels = self._logits(self.model, batch)
        loss = self._loss(logits, labels, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
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

    def _logits(self, model: PhotoClassifier, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.from_numpy(batch.labels).to(self.machine.device)
        with self.machine.precision():
            logits = model(self.normaliser(batch.pictures))
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

    def _augmenting_device(self) -> torch.device | None:
        """Return where whole batches are changed; None: the threads change photo by photo."""
        wanted, device = self.settings.augment_on, self.machine.device
        if wanted == "auto":
            wanted = "device" if device.type == "cuda" and runs_batched(self.augmentation) else "cpu"
        return device if wanted == "device" else None

    def _forked(self) -> list[int]:
        return [self.machine.device.index or 0] if self.machine.device.type == "cuda" else []
