"""Pixels → small pictures inside the page, as data URIs, so that the page needs no other file.

A thumbnail never exceeds its share of the page: a noisy photo is saved at a lower quality, then smaller, until it fits.
Pictures come as arrays; nothing is opened here. The page of a scan holds thousands: its pictures are smaller, and WebP,
which at this size looks better than a JPEG of half as many bytes again.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 320
QUALITY = 85
MOST_BYTES = 32_000
SMALL_SIDE = 112
SMALL_QUALITY = 55
_STEPS = ((1, QUALITY), (1, 60), (2, 60), (4, 40))


@dataclass(frozen=True)
class Thumbnail:
    """A picture inside the page.

    Attributes:
        uri: ``data:`` address.
        width: Pixels.
        height: Pixels.
    """

    uri: str
    width: int
    height: int


def thumbnail(picture: npt.NDArray[np.uint8], most_side: int = SIDE, most_bytes: int = MOST_BYTES) -> Thumbnail:
    """Return a JPEG thumbnail.

    Args:
        picture: RGB, shape (height, width, 3).
        most_side: Of the longer side, pixels.
        most_bytes: A noisy picture is made smaller until it fits, to a quarter of the side at most.
    """
    image = Image.fromarray(np.ascontiguousarray(picture))
    content = b""
    for part, quality in _STEPS:
        image.thumbnail((most_side // part, most_side // part), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        content = buffer.getvalue()
        if len(content) <= most_bytes:
            break
    return Thumbnail(data_uri(content, "image/jpeg"), image.width, image.height)


def make_thumbnail(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return a WebP file of at most 112 pixels a side, about 1.5 kB; the same pixels give the same bytes.

    Args:
        picture: RGB, shape (height, width, 3); it is not enlarged.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(small)).save(buffer, "WEBP", quality=SMALL_QUALITY, method=2)
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a ``data:`` address.

    Args:
        content: The file's bytes.
        kind: Its media type, such as "image/png".
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
