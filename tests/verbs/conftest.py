"""What tests of several verbs watch."""

from collections.abc import Iterator

import pytest
import torch

from mekiki.model.classifier import PhotoClassifier
from tests.conftest import drawn_figures, one_pixel_figures


@pytest.fixture(scope="package", autouse=True)
def figures_of_one_pixel() -> Iterator[None]:
    """Pages and pictures are looked at in ``tests/reports``, ``tests/browser`` and where a test asks for ``drawn``."""
    with one_pixel_figures():
        yield


@pytest.fixture(scope="module")
def drawn(figures_of_one_pixel: None) -> Iterator[None]:
    """Figures are drawn after all, for a test that reads them."""
    with drawn_figures():
        yield


@pytest.fixture
def sizes_seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, int]]:
    """Return a list that gets, for each batch that a network looks at, whether it is in training mode, and its size."""
    seen: list[tuple[bool, int]] = []
    original = PhotoClassifier.feature_map

    def watch(self: PhotoClassifier, x: torch.Tensor) -> torch.Tensor:
        seen.append((self.training, x.shape[-1]))
        return original(self, x)

    monkeypatch.setattr(PhotoClassifier, "feature_map", watch)
    return seen
