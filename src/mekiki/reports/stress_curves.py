"""The curves of ``stress``: accuracy against severity with its interval, one small panel for each kind of damage.

Severities stand at even steps, because most of them double; the ticks name them. Several runs lie over each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from mekiki.config import KindName
from mekiki.records.stress import Stress, with_clean
from mekiki.reports.canvas import dress, new_figure, style_axes
from mekiki.reports.stress_story import TITLES, mark, run_name
from mekiki.reports.theme import LIGHT, Theme

PANEL_WIDTH, PANEL_HEIGHT = 3.1, 2.0
LEGEND_HEIGHT = 0.35
_DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))


def stress_figure(
    stresses: Sequence[Stress], kinds: Sequence[KindName], theme: Theme = LIGHT, columns: int = 3
) -> Figure:
    """Draw one panel for each kind.

    Args:
        stresses: One for each run, the first one first.
        kinds: Which kinds, in this order.
        theme: Colours.
        columns: Panels side by side.

    Returns:
        A figure whose axes are labelled with the kinds' names; lines are labelled with the runs' folders.
    """
    columns = min(columns, len(kinds))
    rows = -(-len(kinds) // columns)
    legend = LEGEND_HEIGHT if len(stresses) > 1 else 0.0
    figure = new_figure(PANEL_WIDTH * columns, PANEL_HEIGHT * rows + legend, theme)
    grid = figure.subplots(rows, columns, squeeze=False)
    for number, axes in enumerate(grid.flat):
        if number >= len(kinds):
            axes.set_visible(False)
            continue
        _draw_panel(axes, stresses, kinds[number], theme)
        if number % columns:
            axes.tick_params(labelleft=False)
    if legend:
        lines = [line for line in grid[0, 0].lines if not str(line.get_label()).startswith("_")]
        names = [str(line.get_label()) for line in lines]
        figure.legend(
            lines, names, loc="outside upper left", ncols=2, fontsize=9.5, frameon=False, labelcolor=theme.ink
        )
    dress(figure)
    return figure


def _draw_panel(axes: Axes, stresses: Sequence[Stress], kind: KindName, theme: Theme) -> None:
    axes.set_label(kind)
    style_axes(axes, theme, 8.5)
    axes.set_title(TITLES[kind], loc="left", fontsize=10.5, color=theme.ink, fontweight="bold")
    colours = (theme.true, theme.predicted, theme.muted)
    for number, stress in enumerate(stresses):
        points = with_clean(stress, kind)
        places = range(len(points))
        colour, dashes = colours[number % len(colours)], _DASHES[number % len(_DASHES)]
        axes.fill_between(
            places, [p.low for p in points], [p.high for p in points], color=colour, alpha=0.16, linewidth=0
        )
        accuracy = [point.accuracy for point in points]
        axes.plot(
            places, accuracy, color=colour, linestyle=dashes, linewidth=1.8, marker="o", markersize=3.2,
            markeredgewidth=0, label=run_name(stress), clip_on=False,
        )  # fmt: skip
    first = stresses[0]
    floor = first.clean - first.losses[kind].points
    axes.axhline(floor, color=theme.muted, linewidth=0.8, linestyle=(0, (1, 2)), label="_ten points lost")
    severities = [point.severity for point in with_clean(first, kind)]
    axes.xaxis.set_major_locator(FixedLocator(list(range(len(severities)))))
    axes.set_xticklabels([mark(kind, severity) for severity in severities], fontsize=8.5)
    axes.set_ylim(0.0, 1.0)
    axes.yaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.grid(axis="y", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
