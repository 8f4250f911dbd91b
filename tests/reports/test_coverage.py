"""Coverage against accuracy: the curve is that of a count by hand, and the threshold lies on its own curve."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.records.predictions import ScoredPhoto
from mekiki.reports.coverage import LEAST_ANSWERED, coverage_figure, surest_shares
from mekiki.reports.figures import png_bytes
from mekiki.scoring.intervals import wilson
from tests.reports.made_answers import make_answers

CLASSES = ["Jaguar", "Mustang", "SG", "V"]
SURE, KNOWN = "in the order of its percentages", "in the order of its score for the unknown"


@pytest.fixture(scope="module")
def made():
    return make_answers(400, CLASSES)


def line(figure, label):
    (found,) = [each for each in figure.axes[0].lines if str(each.get_label()).startswith(label)]
    return found


def test_the_curve_is_that_of_a_count_by_hand(made) -> None:
    drawn = line(coverage_figure(made.evaluation, made.photos), SURE)
    ordered = sorted(made.photos, key=lambda photo: -photo.score)
    for coverage, accuracy in zip(drawn.get_xdata(), drawn.get_ydata(), strict=True):
        n = round(coverage * 400)
        assert accuracy == pytest.approx(sum(photo.right for photo in ordered[:n]) / n)
    assert round(drawn.get_xdata()[0] * 400) == LEAST_ANSWERED and drawn.get_xdata()[-1] == 1
    assert drawn.get_ydata()[-1] == pytest.approx(made.evaluation.accuracy.value)


def test_the_ring_is_the_models_own_threshold_and_lies_on_its_own_curve(made) -> None:
    figure = coverage_figure(made.evaluation, made.photos)
    ring, curve = line(figure, "at its threshold"), line(figure, KNOWN)
    answered = [photo for photo in made.photos if photo.known_score >= made.evaluation.unknown.threshold]
    assert ring.get_xdata()[0] == pytest.approx(len(answered) / 400)
    assert ring.get_ydata()[0] == pytest.approx(np.mean([photo.right for photo in answered]))
    place = np.argmin(np.abs(np.asarray(curve.get_xdata()) - ring.get_xdata()[0]))
    assert curve.get_ydata()[place] == pytest.approx(ring.get_ydata()[0], abs=0.01)
    assert f"{100 * len(answered) / 400:.1f} % answered" in str(ring.get_label())


def test_without_a_score_for_the_unknown_there_is_one_curve_and_no_ring(made) -> None:
    figure = coverage_figure(
        made.evaluation.model_copy(update={"unknown": None}),
        [replace(photo, known_score=None) for photo in made.photos],
    )
    assert [each.get_label() for each in figure.axes[0].lines] == [SURE]


def test_photos_that_were_seen_in_training_are_not_in_the_curve(made) -> None:
    strangers = [replace(photo, predicted="none", seen="train (near copy)", score=1.0) for photo in made.photos[:100]]
    fresh = made.evaluation.model_copy(update={"fresh": 400})
    assert surest_shares(fresh, [*made.photos, *strangers]) == surest_shares(made.evaluation, made.photos)
    with_them = line(coverage_figure(fresh, [*made.photos, *strangers]), SURE)
    np.testing.assert_array_equal(
        with_them.get_ydata(), line(coverage_figure(made.evaluation, made.photos), SURE).get_ydata()
    )


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_few_photos_and_equal_scores_can_be_drawn(made, n: int) -> None:
    photos = [replace(photo, score=0.5, known_score=1.0) for photo in made.photos[:n]]
    assert png_bytes(coverage_figure(made.evaluation, photos, narrow=True), 30)


FEW = make_answers(3, CLASSES).evaluation.model_copy(update={"intervals": None})
answers = st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.9, 1.0]), st.booleans())


@given(st.lists(answers, min_size=1, max_size=60))
def test_the_surest_share_holds_all_photos_that_are_as_sure(said) -> None:
    photos = [
        ScoredPhoto(str(n), "test", "a", "a" if right else "b", sure, sure) for n, (sure, right) in enumerate(said)
    ]
    rows = surest_shares(FEW, photos)
    assert rows[-1].n == len(said) and rows[-1].share == 1
    assert [row.n for row in rows] == sorted({row.n for row in rows})
    for row in rows:
        surest = [right for sure, right in said if sure >= row.least_sure]
        assert row.n == len(surest) and row.share == len(surest) / len(said)
        assert row.accuracy == wilson(sum(surest), len(surest))
    assert rows[0].share >= 0.5 or rows[0].n >= round(0.5 * len(said))
