"""The copies that ``copies.py`` plants: what people and sites do to a photo before it turns up again.

Each kind takes a picture and a stream of random numbers and returns the changed picture; ``planted`` then saves it as a
JPEG, as every copy from the web is. Nothing is written to disk.
"""

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]

_FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX)
_WORDS = ("shop.example", "© example photo", "SAMPLE", "sold by example.org", "preview only")


def resized(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Make it 0.4 to 0.8 or 1.3 to 2 times as large, by one of four filters."""
    factor = numbers.uniform(0.4, 0.8) if numbers.random() < 0.6 else numbers.uniform(1.3, 2.0)
    size = (max(16, round(picture.width * factor)), max(16, round(picture.height * factor)))
    return picture.resize(size, _FILTERS[int(numbers.integers(len(_FILTERS)))])


def cropped(picture: Image.Image, numbers: np.random.Generator, least: float = 0.02, most: float = 0.10) -> Image.Image:
    """Take 2 to 10 % of the width and of the height away, at random places."""
    lost = numbers.uniform(least, most, 2)
    left, top = numbers.uniform(0, 1, 2) * lost
    width, height = picture.size
    box = (left * width, top * height, (left + 1 - lost[0]) * width, (top + 1 - lost[1]) * height)
    return picture.crop(tuple(round(value) for value in box))


def cropped_all_round(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Take 10 % away from each of the four sides: 36 % of the picture is lost."""
    width, height = picture.size
    return picture.crop((round(width * 0.1), round(height * 0.1), round(width * 0.9), round(height * 0.9)))


def mirrored(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Mirror it, left to right (3 of 4) or top to bottom."""
    return ImageOps.mirror(picture) if numbers.random() < 0.75 else ImageOps.flip(picture)


def rotated(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Turn it by 90, 180 or 270 degrees."""
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return picture.transpose(turns[int(numbers.integers(3))])


def recoloured(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Shift brightness, contrast and saturation by up to 20 %, gamma by 0.8 to 1.25, hue by up to 10 degrees."""
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = enhance(picture).enhance(numbers.uniform(0.8, 1.2))
    gamma = np.exp(numbers.uniform(np.log(0.8), np.log(1.25)))
    levels = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    hsv = cv2.cvtColor(levels[np.asarray(picture)], cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(round(numbers.uniform(-10, 10) / 360 * 256) % 256)
    return Image.fromarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL))


def bordered(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Put a frame of 3 to 15 % round it, white, black or of a colour; a third get bars on two sides only."""
    colours = ((255, 255, 255), (0, 0, 0), tuple(int(value) for value in numbers.integers(0, 256, 3)))
    wide, high = (numbers.uniform(0.03, 0.15, 2) * picture.size).round().astype(int)
    bars = numbers.random()
    wide, high = (0 if bars < 1 / 6 else int(wide)), (0 if bars > 5 / 6 else int(high))
    framed = Image.new("RGB", (picture.width + 2 * wide, picture.height + 2 * high), colours[int(numbers.integers(3))])
    framed.paste(picture, (wide, high))
    return framed


def watermarked(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Lay half transparent words over it: one large line, a small corner mark, or a repeated pattern."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    words = _WORDS[int(numbers.integers(len(_WORDS)))]
    alpha = int(255 * numbers.uniform(0.3, 0.6))
    grey = 255 if numbers.random() < 0.5 else int(numbers.integers(0, 160))
    fill = (grey, grey, grey, alpha)
    width, height = picture.size
    kind = int(numbers.integers(3))
    font = ImageFont.load_default(max(8.0, (0.11, 0.06, 0.05)[kind] * width))
    if kind == 0:
        draw.text((width * 0.5, height * numbers.uniform(0.3, 0.7)), words, fill, font, anchor="mm")
        layer = layer.rotate(float(numbers.uniform(-35, 35)))
    elif kind == 1:
        draw.text((width * 0.96, height * 0.96), words, fill, font, anchor="rs")
    else:
        for row in range(5):
            draw.text((width * (0.02 + 0.15 * (row % 2)), height * (0.1 + 0.2 * row)), words, fill, font, anchor="lm")
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def greyed(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    """Take the colours out."""
    return picture.convert("L").convert("RGB")


def _recompressed(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
    return picture


def _then(*changes: Change) -> Change:
    def change(picture: Image.Image, numbers: np.random.Generator) -> Image.Image:
        for each in changes:
            picture = each(picture, numbers)
        return picture

    return change


KINDS: dict[str, tuple[Change, tuple[int, int]]] = {
    "recompressed, quality 30 to 95": (_recompressed, (30, 95)),
    "resized": (resized, (75, 95)),
    "cropped by up to 10 %": (cropped, (75, 95)),
    "mirrored": (mirrored, (75, 95)),
    "rotated by 90, 180, 270": (rotated, (75, 95)),
    "recoloured": (recoloured, (75, 95)),
    "bordered": (bordered, (75, 95)),
    "watermarked": (watermarked, (75, 95)),
    "resized + quality 30 to 60": (resized, (30, 60)),
    "cropped + recoloured": (_then(cropped, recoloured), (60, 95)),
    "cropped + mirrored": (_then(cropped, mirrored), (60, 95)),
    "bordered + resized": (_then(bordered, resized), (60, 95)),
    "bordered + rotated": (_then(bordered, rotated), (60, 95)),
    "watermarked + recoloured": (_then(watermarked, recoloured), (60, 95)),
    "watermarked + cropped": (_then(watermarked, cropped), (60, 95)),
}
"""The kinds that the goal is about, each with the range of its JPEG quality."""

HARDER: dict[str, tuple[Change, tuple[int, int]]] = {
    "10 % off each side": (cropped_all_round, (75, 95)),
    "grey": (greyed, (75, 95)),
    "bordered + watermarked": (_then(bordered, watermarked), (60, 95)),
}
"""Kinds beyond the goal, reported apart."""


def planted(picture: Image.Image, kind: str, numbers: np.random.Generator) -> bytes:
    """Return a copy of one kind as the bytes of a JPEG.

    Args:
        picture: The original, RGB.
        kind: A key of ``KINDS`` or ``HARDER``.
        numbers: Decide how strong the change is.
    """
    change, (worst, best) = (KINDS | HARDER)[kind]
    buffer = io.BytesIO()
    change(picture, numbers).save(buffer, "JPEG", quality=int(numbers.integers(worst, best + 1)))
    return buffer.getvalue()
