"""The figures that mekiki draws of a run: learning curves, confusion, reliability, coverage, one picture's classes.

This is the door that others import; ``curves.py``, ``reliability.py`` and ``coverage.py`` hold those figures,
``canvas.py`` the colours and files. Nothing here reads or scores anything: what is drawn is what is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mekiki.errors import DataError
from mekiki.records.evaluation import Evaluation
from mekiki.reports.canvas import dress, new_figure, png_bytes, save_png, style_axes, tick_names
from mekiki.reports.coverage import coverage_figure
from mekiki.reports.curves import curves_figure
from mekiki.reports.fonts import plain, shorten
from mekiki.reports.reliability import reliability_figure
from mekiki.reports.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "Theme",
    "confusion_figure",
    "coverage_figure",
    "curves_figure",
    "png_bytes",
    "prediction_figure",
    "reliability_figure",
    "save_png",
]

Pixels = npt.NDArray[np.uint8]
CROWDED_CLASSES = 25
_MOST_BARS = 10


def confusion_figure(evaluation: Evaluation, theme: Theme = LIGHT) -> Figure:
    """Draw which class was taken for which.

    Args:
        evaluation: Its ``confusion`` counts are drawn; rows are true classes.
        theme: Colours.

    Returns:
        A figure whose colours are shares of each row: right answers in blue, mistakes in vermilion on a square-root
        scale so that rare ones show. Counts are written into the cells up to 25 classes.
    """
    counts = np.asarray(evaluation.confusion, float)
    total = len(evaluation.classes)
    side = min(14.0, max(3.6, 2.4 + 0.44 * total))
    figure = new_figure(side, side + 0.3, theme)
    axes = figure.subplots()
    style_axes(axes, theme)
    colours = _cell_colours(counts, theme)
    axes.imshow(colours, aspect="equal", interpolation="nearest")
    size = 10.5 if total <= CROWDED_CLASSES else max(4.0, 10.5 * CROWDED_CLASSES / total)
    _name_classes(axes, tick_names(evaluation.classes, 26), size, theme)
    right = f"{np.trace(counts):.0f} of {counts.sum():.0f} right"
    axes.set_title(f"{evaluation.part}: {right}", loc="left", fontsize=11, fontweight="bold", color=theme.ink)
    if total <= CROWDED_CLASSES:
        _rule_cells(axes, total, theme)
        _write_counts(axes, counts, colours, size, theme)
    dress(figure)
    return figure


def _name_classes(axes: Axes, names: list[str], size: float, theme: Theme) -> None:
    places = range(len(names))
    look: dict[str, Any] = {"fontsize": size, "color": theme.ink}
    if len(names) * max(map(len, names)) <= 40:
        axes.set_xticks(places, names, **look)
    elif len(names) <= CROWDED_CLASSES:
        axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor", **look)
    else:
        axes.set_xticks(places, names, rotation=90, **look)
    axes.set_yticks(places, names, **look)
    axes.set_xlabel("predicted", color=theme.muted, fontsize=10.5)
    axes.set_ylabel("true", color=theme.muted, fontsize=10.5)


def _cell_colours(counts: npt.NDArray[np.float64], theme: Theme) -> npt.NDArray[np.float64]:
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    hits = LinearSegmentedColormap.from_list("hits", [theme.paper, theme.true])(shares)
    misses = LinearSegmentedColormap.from_list("misses", [theme.paper, theme.predicted])(np.sqrt(shares))
    diagonal = np.eye(len(counts), dtype=bool)[:, :, None]
    return np.asarray(np.where(diagonal, hits, misses), float)


def _rule_cells(axes: Axes, total: int, theme: Theme) -> None:
    axes.set_xticks(np.arange(total + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(total + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=theme.line, linewidth=0.7)
    axes.tick_params(which="minor", length=0)


def _write_counts(
    axes: Axes, counts: npt.NDArray[np.float64], colours: npt.NDArray[np.float64], size: float, theme: Theme
) -> None:
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = _readable_on(colours[row, column], theme)
        axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", fontsize=size, color=colour)


def _readable_on(background: npt.NDArray[np.float64], theme: Theme) -> str:
    return max((theme.ink, theme.paper), key=lambda colour: _contrast(np.asarray(to_rgb(colour)), background[:3]))


def _contrast(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Return the contrast ratio of two colours, 1..21. Source: WCAG 2.1, relative luminance."""
    linear = [np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) for rgb in (one, other)]
    dark, light = sorted(float(rgb @ (0.2126, 0.7152, 0.0722)) for rgb in linear)
    return (light + 0.05) / (dark + 0.05)


