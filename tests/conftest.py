"""What all tests share: quiet property tests, where the real photos and weights lie, small generated photos."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from mekiki.progress import Silent
from mekiki.seeds import stream

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Small tensors are quicker on one thread, above all where other work runs on the same cores; children inherit it."""

settings.register_profile("quiet", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("quiet")

SHARED = Path(__file__).resolve().parents[2] / "shared"
COLOURS = {"blue": (40, 60, 200), "green": (40, 170, 60), "red": (200, 50, 40)}


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Scans remember in a folder of the tests and never in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEKIKI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def shared() -> Path:
    """The folder with real photos and weights; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real photos and weights are not in {SHARED}")
    return SHARED


@contextmanager
def one_pixel_figures() -> Iterator[None]:
    """Figures are built and come out as one pixel: drawing them takes longer than training a small network."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("canvas.png_bytes", "gallery.small_png_bytes"):
            patch.setattr(f"mekiki.reports.{name}", lambda figure, dpi=0: buffer.getvalue())
        yield


class Heard(Silent):
    """A progress that keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def draw_photo(colour: tuple[int, int, int], number: int, size: int = 48) -> np.ndarray:
    """Draw a rectangle of a colour on a noisy ground; no two numbers look alike."""
    numbers = stream(0, "test photo", *colour, number)
    coarse = Image.fromarray(numbers.integers(60, 200, (8, 8, 3), np.uint8)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    picture = np.array(coarse)
    left, top = numbers.integers(4, size // 2, 2)
    picture[top : top + size // 3, left : left + size // 3] = colour
    return picture


def write_photos(folder: Path, per_class: int, classes: dict[str, tuple[int, int, int]] = COLOURS) -> Path:
    """Write ``folder/<class>/<number>.png``."""
    for name, colour in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            Image.fromarray(draw_photo(colour, number)).save(folder / name / f"{number:03}.png")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three classes of twelve small pictures that differ in one colour."""
    return write_photos(tmp_path / "photos", 12)


@pytest.fixture(scope="session")
def shared_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made once; a test must not change them."""
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 12)
