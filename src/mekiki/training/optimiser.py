"""Optimiser, parameter groups and the course of the learning rate."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mekiki.config import TrainSettings
from mekiki.model.backbones import stages
from mekiki.model.classifier import PhotoClassifier


def make_optimiser(model: PhotoClassifier, settings: TrainSettings) -> torch.optim.Optimizer:
    """Make the optimiser; parameters that need no gradient are left out.

    Weight decay acts on matrices and kernels, not on biases and norms. The head learns at the full rate; each stage of
    the backbone further from it at ``layer_decay`` times the rate of the next.

    Args:
        model: What is trained.
        settings: Which optimiser, its rate, momentum and decays.

    Source: Howard and Ruder, "Universal Language Model Fine-tuning", ACL 2018, section 3.2 (rates falling by layer).
    """
    shares = _shares_of_rate(model, settings.layer_decay)
    groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((shares.get(name, 1.0), parameter.ndim >= 2), []).append(parameter)
    described: list[dict[str, Any]] = [
        {"params": parameters, "weight_decay": settings.weight_decay if decays else 0.0, "share": share}
        for (share, decays), parameters in groups.items()
    ]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            described,
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.nesterov and settings.momentum > 0,
        )
    return torch.optim.AdamW(described, lr=settings.learning_rate)


def _shares_of_rate(model: PhotoClassifier, decay: float) -> dict[str, float]:
    """Return parameter name → share of the full rate, for the backbone's parameters."""
    parts = stages(model.backbone)
    return {f"backbone.{name}": decay ** (len(parts) - number) for number, part in enumerate(parts) for name in part}


def rate_at(step: int, total: int, settings: TrainSettings) -> float:
    """Return the learning rate of one step.

    Args:
        step: Counted from 0.
        total: Steps of the whole training.
        settings: Highest rate, schedule and the share of warm-up.

    Returns:
        A straight line from near 0 during the warm-up; then constant, half a cosine to 0, or rate / (1 + decay · step).

    Source: Loshchilov and Hutter, "SGDR", ICLR 2017, eq. 5 (one period); Keras' SGD with ``decay``.
    """
    warm = round(settings.warmup * total)
    if step < warm:
        return settings.learning_rate * (step + 1) / (warm + 1)
    if settings.schedule == "constant":
        return settings.learning_rate
    if settings.schedule == "inverse":
        return settings.learning_rate / (1 + settings.rate_decay * step)
    done = (step - warm) / max(1, total - warm)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def average_of(model: PhotoClassifier, kept: float) -> AveragedModel:
    """Return a running average of a model's weights and buffers; until its first update it is a copy of the model.

    Args:
        model: What is trained.
        kept: Share of the average that each step keeps, 0..1.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; exponential weights.
    """
    step = get_ema_multi_avg_fn(kept)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=step, use_buffers=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give each parameter group its share of this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]
