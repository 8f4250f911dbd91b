"""Grad-CAM: which places of the picture raised the score of a class.

It works on the backbone's last feature map, which ``PhotoClassifier`` hands out, so no hook is left in the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.model.classifier import PhotoClassifier


def grad_cam(model: PhotoClassifier, batch: torch.Tensor, classes: Sequence[int]) -> NDArray[np.float32]:
    """Return a heat map for each picture.

    Args:
        model: In evaluation mode; neither its weights nor their gradients are touched.
        batch: (n, 3, size, size), normalised.
        classes: The class number to explain, one for each picture.

    Returns:
        (n, h, w) at the feature map's resolution, each in 0..1; all 0 where nothing speaks for the class.

    Source: Selvaraju et al., "Grad-CAM", ICCV 2017: eq. 1 (weights: mean gradient over positions) and
        eq. 2 (ReLU of the weighted sum of maps). Scaled by its own maximum.
    """
    with torch.no_grad():
        features = model.feature_map(batch)
    features = features.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = model.logits_of(features)
        chosen = logits[torch.arange(len(batch)), torch.as_tensor(list(classes), device=logits.device)].sum()
        (gradient,) = torch.autograd.grad(chosen, features)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * features.detach()).sum(dim=1))
    highest = maps.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    heat: NDArray[np.float32] = (maps / highest).float().cpu().numpy()
    return heat
