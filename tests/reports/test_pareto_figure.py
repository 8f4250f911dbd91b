"""The picture of a front shows every point, joins those on the front, and keeps its numbers apart."""

import warnings

import numpy as np
import pytest

from mekiki.records.comparison import Comparison, Cost, Front
from mekiki.reports.figures import DARK, png_bytes
from mekiki.reports.pareto_figure import pareto_figure
from mekiki.scoring.pareto import pareto_front
from tests.reports.test_comparison_figure import NAMES, make_comparison


def made_front() -> Comparison:
    comparison = make_comparison(NAMES)
    prices = [(13_000_000, 30.0), (3_000_000, 12.0), (14_000_000, 20.0)]
    costs = [
        Cost(parameters=1, bytes=size, multiply_adds=1, milliseconds=time, threads=1, device="cpu", image_size=32,
             views="plain")
        for size, time in prices
    ]  # fmt: skip
    runs = [run.model_copy(update={"cost": cost}) for run, cost in zip(comparison.runs, costs, strict=True)]
    merits = [run.accuracy.value for run in runs]
    fronts = [
        Front(by="bytes", names=[NAMES[at] for at in pareto_front([size for size, _ in prices], merits)]),
        Front(by="milliseconds", names=[NAMES[at] for at in pareto_front([time for _, time in prices], merits)]),
    ]
    return comparison.model_copy(update={"runs": runs, "fronts": fronts})


@pytest.mark.parametrize("narrow", [False, True])
def test_points_front_and_numbers(narrow: bool) -> None:
    comparison = made_front()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = pareto_figure(comparison, DARK, narrow)
        assert png_bytes(figure, 40)
    assert not caught
    assert [axes.get_label() for axes in figure.axes] == ["bytes", "milliseconds"]
    for axes, front in zip(figure.axes, comparison.fronts, strict=True):
        drawn = {
            label: sorted(float(line.get_xdata()[0]) for line in axes.lines if line.get_label() == label)
            for label in ("on front", "beaten")
        }
        scale = 1e6 if front.by == "bytes" else 1
        prices = {run.name: getattr(run.cost, front.by) / scale for run in comparison.runs}
        np.testing.assert_allclose(drawn["on front"], sorted(prices[name] for name in front.names))
        np.testing.assert_allclose(drawn["beaten"], sorted(set(prices.values()) - set(drawn["on front"])))
        low, high = axes.get_xlim()
        assert low < min(prices.values()) and max(prices.values()) < high
        assert sorted(text.get_text() for text in axes.texts) == ["1", "2", "3"]


def test_points_that_lie_together_share_a_label() -> None:
    comparison = made_front()
    first = comparison.runs[0]
    twin = first.model_copy(update={"name": "twin"})
    figure = pareto_figure(comparison.model_copy(update={"runs": [first, twin, *comparison.runs[1:]]}))
    assert {"1, 2", "3", "4"} == {text.get_text() for text in figure.axes[0].texts}
