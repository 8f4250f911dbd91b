"""A timm ``local-dir`` folder, loaded and asked by plain timm: as mekiki would ask it, and as anybody would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from scipy.special import softmax
from timm.data import create_transform, resolve_model_data_config  # type: ignore[attr-defined]

from mekiki.data.pictures import read_picture
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.classifier import Classifier
from mekiki.model.views import views_of
from mekiki.portable.proof import Ask, Said
from mekiki.records.exported import ExportFolder
from mekiki.tensors.geometry import Picture, square


def load_timm(folder: ExportFolder) -> Any:
    """Return what plain timm makes of the folder."""
    return timm.create_model(f"local-dir:{folder.path}", pretrained=True).eval()


def ask_timm(folder: ExportFolder, classifier: Classifier) -> Ask:
    """Return what asks timm's network about photos that are prepared, and looked at, as the card says."""
    network, preprocessing = load_timm(folder), classifier.card.preprocessing

    def ask(picture: Picture) -> Said:
        prepared = square(picture, preprocessing.image_size, preprocessing.fit)[None]
        with torch.inference_mode():
            looks = [network(view) for view in views_of(classifier.normaliser(prepared).cpu(), classifier.views)]
        return Said(softmax(torch.stack(looks).mean(dim=0).numpy(), axis=1)[0])

    return ask


def agrees_alone(
    folder: ExportFolder, files: Sequence[Path], answers: Sequence[Answer], classifier: Classifier
) -> float:
    """Return how often plain timm, with its own preparation and one look, names the class that the run names.

    Args:
        folder: The exported folder.
        files: Photos.
        answers: What the run says of each.
        classifier: The run's.
    """
    network = load_timm(folder)
    settings: Any = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
    prepare: Any = create_transform(**settings, is_training=False)
    alike = []
    for file, answer in zip(files, answers, strict=True):
        with torch.inference_mode():
            picture = read_picture(file, max_megapixels=classifier.settings.max_megapixels)
            said = network(prepare(Image.fromarray(picture))[None])[0]
        alike.append(int(said.argmax()) == int(answer.chances.argmax()))
    return float(np.mean(alike))
