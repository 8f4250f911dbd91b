"""What near copies are searched and compared by: the views of all photos, one per frame of each photo.

Photos are taken in the order of their sketches' bytes and not in the order of the list, so that which pairs are
found, and how alike, does not depend on the order of the list. Beside the sketches it holds about 1.5 kB per photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mekiki.data.copies.alignment import framed
from mekiki.data.copies.descriptors import LENGTH, WINDOW, descriptors_of
from mekiki.data.copies.framing import ROUNDS, frames_of
from mekiki.data.copies.hashing import Sketch

COARSE = 16

_AT_ONCE = 512
_SAME_FRAME = 1


@dataclass(frozen=True, slots=True)
class Views:
    """The frames of photos and what they show; photo numbers are places in ``sketches``.

    Attributes:
        order: int (N,), where each photo was in the list.
        sketches: N sketches.
        frames: int16 (N, 3, 4), see ``framing``.
        owners: int (M,), the photo of each view, ascending.
        levels: int8 (M,), which frame of it.
        descriptors: float32 (M, 128); zeros for a view without detail.
        coarse: uint8 (M, 16, 16), brightness.
    """

    order: np.ndarray
    sketches: Sequence[Sketch]
    frames: np.ndarray
    owners: np.ndarray
    levels: np.ndarray
    descriptors: np.ndarray
    coarse: np.ndarray

    def greys(self, photos: np.ndarray) -> np.ndarray:
        """Return the brightness of photos, uint8 (n, 64, 64)."""
        return np.stack([self.sketches[photo].grey for photo in photos])

    def chromas(self, photos: np.ndarray) -> np.ndarray:
        """Return the colours of photos, uint8 (n, 16, 16, 2)."""
        return np.stack([self.sketches[photo].chroma for photo in photos])

    def frames_of(self, views: np.ndarray) -> np.ndarray:
        """Return the frames of views, int16 (n, 4)."""
        return np.asarray(self.frames[self.owners[views], self.levels[views]])


def views_of(sketches: Sequence[Sketch]) -> Views:
    """Return the views of photos.

    Args:
        sketches: One per photo, at least one.
    """
    order = np.array(sorted(range(len(sketches)), key=lambda index: sketches[index].content))
    kept = [sketches[index] for index in order]
    frames, owners, levels, descriptors, coarse = [], [], [], [], []
    for start in range(0, len(kept), _AT_ONCE):
        greys = np.stack([sketch.grey for sketch in kept[start : start + _AT_ONCE]])
        own = frames_of(greys)
        photo, level = np.nonzero(_distinct(own))
        chosen, seen = own[photo, level], greys[photo]
        frames.append(own)
        owners.append(photo + start)
        levels.append(level.astype(np.int8))
        descriptors.append(descriptors_of(framed(seen, chosen, WINDOW)))
        coarse.append(np.rint(framed(seen, chosen, COARSE)).astype(np.uint8))
    return Views(
        order=order,
        sketches=kept,
        frames=np.concatenate(frames),
        owners=np.concatenate(owners),
        levels=np.concatenate(levels),
        descriptors=np.concatenate(descriptors).reshape(-1, LENGTH),
        coarse=np.concatenate(coarse),
    )


def _distinct(frames: np.ndarray) -> np.ndarray:
    """Tell which frames differ from the one before by more than a pixel, bool (N, 3)."""
    distinct = np.ones(frames.shape[:2], bool)
    for level in range(1, ROUNDS + 1):
        distinct[:, level] = np.abs(frames[:, level] - frames[:, level - 1]).max(axis=1) > _SAME_FRAME
    return distinct
