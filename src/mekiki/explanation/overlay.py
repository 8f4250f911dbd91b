"""Heat maps laid over the upright picture at its own size, in JET colours: blue is cold, red is hot."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.gradcam import grad_cam
from mekiki.tensors.geometry import Picture, from_square, square

STRENGTH = 0.45


@dataclass(frozen=True)
class HeatMap:
    """Why one picture was given one class.

    Attributes:
        ranked: (class, probability) pairs, the most probable first.
        explained: The class that the map speaks of.
        heat: (H, W) in 0..1, at the picture's own size.
        overlay: (H, W, 3) RGB: the map over the picture.
    """

    ranked: tuple[tuple[str, float], ...]
    explained: str
    heat: NDArray[np.float32]
    overlay: Picture


def explain_picture(classifier: Classifier, picture: Picture, of_class: str | None = None, top: int = 5) -> HeatMap:
    """Explain one decision.

    Args:
        classifier: The trained model.
        picture: Upright RGB, (H, W, 3).
        of_class: Which class to explain; not given: the predicted one.
        top: How many ranked classes to return.
    """
    preprocessing = classifier.card.preprocessing
    prepared = square(picture, preprocessing.image_size, preprocessing.fit)[None]
    chances = classifier.probabilities(prepared)[0]
    names = [str(name) for name in classifier.classes_]
    number = int(chances.argmax()) if of_class is None else names.index(of_class)
    coarse = grad_cam(classifier.model, classifier.normaliser(prepared), [number])[0]
    heat = np.clip(from_square(coarse, picture.shape[1], picture.shape[0], preprocessing.fit), 0, 1)
    return HeatMap(classifier.rank("", chances, top).top, names[number], heat, lay_over(picture, heat))


def lay_over(picture: Picture, heat: NDArray[np.float32], strength: float = STRENGTH) -> Picture:
    """Blend a heat map over a picture.

    Args:
        picture: (H, W, 3) RGB.
        heat: (H, W) in 0..1.
        strength: Share of the colour, 0..1.

    Returns:
        (H, W, 3) RGB.
    """
    colours = cv2.applyColorMap((heat * 255).round().astype(np.uint8), cv2.COLORMAP_JET)
    blended = cv2.addWeighted(picture, 1 - strength, cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), strength, 0)
    return np.asarray(blended, dtype=np.uint8)
