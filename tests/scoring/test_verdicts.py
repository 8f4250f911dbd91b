"""The sentences of comparisons say what the figures say, and no more."""

import numpy as np
import pytest

from mekiki.records.comparison import PairComparison
from mekiki.records.evaluation import Estimate
from mekiki.scoring.paired import compare_answers
from mekiki.scoring.verdicts import ends, p_value, pair_verdict, points
from tests.scoring.test_paired import answers


def pair(both: int, b: int, c: int, neither: int, margin: float | None = None) -> PairComparison:
    return compare_answers(*answers(both, b, c, neither), names=("plain", "dust"), margin=margin)


def test_a_shown_difference_names_the_better_one_whichever_it_is() -> None:
    assert pair_verdict(pair(600, 31, 12, 7)) == (
        "On these 650 photos plain is better than dust: plain alone recognises 31, dust alone 12 (exact McNemar "
        "p = 0.005). plain is ahead by 2.9 points, 95 % interval 1.0 to 5.0."
    )
    assert "dust is better than plain" in (other := pair_verdict(pair(600, 12, 31, 7)))
    assert "dust is ahead by 2.9 points, 95 % interval 1.0 to 5.0." in other


def test_what_cannot_be_told_comes_with_the_number_of_photos() -> None:
    told = pair_verdict(pair(600, 12, 9, 29))
    assert "it is open whether plain or dust is better" in told
    assert "about 13,000 photos (12,000 more, no copies among them) would show it" in told


def test_fewer_than_six_photos_apart_are_never_evidence() -> None:
    assert "Fewer than 6 photos set them apart, which is never evidence." in pair_verdict(pair(23, 5, 0, 2))
    assert pair(23, 5, 0, 2).p > 0.05 >= pair(23, 6, 0, 2).p


def test_not_told_apart_is_not_equal() -> None:
    small = pair_verdict(pair(20, 1, 1, 2, 0.02))
    assert "is not shown" in small and "as good as dust within" not in small
    large = pair_verdict(pair(2900, 20, 21, 59, 0.02))
    assert "plain is as good as dust within 2 points (90 % interval -0.4 to 0.3)." in large.replace(
        "-0.3 to 0.4", "-0.4 to 0.3"
    )
    better = pair_verdict(pair(7000, 40, 10, 950, 0.02))
    assert "plain is better than dust" in better and "The difference is smaller than 2 points" in better


def test_not_worse_is_said_where_it_is_shown() -> None:
    assert "but plain is not worse than dust by as much" in pair_verdict(pair(550, 24, 14, 12, 0.02))


def test_several_pairs_are_judged_together() -> None:
    one = pair(600, 31, 15, 4)
    together = one.model_copy(update={"p_holm": 3 * one.p})
    assert one.p < 0.05 < together.p_holm
    assert "is better than" in pair_verdict(one)
    assert f"for all 3 pairs together {p_value(3 * one.p)}" in pair_verdict(together, 3)
    assert "it is open" in pair_verdict(together, 3)


def test_no_difference_at_all() -> None:
    told = pair_verdict(pair(10, 0, 0, 10))
    assert "Both recognise as many" in told and "would show" not in told


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "p = 1"), (0.25, "p = 0.25"), (0.0312, "p = 0.031"), (1e-9, "p < 0.001")]
)
def test_p_values_as_text(p: float, text: str) -> None:
    assert p_value(p) == text


def test_numbers_as_text() -> None:
    assert (points(0.02), points(-0.029), points(0.01)) == ("2 points", "2.9 points", "1 point")
    assert ends(Estimate(value=0, low=-0.0001, high=0.05)) == "0.0 to 5.0"
    assert np.isfinite(pair(1, 0, 0, 0).p)
