"""Teeth of the whole pipeline: labels that mean nothing are not recognised, unless somebody plants a leak; that is told.

Scan, split, training and the end of it are those of ``mekiki train``. Validation chooses the snapshot, so its figure may
lie a little above chance; test may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mekiki
from mekiki.doors.cli import app
from mekiki.records.evaluation import Estimate, read_metrics
from mekiki.records.run import RunFolder
from mekiki.records.split import Split, SplitRow, write_split
from mekiki.scoring.intervals import wilson
from tests.conftest import Heard, write_photos

pytestmark = pytest.mark.slow

CHANCE = 1 / 3
LUCK_OF_CHOOSING = 0.10
"""So much above chance the lower end of the interval of val may lie, because the best of a few epochs is kept."""
SEEDS = (0, 1)
SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}
STILL = {
    "rotation_range": 0,
    "zoom_range": 0,
    "width_shift_range": 0,
    "height_shift_range": 0,
    "horizontal_flip": False,
}
PER_CLASS = 68


@dataclass(frozen=True)
class Labelled:
    """Photos with labels in a CSV, as (path, label) pairs in path order."""

    csv: Path
    rows: list[tuple[str, str]]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("labels") / "photos", PER_CLASS)


def labelled(photos: Path, seed: int | None, out: Path) -> Labelled:
    """Write the photos' labels as they are, or shuffled: as many of each, given to photos by lot."""
    files = sorted(photos.rglob("*.png"))
    labels = [file.parent.name for file in files]
    if seed is not None:
        labels = np.random.default_rng(seed).permutation(labels).tolist()
    rows = list(zip(map(str, files), labels, strict=True))
    out.write_text("path,label\n" + "".join(f"{path},{label}\n" for path, label in rows))
    return Labelled(out, rows)


def pooled(photos: Path, tmp_path: Path, seeds: Sequence[int | None]) -> dict[str, Estimate]:
    """Train once for each seed of shuffled labels, None for the right ones; return what was right of val and of test."""
    counts = {"val": [0, 0], "test": [0, 0]}
    for seed in seeds:
        data = labelled(photos, seed, tmp_path / f"{seed}.csv")
        how = {**SMALL, **STILL, "train": 16, "val": 26, "test": 26, "epochs": 8, "seed": seed or 0}
        for figures in read_metrics(mekiki.train(data.csv, tmp_path / f"run-{seed}", **how).metrics):
            counts[figures.part][0] += round(figures.accuracy.value * figures.n)
            counts[figures.part][1] += figures.n
    assert all(n == 78 * len(seeds) for _, n in counts.values())
    return {part: wilson(right, n) for part, (right, n) in counts.items()}


def test_shuffled_labels_score_near_chance(photos: Path, tmp_path: Path) -> None:
    found = pooled(photos, tmp_path, SEEDS)
    assert found["test"].low <= CHANCE <= found["test"].high
    assert found["val"].low <= CHANCE + LUCK_OF_CHOOSING and found["val"].high >= CHANCE


def test_the_same_with_right_labels_is_far_above_chance(photos: Path, tmp_path: Path) -> None:
    found = pooled(photos, tmp_path, [None])
    assert min(found["val"].low, found["test"].low) > 0.7


def test_a_planted_leak_is_rewarded_and_told_by_training_evaluate_and_the_check_of_the_split(
    photos: Path, tmp_path: Path
) -> None:
    """Labels mean nothing; half of val are re-encoded copies of training photos, as a careless split would have them."""
    data = labelled(photos, 0, tmp_path / "labels.csv")
    train, fresh = data.rows[:60], data.rows[60:90]
    rows = [(path, label, "train") for path, label in train] + [(path, label, "val") for path, label in fresh]
    for number, (path, label) in enumerate(train[:30]):
        copy = tmp_path / f"copy-{number:02}.jpg"
        Image.open(path).save(copy, quality=92)
        rows.append((str(copy), label, "val"))
    (tmp_path / "all.csv").write_text("path,label\n" + "".join(f"{path},{label}\n" for path, label, _ in rows))
    names = [photo.path for photo in mekiki.scan(tmp_path / "all.csv").manifest.photos]
    by_place = {(tmp_path / name).resolve(): name for name in names}
    split = [SplitRow(by_place[Path(path).resolve()], label, "", part) for path, label, part in rows]
    write_split(tmp_path / "split.csv", Split(tuple(split)))
    heard = Heard()
    how = {**SMALL, **STILL, "epochs": 30, "label_smoothing": 0}
    run = mekiki.train(tmp_path / "all.csv", tmp_path / "run", tmp_path / "split.csv", heard, **how)
    assert any(
        "30 of 60 photos of val have a twin in train, so figures will look too good" in line for line in heard.lines
    )
    check_what_is_told(tmp_path, run)


def check_what_is_told(tmp_path: Path, run: RunFolder) -> None:
    checked = CliRunner().invoke(app, ["split", str(tmp_path / "all.csv"), "--check", str(tmp_path / "split.csv")])
    assert "it leaks" in checked.stdout and "30 of 60 photos of val (50.0%)" in checked.stdout, checked.stdout
    (val,) = read_metrics(run.metrics)
    assert val.accuracy.low > CHANCE, "the leak is rewarded: this is what the other test would see"
    figures = mekiki.evaluate(run.path, part="val").evaluation
    (apart,) = figures.apart
    assert (figures.fresh, apart.part, apart.n, apart.same_group) == (30, "train", 30, 30)
    assert apart.accuracy.low > CHANCE + LUCK_OF_CHOOSING
    assert figures.accuracy.low <= CHANCE + LUCK_OF_CHOOSING, "what is fresh is not recognised"
    assert figures.accuracy.high < apart.accuracy.value
