"""What is said of a scribbled picture is what ``predict`` and ``explain`` say of the same pixels."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.config import ExplainSettings
from mekiki.errors import SettingsError
from mekiki.explanation.overlay import explain_picture, in_colours, lay_over
from mekiki.seeds import stream
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.strokes import draw_strokes
from mekiki.tensors.damage.marking import Dust, Mark, MarkedPicture, marked
from mekiki.verbs.scribble import answer_scribbled, predict_scribbled
from tests.explanation.planted import SIZES, planted, planted_classifier

SIZE = SIZES["nin_small"]
MARKS: tuple[Mark, ...] = (*islice(draw_strokes(stream(0, "scribbled")), 4), Dust(Key(0, ("b",)), 16))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo that is no larger than the network's square, so that its pixels can be painted by hand, too."""
    path = tmp_path / "photo.png"
    Image.fromarray(planted(3, "blue", SIZE)[0][:80]).save(path)
    return path


@pytest.mark.parametrize("marks", [(), MARKS], ids=["clean", "marked"])
def test_the_numbers_are_those_of_predict_on_the_same_pixels(photo: Path, marks: tuple[Mark, ...]) -> None:
    classifier = planted_classifier("nin_small", "mirror")
    answer = answer_scribbled(classifier, MarkedPicture(photo, 100, 480), marks)
    by_hand = photo.with_name("by-hand.png")
    Image.fromarray(marked(np.asarray(Image.open(photo)), marks)).save(by_hand)
    (predicted,) = mekiki.predict(classifier, by_hand)
    assert answer.prediction.top == predicted.top and answer.prediction.known == predicted.known
    assert predict_scribbled(classifier, MarkedPicture(photo, 100, 480), marks) == answer.prediction


@pytest.mark.parametrize(
    "how", [{}, {"method": "layercam", "of_class": "red"}, {"of_class": "blue", "instead_of": "red"}]
)
def test_the_map_is_that_of_explain_on_the_same_pixels(photo: Path, how: dict[str, str]) -> None:
    classifier, settings = planted_classifier("nin_small", "mirror"), ExplainSettings.model_validate(how)
    answer = answer_scribbled(classifier, MarkedPicture(photo, 100, 480), MARKS, settings)
    wanted = explain_picture(classifier, marked(np.asarray(Image.open(photo)), MARKS), how=settings)
    assert (answer.explained, answer.instead_of) == (wanted.explained, how.get("instead_of", ""))
    assert not answer.reason and answer.heat.max() > 0.9
    np.testing.assert_array_equal(answer.heat, wanted.heat)


def test_marks_change_the_answer_and_without_them_it_is_the_first_one_again(photo: Path) -> None:
    classifier, picture = planted_classifier("nin_small"), MarkedPicture(photo, 100, 480)
    clean, scribbled, again = (answer_scribbled(classifier, picture, marks) for marks in ((), MARKS, ()))
    assert clean.prediction != scribbled.prediction
    assert clean.prediction == again.prediction
    np.testing.assert_array_equal(clean.heat, again.heat)


def test_a_model_without_a_rule_for_the_unknown_says_so(photo: Path) -> None:
    answer = answer_scribbled(planted_classifier("nin_small"), MarkedPicture(photo, 100, 480))
    assert answer.known_score is None and answer.threshold is None and answer.prediction.known is None


def test_a_class_that_is_held_against_itself_has_a_reason_and_no_map(photo: Path) -> None:
    classifier, picture = planted_classifier("nin_small"), MarkedPicture(photo, 100, 480)
    said = answer_scribbled(classifier, picture).explained
    answer = answer_scribbled(classifier, picture, (), ExplainSettings(instead_of=said))
    assert answer.reason == f"it is taken for {said!r} itself: name the other class with --class"
    assert not answer.heat.any()


def test_a_class_that_the_model_does_not_know_is_refused(photo: Path) -> None:
    with pytest.raises(SettingsError, match="there is no class 'reed'"):
        answer_scribbled(
            planted_classifier("nin_small"), MarkedPicture(photo, 100, 480), (), ExplainSettings(of_class="reed")
        )


def test_a_layer_of_half_strength_over_the_picture_is_the_overlay_of_explain() -> None:
    picture, heat = planted(1, "red", SIZE)[0], np.linspace(0, 1, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    layered = picture * 0.5 + in_colours(heat) * 0.5
    np.testing.assert_allclose(lay_over(picture, heat, 0.5), layered, atol=0.51)
