"""Answers from before the temperature become those of asking again, to the last bit, without a look at the pictures."""

from pathlib import Path

import numpy as np
import pytest

from mekiki.config import EvaluateSettings, ModelSettings
from mekiki.errors import PictureError
from mekiki.evaluation.calibrating import know_itself
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import build_classifier
from mekiki.progress import Silent
from mekiki.records.card import ModelCard
from tests.conftest import COLOURS


@pytest.mark.parametrize("batch_size", [1, 4, 7])
def test_nothing_differs_from_asking_again(shared_photos: Path, batch_size: int) -> None:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=32)
    model, preprocessing, _ = build_classifier(settings, sorted(COLOURS), seed=1)
    card = ModelCard(backbone="test_resnet", head="gap", classes=sorted(COLOURS), preprocessing=preprocessing)
    train = [(f"{name}/{number:03}.png", name) for name in COLOURS for number in range(6)]
    val = [(f"{name}/{number:03}.png", name) for name in COLOURS for number in range(6, 11)]
    val.insert(3, ("red/gone.png", "red"))
    asking = EvaluateSettings(batch_size=batch_size)
    known = know_itself(Classifier(model, card, asking), shared_photos, train, val, 0, Silent())
    assert known is not None and known.unknown is not None and known.seconds > 0
    card = card.model_copy(update={"calibration": known.calibration, "unknown": known.unknown})
    knowing = Classifier(model, card, asking, reference=known.reference)
    again = [answer for _, answer in knowing.answers([shared_photos / path for path, _ in val], Silent())]
    told = list(knowing.reconsider(known.answers))
    assert len(told) == len(again) == len(val) and isinstance(told[3], PictureError)
    for one, other in zip(told, again, strict=True):
        if isinstance(one, PictureError) or isinstance(other, PictureError):
            assert type(one) is type(other)
            continue
        assert one.known_score == other.known_score is not None
        for name in ("logits", "features", "chances"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
