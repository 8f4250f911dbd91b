"""The pictures of the report: decisions with their heat maps, pairs of look-alike photos, and the drawn figures.

How many are shown is limited here, so that the page stays under 5 MB whatever the run holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from mekiki.data.pictures import read_picture
from mekiki.errors import PictureError
from mekiki.records.comparison import Comparison
from mekiki.records.evaluation import Evaluation
from mekiki.records.findings import Finding, FindingKind
from mekiki.records.history import Epoch
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.split import Split
from mekiki.reports.canvas import small_png_bytes
from mekiki.reports.comparison_figure import comparison_figure
from mekiki.reports.coverage import coverage_figure
from mekiki.reports.curves import curves_figure
from mekiki.reports.figures import CROWDED_CLASSES, confusion_figure
from mekiki.reports.pareto_figure import pareto_figure
from mekiki.reports.reliability import reliability_figure
from mekiki.reports.story import PART_NAMES
from mekiki.reports.theme import DARK, LIGHT, Theme
from mekiki.reports.thumbnails import MOST_BYTES, SIDE, Thumbnail, data_uri, thumbnail

MOST_WRONG = 24
MOST_RIGHT = 8
MOST_PAIRS = 6
SHEET_SIDE = 1200
SHEET_BYTES = 400_000
_BARS = 5
_PAGE_DPI = 160
_CROWDED_DPI = 110


@dataclass(frozen=True)
class Example:
    """One decision, explained.

    Attributes:
        path: The photo, relative to the data root.
        label: Its true class.
        ranked: (class, probability in 0..1) pairs, the most probable first.
        picture: RGB, shape (height, width, 3), uint8.
        overlay: The picture with its heat map over it; same form.
    """

    path: str
    label: str
    ranked: tuple[tuple[str, float], ...]
    picture: npt.NDArray[np.uint8]
    overlay: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Bar:
    """One ranked class: its role is "predicted", "true", "both" or "other"; the share is in 0..1."""

    label: str
    share: float
    role: str


@dataclass(frozen=True)
class Card:
    """One decision as the page shows it."""

    path: str
    label: str
    predicted: str
    share: float
    bars: tuple[Bar, ...]
    picture: Thumbnail
    overlay: Thumbnail


@dataclass(frozen=True)
class Photo:
    """One photo of a pair; ``picture`` is None, and ``reason`` says why, if it cannot be shown."""

    path: str
    label: str
    part: str
    picture: Thumbnail | None
    reason: str


@dataclass(frozen=True)
class Pair:
    """Two look-alike photos and why they count as such."""

    one: Photo
    other: Photo
    detail: str


@dataclass(frozen=True)
class Drawing:
    """A drawn figure for light and dark pages; ``width`` and ``height`` are its size on the page, pixels."""

    light: str
    dark: str
    width: int
    height: int


def surest_first(examples: Sequence[Example]) -> list[Example]:
    """Return the examples in the order of their largest probability."""
    return sorted(examples, key=lambda each: -max((share for _, share in each.ranked), default=0.0))


def cards(examples: Sequence[Example]) -> list[Card]:
    """Return the examples as cards, in their order; one without any ranked class is left out."""
    return [_card(example) for example in examples if example.ranked]


def _card(example: Example) -> Card:
    ordered = sorted(example.ranked, key=lambda pair: -pair[1])
    shown = ordered[:_BARS] + [pair for pair in ordered[_BARS:] if pair[0] == example.label]
    predicted, share = ordered[0]
    bars = tuple(Bar(name, each, _role(name, predicted, example.label)) for name, each in shown)
    return Card(
        example.path, example.label, predicted, share, bars, thumbnail(example.picture), thumbnail(example.overlay)
    )


def _role(name: str, predicted: str, label: str) -> str:
    if name == predicted:
        return "both" if name == label else "predicted"
    return "true" if name == label else "other"


def pairs(
    findings: Sequence[Finding], kind: FindingKind, root: Path, labels: dict[str, str], split: Split | None
) -> list[Pair]:
    """Return the most alike pairs of one kind of finding.

    Args:
        findings: All findings.
        kind: "near_duplicate" or "label_conflict".
        root: The folder that photo paths are relative to.
        labels: Path → class name.
        split: Where each photo went, if that is known.
    """
    chosen = sorted((each for each in findings if each.kind == kind and each.other), key=lambda each: -each.score)
    part_of = {row.path: row.part for row in split.rows} if split is not None else {}

    def photo(path: str) -> Photo:
        part = part_of.get(path, "")
        return photo_on_page(root, path, labels.get(path, ""), PART_NAMES.get(part, ""))

    return [Pair(photo(each.path), photo(each.other), each.detail) for each in chosen[:MOST_PAIRS]]


def photo_on_page(
    root: Path, path: str, label: str, part: str, most_side: int = SIDE, most_bytes: int = MOST_BYTES
) -> Photo:
    """Return a photo for the page, or why it cannot be shown.

    Args:
        root: The folder that the path is relative to.
        path: The photo.
        label: Its class name.
        part: What it is used for, in words; empty if that is not known.
        most_side: Of the longer side, pixels.
        most_bytes: As for ``thumbnail``.
    """
    try:
        picture = read_picture(root / path, at_least=most_side)
    except PictureError as error:
        return Photo(path, label, part, None, error.message)
    return Photo(path, label, part, thumbnail(picture, most_side, most_bytes), "")


def first_batch(sheet: Path) -> Thumbnail | None:
    """Return the sheet of the first training batch for the page; None if the run has none."""
    try:
        return thumbnail(read_picture(sheet), SHEET_SIDE, SHEET_BYTES)
    except PictureError:
        return None


def draw_curves(history: Sequence[Epoch]) -> tuple[Drawing, Drawing]:
    """Return the learning curves for a wide and for a narrow page."""
    return (
        drawing_of(lambda theme: curves_figure(history, theme), _PAGE_DPI),
        drawing_of(lambda theme: curves_figure(history, theme, stacked=True), _PAGE_DPI),
    )


def draw_comparison(comparison: Comparison, dpi: int) -> tuple[Drawing, Drawing]:
    """Return a comparison's figure, for a wide and for a narrow screen."""
    return (
        drawing_of(lambda theme: comparison_figure(comparison, theme), dpi),
        drawing_of(lambda theme: comparison_figure(comparison, theme, narrow=True), dpi),
    )


