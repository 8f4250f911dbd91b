"""What an answer costs: the model's size, its work, and how long a picture takes on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np
from torch.utils.flop_counter import FlopCounterMode

from mekiki.config import ViewsName
from mekiki.evaluation.answering import Answering
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import count_parameters

WARM_UP, TURNS = 3, 15


def milliseconds_of(models: Sequence[Answering]) -> list[float]:
    """Return how long each takes to answer about one prepared picture, median of several.

    Models take turns, so that a machine whose speed changes is fair to all of them.
    """
    pictures = [_picture(model) for model in models]
    seconds: list[list[float]] = [[] for _ in models]
    for _ in range(WARM_UP + TURNS):
        for model, picture, own in zip(models, pictures, seconds, strict=True):
            began = time.perf_counter()
            model.ask(picture)
            own.append(time.perf_counter() - began)
    return [1000 * statistics.median(own[WARM_UP:]) for own in seconds]


def work_of(classifier: Classifier, views: ViewsName) -> tuple[int, int]:
    """Return how many numbers a model has learnt, and its multiply-adds for one picture.

    Args:
        classifier: The model.
        views: In which forms the picture is judged.
    """
    picture = _picture(classifier)
    classifier.ask(picture, views)  # the network is looked at once, before its work is counted
    with FlopCounterMode(display=False) as counter:
        classifier.ask(picture, views)
    return count_parameters(classifier.model).total, counter.get_total_flops() // 2


def _picture(model: Answering) -> np.ndarray:
    size = model.card.preprocessing.image_size
    return np.full((1, size, size, 3), 127, dtype=np.uint8)
