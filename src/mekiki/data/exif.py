"""What the EXIF tags of an opened picture say: which way up it is, when it was taken, with which camera.

Tags are foreign and often broken: whatever cannot be read is taken as absent, and no error leaves this file. XMP is
asked for the orientation alone, as Pillow does.
"""

from __future__ import annotations

import re
from typing import Any

from PIL import Image

_CARRIERS = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
_ORIENTATION, _MAKE, _MODEL = 0x0112, 0x010F, 0x0110
_CAPTURE, _TAKEN, _FRACTION = 0x8769, 0x9003, 0x9291
_TIME = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)")


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation 1..8; 1 where there is none or the tag cannot be read."""
    if not _has_tags(image):
        return 1
    try:
        found = int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken tag must not cost a good picture, and each reader of tags fails in its own way
        return 1
    return found if 1 <= found <= 8 else 1


def taken_and_camera(image: Image.Image) -> tuple[str, str]:
    """Return when a picture was taken ("2024-05-01T12:00:01.25", local time) and the camera's make and model.

    Args:
        image: An opened picture; a TIFF before its pixels are loaded, because Pillow closes it then.

    Returns:
        Two texts, empty where the picture does not say it or says nonsense.
    """
    if not _has_tags(image):
        return "", ""
    try:
        exif = image.getexif()
        make, model = _text(exif.get(_MAKE)), _text(exif.get(_MODEL))
        capture = exif.get_ifd(_CAPTURE) if _may_tell_time(image) else {}
        taken = _time(_text(capture.get(_TAKEN)), _text(capture.get(_FRACTION)))
    except Exception:  # as above
        return "", ""
    return taken, model if model.casefold().startswith(make.casefold()) else f"{make} {model}".strip()


def _has_tags(image: Image.Image) -> bool:
    return image.format == "TIFF" or any(name in image.info for name in _CARRIERS)


def _may_tell_time(image: Image.Image) -> bool:
    """Tell whether the tag's number is among the bytes: to read all tags of the capture costs a tenth of decoding."""
    raw = image.info.get("exif", b"")
    return not isinstance(raw, bytes) or not raw or b"\x90\x03" in raw or b"\x03\x90" in raw


def _text(value: Any) -> str:
    """Return a tag's text without padding and control characters, at most 80 characters."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    if not isinstance(value, str):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())[:80]


def _time(text: str, fraction: str) -> str:
    """Turn EXIF's "2024:05:01 12:00:01" and "25" into ISO 8601; an unset clock (all zero) is no time."""
    found = _TIME.fullmatch(text)
    if not found or found[1] == "0000":
        return ""
    year, month, day, hour, minute, second = found.groups()
    digits = f".{fraction}" if fraction.isascii() and fraction.isdigit() else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{digits}"
