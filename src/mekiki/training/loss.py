"""What training makes small: cross entropy of one or two labels a picture, or the distance from a teacher's answers.

It gives sums, not means: what is learnt from several batches, or by several processes, is divided once, by the weight
of all photos of the step.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, softmax

from mekiki.tensors.loading import UNLABELLED, Batch


def balanced_weights(labels: NDArray[np.int64], device: torch.device) -> Tensor:
    """Return each class's weight, (classes,): the inverse of its share of the photos, divided by the classes.

    Args:
        labels: (n,) class numbers of the training photos; every class occurs.
        device: Where the weights go.
    """
    counts: NDArray[np.int64] = np.bincount(labels)
    return torch.tensor(len(labels) / (len(counts) * counts), dtype=torch.float32, device=device)


class Loss(Protocol):
    """Sums what the photos of a batch cost, and the weight that makes a mean of it."""

    @property
    def weighs(self) -> bool:
        """Whether the weight is another than the number of photos."""

    def __call__(self, logits: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the sum and the weight, without dimension, of n photos; the logits are (n, classes) float32."""


class SummedLoss:
    """Sum of the cross entropies of a batch, and the weight that makes a mean of it.

    Args:
        smoothing: Share of each label that is spread over all classes, 0..1.
        class_weights: (classes,); None: all count 1.

    Source: Zhang et al., "mixup", ICLR 2018: of a picture of two photos both labels count, by their shares.
    """

    def __init__(self, smoothing: float, class_weights: Tensor | None) -> None:
        self.smoothing = smoothing
        self.class_weights = class_weights

    @property
    def weighs(self) -> bool:
        """Whether the weight is another than the number of photos."""
        return self.class_weights is not None

    def __call__(self, logits: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the sum and the weight, both without dimension.

        Args:
            logits: (n, classes) float32.
            batch: The n photos.
        """
        labels = torch.from_numpy(batch.labels).to(logits.device)
        if not batch.is_mixed:
            return self._single(logits, labels, "sum"), self._weight(labels, torch.ones_like(logits[:, 0]))
        others = torch.from_numpy(batch.others).to(logits.device)
        shares = torch.from_numpy(batch.shares).to(logits.device)
        total, weight = logits.new_zeros(()), logits.new_zeros(())
        for targets, part in ((labels, shares), (others, 1 - shares)):
            total = total + (part * self._single(logits, targets, "none")).sum()
            weight = weight + self._weight(targets, part)
        return total, weight

    def _single(self, logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
        return cross_entropy(
            logits, targets, weight=self.class_weights, label_smoothing=self.smoothing, reduction=reduction
        )

    def _weight(self, targets: Tensor, part: Tensor) -> Tensor:
        return (part if self.class_weights is None else part * self.class_weights[targets]).sum()


class ImitationLoss:
    """Distance from a teacher's answers and, for a part of it, from the true labels.

    For a photo with labels ``hard · labels + (1 - hard) · t² · cross entropy of the answers``, where the logits of
    answer and student are divided by the temperature t; for one without, the second alone. The answers' own entropy
    is left out: it teaches nothing.

    Args:
        labels: The loss of the true labels; a sum over photos.
        temperature: t, above 0.
        hard: The labels' share, 0..1.

    Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2.
    """

    weighs = False

    def __init__(self, labels: Loss, temperature: float, hard: float) -> None:
        self.labels = labels
        self.temperature = temperature
        self.hard = hard

    def __call__(self, logits: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the sum and the number of photos, both without dimension.

        Args:
            logits: (n, classes) float32.
            batch: The n photos, with the teacher's answers.
        """
        assert batch.answers is not None
        answers = torch.from_numpy(batch.answers).to(logits.device)
        targets = softmax(answers / self.temperature, dim=1)
        soft = cross_entropy(logits / self.temperature, targets, reduction="none") * self.temperature**2
        known = (batch.labels != UNLABELLED) & (batch.others != UNLABELLED)
        labelled = torch.from_numpy(known).to(logits.device)
        total = (soft * torch.where(labelled, 1 - self.hard, 1.0)).sum()
        if known.any():
            part = Batch(batch.pictures, batch.labels[known], batch.others[known], batch.shares[known])
            total = total + self.hard * self.labels(logits[labelled], part)[0]
        return total, logits.new_tensor(float(len(logits)))
