"""Ready ImageNet classifiers, for ``mekiki predict imagenet:resnet50``: a network with its own head of 1000 classes.

Nothing is trained here. Where the network's pooling reads its feature map alone, the map can explain the answer; that
of a transformer that reads a class token cannot, and then ``PhotoClassifier`` says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, cast

import torch
from timm.data import ImageNetInfo  # type: ignore[attr-defined]
from torch import nn

from mekiki.errors import SettingsError, WeightsError
from mekiki.model.backbones import as_map, create_pretrained, from_map
from mekiki.model.classifier import PhotoClassifier, count_parameters
from mekiki.model.heads import GapHead
from mekiki.model.layout import Layout, shape_of
from mekiki.model.registry import pretrained_facts
from mekiki.model.weights import resolve_weights
from mekiki.records.card import ModelCard, Preprocessing

IMAGENET_CLASSES = 1000


def load_imagenet(name: str, weights: str = "auto") -> tuple[PhotoClassifier, ModelCard]:
    """Load a network with the classifier that it was trained with on ImageNet's 1000 classes.

    Args:
        name: A name that timm knows.
        weights: ``auto``, or a path; see ``resolve_weights``.

    Returns:
        The classifier in evaluation mode and its card. Pictures are cropped to their centre, as in its training.

    Raises:
        SettingsError: There is no such network, or its last layer is not one linear layer.
        WeightsError: There are no weights, they do not fit, or they know other classes.
    """
    pretrained = resolve_weights(name, weights)
    if pretrained is None:
        raise SettingsError(f"imagenet:{name} without weights knows nothing", "--weights auto, or a path")
    image_size = int(pretrained_facts(name).input_size[-1])
    network = cast(Any, create_pretrained(name, pretrained)).eval()
    classifier = network.get_classifier()
    if network.num_classes != IMAGENET_CLASSES:
        raise WeightsError(
            f"the weights {pretrained.source} know {network.num_classes} classes, not ImageNet's {IMAGENET_CLASSES}"
        )
    if not isinstance(classifier, nn.Linear):
        raise SettingsError(f"the classifier of {name} is not one linear layer", "choose another network")
    network.reset_classifier(0)
    layout = shape_of(network, image_size)
    if _pools_the_map_alone(network, layout):
        layout = replace(layout, pooling="own")
    head = GapHead(classifier.in_features, IMAGENET_CLASSES)
    head.linear = classifier
    model = PhotoClassifier(network, head, layout, pretrained.pad_type, reads_tokens=layout.pooling == "mean")
    counts = count_parameters(model)
    card = ModelCard(
        backbone=name,
        pad_type=pretrained.pad_type,
        head="gap",
        classes=imagenet_names(),
        preprocessing=Preprocessing(image_size=image_size, fit="crop", mean=pretrained.mean, std=pretrained.std),
        weights_source=pretrained.source,
        parameters=counts.total,
        trainable_parameters=0,
    )
    return model.eval(), card


@torch.no_grad()
def _pools_the_map_alone(network: nn.Module, layout: Layout) -> bool:
    """Tell whether zeros instead of the tokens that stand for no place leave the pooled features as they are."""
    if layout.pooling == "own":
        return True
    count = layout.rows * layout.columns + int(cast(Any, network).num_prefix_tokens)
    tokens = torch.linspace(-1, 1, count * layout.channels).reshape(1, count, layout.channels)
    places = from_map(network, as_map(network, tokens, 1.0), tokens=True)
    head = cast(Any, network).forward_head
    return bool(torch.equal(head(tokens, pre_logits=True), head(places, pre_logits=True)))


def imagenet_names() -> list[str]:
    """Return 1000 different names in ImageNet's order: the first word for a class, and more where two share it.

    Example:
        >>> imagenet_names()[0]
        'tench'
    """
    info = ImageNetInfo()
    words = list(info.label_descriptions())
    short = [each.partition(",")[0].strip() for each in words]
    shared_short, shared = Counter(short), Counter(words)
    names = []
    for number, (first, full) in enumerate(zip(short, words, strict=True)):
        if shared[full] > 1:
            names.append(str(info.index_to_description(number, detailed=True)))
        else:
            names.append(full if shared_short[first] > 1 else first)
    return names
