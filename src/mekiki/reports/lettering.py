"""Text on pixels, letter by letter in a font that has it: for video pages, where matplotlib would be too slow."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from matplotlib import font_manager
from PIL import ImageDraw, ImageFont

from mekiki.reports.fonts import drawable, families_for, letters_of, plain, shorten

Colour = str
"""As "#rrggbb"."""


class Lettering:
    """Draws texts in the fonts of this machine that have their letters; a box stands for a letter that none has.

    Args:
        texts: All that will be drawn, so that the fonts are looked up once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.families = families_for([plain(text) for text in texts])

    def width(self, text: str, size: int) -> float:
        """Return the width of a text of ``size`` pixels, in pixels."""
        return sum(_font(family, size).getlength(part) for family, part in self._parts(text))

    def fitted(self, text: str, size: int, most: float) -> str:
        """Return the text on one line and no wider than ``most`` pixels; the middle of a longer one becomes "…"."""
        text = plain(text)
        if self.width(text, size) <= most:
            return text
        short, long = 0, len(text)
        while long - short > 1:
            middle = (short + long) // 2
            if self.width(shorten(text, middle), size) <= most:
                short = middle
            else:
                long = middle
        return shorten(text, short) if short else ""

    def draw(self, sheet: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, fill: Colour) -> None:
        """Draw a text on one line.

        Args:
            sheet: What to draw on.
            place: The left end of the line that the letters stand on, x and y in pixels.
            text: What to draw.
            size: Height of the font, pixels.
            fill: Its colour.
        """
        x, y = place
        for family, part in self._parts(text):
            font = _font(family, size)
            sheet.text((x, y), part, fill=fill, font=font, anchor="ls")
            x += font.getlength(part)

    def _parts(self, text: str) -> list[tuple[str, str]]:
        """Return the text in parts, each with the family that draws it."""
        shown = drawable(plain(text), self.families)
        return [(family, "".join(letters)) for family, letters in groupby(shown, self._family_of)]

    def _family_of(self, letter: str) -> str:
        return next((name for name in self.families if letter in letters_of(name)), self.families[0])


@lru_cache(maxsize=32)
def _font(family: str, size: int) -> ImageFont.FreeTypeFont:
    path = font_manager.findfont(font_manager.FontProperties(family=[family]))
    return ImageFont.truetype(str(path), size, index=getattr(path, "face_index", 0))
