"""What tests of several verbs watch."""

import pytest
import torch

from mekiki.model.classifier import PhotoClassifier


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
