"""Writes pictures as the network would see them, for a person to look at (Keras' ``save_to_dir``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.errors import SettingsError, unknown_name
from mekiki.files import write_bytes
from mekiki.tensors.copies import JPEG_QUALITY
from mekiki.tensors.geometry import Picture

FORMATS = ("png", "jpg", "jpeg")
_TO_FILE_ORDER = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


@dataclass(frozen=True)
class Saving:
    """Where and how pictures are written.

    Attributes:
        folder: Made if it is missing; None: nothing is written.
        prefix: What file names begin with.
        ending: png, jpg or jpeg.
    """

    folder: Path | None
    prefix: str
    ending: str

    def save(self, values: NDArray[Any], factor: float | None, number: int, draw: int) -> Path:
        """Write ``prefix_number_draw.ending``; if there is such a file, the next free number stands for ``draw``.

        Args:
            values: (H, W, 1, 3 or 4).
            factor: What levels of 0..255 were multiplied by; None if other things were done to them.
            number: Of the sample.
            draw: Of the drawing.
        """
        folder = Path() if self.folder is None else self.folder
        while (path := folder / f"{self.prefix}_{number}_{draw}.{self.ending}").exists():
            draw += 1
        write_bytes(path, _encode(viewable(values, factor), self.ending))
        return path


def saving_to(folder: str | Path | None, prefix: str, file_format: str) -> Saving:
    """Check where and how to save.

    Raises:
        SettingsError: Another format, a prefix that leads elsewhere, or a file in the folder's place.
    """
    if file_format.lower() not in FORMATS:
        raise unknown_name("save_format", file_format, FORMATS)
    if set(prefix) & set("/\\\0"):
        raise SettingsError(f"save_prefix {prefix!r} holds a slash", "name the folder in save_to_dir")
    place = None if folder is None else Path(folder)
    if place is not None and place.exists() and not place.is_dir():
        raise SettingsError(f"save_to_dir {folder} is a file", "name a folder")
    return Saving(place, prefix, file_format.lower())


def viewable(values: NDArray[Any], factor: float | None) -> Picture:
    """Turn a picture into levels that can be looked at.

    Levels that were only multiplied come back as they were. Anything else is stretched from its least to its most.
    """
    picture = np.asarray(values, dtype=np.float32)
    if factor:
        levels = picture / np.float32(factor)
        if levels.min() >= -0.5 and 1 < levels.max() < 255.5:
            return np.asarray(np.rint(np.clip(levels, 0, 255)), dtype=np.uint8)
    low, high = float(picture.min()), float(picture.max())
    return np.asarray(np.rint((picture - low) * (255 / max(high - low, 1e-12))), dtype=np.uint8)


def _encode(picture: Picture, ending: str) -> bytes:
    channels = picture.shape[2]
    if channels == 4 and ending != "png":
        raise SettingsError(f"save_format {ending} has no transparency, and the pictures have 4 channels", "use png")
    ordered = cv2.cvtColor(picture, _TO_FILE_ORDER[channels]) if channels > 1 else picture
    options = [] if ending == "png" else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, encoded = cv2.imencode(f".{ending}", ordered, options)
    return np.asarray(encoded, dtype=np.uint8).tobytes()
