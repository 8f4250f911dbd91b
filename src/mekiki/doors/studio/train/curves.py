"""The curves of a training: loss and accuracy of training and validation, epoch by epoch, as charts and as a table.

Lines differ in their dashes and marks too, not by colour alone. The charts' colours are changed for a dark page in
``static/train.css``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from mekiki.doors.studio.frame import heading
from mekiki.doors.studio.words import Words
from mekiki.records.history import Epoch

TRAIN, VAL, INK, LINE = "#b3431f", "#1d4ed8", "#51606f", "#d5dae1"
KINDS = ("loss", "accuracy")
_COLUMNS = ("epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy", "images_per_second", "seconds")


class Curves:
    """Both charts and the table on a page.

    Args:
        words: Of the person's language.
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        with ui.element("div").classes("mk-columns"):
            self._charts = {kind: self._chart(kind) for kind in KINDS}
        with ui.expansion(words("train.as_table")).classes("mk-wide"):
            columns = [
                {"name": name, "field": name, "label": words(f"train.column_{name}"), "align": "right"}
                for name in _COLUMNS
            ]
            self._table = ui.table(columns=columns, rows=[], row_key="epoch").props("flat dense hide-pagination")
            self._table.props["rows-per-page-options"] = [0]
            self._table.classes("mk-number mk-epochs")

    def show(self, epochs: Sequence[Epoch], total: int) -> None:
        """Show what is there so far.

        Args:
            epochs: From the first; epoch 0 is the head start.
            total: Epochs in all, so that the axis does not move.
        """
        for kind, chart in self._charts.items():
            chart.options["series"][0]["data"] = points(epochs, f"train_{kind}")
            chart.options["series"][1]["data"] = points(epochs, f"val_{kind}")
            chart.options["series"][1]["markPoint"] = _best(epochs, f"val_{kind}", self.words("train.best"))
            chart.options["xAxis"]["max"] = max(total, epochs[-1].epoch if epochs else 0, 1)
            chart.update()
            chart.props["aria-label"] = self._in_words(kind, epochs)
        self._table.rows = [_row(epoch) for epoch in epochs]

    def _chart(self, kind: str) -> ui.echart:
        with ui.element("div"):
            heading(self.words(f"train.chart_{kind}"), 3)
            chart = ui.echart(chart_options(self.words, kind), renderer="svg").classes("mk-chart")
        chart.props["role"] = "img"
        chart.props["aria-label"] = self.words(f"train.chart_{kind}")
        return chart

    def _in_words(self, kind: str, epochs: Sequence[Epoch]) -> str:
        title = self.words(f"train.chart_{kind}")
        if not epochs:
            return title
        last = epochs[-1]
        train, val = getattr(last, f"train_{kind}"), getattr(last, f"val_{kind}")
        said = "–" if train is None else f"{train:.3f}"
        return self.words("train.chart_alt", title=title, epoch=last.epoch, train=said, val=f"{val:.3f}")


def points(epochs: Sequence[Epoch], name: str) -> list[list[float]]:
    """Return a curve as [epoch, value] pairs, without epochs that have no value."""
    found = ((epoch.epoch, getattr(epoch, name)) for epoch in epochs)
    return [[number, round(value, 5)] for number, value in found if value is not None]


def chart_options(words: Words, kind: str) -> dict[str, Any]:
    """Return an empty chart.

    Args:
        words: Of the person's language.
        kind: "loss" or "accuracy".
    """
    is_share = kind == "accuracy"
    text = {"color": INK, "fontSize": 13}
    return {
        "animation": False,
        "grid": {"left": 44, "right": 48, "top": 36, "bottom": 48},
        "legend": {"top": 0, "left": 0, "textStyle": text, "itemWidth": 34, "selectedMode": False},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "value", "min": 0, "max": 1, "minInterval": 1, "name": words("train.axis_epoch"),
            "nameLocation": "middle", "nameGap": 28, "nameTextStyle": text, "axisLabel": text,
            "axisLine": {"lineStyle": {"color": INK}}, "splitLine": {"show": False},
        },
        "yAxis": {
            "type": "value", "min": 0, "axisLabel": text, "splitLine": {"lineStyle": {"color": LINE}},
            **({"max": 1} if is_share else {}),
        },
        "series": [
            {
                "name": words("train.curve_train"), "type": "line", "data": [], "symbol": "circle", "symbolSize": 5,
                "lineStyle": {"type": "dashed", "width": 2, "color": TRAIN}, "itemStyle": {"color": TRAIN},
            },
            {
                "name": words("train.curve_val"), "type": "line", "data": [], "symbol": "diamond", "symbolSize": 8,
                "lineStyle": {"width": 2, "color": VAL}, "itemStyle": {"color": VAL},
            },
        ],
    }  # fmt: skip


def _best(epochs: Sequence[Epoch], name: str, label: str) -> dict[str, Any]:
    best = [epoch for epoch in epochs if epoch.best]
    if not best:
        return {"data": []}
    point = {"coord": [best[-1].epoch, getattr(best[-1], name)], "value": label}
    return {
        "symbol": "circle", "symbolSize": 14, "data": [point],
        "itemStyle": {"color": "transparent", "borderColor": VAL, "borderWidth": 2},
        "label": {"show": True, "formatter": label, "position": "right", "distance": 8, "color": VAL, "fontSize": 12},
    }  # fmt: skip


def _row(epoch: Epoch) -> dict[str, str | int]:
    def said(value: float | None, text: str) -> str:
        return "–" if value is None else format(value, text)

    return {
        "epoch": epoch.epoch,
        "train_loss": said(epoch.train_loss, ".3f"),
        "val_loss": said(epoch.val_loss, ".3f"),
        "train_accuracy": said(epoch.train_accuracy, ".1%"),
        "val_accuracy": said(epoch.val_accuracy, ".1%") + (" ★" if epoch.best else ""),
        "images_per_second": said(epoch.images_per_second, ".0f"),
        "seconds": said(epoch.seconds, ".0f"),
    }
