"""What stands beside the verdicts of a comparison, in words; for its own page and for the reports of runs."""

from __future__ import annotations

from collections.abc import Sequence

from mekiki.records.compared_photos import ComparedPhoto
from mekiki.records.comparison import Comparison, PairComparison


def measured_on(part: str) -> str:
    """Say which photos a comparison's part is, and what that does to its figures."""
    return {
        "test": "test photos that neither trained any of the runs nor chose its snapshot",
        "val": "validation photos, which also chose the snapshot of each run: a little kind to all of them",
    }.get(part, "other photos that none of the runs has seen")


def lead_and_more(pair: PairComparison) -> tuple[str, str]:
    """Return the verdict's first sentence, and its others."""
    lead, end, more = pair.verdict.partition("). ")
    return lead + end, more


def margin_of(comparison: Comparison) -> float | None:
    """Return the margin that was named, 0..1; None if none was."""
    return next((pair.equivalence.margin for pair in comparison.pairs if pair.equivalence), None)


def outcomes(photos: Sequence[ComparedPhoto], first: int, second: int) -> dict[tuple[bool, bool], list[int]]:
    """Return which photos each of two runs recognises: (first is right, second is right) → places in ``photos``.

    Args:
        photos: All of the comparison.
        first: Number of one run, from 0.
        second: Number of the other.

    Returns:
        All four outcomes; the surest mistakes come first.
    """
    found: dict[tuple[bool, bool], list[int]] = {(one, other): [] for one in (True, False) for other in (True, False)}
    for place, photo in enumerate(photos):
        found[photo.right(first), photo.right(second)].append(place)

    def surest_first(place: int) -> tuple[float, str]:
        photo = photos[place]
        wrong = [photo.probability[run] for run in (first, second) if not photo.right(run)]
        return -max(wrong, default=0.0), photo.path

    return {outcome: sorted(places, key=surest_first) for outcome, places in found.items()}
