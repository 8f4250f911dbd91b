"""Backbones: timm networks without their classifier, the map they make of a picture, and their stages for freezing.

Every network is built here, through ``timm.create_model``, so convolutional ones (NCHW), Swin-like ones (NHWC) and
those that make tokens (ViT) look alike to the rest: a picture goes in, a map (n, channels, rows, columns) comes out.
Random weights are drawn from torch's global generator; ``classifier.py`` seeds it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, cast

import timm
from timm.models import VGG, group_parameters, is_model_in_modules
from torch import Tensor, nn

from mekiki.errors import SettingsError, WeightsError, one_line
from mekiki.model.registry import backbone_names, check_backbone, pretrained_facts
from mekiki.model.undrawn import undrawn
from mekiki.model.weight_files import Pretrained
from mekiki.model.weights import describe_place
from mekiki.records.card import PadType


@dataclass(frozen=True)
class BackboneFacts:
    """One line of ``mekiki backbones``.

    Attributes:
        name: For ``--backbone``.
        weights: Where ``--weights auto`` would take its weights from, in words; empty if from nowhere.
    """

    name: str
    weights: str


def list_backbones(pattern: str = "") -> list[BackboneFacts]:
    """Return what can be trained; the network is not asked.

    Args:
        pattern: A part of the name, or a pattern with ``*``; empty: all.
    """
    return [BackboneFacts(name, describe_place(name)) for name in backbone_names(pattern)]


def create_backbone(name: str, pad_type: PadType = "", image_size: int | None = None) -> nn.Module:
    """Build a backbone with random weights and without its classifier.

    VGG's two 4096-wide layers belong to its classifier: they are left out as well.

    Args:
        name: A name that timm knows.
        pad_type: "same" for TensorFlow-style padding, for the families that can have it.
        image_size: Pixels on each side, for networks that are built for one size; not given: timm's size for it.

    Raises:
        SettingsError: There is no such backbone, or it cannot be built like this.
    """
    check_backbone(name)
    small_top = {"mlp_ratio": 0.001} if is_model_in_modules(name, "vgg") else {}  # not drawn only to be dropped
    return drop_top(_build(name, {**build_arguments(name, pad_type, image_size), **small_top, "num_classes": 0}))


def create_pretrained(name: str, pretrained: Pretrained, image_size: int | None = None) -> nn.Module:
    """Build a whole network, its classifier included, and fill it with pretrained weights.

    timm itself fits position tables to another picture size and renames the tensors of older files. Each tensor of the
    network must then be in the file and each one in the file must have its place, or this fails.

    Args:
        name: A name that timm knows.
        pretrained: What ``resolve_weights`` gave. A file without a classifier gives a network without one.
        image_size: As in ``create_backbone``.

    Raises:
        SettingsError: There is no such backbone, or it cannot be built like this.
        WeightsError: The tensors do not fit.
    """
    check_backbone(name)
    arguments = build_arguments(name, pretrained.pad_type, image_size)
    found = _classes_in(name, pretrained)
    guesses = [pretrained_facts(name).num_classes, 0] if found is None else [found]
    for classes in dict.fromkeys(guesses):
        try:
            return _build_filled(name, {**arguments, "num_classes": classes}, pretrained, classes)
        except WeightsError as error:
            failure = error
    raise failure


def drop_top(network: nn.Module) -> nn.Module:
    """Take the classifier off, in place, and for VGG the two 4096-wide layers in front of it."""
    cast(Any, network).reset_classifier(0)
    if isinstance(network, VGG):
        network.pre_logits = nn.Identity()  # type: ignore[assignment]
        network.head_hidden_size = network.num_features
    return network


def build_arguments(name: str, pad_type: PadType, image_size: int | None) -> dict[str, Any]:
    """Return what ``timm.create_model`` is told besides the name.

    Args:
        name: A name that timm knows.
        pad_type: "same" for TensorFlow-style padding.
        image_size: Height and width of the pictures, pixels; only networks of one size are told.
    """
    arguments: dict[str, Any] = {"pad_type": pad_type} if pad_type else {}
    if image_size is not None and pretrained_facts(name).fixed_input_size:
        arguments["img_size"] = image_size
    return arguments


def _build(name: str, arguments: dict[str, Any]) -> nn.Module:
    try:
        return timm.create_model(name, pretrained=False, **arguments)
    except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        words = {"pad_type": "with padding {!r}", "img_size": "for pictures of {} pixels"}
        asked = " ".join(words[key].format(value) for key, value in arguments.items() if key in words)
        raise SettingsError(
            f"{name} cannot be built {asked or 'as asked'}: {one_line(error)}", _size_hint(name)
        ) from error


def _build_filled(name: str, arguments: dict[str, Any], pretrained: Pretrained, classes: int) -> nn.Module:
    with undrawn():
        _build(name, arguments)
    overlay = {"state_dict": pretrained.state, "num_classes": classes}
    try:
        network: Any = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **arguments)
    except Exception as error:  # foreign tensors fail in many ways inside timm's renaming
        complaint = one_line(error).removeprefix("Error(s) in loading state_dict for ")
        raise WeightsError(f"weights {pretrained.source} do not fit {name}: {complaint}", _size_hint(name)) from None
    network.pretrained_cfg.pop("state_dict", None)
    return cast(nn.Module, network)


def _classes_in(name: str, pretrained: Pretrained) -> int | None:
    """Return how many classes the file's classifier has; None if no tensor bears the name that timm expects."""
    facts = pretrained_facts(name)
    layers = (facts.classifier,) if isinstance(facts.classifier, str) else tuple(facts.classifier or ())
    for layer in layers:
        weight = pretrained.state.get(f"{layer}.weight")
        if weight is not None and weight.ndim:
            return len(weight) - (facts.label_offset or 0)
    return None


