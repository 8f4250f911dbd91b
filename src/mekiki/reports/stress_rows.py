"""The rows of the tables of ``stress``, on its own page and in reports: each severity with each run's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mekiki.config import KindName
from mekiki.records.stress import PairedPoint, Stress, StressPoint, with_clean
from mekiki.reports.stress_story import mark


@dataclass(frozen=True)
class Row:
    """One severity in the table of a kind: the first run's point, and each further run's with its comparison."""

    mark: str
    point: StressPoint
    others: tuple[tuple[StressPoint, PairedPoint | None], ...]


def severity_rows(kind: KindName, stresses: Sequence[Stress]) -> list[Row]:
    """Return a row for each severity of a kind, the clean photos first.

    Args:
        kind: One that was measured.
        stresses: One for each run, the first one first, with the same severities.
    """
    first, *others = stresses
    points = [with_clean(other, kind) for other in others]
    tests = [{test.severity: test for test in (other.against_first or {}).get(kind, [])} for other in others]
    return [
        Row(
            mark(kind, point.severity),
            point,
            tuple((of_run[step], test.get(point.severity)) for of_run, test in zip(points, tests, strict=True)),
        )
        for step, point in enumerate(with_clean(first, kind))
    ]
