"""How far one map can be believed: what the answer does when the places that it marks are taken away, or given alone.

Places are taken in the map's order, hottest first, and beside it in two orders that know nothing of the network: random
maps of the same coarseness, and from the middle outwards. A map that does no better than these explains nothing that a
guess would not. And a map that stays the same when the network's weights are drawn anew shows the picture, not the
network.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from mekiki.config import ExplainSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import Maps, Question, explain_batch
from mekiki.model.classifier import PhotoClassifier
from mekiki.records.evaluation import Record
from mekiki.seeds import stream, torch_seed

STEPS = 10
RANDOM_MAPS = 4
BLANK_NETWORKS = 3
COARSE_PIXELS = 10
"""Insertion begins with the picture shrunk to this many pixels a side and enlarged again."""


class Areas(Record):
    """Areas under the two curves of one order of places.

    Attributes:
        deletion: Mean probability while places are painted grey, 0..1; lower is better.
        insertion: Mean probability while places are put into the blurred picture, 0..1; higher is better.
    """

    deletion: float
    insertion: float

    @property
    def worth(self) -> float:
        """Insertion less deletion, -1..1; higher is better."""
        return self.insertion - self.deletion


class Faith(Record):
    """How far one map can be believed.

    Attributes:
        map: Hottest places first.
        random: The mean over random maps of the same coarseness.
        centre: From the middle outwards.
        blank: Mean rank correlation, -1..1, with the maps of the same network with random weights; near 0 is good. None
            if none of those maps tells one place from another.
    """

    map: Areas
    random: Areas
    centre: Areas
    blank: float | None


def blank_networks(classifier: Classifier) -> list[Classifier]:
    """Return the same classifier a few times with weights drawn anew, in every layer.

    Source: Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3.
    """
    return [
        Classifier(_redrawn(classifier.model, number), classifier.card, classifier.settings, classifier.normaliser)
        for number in range(BLANK_NETWORKS)
    ]


@torch.no_grad()
def _redrawn(model: PhotoClassifier, number: int) -> PhotoClassifier:
    """Draw weights as He et al. (2015) do, so that signals neither die nor run over; norms do nothing."""
    blank = copy.deepcopy(model)
    numbers = torch.Generator().manual_seed(torch_seed(0, "blank network", number))
    for name, value in blank.named_parameters():
        if value.ndim > 1:
            value.copy_(torch.randn(value.shape, generator=numbers) * (2 / value[0].numel()) ** 0.5)
        else:
            value.fill_(float(name.endswith(("weight", "gamma"))))
    for name, measured in blank.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            measured.fill_(float(name.endswith("var")))
    return blank


def measure_faith(
    classifier: Classifier, blanks: Sequence[Classifier], x: Tensor, maps: Maps, number: int, how: ExplainSettings
) -> Faith:
    """Measure one map of a batch.

    Args:
        classifier: The model.
        blanks: What ``blank_networks`` gave.
        x: (n, 3, size, size), the batch.
        maps: Its maps.
        number: Which of them.
        how: As they were made.

    Source: Petsiuk et al., "RISE", BMVC 2018, section 4.2 (deletion and insertion).
    """
    picture, signed = x[number : number + 1], maps.signed[number]
    draws = stream(0, "random maps").standard_normal((RANDOM_MAPS, *signed.shape)).astype(np.float32)
    orders = torch.cat([_order(signed[None], x.shape[-1]), _order(draws, x.shape[-1]), _from_the_middle(x.shape[-1])])
    deletion, insertion = _curves(classifier, picture, orders.to(x.device), maps.question.of(number, 1))
    areas = [
        Areas(deletion=float(gone), insertion=float(there))
        for gone, there in zip(_area(deletion), _area(insertion), strict=True)
    ]
    others = areas[1 : 1 + RANDOM_MAPS]
    return Faith(
        map=areas[0],
        random=Areas(
            deletion=float(np.mean([each.deletion for each in others])),
            insertion=float(np.mean([each.insertion for each in others])),
        ),
        centre=areas[-1],
        blank=_likeness(blanks, picture, maps.question.of(number, 1), signed, how),
    )


def _order(maps: NDArray[np.float32], size: int) -> Tensor:
    """Return when each pixel's turn comes, (k, h, w) → (k, size, size) in 0..1, highest first."""
    fine = interpolate(torch.from_numpy(maps)[:, None], size=(size, size), mode="bilinear")[:, 0]
    turns = fine.flatten(1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    return turns.reshape(fine.shape) / (size * size)


def _from_the_middle(size: int) -> Tensor:
    places = np.arange(size, dtype=np.float32) - (size - 1) / 2
    return _order(-np.hypot(places[:, None], places[None])[None], size)


def _curves(
    classifier: Classifier, picture: Tensor, orders: Tensor, question: Question
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the probability after each step of deletion and of insertion, (orders, steps + 1) each."""
    size = picture.shape[-1]
    coarse = interpolate(picture, size=(COARSE_PIXELS, COARSE_PIXELS), mode="bilinear", antialias=True)
    blurred = interpolate(coarse, size=(size, size), mode="bicubic")
    shares = torch.arange(STEPS + 1, device=picture.device) / STEPS
    taken = (orders[:, None] < shares[:, None, None])[:, :, None]  # (orders, steps + 1, 1, size, size)
    curves = []
    for there, instead in ((torch.zeros_like(picture), picture), (picture, blurred)):
        shown = torch.where(taken, there, instead).flatten(0, 1)
        with torch.no_grad():
            parts = torch.split(shown, classifier.settings.batch_size)
            logits = torch.cat([classifier.logits_of_input(part) for part in parts])
        chances = question.of(0, len(logits)).chance(logits)
        curves.append(chances.reshape(len(orders), STEPS + 1).cpu().numpy())
    return curves[0], curves[1]


def _area(curve: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the area under each curve over 0..1 by the trapezoidal rule."""
    return np.asarray(np.trapezoid(curve, dx=1 / STEPS, axis=1), np.float64)


def _likeness(
    blanks: Sequence[Classifier], picture: Tensor, question: Question, signed: NDArray[np.float32], how: ExplainSettings
) -> float | None:
    from scipy.stats import spearmanr  # not above: it takes a second to load

    others = [explain_batch(blank, picture, how, question).signed[0] for blank in blanks]
    telling = [other for other in others if np.isfinite(other).all() and np.ptp(other) > 0]
    if not telling or np.ptp(signed) == 0:
        return None
    return float(np.mean([spearmanr(signed, other, axis=None).statistic for other in telling]))
