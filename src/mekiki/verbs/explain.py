"""``mekiki explain``: heat maps over pictures, showing what a decision rested on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from mekiki.config import EvaluateSettings
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_picture
from mekiki.errors import PictureError, unknown_name
from mekiki.evaluation.classifier import Classifier, load
from mekiki.explanation.overlay import explain_picture
from mekiki.files import printable, write_bytes
from mekiki.model.classifier import feature_layer_name
from mekiki.progress import Progress, Silent


@dataclass(frozen=True)
class Explanation:
    """One explained picture.

    Attributes:
        path: The picture.
        explained: The class that the map speaks of; empty if the picture cannot be read.
        ranked: (class, probability) pairs, the most probable first.
        layer: The layer whose feature map was used.
        written: The overlay, a PNG at the upright picture's own size; None if the picture cannot be read.
        error: Why there is no map; empty if there is one.
    """

    path: str
    explained: str = ""
    ranked: tuple[tuple[str, float], ...] = ()
    layer: str = ""
    written: Path | None = None
    error: str = ""


def explain(
    run: str | Path | Classifier,
    sources: Sequence[str | Path] | str | Path,
    out: str | Path,
    of_class: str | None = None,
    settings: EvaluateSettings | None = None,
    weights: str = "auto",
    progress: Progress | None = None,
) -> list[Explanation]:
    """Lay a Grad-CAM heat map over each picture and write it as ``<name>-<class>-heat.png``; no file is written over.

    Args:
        run: A run folder, ``imagenet:<timm name>``, or a loaded classifier.
        sources: Pictures, folders (searched through) and glob patterns.
        out: The folder for the overlays.
        of_class: Explain this class ("why not Les Paul?"); not given: the predicted one.
        settings: Device, precision and the limit on a picture's size.
        weights: For ``imagenet:`` only: ``auto`` or a path.
        progress: Where to report to.

    Returns:
        One explanation for each picture, in order.

    Raises:
        DataError: A source does not exist or holds no pictures.
        SettingsError: The model has no such class, or its answer cannot be explained.
    """
    pictures = list_pictures([sources] if isinstance(sources, str | Path) else sources)
    classifier = run if isinstance(run, Classifier) else load(run, settings, weights)
    names = [str(name) for name in classifier.classes_]
    if of_class is not None and of_class not in names:
        raise unknown_name("class", of_class, names)
    layer = feature_layer_name(classifier.model, classifier.card.preprocessing.image_size)
    done = []
    with (Silent() if progress is None else progress).task("explain", len(pictures)) as task:
        for path in pictures:
            done.append(_explain_one(classifier, path, Path(out), of_class, layer))
            task.advance()
    return done


def _explain_one(classifier: Classifier, path: Path, out: Path, of_class: str | None, layer: str) -> Explanation:
    name = printable(str(path))
    try:
        picture = read_picture(path, max_megapixels=classifier.settings.max_megapixels)
    except PictureError as error:
        return Explanation(name, error=error.message)
    heat_map = explain_picture(classifier, picture, of_class)
    written = _free_path(out, f"{printable(path.stem)}-{_as_file_name(heat_map.explained)}")
    encoded = cv2.imencode(".png", cv2.cvtColor(heat_map.overlay, cv2.COLOR_RGB2BGR))[1]
    write_bytes(written, encoded.tobytes())
    return Explanation(name, heat_map.explained, heat_map.ranked, layer, written)


def _as_file_name(label: str) -> str:
    """Return a class name without what a file name cannot hold on some system."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", label)[:60]


def _free_path(folder: Path, stem: str) -> Path:
    """Return a path that is not taken: two folders may hold the same name, and what is there stays."""
    names = itertools.chain([f"{stem}-heat.png"], (f"{stem}-heat-{number}.png" for number in itertools.count(2)))
    return next(folder / name for name in names if not (folder / name).exists())
