"""Plain tables of figures, and intervals drawn as a dot with whiskers: HTML of our own, every word in it escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup
from nicegui import ui

from mekiki.records.evaluation import Estimate


def show_table(headers: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> ui.html:
    """Put a table; the first cell of a row names it.

    Args:
        headers: One a column.
        rows: Cells as text; only what ``whisker`` returns may hold markup.
        caption: What it shows, in a few words; not given: none.
    """
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in headers)
    body = Markup("").join(_row(cells) for cells in rows)
    above = Markup("<caption>{}</caption>").format(caption) if caption else Markup("")
    whole = Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(above, head, body)
    return ui.html(str(whole), sanitize=False).classes("mk-table")


def whisker(estimate: Estimate, ends: tuple[float, float]) -> Markup:
    """Return an estimate with its interval as a drawing; its figures must stand beside it as text.

    Args:
        estimate: What is drawn.
        ends: Of the scale.
    """
    low, dot, high = (_place(value, ends) for value in (estimate.low, estimate.value, estimate.high))
    return Markup(
        '<span class="mk-whisker" aria-hidden="true"><i style="left:{:.1f}%;width:{:.1f}%"></i>'
        '<b style="left:{:.1f}%"></b></span>'
    ).format(low, high - low, dot)


def scale_of(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Return the ends of a scale that holds all intervals, at whole twentieths."""
    low = min((each.low for each in estimates), default=0.0)
    high = max((each.high for each in estimates), default=1.0)
    return math.floor(20 * low + 1e-9) / 20, max(math.ceil(20 * high - 1e-9), math.floor(20 * low + 1e-9) + 1) / 20


def percent(share: float, decimals: int = 1) -> str:
    """Return a share as text, "93.1 %"."""
    return f"{100 * share:.{decimals}f}\u00a0%"


def _row(cells: Sequence[str]) -> Markup:
    first, *others = cells
    rest = Markup("").join(Markup("<td>{}</td>").format(each) for each in others)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(first, rest)


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return 100 * min(1.0, max(0.0, (value - low) / max(high - low, 1e-9)))
