"""The sections of the report about what was added to it: what damage does, and comparisons with other runs.

Numbers come from the records, words from ``stress_story.py`` and the verdicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mekiki.records.comparison import Comparison
from mekiki.records.stress import Stress
from mekiki.reports import comparison_story
from mekiki.reports import stress_story as words
from mekiki.reports.added import AddedComparison
from mekiki.reports.gallery import Drawing, draw_comparison, drawing_of
from mekiki.reports.stress_curves import stress_figure
from mekiki.reports.stress_rows import Row, severity_rows

PAGE_DPI = 120


@dataclass(frozen=True)
class Panel:
    """One kind of damage: what it is, what it takes, and the figures at each severity."""

    title: str
    meaning: str
    verdict: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class StressSection:
    """One measurement of damage; of names and clean accuracies there is one for each run, this one first.

    ``narrow`` is None where there is one kind only: then both would be the same figure.
    """

    title: str
    names: tuple[str, ...]
    measured: tuple[str, ...]
    summary: str
    remarks: tuple[str, ...]
    panels: tuple[Panel, ...]
    curves: Drawing
    narrow: Drawing | None
    seed: int
    image_size: int


@dataclass(frozen=True)
class Verdict:
    """What is said of two runs: the first sentence, and the others."""

    lead: str
    more: str


@dataclass(frozen=True)
class ComparisonSection:
    """One comparison: only the pairs with this run."""

    own: str
    names: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    measured_on: str
    margin: float | None
    comparison: Comparison
    drawn: Drawing
    narrow: Drawing


def stress_section(stresses: Sequence[Stress]) -> StressSection:
    """Return what the page shows of one measurement, the run's own figures first."""
    first = stresses[0]
    kinds = list(first.kinds)
    return StressSection(
        title=words.photos_of(first),
        names=tuple(words.run_name(stress) for stress in stresses),
        measured=tuple(words.measured(stress) for stress in stresses),
        summary=words.summary(first),
        remarks=tuple(words.all_remarks(stresses)),
        panels=tuple(
            Panel(
                words.TITLES[kind],
                words.MEANINGS[kind],
                words.sentence(kind, stresses),
                tuple(severity_rows(kind, stresses)),
            )
            for kind in kinds
        ),
        curves=_draw_stress(stresses, 3),
        narrow=_draw_stress(stresses, 1) if len(kinds) > 1 else None,
        seed=first.seed,
        image_size=first.image_size,
    )


def _draw_stress(stresses: Sequence[Stress], columns: int) -> Drawing:
    kinds = list(stresses[0].kinds)
    return drawing_of(lambda theme: stress_figure(stresses, kinds, theme, columns), PAGE_DPI)


def comparison_section(added: AddedComparison) -> ComparisonSection:
    """Return what the page shows of one comparison."""
    comparison = added.comparison
    drawn, narrow = draw_comparison(comparison, PAGE_DPI)
    return ComparisonSection(
        own=added.own,
        names=tuple(run.name for run in comparison.runs),
        verdicts=tuple(Verdict(*comparison_story.lead_and_more(pair)) for pair in comparison.pairs),
        measured_on=comparison_story.measured_on(comparison.part),
        margin=comparison_story.margin_of(comparison),
        comparison=comparison,
        drawn=drawn,
        narrow=narrow,
    )
