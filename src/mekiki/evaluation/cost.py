"""What an answer costs: the model's size, its work, and how long a picture takes on this machine."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import count_parameters
from mekiki.records.comparison import Cost
from mekiki.records.run import RunFolder

WARM_UP, TIMES = 3, 15


def cost_of(classifier: Classifier, run: RunFolder) -> Cost:
    """Measure a run's model.

    Args:
        classifier: The run's.
        run: Where its weights lie.
    """
    size = classifier.card.preprocessing.image_size
    picture = np.full((1, size, size, 3), 127, dtype=np.uint8)
    seconds = []
    for _ in range(WARM_UP + TIMES):
        began = time.perf_counter()
        classifier.logits(picture)  # its result is fetched from the device, so all of it is timed
        seconds.append(time.perf_counter() - began)
    with FlopCounterMode(display=False) as counter:  # the network has been looked at before, and is not again
        classifier.logits(picture)
    return Cost(
        parameters=count_parameters(classifier.model).total,
        bytes=run.weights.stat().st_size,
        multiply_adds=counter.get_total_flops() // 2,
        milliseconds=1000 * statistics.median(seconds[WARM_UP:]),
        threads=torch.get_num_threads(),
        device=classifier.machine.describe(),
        image_size=size,
        views=classifier.views,
    )
