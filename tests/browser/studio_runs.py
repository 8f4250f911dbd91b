"""Two tiny trained runs in a studio's folder, one that learnt and one that hardly did; a class name is hostile."""

from __future__ import annotations

from pathlib import Path

import mekiki
from tests.conftest import write_photos

HOSTILE = "<img src=x onerror=alert(1)><b>red"
CLASSES = {"blue": (40, 60, 200), "green": (40, 170, 60), HOSTILE: (200, 50, 40)}
SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}


def make_runs(home: Path) -> tuple[Path, Path]:
    """Write photos and train on them; return both run folders."""
    photos = write_photos(home / "photos" / "drawn", 20, CLASSES)
    good = mekiki.train(photos, home / "runs" / "good", **SMALL, learning_rate=0.01, epochs=4)
    short = mekiki.train(photos, home / "runs" / "short", good.split, **SMALL, epochs=1, seed=1)
    return good.path, short.path
