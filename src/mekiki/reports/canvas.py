"""The sheet that figures are drawn on: text dressing and PNG files; ``theme.py`` holds the colours.

Figures are made through matplotlib's object interface with the Agg canvas: no pyplot, no global state, safe in threads.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from PIL import Image

from mekiki.files import write_bytes
from mekiki.reports.fonts import drawable, families_for, plain, shorten
from mekiki.reports.theme import Theme

FILE_DPI = 150
MARGIN = 0.09


def new_figure(width: float, height: float, theme: Theme) -> Figure:
    """Return an empty figure on its own Agg canvas.

    Args:
        width: Inches.
        height: Inches.
        theme: Its colours.
    """
    layout = ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN)
    figure = Figure(figsize=(width, height), layout=layout, facecolor=theme.paper)
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Axes, theme: Theme, size: float = 10.0) -> None:
    """Give axes the theme's colours, no frame, and tick labels of ``size`` points."""
    axes.set_facecolor(theme.paper)
    axes.tick_params(colors=theme.muted, labelsize=size, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def tick_names(names: Sequence[str], most: int) -> list[str]:
    """Return names as this machine can draw them, of at most ``most`` characters, numbered where they would look alike.

    matplotlib sets tick labels anew at each drawing, so that ``dress`` comes too late for them.
    """
    short = [shorten(plain(name), most) for name in names]
    families = families_for(short)
    drawn = [drawable(name, families) for name in short]
    if len(set(drawn)) == len(drawn):
        return drawn
    return [f"{number}  {name}" for number, name in enumerate(drawn, start=1)]


def dress(figure: Figure) -> None:
    """Give every text a font that has its characters, and read no "$" in a name as mathematics."""
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    families = families_for([text.get_text() for text in texts])
    for text in texts:
        text.set(text=drawable(text.get_text(), families), fontfamily=families, parse_math=False)
    for axes in figure.axes:
        axes.tick_params(labelfontfamily=families)


def png_bytes(figure: Figure, dpi: int = FILE_DPI) -> bytes:
    """Return the figure as a PNG file's bytes; the same figure gives the same bytes.

    Args:
        figure: What to draw.
        dpi: Pixels per inch.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return buffer.getvalue()


def save_png(figure: Figure, path: Path, dpi: int = FILE_DPI) -> None:
    """Write the figure as a PNG file, atomically.

    Args:
        figure: What to draw.
        path: The file to create or replace.
        dpi: Pixels per inch.
    """
    write_bytes(path, png_bytes(figure, dpi))


def small_png_bytes(figure: Figure, dpi: int) -> bytes:
    """Return the figure as a PNG file of 128 colours, about a third of the size; for embedding in a page.

    Args:
        figure: What to draw; its own resolution is changed.
        dpi: Pixels per inch.
    """
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
