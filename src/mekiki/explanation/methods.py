"""The formulas: from a feature map and the gradient of a score by it to how much each place speaks for the score.

All of them give signed maps; what is shown is their positive part. A map is per share of the picture, not per place, so
that maps of different resolution can be averaged: a formula that sums over places needs nothing for that, the others
multiply by the number of places. Scaled by its own maximum, as it is shown, the map is the paper's.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mekiki.config import MethodName

Formula = Callable[[Tensor, Tensor], Tensor]
"""(n, channels, h, w) features and their gradients → (n, h, w), signed."""

TINY = 1e-6
"""Keeps Grad-CAM++'s quotient finite; pytorch-grad-cam has the same."""


def grad_cam(features: Tensor, gradient: Tensor) -> Tensor:
    """Weigh each channel by its mean gradient.

    Source: Selvaraju et al., "Grad-CAM", ICCV 2017, eq. 1 and 2.
    """
    return (gradient.sum(dim=(2, 3), keepdim=True) * features).sum(dim=1)


def grad_cam_plus_plus(features: Tensor, gradient: Tensor) -> Tensor:
    """Weigh each channel by its positive gradients, those of few places more than those of many.

    Source: Chattopadhyay et al., "Grad-CAM++", WACV 2018, eq. 19 (the weights of the places) and eq. 5.
    """
    square = gradient.square()
    below = 2 * square + features.sum(dim=(2, 3), keepdim=True) * square * gradient + TINY
    shares = torch.where(gradient != 0, square / below, 0)
    return ((shares * gradient.relu()).sum(dim=(2, 3), keepdim=True) * features).sum(dim=1)


def layercam(features: Tensor, gradient: Tensor) -> Tensor:
    """Weigh each channel at each place by its own positive gradient, so that early, fine layers can be used.

    Source: Jiang et al., "LayerCAM", TIP 2021, eq. 5 to 7.
    """
    return (gradient.relu() * features).sum(dim=1) * features[0, 0].numel()


def hirescam(features: Tensor, gradient: Tensor) -> Tensor:
    """Multiply feature and gradient place by place; for a linear head the map adds up to the logit without its bias.

    Source: Draelos and Carin, "Use HiResCAM instead of Grad-CAM", 2020, eq. 3.
    """
    return (gradient * features).sum(dim=1) * features[0, 0].numel()


FORMULAS: dict[MethodName, Formula] = {
    "grad-cam": grad_cam,
    "grad-cam++": grad_cam_plus_plus,
    "layercam": layercam,
    "hirescam": hirescam,
}
