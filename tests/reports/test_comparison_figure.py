"""The picture of a comparison draws the runs' accuracies and the differences with the intervals that were computed."""

import warnings

import numpy as np
import pytest

from mekiki.records.comparison import Comparison, RunScore
from mekiki.records.evaluation import Estimate
from mekiki.reports.comparison_figure import comparison_figure
from mekiki.reports.figures import DARK, png_bytes
from mekiki.scoring.intervals import wilson
from mekiki.scoring.paired import compare_answers
from mekiki.seeds import stream

NAMES = ["plain", "既定", "a very long name of a run that was tried again and again"]


def make_comparison(names: list[str], margin: float | None = 0.05, n: int = 200) -> Comparison:
    numbers = stream(0, "made comparison")
    right = [numbers.random(n) < share for share in (0.9, 0.8, 0.7)[: len(names)]]
    pairs = [
        compare_answers(right[one], right[other], [""] * n, (names[one], names[other]), margin)
        for one in range(len(names))
        for other in range(one + 1, len(names))
    ]
    runs = [
        RunScore(name=name, run=name, accuracy=share, f1_macro=share, ece=Estimate(value=0, low=0, high=0))
        for name, share in zip(names, (wilson(int(each.sum()), n) for each in right), strict=True)
    ]
    return Comparison(part="test", n=n, groups=n, classes=["a"], left_out=[], runs=runs, pairs=pairs)


def rows(axes, label):
    return [np.asarray(line.get_xdata()) for line in axes.lines if line.get_label() == label]


@pytest.mark.parametrize("names", [NAMES[:2], NAMES])
def test_values_and_intervals_are_those_of_the_comparison(names) -> None:
    comparison = make_comparison(names)
    accuracy, difference = comparison_figure(comparison).axes
    for axes, estimates in (
        (accuracy, [run.accuracy for run in comparison.runs]),
        (difference, [pair.difference for pair in comparison.pairs]),
    ):
        np.testing.assert_allclose(np.ravel(rows(axes, "value")), [each.value for each in estimates])
        np.testing.assert_allclose(rows(axes, "_interval"), [(each.low, each.high) for each in estimates])
        low, high = axes.get_xlim()
        assert all(low <= each.low and each.high <= high for each in estimates)
    narrower = [pair.equivalence.interval for pair in comparison.pairs]
    np.testing.assert_allclose(rows(difference, "_90 %"), [(each.low, each.high) for each in narrower])
    (margin,) = [patch for patch in difference.patches if patch.get_label() == "margin"]
    np.testing.assert_allclose([margin.get_x(), margin.get_x() + margin.get_width()], [-0.05, 0.05])
    assert accuracy.texts[0].get_text() == f"{100 * comparison.runs[0].accuracy.value:.1f} %"


def test_without_a_margin_none_is_drawn_and_no_difference_has_no_sign() -> None:
    comparison = make_comparison(NAMES[:2], None)
    same = comparison.pairs[0].model_copy(update={"difference": Estimate(value=-1e-9, low=-0.02, high=0.02)})
    _, difference = comparison_figure(comparison.model_copy(update={"pairs": [same]})).axes
    assert not difference.patches and not rows(difference, "_90 %")
    assert [text.get_text() for text in difference.texts] == ["0.0"]


@pytest.mark.parametrize("narrow", [False, True])
def test_long_and_japanese_names_are_drawn_without_a_warning(narrow) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = comparison_figure(make_comparison(NAMES), DARK, narrow)
        assert png_bytes(figure, 40)
    assert not caught
    for axes in figure.axes:
        assert all(len(label.get_text()) <= 2 * 24 + 3 for label in axes.get_yticklabels())
