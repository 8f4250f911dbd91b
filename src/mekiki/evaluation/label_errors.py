"""Label errors without a trained model: photos that look like another class than the one they are filed under.

Features of a frozen pretrained backbone; the rest is ``label_quality.py``. Only photos that can be read and have a
label are looked at, and nothing is changed: a finding is a question to the owner, who knows better.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.config import LabelSettings, ModelSettings
from mekiki.errors import DataError, WeightsError
from mekiki.evaluation.label_quality import Judgement, check_cleanlab, judge_labels
from mekiki.model.classifier import build_classifier
from mekiki.model.device import choose_machine, keep_memory
from mekiki.model.weight_files import Pretrained
from mekiki.model.weights import FOLDER_VARIABLE, resolve_weights
from mekiki.progress import Progress
from mekiki.records.findings import Finding
from mekiki.records.manifest import Manifest, Photo
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.probe import pooled_features


def check_label_search(settings: LabelSettings) -> None:
    """Refuse what cannot work, before a long scan.

    Args:
        settings: As for ``find_label_errors``.

    Raises:
        MekikiError: cleanlab is not installed.
        SettingsError: There is no such backbone or device.
        WeightsError: The pretrained weights are not to be had.
    """
    check_cleanlab()
    check_backbone(settings)


def check_backbone(settings: LabelSettings) -> None:
    """Refuse a backbone, weights or a device that are not to be had.

    Args:
        settings: As for ``frozen_features``.

    Raises:
        SettingsError: There is no such backbone or device.
        WeightsError: The pretrained weights are not to be had.
    """
    choose_machine(settings.device, settings.precision)
    _pretrained(settings)


def find_label_errors(
    manifest: Manifest, settings: LabelSettings, progress: Progress, max_megapixels: float = 100.0
) -> list[Finding]:
    """List the photos whose label is probably wrong.

    Args:
        manifest: The scanned photos; those of one group never vouch for each other.
        settings: Backbone, folds, and how many are listed at most.
        progress: Where to report to.
        max_megapixels: A larger picture is refused; as in the scan.

    Returns:
        Findings "label_error", the most doubtful first: ``other`` is the class that the photo looks like, ``score``
        is 1 minus the probability of its label.

    Raises:
        DataError: Fewer than two classes have readable photos, or a photo is gone since the scan.
        MekikiError: cleanlab is not installed.
        SettingsError: The backbone cannot be built like this, or there is no such device.
        WeightsError: The pretrained weights are not to be had, or are damaged.
    """
    check_cleanlab()
    photos = [photo for photo in manifest.usable() if photo.label]
    filled = sorted({photo.label for photo in photos})
    if len(filled) < 2:
        raise DataError(
            f"label errors are found by comparing classes, and of {manifest.root} {len(filled)} has readable photos; "
            "expected at least two",
            "add photos of another class, or scan without --labels",
        )
    numbers = {name: number for number, name in enumerate(manifest.classes)}
    labels = np.array([numbers[photo.label] for photo in photos], dtype=np.int64)
    features = frozen_features(manifest, photos, settings, progress, max_megapixels)
    groups = [f"group {photo.group}" if photo.group else f"photo {photo.path}" for photo in photos]
    judgement = judge_labels(features, labels, groups, len(manifest.classes), settings.folds, settings.seed, progress)
    _say_what_was_not_judged(photos, judgement, progress)
    most = int(settings.most * len(photos))
    return [_finding(photos[number], judgement, number, manifest.classes) for number in judgement.order()[:most]]


def frozen_features(
    manifest: Manifest, photos: Sequence[Photo], settings: LabelSettings, progress: Progress, max_megapixels: float
) -> NDArray[np.float32]:
    """Return the pooled features of photos under a frozen pretrained backbone, (n, features) float32.

    Args:
        manifest: Has the data root.
        photos: Readable ones of it.
        settings: Backbone, weights, size and device.
        progress: Where to report to.
        max_megapixels: A larger picture is refused.

    Raises:
        DataError: A photo is gone since the scan.
        SettingsError: The backbone cannot be built like this, or there is no such device.
        WeightsError: The pretrained weights are not to be had, or are damaged.
    """
    backbone = FrozenBackbone(settings, manifest.classes)
    progress.say(
        f"{settings.backbone} ({backbone.source}) looks at {len(photos):,} photos at {settings.image_size} px, "
        f"{backbone.machine.describe()}"
    )
    return backbone.features(manifest.root, [photo.path for photo in photos], max_megapixels, progress)


class FrozenBackbone:
    """A pretrained backbone that gives features and does not learn; errors as of ``frozen_features``.

    Args:
        settings: Backbone, weights, size and device.
        classes: Names; the features do not depend on them.
    """

    def __init__(self, settings: LabelSettings, classes: Sequence[str]) -> None:
        self._settings = settings
        self.machine = choose_machine(settings.device, settings.precision)
        keep_memory()
        chosen = ModelSettings(
            backbone=settings.backbone, weights=settings.weights, freeze="all", image_size=settings.image_size
        )
        built = build_classifier(chosen, tuple(classes), settings.seed, _pretrained(settings))
        self._model, self._preprocessing, self.source = built
        self._model.to(self.machine.device).to(memory_format=torch.channels_last)
        self._normaliser = Normaliser(self._preprocessing).to(self.machine.device)

    def features(
        self, root: Path, paths: Sequence[str], max_megapixels: float, progress: Progress
    ) -> NDArray[np.float32]:
        """Return the features of photos, (n, features).

        Args:
            root: The folder that the paths are relative to.
            paths: n of them.
            max_megapixels: A larger picture is refused.
            progress: Where to report to.
        """
        pictures = PhotoSet(root, paths, [0] * len(paths), self._preprocessing, max_megapixels)
        settings = self._settings
        read = pooled_features(
            self._model, pictures, self._normaliser, self.machine, settings.batch_size, settings.workers, progress
        )
        features = np.concatenate([views[0] for views, _ in read])
        if not np.isfinite(features).all():
            raise WeightsError("the backbone's features are not finite numbers", "its weights are damaged; use others")
        return features


def _pretrained(settings: LabelSettings) -> Pretrained | None:
    try:
        return resolve_weights(settings.backbone, settings.weights)
    except WeightsError as error:
        if settings.weights != "auto":
            raise
        raise WeightsError(
            error.message, f"set {FOLDER_VARIABLE} to a folder that holds them, or give --weights PATH"
        ) from None


def _say_what_was_not_judged(photos: list[Photo], judgement: Judgement, progress: Progress) -> None:
    alone = sorted({photo.label for photo, judged in zip(photos, judgement.judged, strict=True) if not judged})
    if alone:
        progress.say(
            f"note: {', '.join(alone)}: the labels of {int((~judgement.judged).sum()):,} photos were not judged, "
            "because no photos of their class are left to learn it from once their copies and groups are set aside"
        )


def _finding(photo: Photo, judgement: Judgement, number: int, classes: tuple[str, ...]) -> Finding:
    chances = judgement.probabilities[number]
    best = int(chances.argmax())
    looks, given = classes[best], chances[classes.index(photo.label)]
    return Finding(
        "label_error",
        photo.path,
        other=looks,
        score=float(1 - judgement.quality[number]),
        detail=f"looks like {looks} {chances[best]:.2f}, labelled {photo.label} {given:.2f}",
    )
