from pathlib import Path

import numpy as np
import pytest

from mekiki.config import EvaluateSettings, ModelSettings
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.examples import right_examples, worst_mistakes
from mekiki.evaluation.parts import ask, score_answers
from mekiki.model.classifier import build_classifier
from mekiki.progress import Silent
from mekiki.records.card import ModelCard
from mekiki.records.manifest import Photo
from mekiki.records.predictions import ScoredPhoto
from tests.conftest import draw_photo

CLASSES = ["blue", "green", "red"]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=32)
    model, preprocessing, _ = build_classifier(settings, CLASSES, seed=1)
    card = ModelCard(backbone="test_resnet", head="gap", classes=CLASSES, preprocessing=preprocessing)
    return Classifier(model, card, EvaluateSettings(batch_size=4, max_megapixels=0.01))


def photo_paths(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_answers_do_not_depend_on_the_batch_size(classifier: Classifier, shared_photos: Path, batch_size: int) -> None:
    other = Classifier(classifier.model, classifier.card, EvaluateSettings(batch_size=batch_size, workers=0))
    paths = photo_paths(shared_photos)[:7]
    np.testing.assert_allclose(other.predict_proba(paths), classifier.predict_proba(paths), atol=1e-5)


def test_a_path_an_array_and_a_list_of_one_are_the_same(classifier: Classifier) -> None:
    picture = draw_photo((200, 50, 40), 1)
    np.testing.assert_array_equal(classifier.predict_proba(picture), classifier.predict_proba([picture]))
    assert classifier.predict_proba([]).shape == (0, 3)
    assert classifier.rank("x", np.array([0.2, 0.7, 0.1], np.float32), 2).top[0][0] == "green"


def test_what_is_no_picture_is_refused_by_name(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture at all")
    with pytest.raises(PictureError, match=r"text\.jpg is no picture"):
        classifier.predict(tmp_path / "text.jpg")
    with pytest.raises(SettingsError, match=r"an array of float64 with shape \(8, 8, 3\) is no picture"):
        classifier.predict([np.zeros((8, 8, 3))])
    with pytest.raises(SettingsError, match=r"uint8 with shape \(8, 8\) is no picture"):
        classifier.predict([np.zeros((8, 8), np.uint8)])


def test_the_limit_on_megapixels_holds_in_prediction(classifier: Classifier, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(draw_photo((1, 2, 3), 1, 200)).save(tmp_path / "large.png")
    with pytest.raises(PictureError, match="megapixels"):
        classifier.predict(tmp_path / "large.png")


def test_a_photo_that_cannot_be_read_is_left_out_and_counted(classifier: Classifier, photos: Path) -> None:
    (photos / "red" / "003.png").write_bytes(b"broken")
    (photos / "blue" / "001.png").unlink()
    listed = [Photo(f"{name}/{number:03}.png", name) for name in CLASSES for number in range(12)]
    scored = score_answers(classifier, ask(classifier, photos, listed, "val", Silent()))
    assert (scored.evaluation.n, scored.evaluation.unreadable) == (34, 2)
    assert [(photo.path, photo.label) for photo in scored.photos] == [
        (photo.path, photo.label) for photo in listed if photo.path not in ("red/003.png", "blue/001.png")
    ]
    chances = classifier.predict_proba([photos / photo.path for photo in scored.photos])
    for photo, ranked, row in zip(scored.photos, scored.rankings, chances, strict=True):
        assert photo.label_score == pytest.approx(row[CLASSES.index(photo.label)], abs=1e-5)
        assert (photo.predicted, photo.second) == (ranked[0][0], ranked[1][0])
        assert photo.score == pytest.approx(row.max(), abs=1e-5)
    with pytest.raises(DataError, match="none of the 1 val photos in"):
        ask(classifier, photos, [Photo("red/003.png", "red")], "val", Silent())


def said(path: str, label: str, predicted: str, score: float) -> ScoredPhoto:
    return ScoredPhoto(path, "test", label, predicted, score, 0.0)


def test_the_surest_mistakes_come_first() -> None:
    photos = [said("a", "x", "y", 0.5), said("b", "x", "y", 0.9), said("c", "x", "x", 0.99), said("d", "y", "x", 0.7)]
    assert [photo.path for photo in worst_mistakes(photos, 2)] == ["b", "d"]


def test_right_examples_are_of_middling_sureness_and_of_different_classes() -> None:
    photos = [said(f"{name}{score}", name, name, score) for name in "uvwxyz" for score in (0.1, 0.5, 0.9)]
    chosen = right_examples(photos, 3)
    assert [photo.score for photo in chosen] == [0.5] * 3
    assert len({photo.label for photo in chosen}) == 3
    assert len(right_examples(photos, 10)) == 6
