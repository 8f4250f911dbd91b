"""The picture of a comparison: each run's accuracy, and each difference beside zero and the margin, with intervals.

What is drawn is what the comparison holds; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mekiki.records.comparison import Comparison, PairComparison
from mekiki.records.evaluation import Estimate
from mekiki.reports.canvas import dress, new_figure, style_axes, tick_names
from mekiki.reports.fonts import plain, shorten
from mekiki.reports.theme import LIGHT, Theme

ROW_HEIGHT = 0.36
FRAME_HEIGHT = 0.85
LONGEST_NAME, LONGEST_NARROW = 24, 13


def comparison_figure(comparison: Comparison, theme: Theme = LIGHT, narrow: bool = False) -> Figure:
    """Draw the accuracy of each run above the differences of each two.

    Args:
        comparison: Its runs and pairs are drawn, each with its 95 % interval.
        theme: Colours.
        narrow: For a narrow screen.

    Returns:
        A figure of the axes "accuracy" and "difference". Where a margin was named it is shaded, and the 90 % interval,
        which has to lie within it, is drawn thicker.
    """
    runs, pairs = comparison.runs, comparison.pairs
    heights = [ROW_HEIGHT * len(rows) + FRAME_HEIGHT for rows in (runs, pairs)]
    figure = new_figure(4.4 if narrow else 8.4, sum(heights), theme)
    accuracy, difference = figure.subplots(2, 1, height_ratios=heights)
    longest = LONGEST_NARROW if narrow else LONGEST_NAME
    accuracy.set_label("accuracy")
    _frame(accuracy, "Accuracy", tick_names([run.name for run in runs], 2 * longest), theme)
    for place, run in enumerate(runs):
        _draw_row(accuracy, place, run.accuracy, f"{100 * run.accuracy.value:.1f} %", theme)
    difference.set_label("difference")
    names = [" − ".join(shorten(plain(name), longest) for name in (pair.first, pair.second)) for pair in pairs]
    _frame(difference, "Difference, points", tick_names(names, 2 * longest + 3), theme)
    _draw_margin(difference, pairs, theme)
    for place, pair in enumerate(pairs):
        _draw_row(difference, place, pair.difference, _signed(pair.difference), theme)
        if pair.equivalence is not None:
            within = pair.equivalence.interval
            difference.plot([within.low, within.high], [place] * 2, color=theme.true, linewidth=4.2, label="_90 %",
                            solid_capstyle="butt")  # fmt: skip
    _fit(accuracy, difference)
    dress(figure)
    return figure


def _signed(difference: Estimate) -> str:
    points = round(100 * difference.value, 1)
    return f"{points:+.1f}" if points else "0.0"


def _frame(axes: Axes, title: str, names: Sequence[str], theme: Theme) -> None:
    style_axes(axes, theme)
    axes.set_title(title, loc="left", fontsize=11, color=theme.ink, fontweight="bold")
    axes.set_yticks(range(len(names)), names, color=theme.ink)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def _draw_row(axes: Axes, place: int, estimate: Estimate, words: str, theme: Theme) -> None:
    axes.plot([estimate.low, estimate.high], [place] * 2, color=theme.true, linewidth=1.6, label="_interval")
    axes.plot([estimate.value], [place], color=theme.true, marker="o", markersize=8, markeredgewidth=0, label="value")
    axes.text(1.015, place, words, transform=axes.get_yaxis_transform(), va="center", fontsize=10, color=theme.ink)


def _draw_margin(axes: Axes, pairs: Sequence[PairComparison], theme: Theme) -> None:
    axes.axvline(0, color=theme.muted, linewidth=1.0, linestyle=(0, (1, 2)), label="_none")
    margin = max((pair.equivalence.margin for pair in pairs if pair.equivalence), default=0.0)
    if margin:
        axes.axvspan(-margin, margin, color=theme.line, alpha=0.7, linewidth=0, label="margin")


def _fit(accuracy: Axes, difference: Axes) -> None:
    low, high = accuracy.dataLim.intervalx
    accuracy.set_xlim(max(0.0, low - 0.02), min(1.0, high + 0.02))
    accuracy.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    low, high = difference.dataLim.intervalx
    reach = 1.08 * max(-low, high, 0.01)
    difference.set_xlim(-reach, reach)
    difference.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+g}" if value else "0")
