"""Tiny trained runs in a studio's folder, one that learnt and one that was spoilt; a class name is hostile."""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.numpy import load_file, save_file

import mekiki
from mekiki.records.card import read_card
from tests.conftest import write_photos

HOSTILE = "<img src=x onerror=alert(1)><b>red"
CLASSES = {"blue": (40, 60, 200), "green": (40, 170, 60), HOSTILE: (200, 50, 40)}
SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}


def make_run(home: Path) -> Path:
    """Write photos and train on them; return the run folder."""
    photos = write_photos(home / "photos" / "drawn", 20, CLASSES)
    return mekiki.train(photos, home / "runs" / "good", **SMALL, learning_rate=0.01, epochs=4).path


def make_runs(home: Path) -> tuple[Path, Path]:
    """Train one run, and spoil a copy so that it calls every photo blue; return both run folders."""
    good = make_run(home)
    short = shutil.copytree(good, good.with_name("short"))
    tensors = load_file(short / "model.safetensors")
    tensors["head.linear.bias"][read_card(short / "model.json").classes.index("blue")] += 1_000
    save_file(tensors, short / "model.safetensors")
    return good, short
