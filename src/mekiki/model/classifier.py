"""The network that is trained and asked: a backbone, and a head on its last feature map.

Everything goes through that map: ``forward(x)`` is ``logits_of(feature_map(x))``, so that a heat map over it explains
the answer that was given. (Ready ImageNet classifiers that read a class token are an exception, see ``reads_tokens``.)
It does not train, and it knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mekiki.config import HeadName, ModelSettings
from mekiki.errors import SettingsError
from mekiki.model.backbones import create_backbone, create_pretrained, drop_top, feature_map, from_map, stages
from mekiki.model.heads import GapHead, Head, make_head
from mekiki.model.layout import Layout, layout_of
from mekiki.model.registry import pretrained_facts
from mekiki.model.weight_files import Pretrained
from mekiki.model.weights import resolve_weights
from mekiki.records.card import PadType, Preprocessing
from mekiki.seeds import torch_seed

KEPT_BEYOND_MAP = "fc_norm"


class PhotoClassifier(nn.Module):
    """A backbone and a head.

    Args:
        backbone: What ``create_backbone`` gave.
        head: What ``make_head`` gave for its map.
        layout: Of the backbone's map.
        pad_type: With which the backbone was built; kept for the model card.
        reads_tokens: Its pooling reads tokens that are not in the map, as ready ImageNet transformers do: it can
            answer, but not by way of the map.
    """

    def __init__(
        self, backbone: nn.Module, head: Head, layout: Layout, pad_type: PadType = "", reads_tokens: bool = False
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.layout = layout
        self.pad_type = pad_type
        self.reads_tokens = reads_tokens
        self._movable = {name for name, parameter in backbone.named_parameters() if parameter.requires_grad}

    def feature_map(self, x: Tensor) -> Tensor:
        """Return the backbone's last map.

        Args:
            x: (n, 3, height, width), normalised.

        Returns:
            (n, channels, rows, columns).
        """
        return feature_map(self.backbone, x)

    def logits_of(self, features: Tensor) -> Tensor:
        """Return the logits of a feature map, (n, channels, rows, columns) → (n, classes).

        Raises:
            SettingsError: The answer does not depend on the map alone.
        """
        if self.reads_tokens:
            raise SettingsError(
                "this network's answer rests on its class token, so its feature map cannot explain it",
                "explain a convolutional network, or one that mekiki trained",
            )
        return cast(Tensor, self.head(features if self.head.reads_map else self._pooled_of(features)))

    def pooled(self, x: Tensor) -> Tensor:
        """Return what a linear probe is fitted on.

        Args:
            x: (n, 3, height, width), normalised.

        Returns:
            (n, features): what the gap head reads; for a flatten head the mean over the places of the map.
        """
        if self.reads_tokens:
            network = cast(Any, self.backbone)
            return cast(Tensor, network.forward_head(network.forward_features(x), pre_logits=True))
        return self._pooled_of(self.feature_map(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (n, 3, height, width) → (n, classes)."""
        return cast(Tensor, self.head(self.pooled(x))) if self.reads_tokens else self.logits_of(self.feature_map(x))

    def logits_and_pooled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits, (n, classes), and what ``pooled`` returns, from one look at the pictures."""
        if self.reads_tokens:
            pooled = self.pooled(x)
            return cast(Tensor, self.head(pooled)), pooled
        features = self.feature_map(x)
        pooled = self._pooled_of(features)
        return cast(Tensor, self.head(features if self.head.reads_map else pooled)), pooled

    def _pooled_of(self, features: Tensor) -> Tensor:
        if self.head.reads_map:
            return features.mean(dim=(2, 3))
        if self.layout.pooling == "mean":
            norm = getattr(self.backbone, KEPT_BEYOND_MAP, nn.Identity())
            return cast(Tensor, norm(features.mean(dim=(2, 3))))
        raw = from_map(self.backbone, features, self.layout.tokens)
        return cast(Tensor, cast(Any, self.backbone).forward_head(raw, pre_logits=True))

    @property
    def accepts_probe(self) -> bool:
        """Whether ``start_head`` can work."""
        return self.head.accepts_probe

    @property
    def has_linear_head(self) -> bool:
        """Whether the answer is a linear function of ``pooled``, so that ``linear_head`` can give it."""
        return isinstance(self.head, GapHead)

    def linear_head(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the head as (classes, features) and (classes,): logits are ``pooled(x) @ weight.T + bias``.

        Raises:
            SettingsError: It is not linear.
        """
        if not isinstance(self.head, GapHead):
            raise SettingsError("this head is no linear function of the pooled features", "--head gap")
        layer = self.head.linear
        weight, bias = layer.weight.detach().cpu().double(), layer.bias.detach().cpu().double()
        return weight.numpy(), bias.numpy()

    def start_head(self, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bool:
        """Put a linear classifier of ``pooled`` features into the head.

        Args:
            weight: (classes, features).
            bias: (classes,).

        Returns:
            Whether it could be done; after it, ``forward`` gives ``pooled(x) @ weight.T + bias``.

        Raises:
            SettingsError: The shapes do not fit the head.
        """
        return self.head.start(np.asarray(weight), np.asarray(bias))

    def freeze(self, amount: int | Literal["all", "none"]) -> None:
        """Keep stages of the backbone as they are; replaces an earlier choice. The head always trains.

        Frozen parts also stay in evaluation mode under ``train()``, so that their batch statistics do not move.

        Args:
            amount: Stages from the input (see ``backbones.stages``), "all", or "none".

        Raises:
            SettingsError: The backbone has fewer stages.
        """
        parts = stages(self.backbone)
        count = {"all": len(parts), "none": 0}[amount] if isinstance(amount, str) else amount
        if not 0 <= count <= len(parts):
            raise SettingsError(f"freeze {amount}: the backbone has {len(parts)} stages", f"--freeze 0 to {len(parts)}")
        moving = self._movable.difference(*parts[:count])
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad_(name in moving)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set training mode, except for parts of the backbone in which every parameter is frozen."""
        super().train(mode)
        for module in self.backbone.modules():
            parameters = list(module.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                module.eval()
        return self


@dataclass(frozen=True)
class ParameterCount:
    """How many numbers a model learns.

    Attributes:
        total: All parameters; batch statistics are none.
        trainable: Those that are not frozen.
    """

    total: int
    trainable: int


def count_parameters(model: nn.Module) -> ParameterCount:
    """Count parameters; one that is used twice counts once."""
    parameters = list(model.parameters())
    return ParameterCount(
        sum(parameter.numel() for parameter in parameters),
        sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
    )


def feature_layer_name(model: PhotoClassifier, image_size: int) -> str:
    """Return which layer of the backbone puts out the feature map, found by looking at what each layer returns.

    Args:
        model: Is left as it was.
        image_size: Pixels on each side of the picture that is tried.

    Returns:
        A dotted name inside the backbone, such as "layer4"; "forward_features" if the map is no single layer's output.
    """
    outputs: dict[str, Any] = {}

    def watch(name: str) -> Any:
        return lambda _module, _inputs, output: outputs.update({name: output})

    layers = model.backbone.named_modules()
    named = {name: layer for name, layer in layers if name and type(layer) is not nn.Identity}
    first = next(model.parameters())
    picture = torch.zeros(1, 3, image_size, image_size, device=first.device, dtype=first.dtype)
    with _evaluating(model), torch.inference_mode():
        hooks = [layer.register_forward_hook(watch(name)) for name, layer in named.items()]
        try:
            features = cast(Any, model.backbone).forward_features(picture)
        finally:
            for hook in hooks:
                hook.remove()
    found = [name for name, output in outputs.items() if output is features]
    declared = getattr(model.backbone, "feature_info", None)
    last = str(declared[-1].get("module")) if isinstance(declared, list) and declared else ""
    if last in found:
        return last
    return min(reversed(found), key=lambda name: name.count("."), default="forward_features")


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Set evaluation mode inside the block; each module gets its own mode back."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Draw torch's random numbers on the CPU from this seed; after the block the global generator is as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(number)
        yield


def assemble(
    backbone: str,
    pad_type: PadType,
    head: HeadName,
    classes: int,
    image_size: int,
    pretrained: Pretrained | None = None,
    seed: int = 0,
    head_on: str = "cpu",
) -> PhotoClassifier:
    """Put a classifier together.

    Args:
        backbone: A name that timm knows.
        pad_type: "same" for TensorFlow-style padding.
        head: Which head.
        classes: Number of outputs.
        image_size: Pixels on each side of the pictures.
        pretrained: Weights of the backbone; not given: random.
        seed: Of all random weights.
        head_on: "meta" for a head that has shapes and takes no memory.

    Raises:
        SettingsError: It cannot be built like this.
        WeightsError: The pretrained weights do not fit.
    """
    layout = layout_of(backbone, pad_type, image_size)
    with seeded(torch_seed(seed, "backbone")):
        if pretrained is None:
            network = create_backbone(backbone, pad_type, image_size)
        else:
            network = drop_top(create_pretrained(backbone, pretrained, image_size))
    with seeded(torch_seed(seed, "head")), torch.device(head_on):
        top = make_head(head, layout, classes)
    _drop_unread_parts(network, layout, top)
    return PhotoClassifier(network, top, layout, pad_type)


def _drop_unread_parts(backbone: nn.Module, layout: Layout, head: Head) -> None:
    """Take away what only the backbone's own pooling would use, so that no parameter is counted that does nothing."""
    if not head.reads_map and layout.pooling == "own":
        return
    for name in layout.beyond:
        if head.reads_map or name != KEPT_BEYOND_MAP:
            setattr(backbone, name, nn.Identity())


def build_classifier(
    settings: ModelSettings, classes: Sequence[str], seed: int, pretrained: Pretrained | None = None
) -> tuple[PhotoClassifier, Preprocessing, str]:
    """Build a classifier with pretrained weights and a fresh head, frozen as asked.

    Args:
        settings: What to build; ``freeze`` "auto" leaves the choice to the caller, and nothing is frozen yet.
        classes: Names in the order of the outputs.
        seed: Of the random weights; torch's global generator is left as it was.
        pretrained: The weights, if they were resolved already.

    Returns:
        The classifier; how its pictures are prepared, as its weights want it; where the weights came from, in words.

    Raises:
        SettingsError: There is no such backbone, or it cannot be built like this.
        WeightsError: The pretrained weights are not to be had or do not fit.
    """
    if pretrained is None:
        pretrained = resolve_weights(settings.backbone, settings.weights)
    facts: Any = pretrained_facts(settings.backbone) if pretrained is None else pretrained
    pad_type: PadType = "" if pretrained is None else pretrained.pad_type
    model = assemble(settings.backbone, pad_type, settings.head, len(classes), settings.image_size, pretrained, seed)
    if settings.freeze != "auto":
        model.freeze(settings.freeze)
    preprocessing = Preprocessing(image_size=settings.image_size, fit=settings.fit, mean=facts.mean, std=facts.std)
    return model, preprocessing, "random" if pretrained is None else pretrained.source
