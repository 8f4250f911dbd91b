"""The first training batch as a picture in the run: what the network sees, before it is normalised.

The pictures are those that the first step is given, drawn once more from the same counters, so that training takes the
same course with and without this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mekiki.reports.contact_sheet import Cell, Row, contact_sheet, mixed_caption, save_sheet
from mekiki.tensors.geometry import Picture
from mekiki.tensors.loading import UNLABELLED, Batch

MOST_SHOWN = 64
COLUMNS = 8
SMALLEST, LARGEST = 112, 224


def write_first_batch(path: Path, batch: Batch, classes: Sequence[str]) -> None:
    """Draw a batch as a sheet, with its labels; where two photos are mixed, the share of each.

    Args:
        path: The PNG file to write.
        batch: Of augmented photos; the first 64 are shown.
        classes: Names of the class numbers.
    """
    shown = min(MOST_SHOWN, len(batch.labels))
    pictures = batch.array
    cells = [Cell(_visible(pictures[number]), _caption(batch, number, classes)) for number in range(shown)]
    rows = [Row("", "", tuple(cells[start : start + COLUMNS])) for start in range(0, shown, COLUMNS)]
    save_sheet(contact_sheet(rows), path)


def _caption(batch: Batch, number: int, classes: Sequence[str]) -> str:
    own, other = (
        "no label" if label == UNLABELLED else classes[label] for label in (batch.labels[number], batch.others[number])
    )
    share = batch.shares[number]
    return own if share == 1 else mixed_caption(own, other, float(share))


def _visible(picture: Picture) -> Picture:
    """Return a picture pixel by pixel; a small one with each pixel as a larger square, a large one reduced."""
    side = picture.shape[0]
    if side > LARGEST:
        return np.asarray(cv2.resize(picture, (LARGEST, LARGEST), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    times = -(-SMALLEST // side)
    return picture.repeat(times, axis=0).repeat(times, axis=1)
