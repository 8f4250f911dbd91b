"""Coverage against accuracy: how often a model is right where it answers only the photos that it is surest of.

Two orders are drawn: by the probability of the answer, and by the score that tells what is known, on which the model's
own threshold lies. Counting is done by ``scoring/``; intervals are Wilson's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mekiki.records.evaluation import Estimate, Evaluation
from mekiki.records.predictions import ScoredPhoto
from mekiki.reports.canvas import dress, new_figure, style_axes
from mekiki.reports.theme import LIGHT, Theme
from mekiki.scoring.detection import CoverageCurve, coverage_curve
from mekiki.scoring.intervals import wilson_of_share

LEAST_ANSWERED = 10
"""Photos from which on the curve is drawn: a share of fewer says little."""

SHARES = (0.5, 0.8, 0.9, 0.95, 1.0)
MOST_POINTS = 300


@dataclass(frozen=True)
class SurestShare:
    """What is right if only so many photos are answered.

    Attributes:
        share: Of the photos, in (0, 1], those it is surest of.
        n: How many these are.
        accuracy: Share of them that is right, with its Wilson interval.
        least_sure: The probability of the least sure of them, 0..1: a bar to set.
    """

    share: float
    n: int
    accuracy: Estimate
    least_sure: float


def surest_shares(evaluation: Evaluation, photos: Sequence[ScoredPhoto]) -> list[SurestShare]:
    """Return what is right among the surest half, and larger shares, of the photos of an evaluation.

    Photos of which it is equally sure are answered together, so that a share may be larger than was asked for.

    Args:
        evaluation: Says how many independent photos they are worth.
        photos: What was said of each.
    """
    judged = judging(evaluation, photos)
    falling = sorted((photo.score for photo in judged), reverse=True)
    bars = [falling[max(1, round(share * len(falling))) - 1] for share in SHARES] if falling else []
    found = []
    for bar in dict.fromkeys(bars):
        right = [photo.right for photo in judged if photo.score >= bar]
        accuracy = wilson_of_share(sum(right) / len(right), len(right) * _worth(evaluation))
        found.append(SurestShare(len(right) / len(judged), len(right), accuracy, bar))
    return found


def judging(evaluation: Evaluation, photos: Sequence[ScoredPhoto]) -> list[ScoredPhoto]:
    """Return the photos that the figures are of: where some were seen in training, the fresh ones."""
    return [photo for photo in photos if not (evaluation.fresh and photo.seen.startswith(("train", "val")))]


def _worth(evaluation: Evaluation) -> float:
    """Return how many independent photos each photo is worth, in (0, 1]."""
    return evaluation.intervals.effective_n / evaluation.n if evaluation.intervals else 1.0


def coverage_figure(
    evaluation: Evaluation, photos: Sequence[ScoredPhoto], theme: Theme = LIGHT, narrow: bool = False
) -> Figure:
    """Draw accuracy against the share of photos that is answered.

    Args:
        evaluation: Its ``unknown`` is marked, if there is one.
        photos: What was said of each photo of it.
        theme: Colours.
        narrow: For a narrow screen.

    Returns:
        A figure of one axes with the lines "in the order of its percentages" and, where each photo has a
        ``known_score``, "in the order of its score for the unknown", with a ring at the model's own threshold.
    """
    figure = new_figure(4.4 if narrow else 6.8, 4.1, theme)
    axes = figure.subplots()
    axes.set_label("coverage")
    style_axes(axes, theme)
    photos = judging(evaluation, photos)
    right = np.array([photo.right for photo in photos], dtype=np.bool_)
    if len(photos):
        sure = coverage_curve(np.array([photo.score for photo in photos], dtype=np.float64), right)
        _draw_curve(axes, sure, len(photos), _worth(evaluation), theme)
        known = [photo.known_score for photo in photos if photo.known_score is not None]
        if len(known) == len(photos):
            _draw_known(axes, coverage_curve(np.array(known, dtype=np.float64), right), len(photos), theme)
    _mark_threshold(axes, evaluation, theme)
    _fit(axes, theme)
    if axes.lines:
        figure.legend(loc="outside upper left", fontsize=9.5, frameon=False, labelcolor=theme.ink, handlelength=2.2)
    dress(figure)
    return figure


def _shown(curve: CoverageCurve, n: int) -> NDArray[np.int64]:
    """Return the places of a curve that are drawn: not before a few photos are answered, and not thousands."""
    first = int(np.searchsorted(curve.coverage, min(LEAST_ANSWERED / n, curve.coverage[-1]) - 1e-9))
    places = np.arange(first, len(curve.coverage))
    chosen = np.linspace(0, len(places) - 1, min(len(places), MOST_POINTS)).round().astype(np.int64)
    return np.unique(places[chosen])


def _draw_curve(axes: Axes, curve: CoverageCurve, n: int, worth: float, theme: Theme) -> None:
    places = _shown(curve, n)
    coverage, accuracy = curve.coverage[places], curve.accuracy[places]
    ends = [wilson_of_share(float(a), float(c) * n * worth) for a, c in zip(accuracy, coverage, strict=True)]
    low, high = [end.low for end in ends], [end.high for end in ends]
    axes.fill_between(coverage, low, high, color=theme.true, alpha=0.14, linewidth=0)
    axes.plot(
        coverage, accuracy, color=theme.true, linewidth=2.0, label="in the order of its percentages", clip_on=False
    )


def _draw_known(axes: Axes, curve: CoverageCurve, n: int, theme: Theme) -> None:
    places = _shown(curve, n)
    axes.plot(
        curve.coverage[places], curve.accuracy[places], color=theme.muted, linewidth=1.4, linestyle=(0, (4, 2)),
        label="in the order of its score for the unknown",
    )  # fmt: skip


def _mark_threshold(axes: Axes, evaluation: Evaluation, theme: Theme) -> None:
    unknown = evaluation.unknown
    if unknown is None or unknown.accuracy_answered is None:
        return
    right = unknown.accuracy_answered
    axes.plot([unknown.coverage] * 2, [right.low, right.high], color=theme.predicted, linewidth=1.3, label="_interval")
    axes.plot(
        [unknown.coverage], [right.value], marker="o", markersize=9, markerfacecolor="none", linestyle="none",
        markeredgecolor=theme.predicted, markeredgewidth=1.8, clip_on=False, zorder=4,
        label=f"at its threshold: {100 * unknown.coverage:.1f} % answered, {100 * right.value:.1f} % of these right",
    )  # fmt: skip


def _fit(axes: Axes, theme: Theme) -> None:
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.lines] or [np.array([0.5])])
    low = max(0.0, math.floor(20 * float(values.min()) - 0.5) / 20)
    axes.set_xlim(0, 1)
    axes.set_ylim(min(low, 0.95), 1.0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.tick_params(pad=6)
    axes.grid(color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("answered, the surest first", fontsize=10, color=theme.muted)
    axes.set_ylabel("right of these", fontsize=10, color=theme.muted)
