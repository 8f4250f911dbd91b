"""A contact sheet: rows of small pictures with a name beside each row and a caption under each picture.

Pictures are placed pixel by pixel, never resampled, so that the file shows what it was given. Nothing is made here:
``verbs/preview.py`` says what each picture is.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from mekiki.errors import SettingsError
from mekiki.files import write_bytes
from mekiki.reports.canvas import dress
from mekiki.reports.fonts import plain, shorten
from mekiki.reports.theme import LIGHT, Theme

DPI = 72
"""A point is a pixel then."""
MARGIN = 16
GAP = 8
CAPTION = 20
LINE = 15
NAMES = 176
HEADING = 40
TITLE = 36
JPEG_QUALITY = 88
_ENDINGS = (".png", ".jpg", ".jpeg")
_LETTER = 6.6  # mean width of a caption's letter, pixels, in the widest font (DejaVu Sans)


@dataclass(frozen=True)
class Cell:
    """One picture, RGB (side, side, 3), and what stands under it, on one line or more."""

    picture: npt.NDArray[np.uint8]
    caption: str


@dataclass(frozen=True)
class Row:
    """Pictures side by side.

    Attributes:
        name: Beside them, in bold.
        detail: Under the name.
        cells: From left to right.
        heading: Stands above the row, where a new section begins.
    """

    name: str
    detail: str
    cells: tuple[Cell, ...]
    heading: str = ""


@dataclass(frozen=True)
class SheetLayout:
    """Where things stand on a sheet, in pixels from its upper left corner.

    Attributes:
        side: Of each picture.
        width: Of the sheet.
        height: Of the sheet.
        left: Of the first picture in a row.
        tops: Of each row's pictures.
    """

    side: int
    width: int
    height: int
    left: int
    tops: tuple[int, ...]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Return the top and the left of a picture."""
        return self.tops[row], self.left + column * (self.side + GAP)


def lay_out(rows: Sequence[Row], title: str = "") -> SheetLayout:
    """Return where each row of a sheet stands; all pictures are as large as the first."""
    side = rows[0].cells[0].picture.shape[0]
    left = MARGIN + (NAMES if any(row.name for row in rows) else 0)
    most = max(len(row.cells) for row in rows)
    top, tops = MARGIN + (TITLE if title else 0), []
    for row in rows:
        top += HEADING if row.heading else 0
        tops.append(top)
        lines = max(cell.caption.count("\n") for cell in row.cells)
        top += side + CAPTION + lines * LINE + GAP
    return SheetLayout(side, left + most * (side + GAP) - GAP + MARGIN, top - GAP + MARGIN, left, tuple(tops))


def contact_sheet(rows: Sequence[Row], title: str = "", theme: Theme = LIGHT) -> Figure:
    """Draw a contact sheet.

    Args:
        rows: One at least, with one picture at least; all pictures are squares of one size.
        title: Stands at the top.
        theme: Colours.

    Returns:
        A figure of 72 dpi, so that its file has as many pixels as the sheet.
    """
    layout = lay_out(rows, title)
    paper, line = (np.round(np.array(to_rgb(colour)) * 255).astype(np.uint8) for colour in (theme.paper, theme.line))
    sheet = np.tile(paper, (layout.height, layout.width, 1))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row.cells):
            top, left = layout.corner(number, column)
            sheet[top - 1 : top + layout.side + 1, left - 1 : left + layout.side + 1] = line
            sheet[top : top + layout.side, left : left + layout.side] = cell.picture
    figure = Figure(figsize=(layout.width / DPI, layout.height / DPI), dpi=DPI, facecolor=theme.paper)
    FigureCanvasAgg(figure)
    figure.figimage(sheet)
    _write_texts(figure, layout, rows, title, theme)
    dress(figure)
    return figure


def _write_texts(figure: Figure, layout: SheetLayout, rows: Sequence[Row], title: str, theme: Theme) -> None:
    def write(
        x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False, centred: bool = False
    ) -> None:
        figure.text(
            x / layout.width,
            1 - y / layout.height,
            text,
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            ha="center" if centred else "left",
            va="top",
        )

    if title:
        write(MARGIN, MARGIN - 2, title, 17, theme.ink, bold=True)
    for number, row in enumerate(rows):
        top = layout.tops[number]
        if row.heading:
            write(MARGIN, top - HEADING + 12, row.heading, 14.5, theme.true, bold=True)
        if row.name:
            name = textwrap.fill(plain(row.name), 20)
            write(MARGIN, top + 4, name, 13, theme.ink, bold=True)
            below = top + 8 + 17 * (1 + name.count("\n"))
            write(MARGIN, below, textwrap.fill(plain(row.detail), 26), 12, theme.muted)
        for column, cell in enumerate(row.cells):
            _, left = layout.corner(number, column)
            caption = "\n".join(fitting(line, layout.side) for line in cell.caption.split("\n"))
            write(left + layout.side / 2, top + layout.side + 4, caption, 11.5, theme.ink, centred=True)


def mixed_caption(label: str, other: str, share: float) -> str:
    """Return the two labels of a mixed picture, a line each; ``share`` is the first one's, 0..1."""
    return f"{share:.2f} {label}\n{1 - share:.2f} {other}"


def fitting(text: str, width: float) -> str:
    """Return a caption that is no wider than its picture; a wide letter (Japanese) counts as two."""
    text = plain(text)
    wide = sum(ord(letter) > 0x2E80 for letter in text)
    return shorten(text, max(3, math.floor(width / _LETTER * len(text) / (len(text) + wide)))) if text else ""


def check_sheet_name(path: Path, option: str = "--preview") -> None:
    """Refuse a name that no sheet can be written under, before any work is done.

    Raises:
        SettingsError: It ends like no PNG or JPEG file, or is there already.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise SettingsError(f"{option} {path}: expected a name that ends in .png or .jpg", f"{option} sheet.png")
    if path.exists():
        raise SettingsError(f"{option} {path} is there already; nothing is ever written over", "name a new file")


def save_sheet(figure: Figure, path: Path) -> None:
    """Write a sheet as PNG, or as JPEG of quality 88, by its ending; atomically."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if path.suffix.lower() == ".png":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    write_bytes(path, buffer.getvalue())
