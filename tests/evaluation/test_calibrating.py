"""A model that is asked about itself: temperature, "unknown", and how both are kept."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mekiki.config import EvaluateSettings, ModelSettings
from mekiki.evaluation import calibrating
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.calibrating import _some, know_itself
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import build_classifier
from mekiki.progress import Silent
from mekiki.records.calibration import Calibration
from mekiki.records.card import ModelCard, read_card, write_card
from mekiki.records.unknown import UnknownRule

CLASSES = ["blue", "green", "red"]


def classifier_with(calibration: Calibration | None = None, unknown: UnknownRule | None = None) -> Classifier:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=32)
    model, preprocessing, _ = build_classifier(settings, CLASSES, seed=1)
    card = ModelCard(
        backbone="test_resnet",
        head="gap",
        classes=CLASSES,
        preprocessing=preprocessing,
        calibration=calibration,
        unknown=unknown,
    )
    return Classifier(model, card, EvaluateSettings(batch_size=8))


def listed(numbers: range) -> list[tuple[str, str]]:
    return [(f"{name}/{number:03}.png", name) for name in CLASSES for number in numbers]


def a_calibration(temperature: float) -> Calibration:
    return Calibration(
        temperature=temperature, n=9, log_loss_before=1.0, log_loss_after=0.9, ece_before=0.2, ece_after=0.1
    )


def answers(classifier: Classifier, root: Path) -> list[Answer]:
    found = [answer for _, answer in classifier.answers([root / path for path, _ in listed(range(4))], Silent())]
    assert all(isinstance(answer, Answer) for answer in found)
    return found  # type: ignore[return-value]


def test_it_learns_a_temperature_and_a_threshold_that_keeps_most_validation_photos(shared_photos: Path) -> None:
    classifier = classifier_with()
    val = listed(range(6))
    found = know_itself(classifier, shared_photos, listed(range(6, 12)), val, 0, Silent())
    assert found is not None and found.unknown is not None and found.reference is not None
    assert found.calibration.n == 18 and found.calibration.log_loss_after <= found.calibration.log_loss_before + 1e-6
    knowing = Classifier(
        classifier.model,
        classifier.card.model_copy(update={"calibration": found.calibration, "unknown": found.unknown}),
        EvaluateSettings(),
        reference=found.reference,
    )
    judged = [answer for _, answer in knowing.answers([shared_photos / path for path, _ in val], Silent())]
    kept = [knowing.is_known(answer) for answer in judged if isinstance(answer, Answer)]
    assert sum(map(bool, kept)) >= 0.94 * len(val)
    assert knowing.say("x", judged[0], 2).as_json()["known"] is kept[0]  # type: ignore[arg-type]


def test_a_temperature_changes_how_sure_it_is_and_no_answer(shared_photos: Path) -> None:
    plain, timid = (
        answers(classifier_with(), shared_photos),
        answers(classifier_with(a_calibration(3.0)), shared_photos),
    )
    for before, after in zip(plain, timid, strict=True):
        assert before.chances.argmax() == after.chances.argmax()
        assert before.chances.max() > after.chances.max()
        np.testing.assert_allclose(after.logits * 3, before.logits, rtol=1e-5, atol=1e-6)
        assert after.chances.sum() == pytest.approx(1, abs=1e-5)
    assert plain[0].known_score is None
    assert classifier_with().is_known(plain[0]) is None
    assert classifier_with().say("x", plain[0], 1).as_json()["known"] is None


@pytest.mark.parametrize(("threshold", "known"), [(-1e9, True), (1e9, False)])
def test_the_threshold_decides(shared_photos: Path, threshold: float, known: bool) -> None:
    rule = UnknownRule(score="energy", threshold=threshold, kept=0.95, n=9)
    classifier = classifier_with(unknown=rule)
    assert {classifier.is_known(answer) for answer in answers(classifier, shared_photos)} == {known}


def test_without_readable_validation_photos_it_knows_nothing_of_itself(tmp_path: Path) -> None:
    assert know_itself(classifier_with(), tmp_path, listed(range(2)), listed(range(2, 3)), 0, Silent()) is None


def test_with_one_training_photo_of_a_class_there_is_a_temperature_and_no_threshold(shared_photos: Path) -> None:
    train = [pair for pair in listed(range(2, 4)) if pair != ("red/003.png", "red")]
    found = know_itself(classifier_with(), shared_photos, train, listed(range(2)), 0, Silent())
    assert found is not None
    assert found.unknown is None and found.reference is None and found.calibration.n == 6


def test_what_it_learnt_is_in_its_card(tmp_path: Path) -> None:
    rule = UnknownRule(score="energy", threshold=1.25, kept=0.95, n=9)
    card = classifier_with(a_calibration(1.5), rule).card
    write_card(tmp_path / "model.json", card)
    assert read_card(tmp_path / "model.json") == card


def test_of_many_photos_each_class_gives_as_many_as_it_can() -> None:
    photos = [(f"a{number}", "a") for number in range(3000)] + [(f"b{number}", "b") for number in range(100)]
    chosen = _some(photos, 0, 1000)
    assert len(chosen) == 1000 == len(set(chosen))
    assert sum(label == "b" for _, label in chosen) == 100
    assert _some(photos, 0, 1000) == chosen != _some(photos, 1, 1000)


def test_with_more_classes_than_reference_photos_each_still_gives_two(
    shared_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "MOST_REFERENCES", 4)
    found = know_itself(classifier_with(), shared_photos, listed(range(2, 6)), listed(range(2)), 0, Silent())
    assert found is not None and found.reference is not None
    assert np.bincount(found.reference.neighbour_classes).tolist() == [2, 2, 2]


@pytest.mark.parametrize("temperature", [float("inf"), 1e-300, 0.0, -1.0, float("nan")])
def test_a_temperature_that_no_fit_gives_is_refused(temperature: float) -> None:
    with pytest.raises(ValidationError, match="temperature"):
        a_calibration(temperature)
