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
from mekiki.records.stress import Stress
from mekiki.reports import story
from mekiki.reports import stress_story as words
from mekiki.reports.canvas import save_png
from mekiki.reports.gallery import Drawing, drawing_of
from mekiki.reports.rendering import page_templates, render_page
from mekiki.reports.stress_curves import stress_figure
from mekiki.reports.stress_rows import Row, severity_rows
from mekiki.reports.thumbnails import Thumbnail, thumbnail
from mekiki.tensors.geometry import Picture

STRIP_SIDE = 128
STRIP_BYTES = 60_000
PICTURE_SIDE = 200
PICTURE_BYTES = 16_000
PAGE_DPI = 130


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
        "remarks": words.all_remarks(stresses),
        "panels": [_panel(kind, stresses, samples[kind], flips) for kind in first.kinds],
        "curves": _draw(stresses, 3),
        "narrow": _draw(stresses, 1),
        "command": command,
    }
    templates = page_templates("stress")
    templates.filters.update(percent=story.percent, interval=story.interval, lasting=story.lasting)
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
    rows = tuple(severity_rows(kind, stresses))
    return Panel(
        kind,
        words.TITLES[kind],
        words.MEANINGS[kind],
        words.sentence(kind, stresses),
        _strip(sample),
        tuple(row.mark for row in rows),
        rows,
        tuple(_card(flip) for flip in flips if flip.kind == kind),
    )


def _strip(sample: Picture) -> Thumbnail:
    """Return one photo clean and at each severity, side by side."""
    small = [cv2.resize(picture, (STRIP_SIDE, STRIP_SIDE), interpolation=cv2.INTER_AREA) for picture in sample]
    whole = np.concatenate([np.asarray(picture, dtype=np.uint8) for picture in small], axis=1)
    return thumbnail(whole, whole.shape[1], STRIP_BYTES)


def _card(flip: Flip) -> Card:
    before, after = (thumbnail(picture, PICTURE_SIDE, PICTURE_BYTES) for picture in (flip.before, flip.after))
    return Card(flip, words.amount(flip.kind, flip.severity), before, after)
