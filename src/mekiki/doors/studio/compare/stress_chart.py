"""A kind's accuracy against severity as an SVG: the page's own colours, sharp at any size, in the page's language.

Runs differ by colour, by mark and by dash. Intervals are bands. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mekiki.records.stress import StressPoint

WIDTH, HEIGHT = 380, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 12, 34
MARKS = ("●", "■", "▲", "◆")
STYLES = len(MARKS)


def stress_svg(title: str, marks: Sequence[str], curves: Sequence[tuple[str, Sequence[StressPoint]]]) -> Markup:
    """Return the drawing.

    Args:
        title: What a screen reader says of it.
        marks: The severities in short, the clean photos first.
        curves: Name and points of each run, as many points as ``marks``.
    """
    grid = Markup("").join(_level(share) for share in (0, 0.25, 0.5, 0.75, 1))
    ticks = Markup("").join(
        Markup('<text x="{:.1f}" y="{}" class="mk-tick" text-anchor="middle">{}</text>').format(
            _x(place, len(marks)), HEIGHT - 14, mark
        )
        for place, mark in enumerate(marks)
    )
    lines = Markup("").join(_curve(number, name, marks, points) for number, (name, points) in enumerate(curves))
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="mk-chart">{}{}{}</svg>'
    ).format(WIDTH, HEIGHT, title, grid, ticks, lines)  # fmt: skip


def style_of(number: int) -> str:
    """Return the class that gives a run its colour and dash; after the last one they begin anew."""
    return f"mk-curve-{number % STYLES}"


def _curve(number: int, name: str, marks: Sequence[str], points: Sequence[StressPoint]) -> Markup:
    xs = [_x(place, len(points)) for place in range(len(points))]
    upper = [f"{x:.1f},{_y(point.high):.1f}" for x, point in zip(xs, points, strict=True)]
    lower = [f"{x:.1f},{_y(point.low):.1f}" for x, point in zip(xs, points, strict=True)]
    middle = [f"{x:.1f},{_y(point.accuracy):.1f}" for x, point in zip(xs, points, strict=True)]
    dots = Markup("").join(
        Markup('<text x="{:.1f}" y="{:.1f}" class="mk-dot" text-anchor="middle">{}<title>{}</title></text>').format(
            x,
            _y(point.accuracy) + 3.6,
            MARKS[number % STYLES],
            f"{name}, {mark}: {100 * point.accuracy:.1f} % ({100 * point.low:.1f}–{100 * point.high:.1f})",
        )
        for x, point, mark in zip(xs, points, marks, strict=True)
    )
    return Markup(
        '<g class="{}"><polygon class="mk-band" points="{}"/><polyline class="mk-line" points="{}"/>{}</g>'
    ).format(style_of(number), " ".join([*upper, *reversed(lower)]), " ".join(middle), dots)  # fmt: skip


def _level(share: float) -> Markup:
    return Markup(
        '<line x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}" class="mk-grid"/>'
        '<text x="{3}" y="{4:.1f}" class="mk-tick" text-anchor="end">{5:.0f}</text>'
    ).format(_LEFT, WIDTH - _RIGHT, _y(share), _LEFT - 6, _y(share) + 4, 100 * share)


def _x(place: int, count: int) -> float:
    inside = WIDTH - _LEFT - _RIGHT - 24
    return _LEFT + 12 + inside * (place / max(count - 1, 1))


def _y(share: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share)
