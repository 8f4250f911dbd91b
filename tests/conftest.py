"""What all tests share: quiet property tests, where the real photos and weights lie, small generated photos."""

import gc
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from matplotlib.figure import Figure
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


def pytest_collection_finish() -> None:
    """What was imported and collected lives to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()


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


_DRAWERS = {
    "mekiki.reports.added_sections": ("stress_figure",),
    "mekiki.reports.gallery": (
        "comparison_figure", "confusion_figure", "coverage_figure", "curves_figure", "pareto_figure", "reliability_figure",
    ),
    "mekiki.reports.stress_page": ("stress_figure",),
    "mekiki.verbs.compare": ("pareto_figure",),
    "mekiki.verbs.evaluate": ("prediction_figure",),
    "mekiki.verbs.finish": (
        "confusion_figure", "coverage_figure", "curves_figure", "prediction_figure", "reliability_figure",
    ),
}  # fmt: skip
PRELOADED = ["mekiki.verbs.process", "torch._dynamo", "torch.distributed", *_DRAWERS]
"""What a server of forks loads once for all trainings."""
_MAKERS = (("mekiki.reports.canvas", "png_bytes"), ("mekiki.reports.gallery", "small_png_bytes"))


@cache
def _real_figures() -> dict[tuple[str, str], Callable[..., Any]]:
    """Return what makes figures by its module and name; asked for late, since torch is imported for it."""
    drawers = ((module, name) for module, names in _DRAWERS.items() for name in names)
    return {(module, name): getattr(import_module(module), name) for module, name in [*_MAKERS, *drawers]}


@contextmanager
def one_pixel_figures() -> Iterator[None]:
    """Figures are one pixel, and not drawn: that takes longer than training a small network.

    ``tests/reports`` draw each figure; ``tests/verbs/test_finish.py`` and ``test_demo.py`` draw those of a training.
    """
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    with pytest.MonkeyPatch.context() as patch:
        for module, name in _real_figures():
            made = buffer.getvalue() if (module, name) in _MAKERS else Figure(figsize=(1, 1))
            patch.setattr(f"{module}.{name}", lambda *_, made=made, **__: made)
        yield


@contextmanager
def drawn_figures() -> Iterator[None]:
    """Figures are drawn after all, inside ``one_pixel_figures``."""
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), real in _real_figures().items():
            patch.setattr(f"{module}.{name}", real)
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
