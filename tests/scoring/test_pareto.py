"""The front holds what nothing beats, by its definition, for any numbers."""

from hypothesis import given
from hypothesis import strategies as st

from mekiki.scoring.pareto import pareto_front

POINTS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), max_size=12)


@given(POINTS)
def test_none_on_the_front_is_beaten_and_all_others_are(points: list[tuple[int, int]]) -> None:
    front = pareto_front([cost for cost, _ in points], [merit for _, merit in points])
    for place, (cost, merit) in enumerate(points):
        beaten = any(c <= cost and m >= merit and (c, m) != (cost, merit) for c, m in points)
        assert (place in front) is not beaten
    on_front = [points[place] for place in front]
    assert on_front == sorted(on_front)
    assert len(front) == len(set(front))


def test_equals_stand_together() -> None:
    assert pareto_front([2, 1, 2, 1], [5, 3, 5, 2]) == [1, 0, 2]
    assert pareto_front([], []) == []
