"""Tiny trained runs in a studio's folder, one that learnt and one that hardly did; a class name is hostile."""

from __future__ import annotations

from pathlib import Path

import mekiki
from tests.conftest import write_photos

HOSTILE = "<img src=x onerror=alert(1)><b>red"
CLASSES = {"blue": (40, 60, 200), "green": (40, 170, 60), HOSTILE: (200, 50, 40)}
SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}


def make_run(home: Path) -> Path:
    """Write photos and train on them; return the run folder."""
    photos = write_photos(home / "photos" / "drawn", 20, CLASSES)
    return mekiki.train(photos, home / "runs" / "good", **SMALL, learning_rate=0.01, epochs=4).path


def make_runs(home: Path) -> tuple[Path, Path]:
    """Train on the same photos twice, the second time hardly; return both run folders."""
    good = make_run(home)
    photos, split = home / "photos" / "drawn", good / "split.csv"
    return good, mekiki.train(photos, home / "runs" / "short", split, **SMALL, epochs=1, seed=1).path
