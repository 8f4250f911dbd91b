"""The picture of a Pareto front: accuracy against size, and against time; a step line joins those on the front.

What is drawn is what the comparison holds. Each is a number at its point and a name in the key, because names would
cover each other where an export is as good and as large as its run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mekiki.records.comparison import Comparison, Cost, Front, RunScore
from mekiki.reports.canvas import dress, new_figure, style_axes, tick_names
from mekiki.reports.theme import LIGHT, Theme

PANEL_WIDTH, PANEL_HEIGHT, KEY_ROW = 4.2, 3.4, 0.24
LONGEST_NAME = 34
NEAR = 0.05
"""Share of a panel's side within which points have one label together."""
TITLES = {"bytes": "Size, megabytes", "milliseconds": "Time, ms a picture"}


def pareto_figure(comparison: Comparison, theme: Theme = LIGHT, narrow: bool = False) -> Figure:
    """Draw accuracy against each cost that has a front.

    Args:
        comparison: One with ``fronts``; all of its runs have a cost.
        theme: Colours.
        narrow: For a narrow screen: one panel below the other.

    Returns:
        A figure whose axes are labelled "bytes" and "milliseconds"; the horizontal axis is logarithmic. The points of
        the front are filled and joined by the line "front", the others, of the label "beaten", are hollow.
    """
    fronts, runs = comparison.fronts, comparison.runs
    rows, columns = (len(fronts), 1) if narrow else (1, len(fronts))
    key_columns = 1 if narrow else 2
    key = KEY_ROW * -(-len(runs) // key_columns) + 0.2
    figure = new_figure(PANEL_WIDTH * columns, PANEL_HEIGHT * rows + key, theme)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=not narrow)
    for axes, front in zip(panels.flat, fronts, strict=True):
        _draw_panel(axes, runs, front, theme)
    names = tick_names([run.name for run in runs], LONGEST_NAME)
    blank = [Line2D([], [], linestyle="none") for _ in runs]
    figure.legend(
        blank, [f"{number}   {name}" for number, name in enumerate(names, start=1)], loc="outside lower left",
        ncols=key_columns, fontsize=9.5, frameon=False, labelcolor=theme.ink, handlelength=0, handletextpad=0.4,
    )  # fmt: skip
    dress(figure)
    return figure


def _draw_panel(axes: Axes, runs: Sequence[RunScore], front: Front, theme: Theme) -> None:
    axes.set_label(front.by)
    style_axes(axes, theme)
    axes.set_title(TITLES[front.by], loc="left", fontsize=11, color=theme.ink, fontweight="bold")
    axes.set_xscale("log")
    points = [(_price(run.cost, front), run.accuracy.value) for run in runs]
    on_front = sorted(point for run, point in zip(runs, points, strict=True) if run.name in front.names)
    low, high = _limits([price for price, _ in points])
    axes.set_xlim(low, high)
    steps = [*on_front, (high, on_front[-1][1])]
    axes.step(*zip(*steps, strict=True), where="post", color=theme.true, linewidth=1.4, label="front")
    for run, (price, value) in zip(runs, points, strict=True):
        best = run.name in front.names
        colour = theme.true if best else theme.muted
        axes.plot([price] * 2, [run.accuracy.low, run.accuracy.high], color=colour, linewidth=1.0, alpha=0.6)
        axes.plot(
            [price], [value], linestyle="none", marker="o", markersize=7, color=colour, markeredgewidth=1.4,
            markerfacecolor=colour if best else theme.paper, label="on front" if best else "beaten",
        )  # fmt: skip
    axes.grid(axis="y", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", length=0)
    _number(axes, points, theme)


def _price(cost: Cost | None, front: Front) -> float:
    assert cost is not None  # a front is made of costs
    return cost.bytes / 1e6 if front.by == "bytes" else cost.milliseconds


def _limits(prices: Sequence[float]) -> tuple[float, float]:
    """Return where the axis begins and ends: a tenth of its length beyond the points, and at least a factor of two."""
    room = max(1.4, (max(prices) / min(prices)) ** 0.12)
    return min(prices) / room, max(prices) * room


def _number(axes: Axes, points: Sequence[tuple[float, float]], theme: Theme) -> None:
    """Write the numbers of points beside them; points that lie together share a label."""
    (left, right), (bottom, top) = (math.log(limit) for limit in axes.get_xlim()), axes.get_ylim()
    places = [((math.log(x) - left) / (right - left), (y - bottom) / (top - bottom)) for x, y in points]
    together: list[list[int]] = []
    for number, place in enumerate(places):
        for group in together:
            if math.dist(place, places[group[0]]) < NEAR:
                group.append(number)
                break
        else:
            together.append([number])
    for group in together:
        rightmost = max((points[number] for number in group), key=lambda point: point[0])
        words = ", ".join(str(number + 1) for number in group)
        axes.annotate(
            words, rightmost, xytext=(6, 4), textcoords="offset points", fontsize=9.5, color=theme.ink,
            annotation_clip=False,
        )  # fmt: skip
