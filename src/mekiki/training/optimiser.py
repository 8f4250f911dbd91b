"""Optimiser, parameter groups and the course of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from mekiki.config import TrainSettings


def make_optimiser(parameters: Iterable[torch.nn.Parameter], settings: TrainSettings) -> torch.optim.Optimizer:
    """Make the optimiser; weight decay acts on matrices and kernels, not on biases and norms.

    Args:
        parameters: All of the model's; those that need no gradient are left out.
        settings: Which optimiser, its rate, momentum and decay.
    """
    moving = [parameter for parameter in parameters if parameter.requires_grad]
    groups = [
        {"params": [each for each in moving if each.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [each for each in moving if each.ndim < 2], "weight_decay": 0.0},
    ]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=True)
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def rate_at(step: int, total: int, settings: TrainSettings) -> float:
    """Return the learning rate of one step.

    Args:
        step: Counted from 0.
        total: Steps of the whole training.
        settings: Highest rate, schedule and the share of warm-up.

    Returns:
        A straight line from near 0 during the warm-up, then constant or half a cosine to 0.

    Source: Loshchilov and Hutter, "SGDR", ICLR 2017, eq. 5 (one period).
    """
    warm = round(settings.warmup * total)
    if step < warm:
        return settings.learning_rate * (step + 1) / (warm + 1)
    if settings.schedule == "constant":
        return settings.learning_rate
    done = (step - warm) / max(1, total - warm)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give all parameter groups this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
