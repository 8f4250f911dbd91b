"""The learning curves: accuracy and loss over the epochs, training beside validation.

Epoch 0 is the probe, before any weight of the backbone moved; the best snapshot is marked. Values that are missing or
not finite leave a gap in the line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mekiki.records.history import Epoch
from mekiki.reports.canvas import dress, new_figure, style_axes
from mekiki.reports.theme import LIGHT, Theme


def curves_figure(history: Sequence[Epoch], theme: Theme = LIGHT, stacked: bool = False) -> Figure:
    """Draw accuracy and loss of training and validation.

    Args:
        history: The epochs in order; may be empty.
        theme: Colours.
        stacked: Accuracy above loss, for a narrow screen, instead of side by side.

    Returns:
        A figure of two axes, labelled "accuracy" and "loss"; lines are labelled "training" and "validation".
    """
    figure = new_figure(4.4, 6.0, theme) if stacked else new_figure(8.4, 3.3, theme)
    accuracy, loss = figure.subplots(2 if stacked else 1, 1 if stacked else 2, squeeze=False).flat
    for axes, name in ((accuracy, "accuracy"), (loss, "loss")):
        axes.set_label(name)
        style_axes(axes, theme)
        _draw_lines(axes, history, name, theme)
        _mark_best(axes, history, name, theme)
        _fit_epochs(axes, history)
    _fit_values(accuracy, loss)
    accuracy.set_title("Accuracy", loc="left", fontsize=11, color=theme.ink, fontweight="bold")
    loss.set_title("Loss (cross entropy)", loc="left", fontsize=11, color=theme.ink, fontweight="bold")
    accuracy.legend(loc="lower right", fontsize=9.5, frameon=False, labelcolor=theme.ink, handlelength=1.6)
    dress(figure)
    return figure


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else math.nan


def _draw_lines(axes: Axes, history: Sequence[Epoch], name: str, theme: Theme) -> None:
    epochs = [row.epoch for row in history]
    looks: dict[str, dict[str, Any]] = {
        "training": {"color": theme.muted, "linestyle": (0, (4, 2)), "linewidth": 1.4, "markersize": 3.0},
        "validation": {"color": theme.true, "linestyle": "-", "linewidth": 2.2, "markersize": 4.5},
    }
    for label, prefix in (("training", "train"), ("validation", "val")):
        values = [_finite(getattr(row, f"{prefix}_{name}")) for row in history]
        (line,) = axes.plot(epochs, values, label=label, marker="o", markeredgewidth=0, clip_on=False, **looks[label])
        line.set_in_layout(False)
    axes.grid(axis="y", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)


def _mark_best(axes: Axes, history: Sequence[Epoch], name: str, theme: Theme) -> None:
    best = next((row for row in reversed(history) if row.best), None)
    value = math.nan if best is None else _finite(getattr(best, f"val_{name}"))
    if best is None or math.isnan(value):
        return
    axes.axvline(best.epoch, color=theme.true, linewidth=0.9, alpha=0.5, linestyle=(0, (1, 2)), label="_best")
    axes.plot(
        [best.epoch],
        [value],
        marker="o",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor=theme.true,
        markeredgewidth=1.6,
        linestyle="none",
        clip_on=False,
        label=f"best: {100 * value:.1f} %" if name == "accuracy" else "_best",
    )


def _fit_epochs(axes: Axes, history: Sequence[Epoch]) -> None:
    last = max((row.epoch for row in history), default=1)
    first = min((row.epoch for row in history), default=0)
    axes.set_xlim(first - 0.4, max(last, first + 1) + 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    has_probe = any(row.epoch == 0 for row in history)
    axes.xaxis.set_major_formatter(lambda value, _: "probe" if has_probe and value == 0 else f"{value:.0f}")
    axes.set_xlabel("epoch", fontsize=10, color=axes.xaxis.get_tick_params()["labelcolor"])


def _fit_values(accuracy: Axes, loss: Axes) -> None:
    low = _smallest(accuracy)
    accuracy.set_ylim(max(0.0, math.floor(10 * low - 0.5) / 10), 1.0)
    accuracy.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    loss.set_ylim(bottom=0.0)


def _smallest(axes: Axes) -> float:
    drawn = [line for line in axes.lines if line.get_label() in ("training", "validation")]
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in drawn])
    values = values[np.isfinite(values)]
    return float(values.min()) if values.size else 0.5
