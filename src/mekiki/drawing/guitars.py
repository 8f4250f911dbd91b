"""The public door of the drawing room: one picture, or a folder of them.

Every lot is drawn from streams keyed by (seed, purpose, model, index), so a drawing depends on its own arguments alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mekiki.drawing.canvas import Canvas
from mekiki.drawing.curves import Points
from mekiki.drawing.instruments import draw_instrument, extent
from mekiki.drawing.looks import choose_look
from mekiki.drawing.models import MODELS
from mekiki.drawing.poses import Pose, choose_pose
from mekiki.drawing.scenes import OVERSAMPLING, photograph, silhouette
from mekiki.errors import DataError, SettingsError
from mekiki.files import write_bytes
from mekiki.progress import Progress, Silent
from mekiki.seeds import stream

GUITAR_MODELS: tuple[str, ...] = tuple(MODELS)

_SILENT = Silent()
_SMALLEST = 16
_JPEG_QUALITY = 92
_SCALE_STEPS = np.array([0.45, 0.6, 0.8, 1.05, 1.4]) / 256
"""Canvas scales for each pixel of picture size; few of them, so that reliefs are used again."""


def draw_guitar(model: str, seed: int, index: int, size: int = 256, upright: bool = False) -> npt.NDArray[np.uint8]:
    """Draw one picture of a guitar model.

    Args:
        model: One of ``GUITAR_MODELS``.
        seed: Chooses the world of drawings.
        index: Which drawing of this model, from 0.
        size: Edge of the picture in pixels.
        upright: Hang it upright, as a shop does; else it lies in any pose.

    Returns:
        RGB pixels (size, size, 3); equal arguments give equal pixels.

    Raises:
        SettingsError: The model is unknown or the size too small.

    Example:
        >>> draw_guitar("Telecaster", seed=0, index=3, size=64).shape
        (64, 64, 3)
    """
    canvas, points, pose = _posed(model, seed, index, size, upright)
    return photograph(canvas, points, pose, size, stream(seed, "guitar scene", model, index))


def draw_mask(model: str, seed: int, index: int, size: int = 256, upright: bool = False) -> npt.NDArray[np.uint8]:
    """Draw where the guitar is in the picture that ``draw_guitar`` gives for the same arguments.

    Returns:
        (size, size): 255 on the guitar, 0 elsewhere, and between on its edge; what stands in front of it is left out.

    Raises:
        SettingsError: The model is unknown or the size too small.
    """
    canvas, _, pose = _posed(model, seed, index, size, upright)
    return silhouette(canvas, pose, size)


def _posed(model: str, seed: int, index: int, size: int, upright: bool) -> tuple[Canvas, Points, Pose]:
    """Return an instrument, points whose hull holds it, and how it lies in the picture."""
    _check(model, size)
    record = MODELS[model]
    lots = stream(seed, "guitar", model, index)
    look = choose_look(record, lots)
    points = extent(record, look)
    pose = choose_pose(stream(seed, "guitar pose", model, index), points, size, upright)
    steps = _SCALE_STEPS * size
    wanted = min(int(np.searchsorted(steps, pose.scale * OVERSAMPLING * 0.78)), len(steps) - 1)
    return draw_instrument(record, look, float(steps[wanted]), lots), points, pose


def draw_collection(
    folder: Path,
    per_class: int,
    seed: int,
    size: int = 256,
    models: Sequence[str] = GUITAR_MODELS,
    progress: Progress = _SILENT,
    upright: bool = False,
    masks: Path | None = None,
) -> int:
    """Draw a folder of JPEG files, ``folder/<model>/<0000>.jpg``.

    Args:
        folder: Where to write; made if missing, and must be empty.
        per_class: How many drawings of each model.
        seed: Chooses the world of drawings.
        size: Edge of the pictures in pixels.
        models: Which models to draw.
        progress: Where to report to.
        upright: Hang them upright, as a shop does; else they lie in any pose.
        masks: Folder for what ``draw_mask`` gives for each, ``masks/<model>/<0000>.png``; None: no masks.

    Returns:
        The number of drawings written.

    Raises:
        SettingsError: A model is unknown, or the size or count too small.
        DataError: A folder already holds something.
    """
    if per_class < 1:
        raise SettingsError(f"per_class is {per_class}, expected at least 1", "ask for one drawing of each or more")
    models = tuple(dict.fromkeys(models))
    for model in models:
        _check(model, size)
    for each in (folder,) if masks is None else (folder, masks):
        _require_empty(each)
    with progress.task("drawing guitars", per_class * len(models), "drawings") as task:
        for model in models:
            for index in range(per_class):
                canvas, points, pose = _posed(model, seed, index, size, upright)
                picture = photograph(canvas, points, pose, size, stream(seed, "guitar scene", model, index))
                write_bytes(folder / model / f"{index:04}.jpg", _jpeg(picture))
                if masks is not None:
                    encoded = cv2.imencode(".png", silhouette(canvas, pose, size))[1]
                    write_bytes(masks / model / f"{index:04}.png", encoded.tobytes())
                task.advance(1, model)
    return per_class * len(models)


def _check(model: str, size: int) -> None:
    if model not in MODELS:
        raise SettingsError(f'there is no guitar model "{model}" to draw', f"use one of {', '.join(GUITAR_MODELS)}")
    if size < _SMALLEST:
        raise SettingsError(f"size is {size} pixels, expected at least {_SMALLEST}", "ask for a larger size: 256")


def _require_empty(folder: Path) -> None:
    if folder.is_file():
        raise DataError(f"{folder} is a file, expected a folder to draw into", "name a folder that does not exist yet")
    if folder.is_dir() and (found := next(folder.iterdir(), None)) is not None:
        raise DataError(
            f"{folder} already holds {found.name}, expected an empty folder",
            "name a new folder, or empty this one; nothing was overwritten",
        )


def _jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    swapped = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
