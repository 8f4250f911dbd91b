"""``mekiki explain``: heat maps over pictures, showing what a decision rested on, and how far they can be believed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mekiki.config import EvaluateSettings, ExplainSettings, build
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.evaluation.classifier import Classifier, as_classifier
from mekiki.evaluation.parts import record_pictures
from mekiki.explanation.background import HeatShares, find_mask, heat_shares, read_mask
from mekiki.explanation.faithfulness import Faith, blank_networks, measure_faith
from mekiki.explanation.layers import layer_name, layer_to_watch
from mekiki.explanation.maps import Maps, class_number, explain_batch, why_no_map
from mekiki.explanation.overlay import draw_heat
from mekiki.files import printable, write_bytes
from mekiki.progress import Progress, Silent
from mekiki.records.run import RunFolder, is_run_folder
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.geometry import Picture, square
from mekiki.verbs.asked_photos import with_runs_limit

TOP = 5
LONGEST_NAME = 100
"""Bytes of a photo's name, and of the classes' names, in the name of its heat map."""
FEW = 4
"""Pictures at a time where each takes seconds, so that a person sees that it goes on."""


@dataclass(frozen=True)
class Explanation:
    """One explained picture.

    Attributes:
        path: The picture.
        explained: The class that the map speaks of; empty if the picture cannot be read.
        instead_of: The class that it is held against; empty if none.
        ranked: (class, probability) pairs, the most probable first.
        method: How the map was made.
        layer: The layer whose map was used; empty for occlusion.
        written: The overlay, a PNG at the upright picture's own size; None if there is none.
        error: Why there is no map; empty if there is one.
        shares: Where the heat lies; None without a map.
        faith: How far the map can be believed; None if that was not asked.
    """

    path: str
    explained: str = ""
    instead_of: str = ""
    ranked: tuple[tuple[str, float], ...] = ()
    method: str = ""
    layer: str = ""
    written: Path | None = None
    error: str = ""
    shares: HeatShares | None = None
    faith: Faith | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``explain --json``."""
        return {
            **{name: value for name, value in vars(self).items() if name not in ("shares", "faith")},
            "written": None if self.written is None else str(self.written),
            "shares": None if self.shares is None else asdict(self.shares),
            "faith": None if self.faith is None else self.faith.model_dump(),
        }


@dataclass(frozen=True)
class _Job:
    """What all batches share."""

    classifier: Classifier
    how: ExplainSettings
    layer: str
    out: Path
    blanks: tuple[Classifier, ...]

    def prepare(self, path: Path) -> Picture | PictureError:
        preprocessing, limit = self.classifier.card.preprocessing, self.classifier.settings.max_megapixels
        size = preprocessing.image_size
        try:
            return square(read_picture(path, max_megapixels=limit, at_least=size), size, preprocessing.fit)
        except PictureError as error:
            return error

    def ask(
        self, group: Sequence[Path], prepared: Sequence[Picture | PictureError]
    ) -> tuple[list[tuple[Explanation, Path, int]], Maps | None]:
        good = [picture for picture in prepared if not isinstance(picture, PictureError)]
        x = self.classifier.normaliser(np.stack(good)) if good else None
        maps = None if x is None else explain_batch(self.classifier, x, self.how)
        numbers = itertools.count()
        begun: list[tuple[Explanation, Path, int]] = []
        for path, picture in zip(group, prepared, strict=True):
            name = printable(str(path))
            if isinstance(picture, PictureError) or maps is None:
                begun.append((Explanation(name, error=str(getattr(picture, "message", ""))), path, -1))
                continue
            number = next(numbers)
            explanation = self._begin(name, maps, number)
            if not explanation.error and self.blanks and x is not None:
                faith = measure_faith(self.classifier, self.blanks, x, maps, number, self.how)
                explanation = replace(explanation, faith=faith)
            begun.append((explanation, path, number))
        return begun, maps

    def _begin(self, name: str, maps: Maps, number: int) -> Explanation:
        label = str(self.classifier.classes_[int(maps.question.classes[number])])
        against = "" if self.how.instead_of is None else self.how.instead_of
        reason = why_no_map(maps.signed[number], label, against)
        ranked = self.classifier.rank("", maps.logits[number].softmax(dim=0).cpu().numpy(), TOP).top
        return Explanation(name, label, against, ranked, self.how.method, self.layer, error=reason)

    def write(self, begun: list[tuple[Explanation, Path, int]], maps: Maps | None) -> list[Explanation]:
        """Draw and write side by side; names are chosen before, in order, so that none is taken twice."""
        taken: set[Path] = set()
        places = []
        for explanation, path, _ in begun:
            against = f"-not-{explanation.instead_of}" if explanation.instead_of else ""
            stem = f"{_shortened(printable(path.stem))}-{_as_file_name(explanation.explained + against)}"
            places.append(_free_path(self.out, stem, taken))
            if not explanation.error:
                taken.add(places[-1])
        with ThreadPoolExecutor(max(1, self.classifier.settings.workers)) as pool:
            return list(pool.map(lambda item, place: self._draw(item, maps, place), begun, places))

    def _draw(self, item: tuple[Explanation, Path, int], maps: Maps | None, place: Path) -> Explanation:
        begun, path, number = item
        if begun.error or maps is None:
            return begun
        try:
            picture = read_picture(path, max_megapixels=self.classifier.settings.max_megapixels)
        except PictureError as error:
            return Explanation(begun.path, error=error.message)
        heat, overlay = draw_heat(picture, maps, number, self.classifier.card.preprocessing.fit, "")
        mask = None if self.how.masks is None else find_mask(Path(self.how.masks), path)
        shares = heat_shares(heat, None if mask is None else read_mask(mask, picture))
        if shares is None:
            return replace(begun, error="all of the heat lies in the margins that make the picture square", faith=None)
        encoded = cv2.imencode(".png", cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR))[1]
        write_bytes(place, encoded.tobytes())
        return replace(begun, written=place, shares=shares)


