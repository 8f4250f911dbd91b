"""The Pareto front: what is not beaten in both cost and merit."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(costs: Sequence[float], merits: Sequence[float]) -> list[int]:
    """Return which of several are on the front: no other costs no more and is no worse, and is better in one of both.

    Args:
        costs: (n) lower is better.
        merits: (n) higher is better.

    Returns:
        Places, from the cheapest to the dearest; equals are all on the front or all off it.

    Source: Ehrgott, "Multicriteria Optimization", 2nd edition, 2005, definition 2.1.
    """
    order = sorted(range(len(costs)), key=lambda place: (costs[place], -merits[place]))
    front: list[int] = []
    for place in order:
        best = front[-1] if front else None
        if best is None or merits[place] > merits[best] or (costs[place], merits[place]) == (costs[best], merits[best]):
            front.append(place)
    return front
