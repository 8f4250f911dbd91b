"""The reliability diagram: how often a model is right where it says that it is so sure; before and after calibration.

Bins and errors are those of the evaluation; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from mekiki.records.evaluation import Estimate, Evaluation, ReliabilityBin
from mekiki.reports.canvas import dress, new_figure, style_axes
from mekiki.reports.theme import LIGHT, Theme

AFTER, BEFORE, ONLY = "after", "before", "only"
TITLES = {BEFORE: "Before the temperature", AFTER: "After the temperature", ONLY: "Sure and right"}
_TICKS = [0.0, 0.25, 0.5, 0.75, 1.0]

_Panel = tuple[str, Sequence[ReliabilityBin], float, Estimate | None]


def reliability_figure(evaluation: Evaluation, theme: Theme = LIGHT, stacked: bool = False) -> Figure:
    """Draw how often answers of each sureness are right, above how many answers there are.

    Args:
        evaluation: Its ``reliability`` and, if the model has a temperature, ``uncalibrated`` are drawn.
        theme: Colours.
        stacked: Before above after, for a narrow screen, instead of side by side.

    Returns:
        A figure with two axes for each state, labelled "before" or "after" ("only" where there is no temperature) and
        "before counts" and so on. A dot is a bin: mean sureness against the share that is right, with its Wilson
        interval, larger where more photos are; a bar joins it to the diagonal, where it would be if its percentages
        were true.
    """
    panels = _panels(evaluation)
    columns = 1 if stacked else len(panels)
    rows = len(panels) // columns
    figure = new_figure(4.4 if columns == 1 else 8.6, 4.8 * rows, theme)
    grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[3.2, 1.0] * rows)
    for number, (name, bins, error, interval) in enumerate(panels):
        above, below = (grid[2 * (number // columns) + row, number % columns] for row in (0, 1))
        above.set_label(name)
        below.set_label(f"{name} counts")
        _draw_bins(above, bins, theme)
        _draw_counts(below, bins, theme)
        above.set_title(TITLES[name], loc="left", fontsize=11, color=theme.ink, fontweight="bold", pad=22)
        above.text(0, 1.035, _error_words(error, interval), fontsize=9.5, color=theme.muted, transform=above.transAxes)
        if number % columns == 0:
            above.set_ylabel("right", fontsize=10, color=theme.muted)
            below.set_ylabel("photos", fontsize=10, color=theme.muted)
        below.set_xlabel("how sure it says it is", fontsize=10, color=theme.muted)
    figure.align_ylabels()
    dress(figure)
    return figure


def _panels(evaluation: Evaluation) -> list[_Panel]:
    interval = evaluation.intervals.ece if evaluation.intervals else None
    before = evaluation.uncalibrated
    now: _Panel = (AFTER if before else ONLY, evaluation.reliability, evaluation.ece, interval)
    if before is None:
        return [now]
    return [(BEFORE, before.reliability, before.ece.value, before.ece), now]


def _error_words(error: float, interval: Estimate | None) -> str:
    words = f"off by {100 * error:.1f} points"
    return words if interval is None else f"{words} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _draw_bins(axes: Axes, bins: Sequence[ReliabilityBin], theme: Theme) -> None:
    style_axes(axes, theme, 9)
    axes.plot([0, 1], [0, 1], color=theme.muted, linewidth=1.0, linestyle=(0, (1, 2)), label="true to its word")
    sure, right = [each.confidence for each in bins], [each.accuracy.value for each in bins]
    low, high = [each.accuracy.low for each in bins], [each.accuracy.high for each in bins]
    weights = np.sqrt([each.n / max(other.n for other in bins) for each in bins])
    axes.vlines(sure, sure, right, color=theme.predicted, linewidths=2 + 6 * weights, alpha=0.5, label="gaps")
    axes.vlines(sure, low, high, color=theme.true, linewidths=0.8 + weights, label="intervals")
    dots = axes.scatter(
        sure, right, s=(3.5 + 5.5 * weights) ** 2, color=theme.true, linewidths=0, zorder=3, label="bins"
    )
    dots.set_clip_on(False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.yaxis.set_major_locator(FixedLocator(_TICKS))
    axes.tick_params(labelbottom=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.grid(color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)


def _draw_counts(axes: Axes, bins: Sequence[ReliabilityBin], theme: Theme) -> None:
    style_axes(axes, theme, 9)
    most = max((each.n for each in bins), default=1)
    axes.bar(
        [each.low for each in bins], [each.n for each in bins], width=[each.high - each.low for each in bins],
        align="edge", color=theme.other, edgecolor=theme.paper, linewidth=0.8,
    )  # fmt: skip
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7.5, "color": theme.ink}
    for each in bins:
        axes.text((each.low + each.high) / 2, each.n + 0.04 * most, f"{each.n}", **look).set_in_layout(False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.3 * most)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
