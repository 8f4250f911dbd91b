"""The vote of frames: no flicker, lasting changes in time, and the same at any frame rate."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.scoring.voting import TemporalVote, Verdict

SMOOTH, LEAD, HOLD = 0.5, 0.1, 0.3
WITHIN = SMOOTH * math.log(2 / (1 - LEAD)) + HOLD
A, B, C = np.eye(3)


def new_vote() -> TemporalVote:
    return TemporalVote(SMOOTH, LEAD, HOLD)


def shown(votes: list[tuple[float, np.ndarray]], known: bool | None = None) -> list[int]:
    vote = new_vote()
    return [vote.add(seconds, chances, known).number for seconds, chances in votes]


@given(
    steps=st.lists(st.floats(0.001, 5.0), min_size=3, max_size=40),
    at=st.integers(1, 39),
    sure=st.floats(0.55, 1.0),
)
def test_one_odd_frame_never_changes_the_answer_at_any_rate(steps: list[float], at: int, sure: float) -> None:
    usual, odd = np.array([sure, 1 - sure, 0]), np.array([0.0, 0.0, 1.0])
    times = np.cumsum(steps)
    votes = [(time, odd if number == at % len(steps) and number > 0 else usual) for number, time in enumerate(times)]
    assert set(shown(votes)) == {0}


def test_one_odd_frame_after_a_long_gap_changes_nothing_either() -> None:
    votes = [(0.0, A), (0.04, A), (10.0, B)] + [(10.0 + number / 25, A) for number in range(1, 50)]
    hold = 0.2
    vote = TemporalVote(SMOOTH, LEAD, hold)
    verdicts = [vote.add(seconds, chances, None) for seconds, chances in votes]
    leads = [verdict for verdict in verdicts if verdict.chances[1] - verdict.chances[0] >= LEAD]
    assert (len(leads) - 1) / 25 > hold  # so that the frame's own weight would do
    assert {verdict.number for verdict in verdicts} == {0}


@pytest.mark.parametrize("rate", [5, 10, 25, 60, 240])
def test_a_lasting_change_is_shown_within_the_stated_time(rate: int) -> None:
    votes = [(number / rate, A if number < 2 * rate else B) for number in range(5 * rate)]
    first = shown(votes).index(1) / rate
    assert HOLD <= first - 2 <= WITHIN + 2 / rate


def test_the_time_of_a_change_does_not_depend_on_the_frame_rate() -> None:
    def when(rate: int) -> float:
        votes = [(number / rate, A if number < rate else 0.8 * B + 0.2 * A) for number in range(4 * rate)]
        return shown(votes).index(1) / rate

    assert when(240) == pytest.approx(when(60), abs=2 / 60)
    assert when(240) == pytest.approx(when(15), abs=2 / 15)


def test_the_average_does_not_depend_on_frames_that_are_skipped() -> None:
    dense, sparse = new_vote(), new_vote()
    for number in range(101):
        last = dense.add(number / 50, A if number < 1 else B, None)
    for number in range(0, 101, 20):
        other = sparse.add(number / 50, A if number < 1 else B, None)
    np.testing.assert_allclose(last.chances, other.chances, atol=1e-12)
    assert last.chances[0] == pytest.approx(math.exp(-2 / SMOOTH))


def test_answers_that_alternate_do_not_flicker() -> None:
    votes = [(number / 25, A if number % 2 else B) for number in range(200)]
    numbers = shown(votes)
    assert sum(before != after for before, after in itertools.pairwise(numbers)) == 0


def test_a_lead_below_the_margin_changes_nothing_and_above_it_does() -> None:
    below = [(0.0, A)] + [(number / 25, np.array([0.46, 0.54, 0])) for number in range(1, 200)]
    above = [(0.0, A)] + [(number / 25, np.array([0.42, 0.58, 0])) for number in range(1, 200)]
    assert set(shown(below)) == {0}
    assert shown(above)[-1] == 1


def test_a_rival_must_lead_without_a_break() -> None:
    vote = TemporalVote(0.0, LEAD, HOLD)  # no average: each frame leads or does not
    pattern = [A] + [B, B, B, A] * 10
    assert {vote.add(number * 0.1, chances, None).number for number, chances in enumerate(pattern)} == {0}
    vote = TemporalVote(0.0, LEAD, HOLD)
    pattern = [A, B, B, C, B, B, C, B, B, C]
    assert {vote.add(number * 0.1, chances, None).number for number, chances in enumerate(pattern)} == {0}
    assert vote.add(1.0, C, None).number == 0
    assert vote.add(1.3, C, None).number == 2


def test_unknown_takes_part_and_frames_that_are_unknown_vote_for_nothing_else() -> None:
    vote = new_vote()
    first = vote.add(0.0, A, True)
    assert (first.number, first.known, first.score) == (0, True, 1.0)
    for number in range(1, 60):
        last = vote.add(number / 25, A, False)
    assert (last.number, last.known) == (3, False)
    assert last.score == pytest.approx(last.chances[3]) and last.score > 0.9
    back = [vote.add(60 / 25 + number / 25, A, True) for number in range(60)]
    assert back[-1].number == 0


@given(
    rows=st.lists(
        st.tuples(st.floats(0, 3), st.lists(st.floats(0.001, 1), min_size=3, max_size=3), st.sampled_from([True, False, None])),
        min_size=1,
        max_size=30,
    )
)  # fmt: skip
def test_probabilities_sum_to_one(rows: list[tuple[float, list[float], bool | None]]) -> None:
    vote, now = new_vote(), 0.0
    for step, weights, known in rows:
        now += step
        verdict = vote.add(now, np.float32(weights) / np.float32(sum(weights)), known)
        assert isinstance(verdict, Verdict)
        assert verdict.chances.sum() == pytest.approx(1.0, abs=1e-9)
        assert verdict.chances.min() >= 0


def test_a_frame_that_is_not_later_weighs_nothing() -> None:
    vote = new_vote()
    vote.add(1.0, A, None)
    np.testing.assert_array_equal(vote.add(1.0, B, None).chances, [1, 0, 0, 0])
    np.testing.assert_array_equal(vote.add(0.5, B, None).chances, [1, 0, 0, 0])
