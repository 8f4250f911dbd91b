"""From a batch of pictures to its maps: which places spoke for a class, or for one class and against another.

What is explained is the answer that was given, the mean of the logits over the model's views: each view gets its map,
its mirroring is undone, and the maps are averaged with their signs. One pass forward, and backward only above the cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from mekiki.config import ExplainSettings
from mekiki.errors import SettingsError, unknown_name
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.layers import layer_to_watch, passed
from mekiki.explanation.methods import FORMULAS
from mekiki.explanation.occlusion import occlusion
from mekiki.model.views import views_of

SAME = 1e-5
"""A map whose values differ by less than this share of the highest tells no place from another."""


@dataclass(frozen=True)
class Question:
    """What is asked of each picture of a batch.

    Attributes:
        classes: (n,) numbers of the classes to explain.
        instead_of: The number of the class that each is held against; None: against nothing.
    """

    classes: Tensor
    instead_of: int | None = None

    def score(self, logits: Tensor) -> Tensor:
        """Return what the map explains, (n, classes) → (n,): a logit, or the difference of two."""
        score = logits.gather(1, self.classes[:, None])[:, 0]
        return score if self.instead_of is None else score - logits[:, self.instead_of]

    def chance(self, logits: Tensor) -> Tensor:
        """Return the probability that goes with it, (n, classes) → (n,): of the class, or of it among the two."""
        if self.instead_of is None:
            return logits.softmax(dim=1).gather(1, self.classes[:, None])[:, 0]
        return self.score(logits).sigmoid()

    def of(self, number: int, count: int) -> Question:
        """Return the question of one picture, asked ``count`` times."""
        return Question(self.classes[number].expand(count), self.instead_of)


@dataclass(frozen=True)
class Maps:
    """The maps of a batch.

    Attributes:
        logits: (n, classes) float32, on which the answers rest.
        question: What the maps explain.
        signed: (n, h, w) float32 at the cut's resolution: positive where a place speaks for it, negative against it.
    """

    logits: Tensor
    question: Question
    signed: NDArray[np.float32]


def class_number(classifier: Classifier, name: str | None) -> int | None:
    """Return the number of a class; None for None.

    Raises:
        SettingsError: The model has no such class; the nearest one is the hint.
    """
    names = [str(each) for each in classifier.classes_]
    if name is not None and name not in names:
        raise unknown_name("class", name, names)
    return None if name is None else names.index(name)


def explain_batch(classifier: Classifier, x: Tensor, how: ExplainSettings, question: Question | None = None) -> Maps:
    """Explain a batch.

    Args:
        classifier: The model; it is left as it was.
        x: (n, 3, size, size), normalised, on the model's device.
        how: The method, the layer, and the classes that are asked for.
        question: Asked instead of what ``how`` asks.

    Raises:
        SettingsError: There is no such class or layer, or the layer makes no map.
    """
    if how.method == "occlusion":
        with torch.no_grad():
            logits = classifier.logits_of_input(x)
        question = _ask(classifier, how, logits) if question is None else question
        return Maps(logits, question, _as_array(_occluded(classifier, x, question)))
    layer = layer_to_watch(classifier.model, how.layer)
    views = views_of(x, classifier.views)
    network = classifier.network if layer is None else classifier.model  # inner layers are not all in the folded one
    passages = [passed(network, view, layer, classifier.machine) for view in views]
    with torch.enable_grad():
        total = torch.stack([passage.logits for passage in passages]).sum(dim=0)
        logits = total.detach() / len(passages) / classifier.temperature
        question = _ask(classifier, how, logits) if question is None else question
        score = question.score(total).sum()
    gradients = torch.autograd.grad(score, [passage.features for passage in passages], allow_unused=True)
    if any(gradient is None for gradient in gradients):
        raise SettingsError(f"the answer does not rest on layer {layer}", "--layer with the name of a stage")
    formula = FORMULAS[how.method]
    maps = [
        formula(passage.as_map(passage.features.detach()), passage.as_map(gradient))
        for passage, gradient in zip(passages, gradients, strict=True)
    ]
    mirrored = [bool(ramp[..., 0] > ramp[..., -1]) for ramp in _ramps(classifier, x)]
    return Maps(logits, question, _as_array(_mean_of_views(maps, mirrored)))


def _ask(classifier: Classifier, how: ExplainSettings, logits: Tensor) -> Question:
    number = class_number(classifier, how.of_class)
    classes = logits.argmax(dim=1) if number is None else torch.full_like(logits[:, 0], number, dtype=torch.int64)
    return Question(classes, class_number(classifier, how.instead_of))


def _occluded(classifier: Classifier, x: Tensor, question: Question) -> Tensor:
    def score(covered: Tensor) -> Tensor:
        times = len(covered) // len(x)
        asked = Question(question.classes.repeat_interleave(times), question.instead_of)
        return asked.score(classifier.logits_of_input(covered))

    return occlusion(x, score, classifier.settings.batch_size)


def _ramps(classifier: Classifier, x: Tensor) -> list[Tensor]:
    """Return the first row of each view of a picture that grows lighter to the right."""
    ramp = torch.arange(float(x.shape[-1])).expand(1, 1, x.shape[-2], -1)
    return [view[0, 0, 0] for view in views_of(ramp, classifier.views)]


def _mean_of_views(maps: list[Tensor], mirrored: list[bool]) -> Tensor:
    upright = [each.flip(2) if turned else each for each, turned in zip(maps, mirrored, strict=True)]
    size = upright[0].shape[1:]
    fitted = [
        each if each.shape[1:] == size else interpolate(each[:, None], size=size, mode="bilinear", antialias=True)[:, 0]
        for each in upright
    ]
    return torch.stack(fitted).mean(dim=0)


def _as_array(maps: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = maps.detach().float().cpu().numpy()
    return array


def as_heat(signed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the positive part of one map as a share of its maximum, (h, w) in 0..1; 0 where nothing is positive."""
    positive = np.maximum(np.nan_to_num(signed), 0)
    highest = positive.max()
    return positive / highest if highest > 0 else positive


def why_no_evidence(signed: NDArray[np.float32], label: str) -> str:
    """Return why one map shows nothing, or empty text if it shows something.

    Args:
        signed: (h, w).
        label: What the map is about, in words.
    """
    if not np.isfinite(signed).all():
        return f"the map of {label!r} is not finite: the network's numbers ran over"
    if signed.size == 1:
        return "the map has one place only, so it tells no place from another: try an earlier --layer"
    positive = np.maximum(signed, 0)
    if positive.max() <= 0:
        return f"the map of {label!r} is zero everywhere: no place speaks for it; try --class or --method occlusion"
    if positive.max() - positive.min() <= SAME * positive.max():
        return f"the map of {label!r} is the same everywhere: it tells no place from another; try --method occlusion"
    return ""


def why_no_map(signed: NDArray[np.float32], label: str, instead_of: str = "") -> str:
    """Return why the map of one question shows nothing, or empty text if it shows something.

    Args:
        signed: (h, w).
        label: The class that is explained.
        instead_of: The class that it is held against; empty: none.
    """
    if label == instead_of:
        return f"it is taken for {label!r} itself: name the other class with --class"
    return why_no_evidence(signed, f"{label} instead of {instead_of}" if instead_of else label)
