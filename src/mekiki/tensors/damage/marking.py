"""A picture and what was put over it: brush strokes and throws of dust, painted by the code of training and stress.

Marks are in shares of the picture's sides, so it has the same marks at every size: as a person sees it, and as each
network does. They are painted at the network's scale, before the square is made of it; without marks that square is to
the last bit what ``predict`` makes of the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mekiki.config import FitName
from mekiki.data.pictures import read_file, read_picture
from mekiki.tensors.augmentation.applying import change_in_place
from mekiki.tensors.augmentation.change import Change, Stroke
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.strokes import painted
from mekiki.tensors.damage.damaging import thrown_dust
from mekiki.tensors.geometry import Picture, reduce, square


@dataclass(frozen=True)
class Dust:
    """One throw of dust, as ``stress --kinds dust`` has it.

    Attributes:
        key: Where its random numbers come from.
        count: Rectangles.
    """

    key: Key
    count: int


Mark = Stroke | Dust


def marked(picture: Picture, marks: Sequence[Mark]) -> Picture:
    """Return a picture with marks over it, one after the other.

    Args:
        picture: (H, W, 3); it is not changed.
        marks: What to paint; none: the same array comes back.
    """
    for mark in marks:
        if isinstance(mark, Dust):
            height, width = picture.shape[:2]
            dust = thrown_dust(mark.key, mark.count, width, height)
            picture = change_in_place(picture, Change(rectangles=dust))
        else:
            picture = painted(picture, [mark])
    return picture


class MarkedPicture:
    """A picture that can be marked, at the sizes that people and networks need. Safe to use from several threads.

    Args:
        source: A file, or a file's bytes.
        max_megapixels: A picture with more pixels is refused before it is decoded, in millions.
        side: Longer side of what is shown, pixels.

    Attributes:
        content: The file's bytes.
        width: Of what is shown, pixels.
        height: Of what is shown, pixels.

    Raises:
        PictureError: It cannot be read; the message is the reason, without the path.
    """

    def __init__(self, source: Path | bytes, max_megapixels: float, side: int) -> None:
        self.content = source if isinstance(source, bytes) else read_file(source)
        self._max_megapixels, self._side = max_megapixels, side
        self._layers: dict[tuple[int, str], _Layer] = {}
        self._lock = threading.Lock()
        self.height, self.width = self.shown(()).shape[:2]

    def shown(self, marks: Sequence[Mark]) -> Picture:
        """Return the picture as a person sees it, no side longer than ``side``."""
        return self._at("shown", marks, lambda: self._read(self._side, "letterbox"))

    def enlarged(self, marks: Sequence[Mark], side: int) -> Picture:
        """Return the picture with its marks at another size; nothing is kept of it."""
        return marked(self._read(side, "letterbox"), marks)

    def prepared(self, marks: Sequence[Mark], size: int, fit: FitName) -> Picture:
        """Return the network's square.

        Args:
            marks: What was put over it.
            size: Side of the square, pixels.
            fit: How the picture fits it.

        Returns:
            (size, size, 3).
        """
        return square(self._at(fit, marks, lambda: self._read(size, fit), size), size, fit)

    def _read(self, size: int, fit: FitName) -> Picture:
        picture = read_picture(self.content, max_megapixels=self._max_megapixels, at_least=size)
        return reduce(np.asarray(picture, dtype=np.uint8), size, fit)

    def _at(self, name: str, marks: Sequence[Mark], clean: Callable[[], Picture], size: int = 0) -> Picture:
        with self._lock:
            layer = self._layers.get((size, name))
            if layer is None:
                layer = self._layers[size, name] = _Layer(clean())
            return layer.with_marks(marks)


class _Layer:
    """The picture at one size, and as it was painted last, so that one more stroke costs one stroke."""

    def __init__(self, clean: Picture) -> None:
        self._clean = self._canvas = clean
        self._done: tuple[Mark, ...] = ()

    def with_marks(self, marks: Sequence[Mark]) -> Picture:
        begun = len(self._done)
        if begun > len(marks) or any(one is not other for one, other in zip(self._done, marks, strict=False)):
            self._canvas, begun = self._clean, 0
        self._canvas, self._done = marked(self._canvas, marks[begun:]), tuple(marks)
        return self._canvas
