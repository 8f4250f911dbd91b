"""A classifier whose network is a few planted lines, so that a test knows what it looks at."""

from collections.abc import Sequence
from types import SimpleNamespace

import torch
from torch import nn

from mekiki.config import EvaluateSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.records.card import ModelCard, Preprocessing


class _Planted(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.head = network, SimpleNamespace(reads_map=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)

    def logits_and_pooled(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.network(x), x.mean(dim=(2, 3))


def planted(
    network: nn.Module,
    classes: Sequence[str],
    size: int,
    preprocessing: Preprocessing | None = None,
    settings: EvaluateSettings | None = None,
) -> Classifier:
    """Return a classifier of a network that maps (n, 3, size, size) in 0..1 to logits."""
    if preprocessing is None:
        preprocessing = Preprocessing(image_size=size, fit="squash", mean=(0, 0, 0), std=(1, 1, 1), normalise=("none",))
    card = ModelCard(backbone="test_resnet", head="gap", classes=list(classes), preprocessing=preprocessing)
    return Classifier(_Planted(network), card, settings or EvaluateSettings())
