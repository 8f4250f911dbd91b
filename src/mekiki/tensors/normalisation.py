"""From a uint8 batch to what the network was trained to see: (x / 255 - mean) / std per channel."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.records.card import Preprocessing


def normalise(pictures: NDArray[np.uint8], preprocessing: Preprocessing, device: torch.device) -> torch.Tensor:
    """Turn a batch of pictures into the network's input.

    Args:
        pictures: (n, size, size, 3), RGB.
        preprocessing: Holds mean and std of each channel for pictures in 0..1.
        device: Where the batch is wanted.

    Returns:
        (n, 3, size, size) float32 in channels_last memory order.
    """
    batch = torch.from_numpy(pictures).to(device, non_blocking=True).permute(0, 3, 1, 2).float()
    mean = torch.tensor(preprocessing.mean, device=device).mul_(255).view(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std, device=device).mul_(255).view(1, 3, 1, 1)
    return batch.sub_(mean).div_(std)
