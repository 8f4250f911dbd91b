"""The page of ``stress``: one self-contained HTML file with curves, numbers, and the pictures that flipped first.

Numbers come as records and words from ``stress_story.py``; nothing is computed or opened here. The page of one run and
that of several runs are the same page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mekiki.config import KindName
from mekiki.evaluation.flips import Flip
from mekiki.files import write_text
from mekiki.records.stress import PairedPoint, Stress, StressPoint, with_clean
from mekiki.report import story
from mekiki.report import stress_story as words
from mekiki.report.canvas import save_png
from mekiki.report.gallery import Drawing, drawing_of
from mekiki.report.rendering import page_templates, render_page
from mekiki.report.stress_curves import stress_figure
from mekiki.report.thumbnails import Thumbnail, thumbnail
from mekiki.tensors.geometry import Picture

STRIP_SIDE = 128
STRIP_BYTES = 60_000
PICTURE_SIDE = 200
PICTURE_BYTES = 16_000
PAGE_DPI = 130


@dataclass(frozen=True)
class Row:
    """One severity in the table of a kind: the first run's point, and each further run's with its comparison."""

    mark: str
    point: StressPoint
    others: tuple[tuple[StressPoint, PairedPoint | None], ...]


@dataclass(frozen=True)
class Card:
    """A photo that flipped, before and after."""

    flip: Flip
    amount: str
    before: Thumbnail
    after: Thumbnail


@dataclass(frozen=True)
class Panel:
    """One kind of damage as the page shows it."""

    kind: KindName
    title: str
    meaning: str
    verdict: str
    strip: Thumbnail
    marks: tuple[str, ...]
    rows: tuple[Row, ...]
    cards: tuple[Card, ...]


def write_stress_page(
    path: Path,
    stresses: Sequence[Stress],
    samples: dict[KindName, Picture],
    flips: Sequence[Flip],
    command: str,
) -> None:
    """Write the page.

    Args:
        path: The file to create or replace.
        stresses: One for each run, the first one first.
        samples: Of each kind one photo clean and at each severity, (1 + severities, size, size, 3).
        flips: Photos of the first run that flipped, those that flipped first.
        command: What was typed, for the foot of the page.
    """
    first = stresses[0]
    content: dict[str, Any] = {
        "first": first,
        "stresses": stresses,
        "names": [words.run_name(stress) for stress in stresses],
        "measured": [words.measured(stress) for stress in stresses],
        "summary": words.summary(first),
        "remarks": [remark for stress in stresses for remark in words.remarks(stress)],
        "panels": [_panel(kind, stresses, samples[kind], flips) for kind in first.kinds],
        "curves": _draw(stresses, 3),
        "narrow": _draw(stresses, 1),
        "command": command,
    }
    templates = page_templates()
    templates.filters.update(percent=story.percent, lasting=story.lasting)
    templates.globals.update(counted=story.counted)
    write_text(path, render_page(templates, "stress", content))


def save_stress_figures(folder: Path, stresses: Sequence[Stress]) -> None:
    """Write ``stress.png`` with all kinds, and ``<kind>.png`` with each alone."""
    kinds = list(stresses[0].kinds)
    save_png(stress_figure(stresses, kinds), folder / "stress.png")
    for kind in kinds:
        save_png(stress_figure(stresses, [kind]), folder / f"{kind}.png")


def _draw(stresses: Sequence[Stress], columns: int) -> Drawing:
    kinds = list(stresses[0].kinds)
    return drawing_of(lambda theme: stress_figure(stresses, kinds, theme, columns), PAGE_DPI)


def _panel(kind: KindName, stresses: Sequence[Stress], sample: Picture, flips: Sequence[Flip]) -> Panel:
    verdict = words.verdict(kind, stresses)
    marks = tuple(words.mark(kind, point.severity) for point in with_clean(stresses[0], kind))
    return Panel(
        kind,
        words.TITLES[kind],
        words.MEANINGS[kind],
        verdict[0].upper() + verdict[1:],
        _strip(sample),
        marks,
        tuple(_rows(kind, stresses, marks)),
        tuple(_card(flip) for flip in flips if flip.kind == kind),
    )


def _rows(kind: KindName, stresses: Sequence[Stress], marks: Sequence[str]) -> list[Row]:
    first, *others = ([*with_clean(stress, kind)] for stress in stresses)
    tests = [(stress.against_first or {}).get(kind, [None] * len(first)) for stress in stresses[1:]]
    return [
        Row(marks[step], point, tuple((other[step], test[step]) for other, test in zip(others, tests, strict=True)))
        for step, point in enumerate(first)
    ]


def _strip(sample: Picture) -> Thumbnail:
    """Return one photo clean and at each severity, side by side."""
    small = [cv2.resize(picture, (STRIP_SIDE, STRIP_SIDE), interpolation=cv2.INTER_AREA) for picture in sample]
    whole = np.concatenate([np.asarray(picture, dtype=np.uint8) for picture in small], axis=1)
    return thumbnail(whole, whole.shape[1], STRIP_BYTES)


def _card(flip: Flip) -> Card:
    before, after = (thumbnail(picture, PICTURE_SIDE, PICTURE_BYTES) for picture in (flip.before, flip.after))
    return Card(flip, words.amount(flip.kind, flip.severity), before, after)