def explain(
    run: str | Path | Classifier,
    sources: Sequence[str | Path] | str | Path,
    out: str | Path,
    settings: EvaluateSettings | None = None,
    weights: str = "auto",
    progress: Progress | None = None,
    **asked: Any,
) -> list[Explanation]:
    """Lay a heat map over each picture and write it as ``<name>-<class>-heat.png``; no file is written over.

    That test photos of the run were looked at is recorded in the run.

    Args:
        run: A run folder, ``imagenet:<timm name>``, or a loaded classifier.
        sources: Pictures, folders (searched through) and glob patterns.
        out: The folder for the overlays.
        settings: Device, precision, batch size, threads and the limit on a picture's size.
        weights: For ``imagenet:`` only: ``auto`` or a path.
        progress: Where to report to.
        asked: Fields of ``ExplainSettings``: ``method="layercam"``, ``of_class="SG"``, ``instead_of="LesPaul"``, ….

    Returns:
        One explanation for each picture, in order. A picture that cannot be read, or whose map shows nothing, has the
        reason as its ``error`` and no overlay.

    Raises:
        DataError: A source does not exist or holds no pictures, or a mask does not fit.
        SettingsError: The model has no such class or layer, its answer cannot be explained so, or ``out`` is a file.

    Example:
        >>> mekiki.explain("runs/guitars", "photo.jpg", "why", of_class="SG", instead_of="LesPaul")  # doctest: +SKIP
    """
    how = build(ExplainSettings, asked)
    if Path(out).exists() and not Path(out).is_dir():
        raise SettingsError(f"--out {out} is a file", "name a folder; it need not exist yet")
    pictures = list_pictures([sources] if isinstance(sources, str | Path) else sources)
    if how.masks is not None and not any(find_mask(Path(how.masks), path) for path in pictures):
        raise DataError(
            f"{how.masks} holds no mask of these pictures", f"the mask of {pictures[0].name} is {pictures[0].stem}.png"
        )
    classifier = as_classifier(run, with_runs_limit(run, settings), weights)
    for name in (how.of_class, how.instead_of):
        class_number(classifier, name)
    job = _Job(
        classifier, how, _layer(classifier, how), Path(out), tuple(blank_networks(classifier) if how.faithful else ())
    )
    size = FEW if how.faithful else classifier.settings.batch_size
    groups = [pictures[start : start + size] for start in range(0, len(pictures), size)]
    ahead = prepared_ahead(groups, job.prepare, classifier.settings.workers)
    asked_of: list[Explanation] = []
    done: list[Explanation] = []
    try:
        with closing(ahead), (Silent() if progress is None else progress).task("explain", len(pictures)) as task:
            for group, prepared in ahead:
                batch, maps = job.ask(group, prepared)
                asked_of += [explanation for explanation, *_ in batch]
                done += job.write(batch, maps)
                task.advance(len(group))
    finally:  # also of what was shown before a person, or a mask that does not fit, stopped it
        if asked_of and not isinstance(run, Classifier) and is_run_folder(Path(run)):
            answers = [each.ranked[0][0] if each.ranked else "" for each in asked_of]
            record_pictures(RunFolder(Path(run)), pictures[: len(asked_of)], answers)
    return done


def _layer(classifier: Classifier, how: ExplainSettings) -> str:
    if how.method == "occlusion":
        return ""
    watched = layer_to_watch(classifier.model, how.layer)
    return layer_name(classifier.model, watched, classifier.card.preprocessing.image_size)


def _as_file_name(label: str) -> str:
    """Return a class name without what a file name cannot hold on some system."""
    return _shortened(re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", label))


def _shortened(name: str) -> str:
    """Return as much of a name as leaves room for another one in a file name, which has 255 bytes at most."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


def _free_path(folder: Path, stem: str, taken: set[Path]) -> Path:
    """Return a path that is not taken: two folders may hold the same name, and what is there stays."""
    names = itertools.chain([f"{stem}-heat.png"], (f"{stem}-heat-{number}.png" for number in itertools.count(2)))
    return next(path for name in names if (path := folder / name) not in taken and not path.exists())
