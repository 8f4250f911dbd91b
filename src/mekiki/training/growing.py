"""How large the training photos are in each epoch: small at first, where most is learnt cheaply, and then growing."""

from __future__ import annotations

from typing import Literal

from mekiki.config import TrainSettings

SMALL_UNTIL, WHOLE_FROM = 0.5, 0.75
FIRST_SHARE, LAST_SHARE = 4 / 7, 6 / 7
SMALLEST_GROWN = 160
COARSE_STEP, FINE_STEP = 32, 8
"""Pixels: sizes in between are multiples of this, from ``COARSE_STEP`` · 4 on and below it."""


def usual_first_size(image_size: int) -> int:
    """Return the size to begin with: 128 for pictures of 224, 96 for 160; small sizes do not grow."""
    return image_size if image_size < SMALLEST_GROWN else round(image_size * FIRST_SHARE / COARSE_STEP) * COARSE_STEP


def usual_last_size(image_size: int) -> int:
    """Return the size to end with if the head is fitted anew after it: 192 for pictures of 224, 128 for 160."""
    return image_size if image_size < SMALLEST_GROWN else round(image_size * LAST_SHARE / COARSE_STEP) * COARSE_STEP


def last_size_of(settings: TrainSettings, image_size: int) -> int:
    """Return the size of the last epochs' photos, by which validation judges in training."""
    return image_size if settings.last_size == "auto" else settings.last_size


def size_of_epoch(number: int, epochs: int, first_size: int | Literal["auto"], last_size: int) -> int:
    """Return the size of the training photos in an epoch, pixels on each side.

    The first half of the epochs has ``first_size``, the last quarter ``last_size``; in between it grows evenly.

    Args:
        number: Of the epoch, from 1.
        epochs: Of the whole training.
        first_size: Of the first epochs; all are alike if it is ``last_size``, or was left to nobody ("auto").
        last_size: Of the last ones.

    Source: Howard, "Training ImageNet in 3 hours for 25 minutes", 2018; Tan and Le, "EfficientNetV2", ICML 2021,
        section 4 (progressive learning).
    """
    if first_size == "auto" or first_size >= last_size or number >= epochs:
        return last_size
    done = (number - 1) / (epochs - 1)
    share = min(max((done - SMALL_UNTIL) / (WHOLE_FROM - SMALL_UNTIL), 0.0), 1.0)
    if share in (0.0, 1.0):
        return last_size if share else first_size
    between = first_size + share * (last_size - first_size)
    step = COARSE_STEP if first_size >= 4 * COARSE_STEP else FINE_STEP
    return min(max(round(between / step) * step, first_size), last_size)
