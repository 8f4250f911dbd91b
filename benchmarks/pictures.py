"""Draws pictures of ``docs/`` from what runs recorded.

    python benchmarks/pictures.py curves out.png "ImageNet weights=runs/transfer" "random weights=runs/scratch"
    python benchmarks/pictures.py shares out.png "leak-safe=592/990" "random=942/990"

``curves`` draws the validation accuracy of runs over their epochs, ``shares`` counts with their Wilson intervals.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mekiki.records.history import read_history
from mekiki.records.run import open_run
from mekiki.reports.canvas import dress, new_figure, save_png, style_axes
from mekiki.reports.theme import LIGHT
from mekiki.scoring.intervals import wilson

COLOURS = (LIGHT.true, LIGHT.predicted, LIGHT.muted)


def main() -> None:
    """Draw one picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["curves", "shares"])
    parser.add_argument("out", type=Path)
    parser.add_argument("named", nargs="+", help="NAME=RUN or NAME=RIGHT/ALL")
    asked = parser.parse_args()
    named = dict(each.rsplit("=", 1) for each in asked.named)
    save_png(_curves(named) if asked.kind == "curves" else _shares(named), asked.out)


def _curves(runs: dict[str, str]) -> Figure:
    figure = new_figure(6.4, 3.4, LIGHT)
    axes = figure.subplots()
    style_axes(axes, LIGHT)
    axes.grid(axis="y", color=LIGHT.line, linewidth=0.8)
    for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
        history = read_history(open_run(Path(run)).history)
        values = [epoch.val_accuracy for epoch in history]
        axes.plot([epoch.epoch for epoch in history], values, color=colour, marker="o", markersize=4, label=name)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", color=LIGHT.muted)
    axes.set_title("Validation photos recognised", loc="left", fontsize=11, color=LIGHT.ink, fontweight="bold")
    axes.legend(loc="best", frameon=False, labelcolor=LIGHT.ink)
    dress(figure)
    return figure


def _shares(counts: dict[str, str]) -> Figure:
    figure = new_figure(6.4, 0.9 + 0.42 * len(counts), LIGHT)
    axes = figure.subplots()
    style_axes(axes, LIGHT)
    for place, count in enumerate(counts.values()):
        right, n = map(int, count.split("/"))
        share = wilson(right, n)
        axes.barh(place, share.value, height=0.6, color=LIGHT.true)
        axes.plot([share.low, share.high], [place, place], color=LIGHT.ink, linewidth=1.6)
        axes.text(share.high + 0.015, place, f"{share.value:.1%} of {n:,}", va="center", fontsize=9.5, color=LIGHT.ink)
    axes.set_yticks(range(len(counts)), list(counts))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    dress(figure)
    return figure


if __name__ == "__main__":
    main()
