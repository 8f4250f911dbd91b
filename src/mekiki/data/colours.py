"""From whatever a decoder gives to 8-bit RGB as a person sees it.

Transparency is laid over white. An embedded ICC profile is converted to sRGB, as browsers and viewers do; a profile
that is broken or of another colour space than the pixels is ignored. 16-bit grey is scaled (65535 → 255), never
clipped. Floats in 0..1 or 0..255 are taken at their word; other floats and integers beyond 16 bits, which no rule
gives a brightness, are stretched from their smallest to their largest value.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_WITH_PROFILE = ("RGB", "L", "CMYK")


def to_rgb(image: Image.Image) -> np.ndarray:
    """Convert a loaded picture.

    Args:
        image: Any mode that the permitted decoders give.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    if image.mode == "RGB" and "icc_profile" not in image.info and "transparency" not in image.info:
        return np.array(image)
    if image.mode.startswith("I") or image.mode == "F":
        grey = _to_8_bit(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if not image.has_transparency_data:
        return np.array(_to_srgb(image))
    with_alpha = image.convert("RGBA")
    alpha = with_alpha.getchannel("A")
    colours = _to_srgb(_keep_profile(with_alpha.convert("RGB"), image))
    white = Image.new("RGB", image.size, "white")
    return np.array(Image.composite(colours, white, alpha))


def _keep_profile(converted: Image.Image, original: Image.Image) -> Image.Image:
    if "icc_profile" in original.info:
        converted.info["icc_profile"] = original.info["icc_profile"]
    return converted


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit, 32-bit and float grey to 0..255."""
    if values.dtype.kind == "u":
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = _brightness_range(float(values.min()), float(values.max()), values.dtype.kind == "f")
    return np.clip(np.rint((values - low) * (255.0 / max(high - low, 1e-12))), 0, 255).astype(np.uint8)


def _brightness_range(low: float, high: float, is_float: bool) -> tuple[float, float]:
    """Say which values mean black and white."""
    usual = (1.0, 255.0) if is_float else (65535.0,)
    for white in usual:
        if low >= 0 and high <= white:
            return 0.0, white
    return low, high


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode == "P":
        image = image.convert("RGB")
    transform = _transform(bytes(profile), image.mode) if profile and image.mode in _WITH_PROFILE else None
    if transform is not None:
        converted = ImageCms.applyTransform(image, transform)
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB; None if it is sRGB already, broken, or of another colour space."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (source.profile.profile_description or ""):
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