def prediction_figure(
    picture: Pixels,
    ranked: Sequence[tuple[str, float]],
    label: str | None,
    overlay: Pixels | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw a picture with its ranked classes: the predicted bar is red, the true one blue, the others grey.

    A right prediction is one bar, red with a blue edge. At most ten bars are drawn; the true class is always one of
    them if it was ranked at all.

    Args:
        picture: RGB, shape (height, width, 3).
        ranked: (class, probability in 0..1) pairs.
        label: The true class; None if it is not known.
        overlay: The picture with its heat map over it, drawn beside it.
        theme: Colours.

    Raises:
        DataError: ``ranked`` is empty.
    """
    if not ranked:
        raise DataError("there is no class to draw a bar for: the ranking is empty")
    ordered = _bars_to_draw(ranked, label)
    pictures = [picture] if overlay is None else [picture, overlay]
    above, below = 4.2 - 0.5 * (len(pictures) - 1), 0.9 + 0.3 * len(ordered)
    figure = new_figure(7.4, above + below, theme)
    grid = figure.add_gridspec(2, len(pictures), height_ratios=[above, below])
    for column, pixels in enumerate(pictures):
        axes = figure.add_subplot(grid[0, column])
        axes.imshow(pixels)
        axes.set_axis_off()
    axes = figure.add_subplot(grid[1, :])
    axes.set_label("bars")
    _draw_bars(axes, ordered, label, theme)
    figure.suptitle(_title(ordered[0], label), fontsize=13, fontweight="bold", color=theme.ink)
    dress(figure)
    return figure


def _bars_to_draw(ranked: Sequence[tuple[str, float]], label: str | None) -> list[tuple[str, float]]:
    ordered = sorted(ranked, key=lambda pair: -pair[1])
    return ordered[:_MOST_BARS] + [pair for pair in ordered[_MOST_BARS:] if pair[0] == label]


def _title(first: tuple[str, float], label: str | None) -> str:
    said = f"predicted {shorten(plain(first[0]), 32)} {100 * first[1]:.1f} %"
    if label is None:
        return said
    truth = f"true {shorten(plain(label), 32)}"
    return f"{said} — {truth}" if len(said) + len(truth) < 56 else f"{said}\n{truth}"


def _draw_bars(axes: Axes, ordered: list[tuple[str, float]], label: str | None, theme: Theme) -> None:
    style_axes(axes, theme, 11)
    places = range(len(ordered))
    right = ordered[0][0] == label
    for place, (name, probability) in enumerate(ordered):
        colour = theme.predicted if place == 0 else theme.true if name == label else theme.other
        edge = {"edgecolor": theme.true, "linewidth": 2.5} if place == 0 and right else {"linewidth": 0}
        axes.barh(place, probability, height=0.66, color=colour, **edge)
        axes.text(probability + 0.012, place, f"{100 * probability:.1f} %", va="center", fontsize=11, color=theme.ink)
    axes.set_yticks(places, tick_names([name for name, _ in ordered], 24), color=theme.ink)
    axes.set_xlim(0, 1.12)
    axes.set_ylim(len(ordered) - 0.5, -0.5)
    axes.set_xticks([])
    if label is not None:
        _explain_colours(axes, right, any(name == label for name, _ in ordered), theme)


def _explain_colours(axes: Axes, right: bool, ranked: bool, theme: Theme) -> None:
    if right:
        keys = [Patch(facecolor=theme.predicted, edgecolor=theme.true, linewidth=2, label="predicted = true")]
    else:
        truth = "true" if ranked else "true: not among the ranked"
        keys = [Patch(facecolor=theme.predicted, label="predicted"), Patch(facecolor=theme.true, label=truth)]
    axes.legend(handles=keys, loc="lower right", fontsize=10, frameon=False, labelcolor=theme.ink)
