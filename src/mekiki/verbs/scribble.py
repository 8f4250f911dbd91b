"""What a model says of a picture that somebody scribbles on, and where it looks, in one go and fast enough to watch.

The numbers are those of ``predict``, the map is that of ``explain``. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mekiki.config import ExplainSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import as_heat, explain_batch, why_no_map
from mekiki.records.predictions import Prediction
from mekiki.tensors.damage.marking import Mark, MarkedPicture
from mekiki.tensors.geometry import from_square


@dataclass(frozen=True)
class ScribbleAnswer:
    """What one model says of a marked picture.

    Attributes:
        prediction: All classes, the most probable first.
        known_score: Higher for what the model knows; None if it has no rule for that.
        threshold: A score below it is unknown; None if it has no rule.
        explained: The class that the map speaks of.
        instead_of: The class that it is held against; empty if none.
        heat: (height, width) in 0..1 over the picture as it is shown; zeros if there is a ``reason``.
        reason: Why there is no map; empty if there is one.
    """

    prediction: Prediction
    known_score: float | None
    threshold: float | None
    explained: str
    instead_of: str
    heat: NDArray[np.float32]
    reason: str


def answer_scribbled(
    classifier: Classifier, picture: MarkedPicture, marks: Sequence[Mark] = (), how: ExplainSettings | None = None
) -> ScribbleAnswer:
    """Ask a model about a picture with marks over it, and why it says so.

    Args:
        classifier: The trained model.
        picture: The picture.
        marks: What was put over it.
        how: The method, and what is asked; not given: Grad-CAM of the predicted class.

    Raises:
        SettingsError: There is no such class or layer, or the layer makes no map.
    """
    how = ExplainSettings() if how is None else how
    preprocessing = classifier.card.preprocessing
    square = picture.prepared(marks, preprocessing.image_size, preprocessing.fit)[None]
    answer = classifier.ask(square)[0]
    maps = explain_batch(classifier, classifier.normaliser(square), how)
    label = str(classifier.classes_[int(maps.question.classes[0])])
    against = "" if how.instead_of is None else how.instead_of
    reason = why_no_map(maps.signed[0], label, against)
    heat = np.zeros((picture.height, picture.width), np.float32)
    if not reason:
        heat = np.clip(from_square(as_heat(maps.signed[0]), picture.width, picture.height, preprocessing.fit), 0, 1)
    rule = classifier.card.unknown
    return ScribbleAnswer(
        classifier.say("", answer, len(classifier.classes_)),
        answer.known_score,
        None if rule is None else rule.threshold,
        label,
        against,
        heat,
        reason,
    )


def predict_scribbled(classifier: Classifier, picture: MarkedPicture, marks: Sequence[Mark] = ()) -> Prediction:
    """Ask a model about a picture with marks over it, without a map; all classes, the most probable first."""
    preprocessing = classifier.card.preprocessing
    square = picture.prepared(marks, preprocessing.image_size, preprocessing.fit)[None]
    return classifier.say("", classifier.ask(square)[0], len(classifier.classes_))
