"""One page of a watched video: the frame, its heat map over it, and below both the answer with ranked bars.

The panel stands below the frame, so it covers nothing, and has the same height on all pages of a video.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mekiki.explanation.overlay import lay_over
from mekiki.reports.lettering import Lettering
from mekiki.reports.theme import DARK
from mekiki.tensors.geometry import Picture

LEAST_WIDTH = 240
"""Pixels; a narrower frame stands in the middle of a page of this width, else no name would fit."""
LEAST_LETTERS, LARGEST_LETTERS = 13, 44
"""Pixels of the font."""
UNSURE = "#e8c268"
_LETTERS_A_SIDE = 40
_NAME_SHARE = 0.42


@dataclass(frozen=True)
class Shown:
    """What a page says.

    Attributes:
        label: The answer.
        known: Whether it is one of the classes.
        score: Its smoothed probability, 0..1.
        ranked: (name, smoothed probability) pairs, the most probable first.
        note: In small letters: of which frame it is, and what the heat map shows.
        about: The class that the note ends with; a long name is shortened.
    """

    label: str
    known: bool
    score: float
    ranked: tuple[tuple[str, float], ...]
    note: str
    about: str = ""


class VideoPage:
    """Draws the pages of one video; all have the same size.

    Args:
        width: Of the frames, pixels.
        height: Of the frames, pixels.
        rows: How many ranked bars each page has, at least 1.
        texts: All names that may be drawn.

    Attributes:
        size: Width and height of the pages, both even, pixels.
    """

    def __init__(self, width: int, height: int, rows: int, texts: Sequence[str]) -> None:
        self.width, self.height, self.rows = width, height, rows
        self._lettering = Lettering([*texts, _USED_LETTERS])
        wide = max(width, LEAST_WIDTH)
        self._letters = min(max(round(math.sqrt(wide * height) / _LETTERS_A_SIDE), LEAST_LETTERS), LARGEST_LETTERS)
        high = height + round(self._letters * (4.3 + 1.45 * rows))
        self.size = wide + wide % 2, high + high % 2
        self._drawn: tuple[Shown, Picture] | None = None

    def draw(self, picture: Picture, heat: NDArray[np.float32] | None, shown: Shown | None) -> Picture:
        """Return a page, (height, width, 3) RGB of ``size``.

        Args:
            picture: The frame, (H, W, 3) RGB; one of another size than the video's is fitted into it.
            heat: (H, W) in 0..1 of this frame or one before; None: no map.
            shown: The answer; None: there is none yet.
        """
        if heat is not None:
            if heat.shape != picture.shape[:2]:
                heat = np.asarray(cv2.resize(heat, picture.shape[1::-1]), dtype=np.float32)
            picture = lay_over(picture, heat)
        page = np.empty((self.size[1], self.size[0], 3), np.uint8)
        page[:] = _PAPER
        placed = _fitted(picture, self.width, self.height)
        high, wide = placed.shape[:2]
        top, left = (self.height - high) // 2, (self.size[0] - wide) // 2
        page[top : top + high, left : left + wide] = placed
        if shown is not None:
            page[self.height :] = self._panel(shown)
        return page

    def _panel(self, shown: Shown) -> Picture:
        if self._drawn is None or self._drawn[0] != shown:
            sheet = Image.new("RGB", (self.size[0], self.size[1] - self.height), DARK.paper)
            self._write(ImageDraw.Draw(sheet), shown)
            self._drawn = shown, np.asarray(sheet)
        return self._drawn[1]

    def _write(self, sheet: ImageDraw.ImageDraw, shown: Shown) -> None:
        unit, margin = self._letters, self._letters // 2
        right = self.size[0] - margin
        large, small = round(1.4 * unit), max(11, round(0.8 * unit))
        line = 1.75 * unit
        self._both_ends(sheet, line, large, shown.label, f"{shown.score:.0%}", DARK.ink if shown.known else UNSURE)
        for name, chance in shown.ranked[: self.rows]:
            line += 1.45 * unit
            self._bar(sheet, line, name, chance, "" if name != shown.label else DARK.true if shown.known else UNSURE)
        taken = self._lettering.width(f"{shown.note} ", small)
        note = f"{shown.note} {self._lettering.fitted(shown.about, small, right - margin - taken)}"
        self._lettering.draw(sheet, (margin, self.size[1] - self.height - 0.6 * unit), note, small, DARK.muted)

    def _both_ends(
        self, sheet: ImageDraw.ImageDraw, line: float, size: int, text: str, figure: str, colour: str
    ) -> None:
        margin = self._letters // 2
        at = self.size[0] - margin - self._lettering.width(figure, size)
        text = self._lettering.fitted(text, size, at - 2 * margin)
        self._lettering.draw(sheet, (margin, line), text, size, colour)
        self._lettering.draw(sheet, (at, line), figure, size, colour)

    def _bar(self, sheet: ImageDraw.ImageDraw, line: float, name: str, chance: float, mark: str) -> None:
        unit, margin = self._letters, self._letters // 2
        name_width = _NAME_SHARE * self.size[0] - margin
        colour = DARK.ink if mark else DARK.muted
        self._lettering.draw(sheet, (margin, line), self._lettering.fitted(name, unit, name_width), unit, colour)
        figure = f"{chance:.0%}"
        right = self.size[0] - margin
        self._lettering.draw(sheet, (right - self._lettering.width(figure, unit), line), figure, unit, colour)
        left = margin + name_width + margin
        end = right - self._lettering.width("100%", unit) - margin
        top, bottom = line - 0.75 * unit, line + 0.05 * unit
        sheet.rectangle((left, top, end, bottom), fill=DARK.line)
        if chance > 0:
            sheet.rectangle((left, top, left + (end - left) * chance, bottom), fill=mark or DARK.other)


_USED_LETTERS = "".join(map(chr, range(32, 127))) + "·…"
_PAPER = tuple(bytes.fromhex(DARK.paper[1:]))


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    high, wide = picture.shape[:2]
    if (wide, high) == (width, height):
        return picture
    scale = min(width / wide, height / high)
    size = max(1, min(width, round(wide * scale))), max(1, min(height, round(high * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
