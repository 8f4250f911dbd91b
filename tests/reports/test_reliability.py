"""The reliability diagram draws the bins that were counted, before and after, and says how far off they are."""

import numpy as np
import pytest

from mekiki.reports.figures import DARK, LIGHT, png_bytes
from mekiki.reports.reliability import reliability_figure
from tests.reports.made_answers import make_answers

CLASSES = ["Jaguar", "Mustang", "SG", "V"]


@pytest.fixture(scope="module")
def made():
    return make_answers(400, CLASSES)


def panel(figure, name):
    (axes,) = [axes for axes in figure.axes if axes.get_label() == name]
    return axes


def drawn(axes, name):
    (found,) = [each for each in axes.collections if each.get_label() == name]
    return found


@pytest.mark.parametrize("stacked", [False, True])
def test_each_dot_is_a_bin_and_each_line_its_interval(made, stacked) -> None:
    figure = reliability_figure(made.evaluation, stacked=stacked)
    for name, bins in (("before", made.evaluation.uncalibrated.reliability), ("after", made.evaluation.reliability)):
        dots = drawn(panel(figure, name), "bins").get_offsets()
        np.testing.assert_allclose(dots, [(each.confidence, each.accuracy.value) for each in bins])
        lines = [part[:, 1] for part in drawn(panel(figure, name), "intervals").get_segments()]
        np.testing.assert_allclose(lines, [(each.accuracy.low, each.accuracy.high) for each in bins])
        gaps = [part[:, 1] for part in drawn(panel(figure, name), "gaps").get_segments()]
        np.testing.assert_allclose(gaps, [(each.confidence, each.accuracy.value) for each in bins])
        counts = panel(figure, f"{name} counts")
        assert [int(text.get_text()) for text in counts.texts] == [each.n for each in bins]
        assert sum(bar.get_height() for bar in counts.patches) == 400


def test_the_errors_before_and_after_stand_above_their_panels(made) -> None:
    figure = reliability_figure(made.evaluation)
    after, before = made.evaluation.intervals.ece, made.evaluation.uncalibrated.ece
    assert before.value > after.value + 0.1, "three times too large logits are far too sure"
    for name, error in (("before", before), ("after", after)):
        (words,) = [text.get_text() for text in panel(figure, name).texts]
        assert words == f"off by {100 * error.value:.1f} points ({100 * error.low:.1f} to {100 * error.high:.1f})"


def test_a_model_without_a_temperature_has_one_panel(made) -> None:
    alone = made.evaluation.model_copy(update={"uncalibrated": None})
    assert [axes.get_label() for axes in reliability_figure(alone).axes] == ["only", "only counts"]


def test_larger_bins_have_larger_dots(made) -> None:
    dots = drawn(panel(reliability_figure(made.evaluation), "after"), "bins").get_sizes()
    counts = [each.n for each in made.evaluation.reliability]
    assert int(np.argmax(dots)) == int(np.argmax(counts)) and len(set(dots)) == len(set(counts))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_one_photo_and_an_evaluation_of_an_older_version_can_be_drawn(theme) -> None:
    one = make_answers(1, CLASSES).evaluation
    older = one.model_copy(update={"reliability": [], "uncalibrated": None, "intervals": None})
    assert png_bytes(reliability_figure(one, theme), 30) and png_bytes(reliability_figure(older, theme), 30)