def draw_fronts(comparison: Comparison, dpi: int) -> tuple[Drawing, Drawing]:
    """Return accuracy against size and time, for a wide and for a narrow screen."""
    return (
        drawing_of(lambda theme: pareto_figure(comparison, theme), dpi),
        drawing_of(lambda theme: pareto_figure(comparison, theme, narrow=True), dpi),
    )


def draw_confusion(evaluation: Evaluation) -> Drawing:
    """Return the confusion matrix."""
    crowded = len(evaluation.classes) > CROWDED_CLASSES
    return drawing_of(lambda theme: confusion_figure(evaluation, theme), _CROWDED_DPI if crowded else _PAGE_DPI)


def draw_reliability(evaluation: Evaluation) -> tuple[Drawing, Drawing]:
    """Return the reliability diagram for a wide and for a narrow page."""
    return (
        drawing_of(lambda theme: reliability_figure(evaluation, theme), _PAGE_DPI),
        drawing_of(lambda theme: reliability_figure(evaluation, theme, stacked=True), _PAGE_DPI),
    )


def draw_coverage(evaluation: Evaluation, photos: Sequence[ScoredPhoto]) -> tuple[Drawing, Drawing]:
    """Return the curve of accuracy against coverage for a wide and for a narrow page."""
    return (
        drawing_of(lambda theme: coverage_figure(evaluation, photos, theme), _PAGE_DPI),
        drawing_of(lambda theme: coverage_figure(evaluation, photos, theme, narrow=True), _PAGE_DPI),
    )


def drawing_of(draw: Callable[[Theme], Figure], dpi: int) -> Drawing:
    """Return a figure for light and dark pages.

    Args:
        draw: Draws it in the colours of a theme.
        dpi: Pixels per inch.
    """
    figure = draw(LIGHT)
    light, dark = (small_png_bytes(each, dpi) for each in (figure, draw(DARK)))
    inches = figure.get_size_inches()
    return Drawing(
        data_uri(light, "image/png"), data_uri(dark, "image/png"), round(inches[0] * 100), round(inches[1] * 100)
    )
