"""From an instrument on its canvas to a photograph: warp, background, shadow, light, lens and JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from mekiki.drawing.backgrounds import draw_background
from mekiki.drawing.canvas import Canvas, Image
from mekiki.drawing.curves import Points
from mekiki.drawing.obstacles import draw_obstacle
from mekiki.drawing.poses import Pose

OVERSAMPLING = 2


def photograph(canvas: Canvas, points: Points, pose: Pose, size: int, rng: np.random.Generator) -> Image:
    """Take a picture of an instrument.

    Args:
        canvas: The instrument, upright.
        points: Points in millimetres whose hull holds it.
        pose: How it lies in the picture.
        size: Edge of the picture in pixels.
        rng: Draws background, obstacles, light and noise.

    Returns:
        RGB pixels (size, size, 3).
    """
    background, paper = draw_background(rng, size)
    front = _laid(canvas, pose, size)
    draw_obstacle(front, pose, points, rng)
    instrument = cv2.resize(front.pixels, (size, size), interpolation=cv2.INTER_AREA)
    cover = instrument[..., 3]
    ground = _shadowed(background, np.asarray(cover, np.uint8), paper, rng)
    clear = cv2.bitwise_not(cover)
    seen = cv2.add(instrument[..., :3], cv2.multiply(ground, cv2.merge([clear] * 3), scale=1 / 255))
    return _through_lens(_lit(np.asarray(seen, np.uint8), rng), rng)


def silhouette(canvas: Canvas, pose: Pose, size: int) -> Image:
    """Return where an instrument lies in its picture, whatever is in front of it.

    Args:
        canvas: The instrument, upright.
        pose: How it lies in the picture.
        size: Edge of the picture in pixels.

    Returns:
        Coverage (size, size), 0..255.
    """
    cover = np.ascontiguousarray(_laid(canvas, pose, size).pixels[..., 3])
    return np.asarray(cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _laid(canvas: Canvas, pose: Pose, size: int) -> Canvas:
    """Warp the canvas once, at the oversampled size; the result's millimetres are the picture's pixels."""
    front = Canvas(0, 0, size, size, OVERSAMPLING)
    to_mm = np.array([[1 / canvas.scale, 0, canvas.origin[0]], [0, 1 / canvas.scale, canvas.origin[1]], [0, 0, 1]])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    grow = np.diag([OVERSAMPLING, OVERSAMPLING, 1.0])
    matrix = np.linalg.inv(half) @ grow @ pose.matrix @ to_mm @ half
    edge = size * OVERSAMPLING
    height, width = canvas.pixels.shape[:2]
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    seen = cv2.perspectiveTransform(corners, matrix)[0]
    left, top = np.clip(np.floor(seen.min(0)) - 1, 0, edge - 1).astype(int).tolist()
    right, bottom = np.clip(np.ceil(seen.max(0)) + 2, 1, edge).astype(int).tolist()
    shifted = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]) @ matrix
    window = front.pixels[top:bottom, left:right]
    cv2.warpPerspective(canvas.pixels, shifted, (right - left, bottom - top), window, flags=cv2.INTER_LINEAR)
    return front


def _shadowed(ground: Image, cover: Image, paper: bool, rng: np.random.Generator) -> Image:
    size = len(ground)
    reach = (0.012 if paper else 0.035) * size
    shift = rng.normal(0, reach, 2)
    blur, strength = float(rng.uniform(0.008, 0.035)) * size, float(rng.uniform(0.1, 0.6))
    quarter = cv2.resize(cover, (size // 4, size // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(quarter, (0, 0), max(0.5, blur / 4))
    grown = np.array([[4, 0, 1.5 + shift[0]], [0, 4, 1.5 + shift[1]]])
    moved = cv2.warpAffine(soft, grown, (size, size), flags=cv2.INTER_LINEAR)
    light = cv2.convertScaleAbs(moved, None, -strength, 255)
    return np.asarray(cv2.multiply(ground, cv2.merge([light] * 3), scale=1 / 255), np.uint8)


def _lit(picture: Image, rng: np.random.Generator) -> Image:
    """Apply brightness, contrast, colour temperature, a fall-off to one side, and vignette."""
    size = len(picture)
    gain = float(np.exp(rng.normal(-0.02, 0.12)))
    warm = float(rng.normal(0, 0.05))
    contrast, vignette = float(rng.uniform(0.85, 1.15)), float(max(0.0, rng.normal(0.1, 0.15)))
    lean = rng.normal(0, 0.12, 2)
    axis = np.linspace(-1, 1, 32, dtype=np.float32)
    fall = 1 - vignette * 0.5 * (axis[:, None] ** 2 + axis[None] ** 2) + lean[0] * axis[None] + lean[1] * axis[:, None]
    levels = np.arange(256, dtype=np.float32)
    curve = np.clip((levels - 128) * contrast + 128, 0, 255)
    table = np.stack([np.clip(curve * gain * (1 + warm * side), 0, 255) for side in (1, 0.1, -1)], -1)
    toned = cv2.LUT(picture, table.astype(np.uint8)[None])
    spread = cv2.resize(np.clip(fall * 128, 0, 255).astype(np.uint8), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(toned, cv2.merge([spread] * 3), scale=1 / 128), np.uint8)


def _through_lens(picture: Image, rng: np.random.Generator) -> Image:
    """Add slight blur, noise and JPEG loss."""
    size = len(picture)
    blur, grain, quality = rng.uniform(-0.6, 0.9), float(rng.uniform(-3, 4.5)), int(rng.integers(55, 97))
    if blur > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(blur) * size / 256), np.uint8)
    if grain > 0.5:
        first, second = rng.integers(0, 256, (2, size, size), np.uint8)
        lighter, darker = (cv2.merge([cv2.convertScaleAbs(part, None, grain / 104)] * 3) for part in (first, second))
        picture = np.asarray(cv2.subtract(cv2.add(picture, lighter), darker), np.uint8)
    packed = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB), np.uint8)
