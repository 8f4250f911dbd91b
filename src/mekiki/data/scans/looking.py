"""Looks at one file: reads it once, decodes it once, and keeps what a scan needs of it.

A JPEG is decoded at the smallest size that the measures allow. Nothing here knows of other photos, labels or bounds,
so looks can be shared out among threads and processes (``crew.py``) and kept for the next scan (``remembering.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mekiki.data.copies.hashing import sha256_of, sketch
from mekiki.data.pictures import decode, read_steady
from mekiki.data.scans.looks import Look
from mekiki.data.scans.measures import STANDARD_SIDE, measure
from mekiki.data.scans.stamps import Stamp
from mekiki.errors import PictureError

SKETCHED_SIDE = 128
"""Pixels that a sketch needs on the shorter side."""


def look_at(path: str, max_megapixels: float, read: Callable[[str], tuple[bytes, Stamp | None]] | None = None) -> Look:
    """Look at one photo.

    Args:
        path: The file.
        max_megapixels: A picture with more pixels is not decoded, in millions.
        read: Gives the file's bytes, and the stamp by which a change will show; not given: from disk.

    Returns:
        What it brought; a file that cannot be read gives a look that says why.
    """
    sha256, stamp = "", None
    try:
        content, stamp = read_steady(path) if read is None else read(path)
        sha256 = sha256_of(content)
        picture, facts = decode(content, max_megapixels=max_megapixels, at_least=STANDARD_SIDE)
    except PictureError as error:
        return Look(sha256, error=error.message, stamp=stamp)
    return Look(sha256, facts, measure(picture), sketch(_reduced(picture)), stamp=stamp)


def _reduced(picture: np.ndarray) -> np.ndarray:
    """Halve a picture while a sketch needs less; to halve is far quicker than any other reduction."""
    while min(picture.shape[:2]) >= 2 * SKETCHED_SIDE:
        height, width = (side // 2 for side in picture.shape[:2])
        picture = cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return picture
