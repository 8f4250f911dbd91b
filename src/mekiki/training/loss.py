"""What training makes small: cross entropy of one or two labels a picture, classes weighed or not.

It gives sums, not means: what is learnt from several batches, or by several processes, is divided once, by the weight
of all photos of the step.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from mekiki.tensors.loading import Batch


def balanced_weights(labels: NDArray[np.int64], device: torch.device) -> Tensor:
    """Return each class's weight, (classes,): the inverse of its share of the photos, divided by the classes.

    Args:
        labels: (n,) class numbers of the training photos; every class occurs.
        device: Where the weights go.
    """
    counts: NDArray[np.int64] = np.bincount(labels)
    return torch.tensor(len(labels) / (len(counts) * counts), dtype=torch.float32, device=device)


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
