"""Tables, intervals and curves of the studio: every word is text, and what is drawn is where the numbers are."""

import re
from xml.etree import ElementTree

import pytest

from mekiki.doors.studio.compare.stress_chart import MARKS, stress_svg
from mekiki.doors.studio.tables import scale_of, show_table, whisker
from mekiki.records.evaluation import Estimate
from mekiki.records.stress import StressPoint

HOSTILE = "\"'><script>alert(1)</script>&amp;"


def point(severity: float, accuracy: float) -> StressPoint:
    return StressPoint(severity=severity, accuracy=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, n=9, kept=None)


def test_an_interval_is_drawn_where_it_is() -> None:
    drawn = whisker(Estimate(value=0.85, low=0.8, high=0.95), (0.8, 1.0))
    assert [float(found) for found in re.findall(r"(?:left|width):([\d.]+)%", drawn)] == [0.0, 75.0, 25.0]


@pytest.mark.parametrize(
    ("low", "high", "ends"), [(0.81, 0.93, (0.8, 0.95)), (0.9, 0.9, (0.9, 0.95)), (1.0, 1.0, (0.95, 1.0)), (0, 1, (0, 1))]
)  # fmt: skip
def test_a_scale_holds_its_intervals_and_is_never_empty(low: float, high: float, ends: tuple[float, float]) -> None:
    assert scale_of([Estimate(value=low, low=low, high=high)]) == pytest.approx(ends)


def test_each_point_stands_at_the_height_of_its_share() -> None:
    svg = stress_svg("Dust", ["clean", "4", "8"], [("a", [point(0, 0.9), point(4, 0.5), point(8, 0.1)])])
    root = ElementTree.fromstring(str(svg))
    levels = {
        int(each.text or ""): float(each.attrib["y"]) - 4 for each in root.iter("text") if each.text in ("0", "100")
    }
    (line,) = root.iter("polyline")
    heights = [float(pair.partition(",")[2]) for pair in line.attrib["points"].split()]
    shares = [(levels[0] - height) / (levels[0] - levels[100]) for height in heights]
    assert shares == pytest.approx([0.9, 0.5, 0.1], abs=0.002)


def test_runs_differ_by_more_than_colour() -> None:
    curves = [(name, [point(0, 0.9), point(1, 0.8)]) for name in "abcd"]
    svg = str(stress_svg("Dust", ["clean", "1"], curves))
    assert all(svg.count(mark) == 2 for mark in MARKS)


def test_hostile_names_are_text_in_curves_and_tables() -> None:
    svg = str(stress_svg(HOSTILE, [HOSTILE], [(HOSTILE, [point(0, 0.5)])]))
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"] == HOSTILE and "<script" not in svg
    table = show_table([HOSTILE], [[HOSTILE, HOSTILE]], HOSTILE).content
    assert "<script" not in table and table.count("&lt;script&gt;") == 4
