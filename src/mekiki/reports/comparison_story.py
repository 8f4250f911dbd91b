"""What stands beside the verdicts of a comparison, in words; for its own page and for the reports of runs."""

from __future__ import annotations

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
