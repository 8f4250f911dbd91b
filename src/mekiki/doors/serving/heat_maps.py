"""A heat map of one picture as PNG, bounded in size. The work is split as the batcher's threads want it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from mekiki.config import ExplainSettings
from mekiki.data.pictures import read_picture
from mekiki.doors.serving.batching import Batcher
from mekiki.doors.serving.models import Served
from mekiki.doors.serving.refusals import Refusal
from mekiki.errors import PictureError, SettingsError
from mekiki.tensors.geometry import Picture

if TYPE_CHECKING:
    from mekiki.evaluation.classifier import Classifier
    from mekiki.explanation.maps import Maps


@dataclass(frozen=True)
class HeatMap:
    """Why a picture was given a class.

    Attributes:
        label: The class that the map speaks of.
        png: The map over the picture.
        reason: Why nothing is hot in it; empty if something is.
    """

    label: str
    png: bytes
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that stands in an answer."""
        return {"class": self.label, "png": base64.b64encode(self.png).decode(), "no_evidence": self.reason or None}


def explainable(served: Served, of_class: str | None) -> Classifier:
    """Return the model as one that can be explained.

    Args:
        served: The model.
        of_class: Which class is to be explained; None: the predicted one.

    Raises:
        Refusal: It is an exported graph, or knows no such class.
    """
    from mekiki.evaluation.classifier import Classifier
    from mekiki.explanation.maps import class_number

    if not isinstance(served.answering, Classifier):
        raise Refusal(422, "heat maps need torch, and an exported graph is served here", "ask without")
    try:
        class_number(served.answering, of_class)
    except SettingsError as error:
        raise Refusal(422, error.message, error.hint) from None
    return served.answering


async def heat_map(
    batcher: Batcher, served: Served, content: bytes, of_class: str | None, most_pixels: int
) -> HeatMap | PictureError:
    """Explain one picture.

    Args:
        batcher: Whose threads do it.
        served: The model, one that ``explainable`` took.
        content: The bytes of the picture's file.
        of_class: Which class to explain; None: the predicted one.
        most_pixels: Of the map's longer side.
    """
    classifier = explainable(served, of_class)
    square = await batcher.prepare(lambda: classifier.prepare(content))
    if isinstance(square, PictureError):
        return square
    maps = await batcher.compute(lambda: _explain(classifier, square, of_class))
    return await batcher.prepare(lambda: _draw(classifier, maps, content, most_pixels))


def _explain(classifier: Classifier, square: Picture, of_class: str | None) -> Maps:
    from mekiki.explanation.maps import explain_batch

    return explain_batch(classifier, classifier.normaliser(square[None]), ExplainSettings(of_class=of_class))


def _draw(classifier: Classifier, maps: Maps, content: bytes, most_pixels: int) -> HeatMap | PictureError:
    from mekiki.explanation.maps import why_no_evidence
    from mekiki.explanation.overlay import draw_heat

    try:
        picture = read_picture(content, max_megapixels=classifier.settings.max_megapixels)
    except PictureError as error:
        return error
    label = str(classifier.classes_[int(maps.question.classes[0])])
    reason = why_no_evidence(maps.signed[0], label)
    overlay = draw_heat(_at_most(picture, most_pixels), maps, 0, classifier.card.preprocessing.fit, reason)[1]
    png = cv2.imencode(".png", cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR))[1].tobytes()
    return HeatMap(label, png, reason)


def _at_most(picture: Picture, pixels: int) -> Picture:
    height, width = picture.shape[:2]
    share = pixels / max(height, width)
    if share >= 1:
        return picture
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
