"""What a backbone makes of a picture of one size: the shape of its map and how the map is pooled, found out by trying.

Small pictures are tried on the processor, with weights that nobody drew. Large ones are tried on torch's ``meta``
device, where tensors have shapes and no numbers: no computing and no memory, but it loads torch's compiler, which
takes seconds.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from mekiki.errors import SettingsError, one_line
from mekiki.model.backbones import as_map, create_backbone, feature_map, from_map
from mekiki.model.undrawn import undrawn
from mekiki.records.card import PadType

Pooling = Literal["own", "mean"]
LARGEST_COMPUTED = 384
"""Pixels on each side up to which one picture is quicker than loading the compiler."""


@dataclass(frozen=True)
class Layout:
    """The map of one backbone for pictures of one size.

    Attributes:
        channels: Of the map.
        rows: Of the map.
        columns: Of the map.
        tokens: Whether the backbone makes tokens, not a map.
        pooling: "own" where the backbone's own pooling reads its map and nothing else, as in all convolutional
            networks; "mean" (over the places, then the final norm if there is one) where there are tokens that stand
            for no place: what a class token says could not be explained by the map.
        features: Width of the pooled features.
        beyond: Outermost parts of the backbone that come after the map, such as a 1x1 convolution after the pooling.
    """

    channels: int
    rows: int
    columns: int
    tokens: bool
    pooling: Pooling
    features: int
    beyond: tuple[str, ...]


@functools.cache
def layout_of(name: str, pad_type: PadType, image_size: int) -> Layout:
    """Find out what a backbone makes of pictures of this size.

    Args:
        name: A name that timm knows.
        pad_type: As in ``create_backbone``.
        image_size: Height and width of the pictures, pixels.

    Raises:
        SettingsError: It cannot be built, makes no single map, or cannot take pictures of this size.
    """
    with undrawn(), torch.device("cpu" if image_size <= LARGEST_COMPUTED else "meta"):
        backbone = create_backbone(name, pad_type, image_size).eval()
        layout = shape_of(backbone, image_size)
        return replace(layout, beyond=_parts_without_influence(backbone, image_size))


def shape_of(backbone: nn.Module, image_size: int) -> Layout:
    """Try a backbone on one picture, on the device it lies on; as ``layout_of``, but ``beyond`` is left empty."""
    network = cast(Any, backbone)
    device = next(backbone.parameters()).device
    try:
        with torch.no_grad():
            raw = network.forward_features(torch.zeros(1, 3, image_size, image_size, device=device))
            features = as_map(backbone, raw, 1.0)
            pooling: Pooling = "mean" if getattr(backbone, "num_prefix_tokens", 0) else "own"
            tokens = raw.ndim == 3
            own = network.forward_head(from_map(backbone, features, tokens), pre_logits=True)
    except (AssertionError, IndexError, RuntimeError, ValueError) as error:
        raise SettingsError(
            f"the backbone cannot take pictures of {image_size} pixels: {one_line(error)}",
            "a larger --image-size, or the one that the backbone was made for",
        ) from error
    _, channels, rows, columns = features.shape
    width = channels if pooling == "mean" else own.shape[-1]
    return Layout(channels, rows, columns, tokens, pooling, width, ())


def _parts_without_influence(backbone: nn.Module, image_size: int) -> tuple[str, ...]:
    """Return the outermost parts that have parameters of which none reaches the map."""
    with torch.enable_grad():
        features = feature_map(backbone, torch.zeros(1, 3, image_size, image_size))
    read = _read_by(features)
    reaching = {name.partition(".")[0] for name, parameter in backbone.named_parameters() if id(parameter) in read}
    children = {name for name, child in backbone.named_children() if any(True for _ in child.parameters())}
    return tuple(sorted(children - reaching))


def _read_by(result: Tensor) -> set[int]:
    """Return the ids of the parameters that a result was computed from."""
    found: set[int] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        found |= {id(node.variable)} if hasattr(node, "variable") else set()
        waiting += [before for before, _ in node.next_functions]
    return found
