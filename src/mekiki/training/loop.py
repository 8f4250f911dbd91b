"""The one training loop: epochs of augmented photos, and after each a look at the validation photos.

After each epoch it hands the figures, and whether they are the best so far, to its caller; then it keeps how far it
came in a checkpoint. Whatever is random comes from the seed and the step, so that a training that goes on from there
takes the same course to the last bit. Of several processes each runs this loop and comes to the same figures; the first
alone writes. It never sees the test part.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing

import numpy as np
import torch

from mekiki.config import AugmentSettings, TrainSettings
from mekiki.errors import TrainingError
from mekiki.progress import Progress, Task
from mekiki.records.history import Epoch
from mekiki.tensors.augmentation.batched import only_on_cpu
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.training.checkpoint import Checkpoints, Reached
from mekiki.training.growing import last_size_of, size_of_epoch
from mekiki.training.learner import Learner, Mean
from mekiki.training.optimiser import rate_at
from mekiki.training.order import Batches, count_steps, draws_of_epoch, steps_of_epoch
from mekiki.training.teacher import Teacher

CHECK_EVERY_STEPS = 10


class Trainer:
    """One training under way: what learns, and how far it came.

    Args:
        learner: The model that learns.
        train_photos: What it learns from.
        val_photos: What chooses the best snapshot.
        settings: How.
        augmentation: Random changes to the training photos.
        progress: Where it reports to.
        checkpoints: Where it keeps how far it came; if there is something already, it goes on from there.
        teacher: Whose answers are learnt from; None: the labels alone are.

    Attributes:
        finished: Figures of the epochs so far.
    """

    def __init__(
        self,
        learner: Learner,
        train_photos: PhotoSet,
        val_photos: PhotoSet,
        settings: TrainSettings,
        augmentation: AugmentSettings,
        progress: Progress,
        checkpoints: Checkpoints,
        teacher: Teacher | None = None,
    ) -> None:
        self.learner = learner
        self.train_photos = train_photos
        self.last_size = last_size_of(settings, train_photos.preprocessing.image_size)
        self.val_photos = val_photos.at_size(self.last_size)
        self.settings = settings
        self.augmentation = augmentation
        self.progress = progress
        self.checkpoints = checkpoints
        self.teacher = teacher
        reached = checkpoints.read(learner.modules, learner.optimiser) or Reached(0, 0, 0.0, 0, 0.0, ())
        self.finished = list(reached.epochs)
        self.step, self._done = reached.step, reached.batch
        self._loss_sum, self._right = reached.loss_sum, reached.right
        self._began = time.perf_counter() - reached.seconds
        self._total = count_steps(len(train_photos), settings)

    def epochs(self) -> Generator[Epoch]:
        """Train; yield the figures of epoch 0 (before any step) and of each epoch, until done or out of patience.

        An epoch counts as reached when its caller asks for the next one.

        Raises:
            TrainingError: The loss is no finite number any more.
            DataError: A photo vanished.
            RunError: The checkpoint cannot be written.
        """
        if self.teacher is not None:
            self.teacher.look_ahead(max(1, len(self.finished)), self.settings.epochs)
        with self.progress.task(
            "train", self.settings.epochs * draws_of_epoch(len(self.train_photos), self.settings)
        ) as task:
            task.advance(min(self.step, self._total) * self.settings.batch_size * self.settings.accumulate)
            while len(self.finished) <= self.settings.epochs:
                since_best = self._since_best()
                if since_best >= self.settings.patience:
                    self.progress.say(f"no better validation for {since_best} epochs: stopped early")
                    return
                self.finished.append(self._first() if not self.finished else self._next(len(self.finished), task))
                yield self.finished[-1]
                self._keep()

    def _first(self) -> Epoch:
        before = self.learner.look(self.val_photos)
        return Epoch(0, None, None, before.loss, before.accuracy, 0.0, 0.0, self._seconds(), True)

    def _next(self, number: int, task: Task) -> Epoch:
        if self.teacher is not None:
            self.teacher.answers(number)  # before the student's time is taken
        began, steps = time.perf_counter(), steps_of_epoch(len(self.train_photos), number, self.settings)
        done = self._done
        trained = self._train_one(number, steps, task)
        speed = sum(map(_photos, steps[done:])) / (time.perf_counter() - began)
        seen = self.learner.look(self.val_photos)
        self._finite(torch.tensor(seen.loss), number, len(steps) - 1)
        best = max((epoch for epoch in self.finished if epoch.best), key=lambda epoch: epoch.epoch)
        is_best = (seen.accuracy, -seen.loss) > (best.val_accuracy, -best.val_loss)
        rate = rate_at(self.step - 1, self._total, self.settings)
        loss, accuracy = trained.loss, trained.accuracy
        return Epoch(number, loss, accuracy, seen.loss, seen.accuracy, rate, speed, self._seconds(), is_best)

    def _since_best(self) -> int:
        bests = [epoch.epoch for epoch in self.finished if epoch.best]
        return self.finished[-1].epoch - bests[-1] if bests else 0

    def _seconds(self) -> float:
        return time.perf_counter() - self._began

    def _keep(self) -> None:
        """Write how far it came; the first process does it for all."""
        reached = Reached(self.step, self._done, self._loss_sum, self._right, self._seconds(), tuple(self.finished))
        if self.learner.team.is_first:
            self.checkpoints.write(self.learner.modules, self.learner.optimiser, reached)

    def first_batch(self) -> Batch | None:
        """Return the batch that the first step of training sees; nothing else changes by it. None: there is no step."""
        steps = steps_of_epoch(len(self.train_photos), 1, self.settings) if self.settings.epochs else []
        with closing(self._batches([step[0] for step in steps[:1]], 1)) as batches:
            return next(batches, None)

    def _batches(self, draws: Batches, number: int) -> Generator[Batch]:
        """Yield augmented photos of one epoch."""
        settings = self.settings
        size = size_of_epoch(number, settings.epochs, settings.first_size, self.last_size)
        photos, counter = self.train_photos.at_size(size), self.teacher.counter_of(number) if self.teacher else number
        return photos.augmented_batches(
            draws, self.augmentation, settings.seed, counter, settings.workers, self._augmenting_device()
        )

    def _train_one(self, number: int, steps: list[Batches], task: Task) -> Mean:
        self.learner.prepare()
        device, team = self.learner.machine.device, self.learner.team
        loss_sum, right = torch.tensor(self._loss_sum, device=device), torch.tensor(self._right, device=device)
        own = [list(team.share(batch)) or batch[:1] for step in steps[self._done :] for batch in step]
        note = ""
        with closing(self._batches(own, number)) as batches, torch.random.fork_rng(devices=self._forked()):
            learnt = batches if self.teacher is None else self.teacher.beside(batches, own, number)
            for step in steps[self._done :]:
                loss, hits = self.learner.step(learnt, [len(batch) for batch in step], self.step, self._total)
                loss_sum += loss * _photos(step)
                right += hits.to(right.dtype)
                if not note or self._done % CHECK_EVERY_STEPS == 0:
                    note = f"epoch {number}/{self.settings.epochs} loss {self._finite(loss, number, self._done):.3f}"
                task.advance(_photos(step), note)
                self.step, self._done = self.step + 1, self._done + 1
                if team.is_first and self.checkpoints.is_due:
                    self._loss_sum, self._right = float(loss_sum), int(right)
                    self._keep()
        draws = sum(map(_photos, steps))
        mean = Mean(self._finite(loss_sum / draws, number, len(steps) - 1), int(right) / draws)
        self._done, self._loss_sum, self._right = 0, 0.0, 0
        return mean

    def _finite(self, loss: torch.Tensor, number: int, index: int) -> float:
        value = float(loss)
        if not np.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in epoch {number}, step {index + 1}: "
                f"the learning rate {self.settings.learning_rate:g} is too high for this network",
                f"--learning-rate {self.settings.learning_rate / 10:g}",
            )
        return value

    def _augmenting_device(self) -> torch.device | None:
        """Return where whole batches are changed; None: the threads change photo by photo."""
        wanted, device = self.settings.augment_on, self.learner.machine.device
        if wanted == "auto":
            wanted = "device" if device.type == "cuda" and not only_on_cpu(self.augmentation) else "cpu"
        return device if wanted == "device" else None

    def _forked(self) -> list[int]:
        device = self.learner.machine.device
        if device.type != "cuda":
            return []
        return [torch.cuda.current_device() if device.index is None else device.index]


def _photos(step: Sequence[Sequence[int]]) -> int:
    return sum(map(len, step))
