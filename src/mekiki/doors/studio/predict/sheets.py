"""Pictures that a person asks about, with what was scribbled on them: the truth that every part of the page shows.

They are held in memory under names that cannot be guessed, a few of them, so a reload shows the same. What a browser
sends is bounded, and decoded by ``data/pictures.py``; nothing is written.
"""

from __future__ import annotations

import itertools
import math
import re
import secrets
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from mekiki.errors import DataError, PictureError
from mekiki.records.predictions import Prediction
from mekiki.tensors.augmentation.change import Stroke
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.damage.marking import Dust, Mark, MarkedPicture

SHOWN_SIDE = 960
MOST_SHEETS = 12
MOST_MARKS = 400
MOST_POINTS = 4000
WIDEST_BRUSH = 0.25
GRAINS = 16
"""Rectangles in one throw of dust."""


class Sheet:
    """A picture and its marks.

    Args:
        key: Its name among the sheets.
        name: Of the file, to be shown.
        picture: The picture.
        label: Its class, if that is known; else empty.

    Attributes:
        version: Grows with each change.
        clean: What runs say of it without marks, by run folder.
        recorded: Runs in which it was recorded that it was looked at.
    """

    def __init__(self, key: str, name: str, picture: MarkedPicture, label: str = "") -> None:
        self.key, self.name, self.picture, self.label = key, name, picture, label
        self.version = 0
        self.clean: dict[Path, Prediction] = {}
        self.recorded: set[Path] = set()
        self._past: list[tuple[Mark, ...]] = [()]
        self._throws = itertools.count(1)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is on it, in the order in which it came."""
        return self._past[-1]

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return len(self._past) > 1

    def add(self, mark: Mark) -> None:
        """Put something on it.

        Raises:
            DataError: There is too much on it already.
        """
        if len(self.marks) >= MOST_MARKS:
            raise DataError(f"{MOST_MARKS} strokes are on the picture, and no more fit", "clear it")
        self._become((*self.marks, mark))

    def throw_dust(self) -> None:
        """Throw dust at it; each throw falls elsewhere."""
        self.add(Dust(Key(0, ("studio", self.key, next(self._throws))), GRAINS))

    def clear(self) -> None:
        """Take everything off; that can be undone, too."""
        if self.marks:
            self._become(())

    def undo(self) -> None:
        """Take back the last change."""
        if self.can_undo:
            self._past.pop()
            self.version += 1

    def _become(self, marks: tuple[Mark, ...]) -> None:
        self._past.append(marks)
        self.version += 1


class Sheets:
    """The sheets of a studio; the oldest are let go.

    Args:
        max_megapixels: A larger picture is refused.
    """

    def __init__(self, max_megapixels: float) -> None:
        self._max_megapixels = max_megapixels
        self._sheets: dict[str, Sheet] = {}
        self._lock = threading.Lock()
        self._chances = itertools.count()

    def open(self, source: Path | bytes, name: str, label: str = "") -> Sheet:
        """Make a sheet of a picture.

        Args:
            source: A file, or a file's bytes.
            name: To be shown.
            label: Its class, if that is known.

        Raises:
            PictureError: It cannot be read.
        """
        try:
            picture = MarkedPicture(source, self._max_megapixels, SHOWN_SIDE)
        except PictureError as error:
            raise PictureError(f"{name} {error.message}", error.hint) from None
        sheet = Sheet(secrets.token_urlsafe(12), name, picture, label)
        with self._lock:
            self._sheets[sheet.key] = sheet
            while len(self._sheets) > MOST_SHEETS:
                del self._sheets[next(iter(self._sheets))]
        return sheet

    def find(self, key: str) -> Sheet | None:
        """Return a sheet; None if it was never there, or was let go."""
        return self._sheets.get(key)

    def next_chance(self) -> int:
        """Return a number that was not given before, for a choice by chance."""
        return next(self._chances)


def stroke_from(sent: Any) -> Stroke:
    """Return the stroke that a browser sent.

    Args:
        sent: {"points": [[x, y], …] in shares of the sides, "width": of the shorter side, "colour": "#rrggbb"}.

    Raises:
        DataError: It is none.
    """
    try:
        points = np.array(sent["points"], dtype=np.float64)
        width, colour = float(sent["width"]), str(sent["colour"])
    except (KeyError, TypeError, ValueError):
        raise DataError("what came is no stroke of a brush") from None
    if points.ndim != 2 or points.shape[1] != 2 or not 1 <= len(points) <= MOST_POINTS:
        raise DataError(f"a stroke has 1 to {MOST_POINTS} points in x and y; this one is {points.shape}")
    if not np.isfinite(points).all() or not math.isfinite(width) or not 0 < width <= WIDEST_BRUSH:
        raise DataError(f"a brush is up to {WIDEST_BRUSH} of the picture's side wide; this one is {width}")
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise DataError(f"{colour[:20]!r} is no colour such as #cc2200")
    if len(points) == 1:
        points = np.repeat(points, 2, axis=0)
    red, green, blue = bytes.fromhex(colour[1:])
    return Stroke(np.clip(points, -1, 2), width, (red, green, blue))


def name_from(header: str) -> str:
    """Return a file's name from a header, on one line of a length that can be shown."""
    name = re.sub(r"[\x00-\x1f\x7f]+", " ", unquote(header, errors="replace")).strip()
    return name[:120] or "picture"
