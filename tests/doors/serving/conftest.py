"""What tests of the service share: a trained run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import mekiki
from tests.conftest import write_photos

_NEEDED = ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]
"""Without the packages of the extra ``serve``, which ``test`` has too, there is no service."""


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows three colours."""
    folder = write_photos(tmp_path_factory.mktemp("serving") / "photos", 12)
    small = {"backbone": "test_resnet", "weights": "none", "image_size": 96, "batch_size": 8, "learning_rate": 0.01}
    return mekiki.train(folder, folder.parent / "run", epochs=2, horizontal_flip=False, **small).path
