"""The sentences about how sure a model is: whether its percentages hold, and what its threshold for "unknown" does.

Each number in them is the evaluation's, or the card's.
"""

from __future__ import annotations

from mekiki.records.calibration import Calibration
from mekiki.records.evaluation import Estimate, Evaluation
from mekiki.reports.story import counted, interval, percent

_NEARLY_1 = 0.05


def calibration_sentence(evaluation: Evaluation, calibration: Calibration | None) -> str:
    """Say how far its percentages are off, and what the temperature did; empty where neither was measured.

    Args:
        evaluation: Where it was measured.
        calibration: The model's own; None if it has none.
    """
    if evaluation.intervals is None:
        return ""
    left = f"off by {_points(evaluation.intervals.ece)} on average"
    before = evaluation.uncalibrated
    if calibration is None or before is None:
        return f"Its percentages are {left}. It has no temperature that could correct them."
    fitted = f"{calibration.temperature:.2f}, fitted on {counted(calibration.n, 'validation photo')}"
    kind = ": the very photos of this figure, which is kind to it" if evaluation.part == "val" else ""
    return (
        f"{_left_to_itself(calibration.temperature)}: off by {_points(before.ece)}. One number, the temperature "
        f"{fitted}{kind}, corrects all its percentages and changes no answer. With it they are {left}."
    )


def _left_to_itself(temperature: float) -> str:
    if abs(temperature - 1) < _NEARLY_1:
        return "Left to itself, the network was about as sure as it should be"
    return f"Left to itself, the network was {'too sure' if temperature > 1 else 'not sure enough'}"


def _points(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} points ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def threshold_sentence(evaluation: Evaluation) -> str:
    """Say what the model's own threshold for "unknown" does to photos of its classes."""
    unknown = evaluation.unknown
    if unknown is None:
        return "It has no threshold for “unknown”, and answers every photo."
    answered = f"{percent(unknown.coverage)}{_range(unknown.coverage_interval)} of these photos"
    right = unknown.accuracy_answered
    if right is None:
        return f"Its own threshold for “unknown” answers none of these {counted(evaluation.n, 'photo')}."
    return (
        f"Its own threshold for “unknown” answers {answered}; of the answers {percent(right.value)}{_range(right)} are "
        "right. It is there to refuse pictures of other things, so that it keeps an order of its own."
    )


def _range(estimate: Estimate | None) -> str:
    return "" if estimate is None else f" ({interval(estimate)})"
