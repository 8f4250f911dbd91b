"""Trained batch norms of several processes: statistics over the photos of all of them, as one process would have.

Between GPUs torch's own ``SyncBatchNorm`` does it; it refuses CPUs, for which the same is written out here and compared
with a plain batch norm in the tests. Names, parameters and statistics of a model stay what they were.
"""

from __future__ import annotations

from typing import cast

import torch
from timm.layers.norm_act import BatchNormAct2d, convert_sync_batchnorm
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm


def share_norms(backbone: nn.Module, device: torch.device) -> nn.Module:
    """Let batch norms take their statistics over all processes while they are trained.

    Args:
        backbone: Is changed in place.
        device: Where it is.

    Returns:
        The backbone; another module only if it was a batch norm itself.
    """
    if device.type != "cpu":
        return cast(nn.Module, convert_sync_batchnorm(backbone))  # type: ignore[no-untyped-call]
    for module in backbone.modules():
        if isinstance(module, BatchNormAct2d):
            module.__class__ = _WithActivation
        elif isinstance(module, _BatchNorm):
            module.__class__ = _Plain
    return backbone


class _Plain(_BatchNorm):
    def forward(self, input: Tensor) -> Tensor:
        return _normalised(self, input)


class _WithActivation(BatchNormAct2d):
    def forward(self, x: Tensor) -> Tensor:
        activated: Tensor = self.act(self.drop(_normalised(self, x)))
        return activated


def _normalised(norm: _BatchNorm, batch: Tensor) -> Tensor:
    """Normalise by the mean and variance of all processes' photos; running variances are unbiased.

    Source: Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1.
    """
    if not norm.training:
        return batch_norm(batch, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
    values = batch.float()
    places = [axis for axis in range(values.ndim) if axis != 1]
    shape = [1, -1, *[1] * (values.ndim - 2)]
    count = _total(values.new_tensor(values.numel() / values.shape[1]))
    mean = _total(values.sum(places)) / count
    centred = values - mean.view(shape)
    variance = _total(centred.square().sum(places)) / count
    _remember(norm, mean.detach(), (variance * count / (count - 1)).detach())
    normal = centred * torch.rsqrt(variance + norm.eps).view(shape)
    scaled: Tensor = normal * norm.weight.view(shape) + norm.bias.view(shape)
    return scaled.to(batch.dtype)


def _total(tensor: Tensor) -> Tensor:
    """Sum over all processes; the gradient is summed too."""
    return cast(Tensor, all_reduce(tensor))  # type: ignore[no-untyped-call]


def _remember(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked.add_(1)
    weight = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, weight)
    norm.running_var.lerp_(variance, weight)
