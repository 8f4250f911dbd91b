"""The model while it learns: one step from some batches, and a look at the validation photos.

It owns model, optimiser and running average, and knows of the device and of the other processes. A step's gradient is
that of the sum over all its photos, divided once: so it does not matter into how many batches the photos are divided,
or among how many processes. It knows nothing of epochs, order or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mekiki.config import TrainSettings
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.device import Machine, compiles, machine_to_learn
from mekiki.model.folding import folded
from mekiki.seeds import torch_seed
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.distributed import Team
from mekiki.training.loss import Loss
from mekiki.training.norms import share_norms
from mekiki.training.optimiser import average_of, make_optimiser, rate_at, set_rate


@dataclass(frozen=True)
class Mean:
    """Means over some photos.

    Attributes:
        loss: Cross entropy.
        accuracy: Share right, 0..1.
    """

    loss: float
    accuracy: float


class Learner:
    """A model that learns.

    Args:
        model: Is changed in place; of several processes all begin with the first one's weights.
        settings: How.
        machine: Where.
        normaliser: Turns pictures into the network's input; on the machine's device.
        loss: What it makes small.
        team: The processes that learn together.
    """

    def __init__(
        self,
        model: PhotoClassifier,
        settings: TrainSettings,
        machine: Machine,
        normaliser: Normaliser,
        loss: Loss,
        team: Team,
    ) -> None:
        self.model = model
        self.settings = settings
        self.machine = machine
        self._learning = machine_to_learn(machine, settings.precision, model)
        self.normaliser = normaliser
        self.team = team
        self.loss = loss
        if team.size > 1 and settings.batch_norm == "trained":
            model.backbone = share_norms(model.backbone, machine.device)
        self._together: Any = team.together(model)
        self._network: Any = self._together
        if compiles(settings.compile, machine):
            self._network = torch.compile(self._together)
        self.optimiser = make_optimiser(model, settings)
        self.average = average_of(model, settings.average) if settings.average else None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """All that has weights or buffers, by name."""
        return {"model": self.model} if self.average is None else {"model": self.model, "average": self.average}

    @property
    def judged(self) -> PhotoClassifier:
        """The model that validation judges and that is kept: the one that learns, or its running average."""
        return self.model if self.average is None else cast(PhotoClassifier, self.average.module)

    def prepare(self) -> None:
        """Set training mode; batch norms of the backbone keep their pretrained statistics if they are to be frozen."""
        self.model.train()
        if self.settings.batch_norm == "frozen":
            for module in self.model.backbone.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def step(self, batches: Iterator[Batch], sizes: Sequence[int], number: int, total: int) -> tuple[Tensor, Tensor]:
        """Take one step of the optimiser.

        Args:
            batches: This process's share of each batch of the step; they are taken one after the other.
            sizes: Photos of each of these batches, over all processes.
            number: Of the step, from 0.
            total: Steps of the whole training.

        Returns:
            The mean loss of the step's photos, and how many of them were right; over all processes.
        """
        set_rate(self.optimiser, rate_at(number, total, self.settings))
        self.optimiser.zero_grad(set_to_none=True)
        photos, sums = sum(sizes), torch.zeros(3, device=self.machine.device)
        for part, (size, batch) in enumerate(zip(sizes, batches, strict=False)):
            torch.manual_seed(self._seed(number, part))
            last = part == len(sizes) - 1
            sums += self._learn(batch, photos, counts=size > self.team.rank, last=last)
        loss, weight, right = self.team.total(sums)
        if self.loss.weighs:
            self._scale(photos / weight)
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        return loss / weight, right

    def _learn(self, batch: Batch, photos: int, counts: bool, last: bool) -> Tensor:
        """Add a batch's share to the gradients; return its summed loss, its weight and how many were right.

        torch divides the sum over the processes by their number, hence the factor. Where there were fewer photos than
        processes, a process without one looks at another's, which does not count.
        """
        alone = self.team.size == 1 or last
        with nullcontext() if alone else self._together.no_sync():
            logits = self._logits(self._network, batch, self._learning)
            loss, weight = self.loss(logits, batch)
            (loss * (float(counts) * self.team.size / photos)).backward()  # type: ignore[no-untyped-call]
        right = (logits.detach().argmax(1) == torch.from_numpy(batch.truth).to(logits.device)).sum()
        return torch.stack([loss.detach(), weight, right.float()]) * float(counts)

    def _scale(self, factor: Tensor) -> None:
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def _seed(self, number: int, part: int) -> int:
        """Return the seed of what layers draw at random: another for each batch of a step, and for each process."""
        place = (part, self.team.rank) if part or self.team.rank else ()
        return torch_seed(self.settings.seed, "layers", number, *place)

    def _logits(self, network: Any, batch: Batch, machine: Machine) -> Tensor:
        with machine.precision():
            logits: Tensor = network(self.normaliser(batch.pictures))
        return logits.float()

    def look(self, photos: PhotoSet) -> Mean:
        """Return loss and accuracy on photos as they are; the processes share them out."""
        model = folded(self.judged.eval(), photos.preprocessing.image_size)
        loss, right = 0.0, 0.0
        batches = photos.plain_batches(self.settings.batch_size, self.settings.workers, self.team.rank, self.team.size)
        with torch.inference_mode():
            for batch in batches:
                logits = self._logits(model, batch, self.machine)
                labels = torch.from_numpy(batch.labels).to(logits.device)
                loss += float(cross_entropy(logits, labels, reduction="sum"))
                right += float((logits.argmax(1) == labels).sum())
        loss, right = self.team.total(torch.tensor([loss, right], dtype=torch.float64)).tolist()
        return Mean(loss / len(photos), right / len(photos))
