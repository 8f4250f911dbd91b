"""Heads: what turns a backbone's features into one number per class.

``gap`` reads pooled features. The three ``flatten`` heads read every place of the map, so they are tied to one picture
size and have many more parameters; they are those of the Keras tutorials of 2017. Weights start as Keras's do (Glorot
uniform, zero biases), drawn from torch's global generator, which ``classifier.py`` seeds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mekiki.config import HeadName
from mekiki.errors import SettingsError
from mekiki.model.layout import Layout

DROPOUT = 0.5
HIDDEN_UNITS = 256


class Head(nn.Module, ABC):
    """One number per class.

    Attributes:
        reads_map: Whether it wants the map, (n, channels, rows, columns); else the pooled features, (n, features).
        accepts_probe: Whether a linear classifier of pooled features can be put into it.
    """

    reads_map: ClassVar[bool]
    accepts_probe: ClassVar[bool]

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Return logits, (n, classes)."""

    @abstractmethod
    def start(self, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bool:
        """Become a linear classifier of pooled features, (classes, features) and (classes,); False if it cannot."""


class GapHead(Head):
    """A linear layer on pooled features.

    Attributes:
        linear: The layer.
    """

    reads_map = False
    accepts_probe = True

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = _dense(features, classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.linear(features)
        return logits

    @torch.no_grad()
    def start(self, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bool:
        _fill(self.linear, torch.from_numpy(weight), bias)
        return True


class FlattenHead(Head):
    """A linear layer on all places of the map, after dropout if there is any."""

    reads_map = True
    accepts_probe = True

    def __init__(self, layout: Layout, classes: int, dropout: float) -> None:
        super().__init__()
        self.shape = (layout.channels, layout.rows, layout.columns)
        self.dropout = nn.Dropout(dropout)
        self.linear = _dense(layout.channels * layout.rows * layout.columns, classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.dropout(_flat(features, self.shape)))
        return logits

    @torch.no_grad()
    def start(self, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bool:
        """Spread the weights evenly over the places: the same logits as on the mean over the places."""
        _, rows, columns = self.shape
        spread = torch.from_numpy(weight / (rows * columns)).repeat_interleave(rows * columns, dim=1)
        _fill(self.linear, spread, bias)
        return True


class FlattenDenseHead(Head):
    """A hidden layer of 256 sigmoid units on all places of the map, dropout, and a linear layer."""

    reads_map = True
    accepts_probe = False

    def __init__(self, layout: Layout, classes: int) -> None:
        super().__init__()
        self.shape = (layout.channels, layout.rows, layout.columns)
        self.hidden = _dense(layout.channels * layout.rows * layout.columns, HIDDEN_UNITS)
        self.dropout = nn.Dropout(DROPOUT)
        self.linear = _dense(HIDDEN_UNITS, classes)

    def forward(self, features: Tensor) -> Tensor:
        hidden = torch.sigmoid(self.hidden(_flat(features, self.shape)))
        logits: Tensor = self.linear(self.dropout(hidden))
        return logits

    def start(self, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> bool:
        return False


def make_head(name: HeadName, layout: Layout, classes: int) -> Head:
    """Build a head.

    Args:
        name: gap, flatten, flatten-dropout or flatten-dense.
        layout: Of the backbone's map.
        classes: Number of outputs.
    """
    if name == "gap":
        return GapHead(layout.features, classes)
    if name == "flatten-dense":
        return FlattenDenseHead(layout, classes)
    return FlattenHead(layout, classes, DROPOUT if name == "flatten-dropout" else 0.0)


def _dense(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _flat(features: Tensor, shape: tuple[int, int, int]) -> Tensor:
    if tuple(features.shape[1:]) != shape:
        raise SettingsError(
            f"this head was made for maps of {shape}, and the picture gives {tuple(features.shape[1:])}",
            "a flatten head takes pictures of one size only; the gap head takes any",
        )
    return features.flatten(1)


def _fill(layer: nn.Linear, weight: Tensor, bias: NDArray[np.floating]) -> None:
    if weight.shape != layer.weight.shape or bias.shape != layer.bias.shape:
        raise SettingsError(
            f"a probe of shape {tuple(weight.shape)} does not fit a head of shape {tuple(layer.weight.shape)}"
        )
    layer.weight.copy_(weight)
    layer.bias.copy_(torch.from_numpy(bias))
