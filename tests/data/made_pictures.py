"""Pictures that the tests of this folder draw: scenes that differ, product photos that look alike, and trees of files."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from mekiki.seeds import stream


def scene(number: int, width: int = 120, height: int = 90) -> Image.Image:
    """Draw soft colours with shapes on them; no two numbers look alike."""
    numbers = stream(0, "scene", number)
    coarse = Image.fromarray(numbers.integers(0, 256, (5, 6, 3), np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y = (int(value) for value in numbers.integers(0, (width - 20, height - 20)))
        box = (x, y, x + int(numbers.integers(8, width // 2)), y + int(numbers.integers(8, height // 2)))
        colour = tuple(int(value) for value in numbers.integers(0, 256, 3))
        if numbers.random() < 0.5:
            draw.rectangle(box, colour)
        else:
            draw.ellipse(box, colour)
    return picture


def product(number: int, size: int = 256) -> Image.Image:
    """Draw a thing of one kind on white: the same outline at nearly the same place, with its own colours and fittings."""
    numbers = stream(0, "product", number)
    picture = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(picture)
    x, y = (size // 2 + int(numbers.integers(-5, 6)), int(size * 0.7) + int(numbers.integers(-5, 6)))
    wide, high = (int(value) for value in numbers.integers((42, 54), (50, 64)))
    body = tuple(int(value) for value in numbers.integers(0, 140, 3))
    plate = tuple(int(value) for value in numbers.integers(0, 256, 3))
    draw.rectangle((x - 6, int(size * 0.05), x + 6, y), tuple(int(value) for value in numbers.integers(30, 200, 3)))
    draw.ellipse((x - wide, y - high, x + wide, y + high), body)
    left, top = (int(value) for value in numbers.integers(-30, 5, 2))
    draw.ellipse(
        (x + left, y + top, x + left + int(numbers.integers(20, 40)), y + top + int(numbers.integers(20, 50))), plate
    )
    for _ in range(4):
        dx, dy = (int(value) for value in numbers.integers(-28, 22, 2))
        draw.rectangle(
            (x + dx, y + dy, x + dx + 10, y + dy + 5), tuple(int(value) for value in numbers.integers(0, 256, 3))
        )
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def write_tree(root: Path, files: dict[str, Image.Image | bytes]) -> Path:
    """Write files with their folders; pictures in the format of their ending."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.save(path)
    return root


def tree_state(root: Path) -> dict[str, tuple[str, int]]:
    """Return the hash and time of every file."""
    return {
        path.relative_to(root).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
