"""Which photos each step of an epoch learns from: steps of batches of draws; the same in all processes.

A draw is a photo's number, plus the number of photos for each further pass within the epoch. It reads no picture.
"""

from __future__ import annotations

from mekiki.config import TrainSettings
from mekiki.seeds import stream

Batches = list[list[int]]


def draws_of_epoch(photos: int, settings: TrainSettings) -> int:
    """Return how many photos are drawn in one epoch; the last of them may be dropped, see ``steps_of_epoch``."""
    return photos if settings.steps_per_epoch is None else settings.steps_per_epoch * settings.batch_size


def count_steps(photos: int, settings: TrainSettings) -> int:
    """Return the steps of the whole training: those of the optimiser, each of ``accumulate`` batches."""
    full, rest = divmod(draws_of_epoch(photos, settings), settings.batch_size * settings.accumulate)
    return settings.epochs * (full + (rest > 1))


def steps_of_epoch(photos: int, epoch: int, settings: TrainSettings) -> list[Batches]:
    """Return the draws of one epoch, step by step.

    A step learns from ``accumulate`` batches of ``batch_size`` draws; the last step from what is left. A single draw is
    no batch (batch norm needs two): it joins the batch before it, or is dropped where its step has no other.

    Args:
        photos: Number of training photos.
        epoch: Counted from 1.
        settings: Batch size, batches to a step, seed.
    """
    wanted = draws_of_epoch(photos, settings)
    draws: list[int] = []
    for passage in range(-(-wanted // photos)):
        shuffled = stream(settings.seed, "order", epoch, passage).permutation(photos)
        draws += [int(photo) + passage * photos for photo in shuffled]
    size = settings.batch_size * settings.accumulate
    steps = [draws[start : min(start + size, wanted)] for start in range(0, wanted, size)]
    return [_batches(step, settings.batch_size) for step in steps if len(step) > 1]


def _batches(draws: list[int], size: int) -> Batches:
    batches = [draws[start : start + size] for start in range(0, len(draws), size)]
    if len(batches[-1]) == 1:
        batches[-2:] = [batches[-2] + batches[-1]]
    return batches
