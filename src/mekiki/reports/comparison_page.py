"""The page of ``compare``: one self-contained HTML file with the verdicts, and the photos that set the runs apart.

Figures and sentences come from the comparison; only which photos are shown is decided here, so that the page stays
under 5 MB whatever was compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.data.pictures import read_picture
from mekiki.errors import PictureError
from mekiki.evaluation.comparing import Compared
from mekiki.files import write_text
from mekiki.progress import Progress
from mekiki.records.comparison import PairComparison
from mekiki.reports import comparison_story, story
from mekiki.reports.gallery import draw_comparison, draw_fronts
from mekiki.reports.rendering import page_templates, render_page
from mekiki.reports.thumbnails import Thumbnail, thumbnail
from mekiki.scoring.verdicts import ends, front_sentences, p_value, rough

MOST_SHOWN = 24
MOST_PICTURES = 240
LEAST_SHOWN = 3
PICTURE_SIDE = 220
PICTURE_BYTES = 14_000
PAGE_DPI = 150


@dataclass(frozen=True)
class Answer:
    """What one run said of a photo."""

    run: str
    predicted: str
    share: float
    right: bool


@dataclass(frozen=True)
class Card:
    """A photo and what both runs said of it; ``picture`` is None, and ``reason`` says why, if it cannot be shown."""

    path: str
    label: str
    answers: tuple[Answer, ...]
    picture: Thumbnail | None
    reason: str


@dataclass(frozen=True)
class Gallery:
    """Photos of one outcome: ``cards`` are some of ``count``."""

    title: str
    count: int
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Section:
    """One pair of runs as the page shows it; the verdict's first sentence stands above its others."""

    id: str
    pair: PairComparison
    lead: str
    more: str
    galleries: tuple[Gallery, ...]


def write_comparison_page(path: Path, compared: Compared, progress: Progress) -> None:
    """Write the page.

    Args:
        path: The file to create or replace.
        compared: The figures, and the photos with where they lie.
        progress: Where to report to.
    """
    comparison = compared.comparison
    most = max(LEAST_SHOWN, min(MOST_SHOWN, MOST_PICTURES // (3 * len(comparison.pairs))))
    with progress.task("pictures", len(comparison.pairs), unit="pairs") as task:
        sections = []
        for number, pair in enumerate(comparison.pairs):
            said = comparison_story.lead_and_more(pair)
            sections.append(Section(f"pair-{number + 1}", pair, *said, _galleries(compared, pair, most)))
            task.advance()
    drawn, narrow = draw_comparison(comparison, PAGE_DPI)
    content: dict[str, Any] = {
        "comparison": comparison,
        "measured_on": comparison_story.measured_on(comparison.part),
        "sections": sections,
        "drawn": drawn,
        "narrow": narrow,
        "margin": comparison_story.margin_of(comparison),
        "fronts": draw_fronts(comparison, PAGE_DPI) if comparison.fronts else None,
        "front_sentences": front_sentences(comparison),
    }
    templates = page_templates("comparison")
    templates.filters.update(percent=story.percent, interval=story.interval, ends=ends, p_value=p_value, rough=rough)
    templates.globals.update(counted=story.counted)
    write_text(path, render_page(templates, "comparison", content))


def _galleries(compared: Compared, pair: PairComparison, most: int) -> tuple[Gallery, ...]:
    names = [run.name for run in compared.comparison.runs]
    first, second = names.index(pair.first), names.index(pair.second)
    places_of = comparison_story.outcomes(compared.photos, first, second)
    titles = {
        (True, False): f"Only {pair.first} is right",
        (False, True): f"Only {pair.second} is right",
        (False, False): "Both are wrong",
    }
    galleries = []
    for outcome, title in titles.items():
        places = places_of[outcome]
        cards = tuple(_card(compared, place, names, (first, second)) for place in places[:most])
        galleries.append(Gallery(title, len(places), cards))
    return tuple(galleries)


def _card(compared: Compared, place: int, names: Sequence[str], runs: tuple[int, int]) -> Card:
    photo = compared.photos[place]
    answers = tuple(Answer(names[run], photo.predicted[run], photo.probability[run], photo.right(run)) for run in runs)
    try:
        picture = read_picture(compared.files[place], at_least=PICTURE_SIDE)
    except PictureError as error:
        return Card(photo.path, photo.label, answers, None, error.message)
    return Card(photo.path, photo.label, answers, thumbnail(picture, PICTURE_SIDE, PICTURE_BYTES), "")
