"""``mekiki demo``: the whole story without network and without files, on 13 guitar models that mekiki draws itself."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.config import DemoSettings
from mekiki.drawing.guitars import draw_collection
from mekiki.progress import Progress, Silent
from mekiki.records.predictions import read_predictions
from mekiki.records.run import RunFolder, check_new_folder
from mekiki.verbs.explain import explain
from mekiki.verbs.train import train

DRAWING_SIZE = 256
TRAINING: dict[str, Any] = {
    "backbone": "nin_small",
    "weights": "none",
    "image_size": 128,
    "preset": "light",
    "learning_rate": 3e-3,
    "layer_decay": 1.0,
    "weight_decay": 0.01,
    "label_smoothing": 0.0,
    "train": 0.7,
    "val": 0.15,
}


@dataclass(frozen=True)
class Demo:
    """What the demonstration made.

    Attributes:
        photos: The drawings, in class folders.
        masks: White where the guitar is, one for each drawing, as ``mekiki explain --masks`` takes them.
        run: The trained run.
        heat_maps: Folder of overlays.
        example: One of the test drawings, to predict next.
    """

    photos: Path
    masks: Path
    run: RunFolder
    heat_maps: Path
    example: Path


def demo(out: str | Path | None = None, settings: DemoSettings | None = None, progress: Progress | None = None) -> Demo:
    """Draw guitars, train on them from random weights, explain some decisions, write the report.

    Args:
        out: The folder to make; not given: ``mekiki-demo``, or with a number if that is taken.
        settings: Number of drawings, epochs and the seed.
        progress: Where to report to.

    Raises:
        SettingsError: The folder holds something already.
    """
    progress = Silent() if progress is None else progress
    settings = DemoSettings() if settings is None else settings
    folder = _free_folder() if out is None else Path(out)
    check_new_folder(folder)
    photos, masks, heat_maps = folder / "drawings", folder / "masks", folder / "heat-maps"
    size = DRAWING_SIZE
    draw_collection(photos, settings.per_class, settings.seed, size, progress=progress, upright=True, masks=masks)
    run = train(photos, folder / "guitars", progress=progress, epochs=settings.epochs, seed=settings.seed, **TRAINING)
    tested = [photo for photo in read_predictions(run.predictions) if photo.part == "test"]
    first_of_class = {photo.label: photos / photo.path for photo in reversed(tested)}
    explain(run.path, list(first_of_class.values()), heat_maps, progress=progress)
    return Demo(photos, masks, run, heat_maps, photos / tested[0].path)


def _free_folder() -> Path:
    names = itertools.chain(["mekiki-demo"], (f"mekiki-demo-{number}" for number in itertools.count(2)))
    return next(Path(name) for name in names if not Path(name).exists())
