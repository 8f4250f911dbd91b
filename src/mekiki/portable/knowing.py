"""How well a picture is known, computed by torch so that a graph can hold it.

The rule is ``scoring/unknown.py``'s, which chose it; a test holds both together.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mekiki.records.unknown import LOGIT_SCORES, FeatureReference, ScoreName, UnknownRule
from mekiki.scoring.unknown import NEIGHBOUR


class KnownScore(nn.Module):
    """The score of a rule: higher for what is known.

    Args:
        rule: Which score, and its weights.
        reference: Where the training photos lie; needed for a distance.

    Raises:
        ValueError: A distance without a reference.
    """

    centre: Tensor
    basis: Tensor
    within: Tensor
    overall: Tensor
    neighbours: Tensor
    centres: Tensor

    def __init__(self, rule: UnknownRule, reference: FeatureReference | None) -> None:
        super().__init__()
        self.rule = rule
        if rule.score in LOGIT_SCORES:
            return
        if reference is None:
            raise ValueError(f"the score {rule.score} needs the reference that it was made with")
        for name in ("centre", "basis", "within", "overall", "neighbours"):
            self.register_buffer(name, torch.from_numpy(getattr(reference, name).copy()))
        self.register_buffer("centres", torch.from_numpy(reference.class_means @ reference.within))
        fewest = int(np.unique(reference.neighbour_classes, return_counts=True)[1].min())
        self.nearest = min(NEIGHBOUR, fewest)

    def forward(self, logits: Tensor, features: Tensor) -> Tensor:
        """Return (n,) scores.

        Args:
            logits: (n, classes), divided by the temperature.
            features: (n, d) pooled.
        """
        if self.rule.score in LOGIT_SCORES:
            return _of_logits(self.rule.score, logits)
        reduced = (normalize(features) - self.centre) @ self.basis
        if self.rule.score == "neighbours":
            likeness = normalize(reduced) @ self.neighbours.T
            kth = likeness.topk(self.nearest).values[:, -1]
            return -(2 - 2 * kth).clamp(min=0).sqrt()
        near = -_squared_distances(reduced @ self.within, self.centres).amin(dim=1)
        if self.rule.score == "mahalanobis":
            return near
        relative = (reduced @ self.overall).square().sum(dim=1) + near
        if self.rule.score == "relative_mahalanobis":
            return relative
        distance_weight, relative_weight = self.rule.weights
        return _of_logits("energy", logits) + distance_weight * near + relative_weight * relative


def _of_logits(name: ScoreName, logits: Tensor) -> Tensor:
    if name == "energy":
        return logits.logsumexp(dim=1)
    return (logits.softmax(dim=1) if name == "max_softmax" else logits).amax(dim=1)


def _squared_distances(points: Tensor, centres: Tensor) -> Tensor:
    squares = points.square().sum(dim=1, keepdim=True) + centres.square().sum(dim=1)
    return (squares - 2 * points @ centres.T).clamp(min=0)
