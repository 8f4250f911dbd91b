"""From a batch of pictures to the network's input: the only place that normalises.

Everything that feeds a network does so through a ``Normaliser``: training, head start, prediction, heat maps. It is
made from the model card (and the whitening beside it); what has to be measured first is measured in ``fitting.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mekiki.records.card import Preprocessing
from mekiki.tensors.whitening import Whitening, read_whitening, write_whitening

LEAST_STD = 1e-6


class Normaliser(nn.Module):
    """Pictures to the network's input, in float32, on the device that the module is on.

    Args:
        preprocessing: What to do; its mean and std are for pictures in 0..1.
        whitening: What zca_whitening was fitted to.

    Attributes:
        preprocessing: As given.
        whitening: Whether pictures are whitened.

    Source: Keras' ImageDataGenerator.standardize with rescale = 1/255.
    """

    mean: Tensor
    std: Tensor
    basis: Tensor
    gains: Tensor

    def __init__(self, preprocessing: Preprocessing, whitening: Whitening | None = None) -> None:
        super().__init__()
        if ("zca_whitening" in preprocessing.normalise) != (whitening is not None):
            raise ValueError("a whitening goes with zca_whitening, and with nothing else")
        self.preprocessing = preprocessing
        self.centres_samples = "samplewise_center" in preprocessing.normalise
        self.scales_samples = "samplewise_std_normalization" in preprocessing.normalise
        self.whitens = whitening is not None
        self.register_buffer("mean", torch.tensor(preprocessing.mean).mul_(255))
        self.register_buffer("std", torch.tensor(preprocessing.std).mul_(255))
        if whitening is not None:
            self.register_buffer("basis", whitening.basis)
            self.register_buffer("gains", whitening.gains)

    def forward(self, pictures: NDArray[np.uint8] | Tensor) -> Tensor:
        """Normalise a batch; it is not changed.

        Args:
            pictures: (n, size, size, 3) RGB in 0..255; uint8, or float for pictures that were made on the device.

        Returns:
            (n, 3, size, size) float32 in channels_last memory order.
        """
        batch = torch.from_numpy(pictures) if isinstance(pictures, np.ndarray) else pictures
        batch = batch.to(self.mean.device, non_blocking=True).float()
        batch = (batch - self.mean).div_(self.std)
        if self.centres_samples:
            batch = self._samplewise(batch)
        if self.whitens:
            batch = self._whitened(batch)
        return batch.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)

    def _samplewise(self, batch: Tensor) -> Tensor:
        """Take away each picture's own mean, over all its channels, and divide by its own std if asked to."""
        batch = batch - batch.mean(dim=(1, 2, 3), keepdim=True)
        if not self.scales_samples:
            return batch
        return batch / (batch.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + LEAST_STD)

    def _whitened(self, batch: Tensor) -> Tensor:
        if torch.is_autocast_enabled(batch.device.type):
            with torch.autocast(batch.device.type, enabled=False):
                return self._whitened(batch)
        white = ((batch.flatten(1) @ self.basis) * self.gains) @ self.basis.T
        return white.reshape(batch.shape)


def load_normaliser(path: Path, preprocessing: Preprocessing) -> Normaliser:
    """Make the normaliser of a run.

    Args:
        path: The run's ``normalisation.safetensors``; only opened if the card calls for it.
        preprocessing: From the model card.

    Raises:
        RunError: The file is called for, and missing, broken or of another model.
    """
    whitens = "zca_whitening" in preprocessing.normalise
    return Normaliser(preprocessing, read_whitening(path, preprocessing) if whitens else None)


def save_normaliser(path: Path, normaliser: Normaliser) -> None:
    """Write what the model card cannot hold; nothing if there is no such thing."""
    if normaliser.whitens:
        write_whitening(path, Whitening(normaliser.basis, normaliser.gains))
