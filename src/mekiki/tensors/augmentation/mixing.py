"""Two photos in one: mixup blends them, CutMix pastes a piece of one into the other; their labels mix alike.

The other photo and the share come from the picture's key, not from the batch that it happens to be in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mekiki.config import AugmentSettings
from mekiki.tensors.augmentation.change import Rectangle
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.geometry import Picture


@dataclass(frozen=True, slots=True)
class Mix:
    """What was drawn for one picture.

    Attributes:
        partner: The other photo's number.
        share: How much of the label stays, 0..1.
        piece: Where the other photo is pasted in; None: the two are blended.
    """

    partner: int
    share: float
    piece: Rectangle | None


def draw_mix(settings: AugmentSettings, key: Key, photos: int, size: int) -> Mix | None:
    """Draw what a picture is mixed with; where both ways are on, each takes half of the pictures.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018; Yun et al., "CutMix", ICCV 2019.

    Args:
        settings: Holds alpha of both ways; 0 switches one off.
        key: Of the picture.
        photos: From how many photos the other one is chosen.
        size: Side of the square, pixels.
    """
    if not settings.mixup and not settings.cutmix:
        return None
    numbers = key.stream("mix")
    partner, first = int(numbers.integers(photos)), numbers.random()
    pasted = bool(settings.cutmix) and (not settings.mixup or first < 0.5)
    alpha = settings.cutmix if pasted else settings.mixup
    share = float(numbers.beta(alpha, alpha))
    if not pasted:
        return Mix(partner, share, None)
    side = size * math.sqrt(1 - share)
    y, x = (numbers.random(2) * size).tolist()
    top, left = max(0, round(y - side / 2)), max(0, round(x - side / 2))
    piece = Rectangle(top, left, min(size, round(y + side / 2)), min(size, round(x + side / 2)), None)
    covered = (piece.bottom - piece.top) * (piece.right - piece.left)
    return Mix(partner, 1 - covered / size**2, piece)


def mix(picture: Picture, partner: Picture, drawn: Mix) -> Picture:
    """Return the mixed picture, (size, size, 3), from two of that shape."""
    if drawn.piece is None:
        blended = drawn.share * picture.astype(np.float32) + (1 - drawn.share) * partner.astype(np.float32)
        return np.rint(blended).astype(np.uint8)
    rows, columns = slice(drawn.piece.top, drawn.piece.bottom), slice(drawn.piece.left, drawn.piece.right)
    mixed = picture.copy()
    mixed[rows, columns] = partner[rows, columns]
    return mixed
