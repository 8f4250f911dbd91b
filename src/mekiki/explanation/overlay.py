"""Heat maps laid over the upright picture at its own size, in JET colours: blue is cold, red is hot."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.config import ExplainSettings, FitName
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import Maps, as_heat, explain_batch, why_no_evidence
from mekiki.tensors.geometry import Picture, from_square, square

STRENGTH = 0.45
NO_EVIDENCE = "no evidence"


@dataclass(frozen=True)
class HeatMap:
    """Why one picture was given one class.

    Attributes:
        ranked: (class, probability) pairs, the most probable first.
        explained: The class that the map speaks of.
        heat: (H, W) in 0..1, at the picture's own size.
        overlay: (H, W, 3) RGB: the map over the picture; the words "no evidence" on the grey picture if there is none.
        reason: Why there is no map; empty if there is one.
    """

    ranked: tuple[tuple[str, float], ...]
    explained: str
    heat: NDArray[np.float32]
    overlay: Picture
    reason: str = ""


def explain_picture(
    classifier: Classifier,
    picture: Picture,
    of_class: str | None = None,
    top: int = 5,
    how: ExplainSettings | None = None,
) -> HeatMap:
    """Explain one decision.

    Args:
        classifier: The trained model.
        picture: Upright RGB, (H, W, 3).
        of_class: Which class to explain; not given: what ``how`` says, or the predicted one.
        top: How many ranked classes to return.
        how: The method and what it is asked.
    """
    preprocessing = classifier.card.preprocessing
    how = ExplainSettings() if how is None else how
    if of_class is not None:
        how = how.model_copy(update={"of_class": of_class})
    x = classifier.normaliser(square(picture, preprocessing.image_size, preprocessing.fit)[None])
    maps = explain_batch(classifier, x, how)
    chances = maps.logits.softmax(dim=1).cpu().numpy()[0]
    label = str(classifier.classes_[int(maps.question.classes[0])])
    reason = why_no_evidence(maps.signed[0], label)
    heat, overlay = draw_heat(picture, maps, 0, preprocessing.fit, reason)
    return HeatMap(classifier.rank("", chances, top).top, label, heat, overlay, reason)


def draw_heat(
    picture: Picture, maps: Maps, number: int, fit: FitName, reason: str
) -> tuple[NDArray[np.float32], Picture]:
    """Return one map of a batch at the picture's own size, (H, W) in 0..1, and the picture under it, (H, W, 3).

    Args:
        picture: (H, W, 3) RGB.
        maps: Of the batch.
        number: Which of them.
        fit: How the picture was fitted into the network's square.
        reason: What ``why_no_evidence`` gave.
    """
    height, width = picture.shape[:2]
    if reason:
        return np.zeros((height, width), np.float32), without_evidence(picture)
    heat = np.clip(from_square(as_heat(maps.signed[number]), width, height, fit), 0, 1)
    return heat, lay_over(picture, heat)


def lay_over(picture: Picture, heat: NDArray[np.float32], strength: float = STRENGTH) -> Picture:
    """Blend a heat map over a picture.

    Args:
        picture: (H, W, 3) RGB.
        heat: (H, W) in 0..1.
        strength: Share of the colour, 0..1.

    Returns:
        (H, W, 3) RGB.
    """
    blended = cv2.addWeighted(picture, 1 - strength, in_colours(heat), strength, 0)
    return np.asarray(blended, dtype=np.uint8)


def in_colours(heat: NDArray[np.float32]) -> Picture:
    """Return a heat map in its colours, (H, W) in 0..1 → (H, W, 3) RGB."""
    colours = cv2.applyColorMap((heat * 255).round().astype(np.uint8), cv2.COLORMAP_JET)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def without_evidence(picture: Picture) -> Picture:
    """Return the picture in grey with the words "no evidence" across it, so that nobody takes it for a cold map."""
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    pale = cv2.addWeighted(grey, 0.4, np.full_like(grey, 255), 0.6, 0)
    (wide, high), _ = cv2.getTextSize(NO_EVIDENCE, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)
    scale = 0.8 * min(width / wide, height / high)
    place = round((width - wide * scale) / 2), round((height + high * scale) / 2)
    written = cv2.putText(
        pale, NO_EVIDENCE, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (120, 0, 0), max(1, round(2 * scale)), cv2.LINE_AA
    )
    return np.asarray(written, dtype=np.uint8)