def _size_hint(name: str) -> str:
    facts = pretrained_facts(name)
    return f"{name} is made for --image-size {facts.input_size[-1]}" if facts.fixed_input_size else ""


def feature_map(backbone: nn.Module, x: Tensor) -> Tensor:
    """Return the backbone's last map of each picture.

    Args:
        backbone: What ``create_backbone`` gave.
        x: (n, 3, height, width), normalised.

    Returns:
        (n, channels, rows, columns). Tokens that stand for no place (class token, registers) are left out.

    Raises:
        SettingsError: The backbone makes no single map.
    """
    return as_map(backbone, cast(Any, backbone).forward_features(x), x.shape[-2] / x.shape[-1])


def as_map(backbone: nn.Module, features: Tensor, aspect: float) -> Tensor:
    """Return ``forward_features``' result as (n, channels, rows, columns).

    Args:
        backbone: Whose it is.
        features: In the backbone's own order.
        aspect: Height of the picture by its width.
    """
    if not isinstance(features, Tensor) or features.ndim not in (3, 4):
        raise SettingsError(f"{_name_of(backbone)} makes no single feature map", "choose another --backbone")
    if features.ndim == 4:
        return features.permute(0, 3, 1, 2) if _is_nhwc(backbone) else features
    places = features[:, _prefix(backbone) :]
    rows = max(1, round(math.sqrt(places.shape[1] * aspect)))
    columns = places.shape[1] // rows
    if rows * columns != places.shape[1]:
        raise SettingsError(f"the {places.shape[1]} tokens of {_name_of(backbone)} lie on no grid", "choose another")
    shape = (places.shape[0], places.shape[2], rows, columns)  # len() would fix the number of pictures in a trace
    return places.transpose(1, 2).reshape(shape)


def from_map(backbone: nn.Module, features: Tensor, tokens: bool) -> Tensor:
    """Turn a feature map back into the backbone's own order, with zeros for tokens that stand for no place.

    Args:
        backbone: Whose it is.
        features: (n, channels, rows, columns).
        tokens: Whether the backbone makes tokens.
    """
    if not tokens:
        return features.permute(0, 2, 3, 1) if _is_nhwc(backbone) else features
    places = features.flatten(2).transpose(1, 2)
    return nn.functional.pad(places, (0, 0, _prefix(backbone), 0))


def _is_nhwc(backbone: nn.Module) -> bool:
    return getattr(backbone, "output_fmt", "NCHW") == "NHWC"


def _prefix(backbone: nn.Module) -> int:
    return int(getattr(backbone, "num_prefix_tokens", 0))


def _name_of(backbone: nn.Module) -> str:
    return str(getattr(backbone, "pretrained_cfg", {}).get("architecture") or type(backbone).__name__)


def stages(backbone: nn.Module) -> list[list[str]]:
    """Return the backbone's parameter names in stages, from the input to the output; ``--freeze N`` counts these.

    They are timm's coarse groups; a group of norms alone joins the one before it. resnet50: stem and 4 stages.
    mobilenetv1_100: stem and 5 stages. vgg16: each of its 13 convolutions (in vgg16_bn with its batch norm). nin: 4
    blocks. ViT: the patch embedding, and each transformer block, the last with the final norm. A network without
    groups: its outermost parts, numbered ones (``stages.0``) each for itself.

    Keras counts layers without weights too: its "first 19 layers of VGG16" are all convolutions, here ``--freeze all``.

    Args:
        backbone: What ``create_backbone`` gave.
    """
    parameters = dict(backbone.named_parameters())
    if hasattr(backbone, "group_matcher"):
        groups = group_parameters(backbone, cast(Any, backbone).group_matcher(coarse=True))
        ordered = [groups[number] for number in sorted(groups)]
    else:
        by_part: dict[str, list[str]] = {}
        for name in parameters:
            by_part.setdefault(re.sub(r"^([^.]+(?:\.\d+)?).*", r"\1", name), []).append(name)
        ordered = list(by_part.values())
    merged: list[list[str]] = []
    for group in ordered:
        if merged and all(parameters[name].ndim < 2 for name in group):
            merged[-1] += group
        else:
            merged.append(list(group))
    return merged
