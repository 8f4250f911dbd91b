"""Where the network is cut for a heat map: below the cut nothing is kept for a backward pass.

The usual cut is the seam of ``PhotoClassifier`` between its last map and what comes after, which needs no hook. A layer
that was asked for by name is watched by one hook that is gone again when the picture has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mekiki.errors import SettingsError, unknown_name
from mekiki.model.backbones import as_map
from mekiki.model.classifier import PhotoClassifier, feature_layer_name
from mekiki.model.device import Machine


@dataclass(frozen=True)
class Passage:
    """A batch that passed the network.

    Attributes:
        features: What came out at the cut, as the network has it; gradients can be taken by it.
        logits: (n, classes), with the way back to ``features``.
        as_map: From the network's order to (n, channels, rows, columns), for features and gradients alike.
    """

    features: Tensor
    logits: Tensor
    as_map: Callable[[Tensor], Tensor]


def layer_to_watch(model: PhotoClassifier, layer: str | None) -> str | None:
    """Return the layer at which to cut; None for the seam.

    Where a ready transformer reads its class token, the seam explains nothing, and the last place where its other
    tokens still count is in front of the last block's attention.

    Raises:
        SettingsError: The backbone has no such layer, or none is known to explain it.
    """
    layers: dict[str, nn.Module] = dict(model.backbone.named_modules())
    if layer is not None and layer not in layers:
        declared: Any = getattr(model.backbone, "feature_info", None)
        stages = [str(each.get("module")) for each in declared] if isinstance(declared, list) else []
        raise unknown_name(
            "layer", layer, [name for name in stages if name in layers] or [name for name in layers if name]
        )
    if layer is not None or not model.reads_tokens:
        return layer
    norms = [name for name in layers if name.startswith("blocks.") and name.endswith(".norm1")]
    if not norms:
        raise SettingsError(
            "this network's answer rests on its class token, which lies at no place", "--method occlusion"
        )
    return norms[-1]


def layer_name(model: PhotoClassifier, layer: str | None, image_size: int) -> str:
    """Return the name of the layer that ``layer_to_watch`` gave; the seam's is found out by trying."""
    return feature_layer_name(model, image_size) if layer is None else layer


def passed(model: PhotoClassifier, x: Tensor, layer: str | None, machine: Machine) -> Passage:
    """Let a batch pass.

    Args:
        model: In evaluation mode; neither its weights nor their gradients are touched.
        x: (n, 3, height, width), normalised.
        layer: What ``layer_to_watch`` gave.
        machine: In which precision; above the seam it is always float32.

    Raises:
        SettingsError: The layer makes no map.
    """
    if layer is None:
        with torch.no_grad(), machine.precision():
            features = model.feature_map(x)
        features = features.float().requires_grad_(True)
        with torch.enable_grad():
            return Passage(features, model.logits_of(features), lambda values: values)
    with _cut_at(model.backbone.get_submodule(layer), layer) as outputs, machine.precision():
        logits = model(x).float()
    if len(outputs) != 1 or outputs[0].ndim not in (3, 4):
        what = f"runs {len(outputs)} times" if len(outputs) != 1 else f"puts out {outputs[0].ndim} dimensions"
        raise SettingsError(f"layer {layer} {what}, so it makes no one map", "--layer with the name of a stage")
    aspect = x.shape[-2] / x.shape[-1]
    return Passage(outputs[0], logits, lambda values: as_map(model.backbone, values, aspect).float())


@contextmanager
def _cut_at(layer: nn.Module, name: str) -> Iterator[list[Tensor]]:
    """Take what a layer puts out inside the block; gradients are kept from there on only."""
    outputs: list[Tensor] = []

    def cut(_layer: nn.Module, _inputs: Any, output: object) -> Tensor:
        if not isinstance(output, Tensor):
            raise SettingsError(
                f"layer {name} puts out several tensors, so it makes no one map", "--layer with the name of a stage"
            )
        outputs.append(output.detach().requires_grad_(True))
        torch.set_grad_enabled(True)  # until no_grad ends and sets what was before
        return outputs[-1].clone()  # a layer above may work in place

    with torch.no_grad():
        handle = layer.register_forward_hook(cut)
        try:
            yield outputs
        finally:
            handle.remove()
