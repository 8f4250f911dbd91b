"""A network that only answers, with its batch norms folded into the convolutions before them.

In evaluation mode a batch norm multiplies each channel by a number and adds another. Both can be done by the
convolution whose output it reads, which saves a pass over memory. Which convolution that is, is seen by looking at what
goes through the network, and the answer of the folded network is compared with that of the whole one: where they differ
nothing is folded. Training and heat maps need the network as it is.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mekiki.model.classifier import PhotoClassifier

TOLERANCE = 1e-2
"""Share of the largest number of a map: above what rounding does on any device, far below what a wrong fold does."""

_NORMS: tuple[type[nn.Module], ...] = (nn.BatchNorm2d, BatchNormAct2d)


def folded(model: PhotoClassifier, image_size: int) -> PhotoClassifier:
    """Return a copy of a model that answers faster, up to rounding the same; the model itself if nothing can be folded.

    Args:
        model: On any device; left as it was.
        image_size: Pixels on each side of the pictures it is made for.

    Returns:
        A classifier in evaluation mode that shares no tensor with the model; or the model.

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, eq. 14.
    """
    if not any(type(module) in _NORMS for module in model.modules()):
        return model
    whole = copy.deepcopy(model).eval().requires_grad_(False)
    picture = _picture(whole, image_size)
    with torch.no_grad():
        with _watched(whole.backbone) as pairs:
            expected = whole.feature_map(picture)
        if not pairs:
            return model
        for convolution, norm in pairs:
            _fold(whole.backbone, convolution, norm)
        answer = whole.feature_map(picture)
    whole = whole.to(memory_format=torch.channels_last)
    return whole if _alike(answer, expected) else model


def _picture(model: PhotoClassifier, image_size: int) -> Tensor:
    """Return noise as large as a normalised picture; torch's global generator is left as it was."""
    noise = torch.randn(1, 3, image_size, image_size, generator=torch.Generator().manual_seed(0))
    first = next(model.parameters())
    return noise.to(first.device, first.dtype)


@contextmanager
def _watched(backbone: nn.Module) -> Iterator[list[tuple[str, str]]]:
    """Yield a list that after the block names each convolution whose output is what a batch norm read, and that norm.

    Either is used once only in one look at a picture.
    """
    pairs: list[tuple[str, str]] = []
    outputs: list[tuple[str, Tensor]] = []
    inputs: list[tuple[str, Tensor]] = []
    named = dict(backbone.named_modules())
    hooks = []
    for name, module in named.items():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(_keep(outputs, name)))
        elif type(module) in _NORMS and getattr(module, "running_var", None) is not None:
            hooks.append(module.register_forward_pre_hook(_keep(inputs, name)))
    try:
        yield pairs
    finally:
        for hook in hooks:
            hook.remove()
    uses = Counter(name for name, _ in (*outputs, *inputs))
    from_convolution = {id(tensor): name for name, tensor in outputs}
    for norm, read in inputs:
        convolution = from_convolution.get(id(read), "")
        if convolution and uses[convolution] == uses[norm] == 1:
            pairs.append((convolution, norm))


def _keep(seen: list[tuple[str, Tensor]], name: str) -> Any:
    """Return a hook that keeps what a module put out, or, as a pre-hook, what it read."""

    def hook(_module: nn.Module, arguments: tuple[Tensor, ...], *output: Tensor) -> None:
        seen.append((name, output[0] if output else arguments[0]))

    return hook


def _fold(backbone: nn.Module, convolution: str, norm: str) -> None:
    """Put a norm into its convolution; what the norm did besides, its activation, stays in its place."""
    whole = cast(nn.BatchNorm2d, backbone.get_submodule(norm))
    rest = nn.Sequential(whole.drop, whole.act) if isinstance(whole, BatchNormAct2d) else nn.Identity()
    fused = fuse_conv_bn_eval(cast(nn.Conv2d, backbone.get_submodule(convolution)), whole)
    for name, module in ((convolution, fused), (norm, rest)):
        parent, _, own = name.rpartition(".")
        setattr(backbone.get_submodule(parent), own, module)


def _alike(answer: Tensor, expected: Tensor) -> bool:
    largest = float(expected.abs().max())
    return answer.shape == expected.shape and float((answer - expected).abs().max()) <= TOLERANCE * max(largest, 1e-6)
