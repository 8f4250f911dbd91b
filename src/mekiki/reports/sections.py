"""The rows of the report's tables and bars, made from the records. Lengths of bars are percentages of their track.

Only what is counted and compared is decided here; words are in ``story.py``, looks in the template.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.config import RunConfig, Section
from mekiki.records.evaluation import Estimate, Evaluation
from mekiki.records.findings import FINDING_MEANINGS, Finding
from mekiki.records.manifest import PARTS
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder
from mekiki.reports.facts import FILE_MEANINGS, RunFacts
from mekiki.reports.story import PART_NAMES, counted, lasting, percent

MOST_CLASSES = 400
MOST_MISTAKES = 200
MOST_UNREADABLE = 40


@dataclass(frozen=True)
class Segment:
    """A piece of a stacked bar: photos of one part, from ``start`` over ``length`` percent of the track."""

    part: str
    count: int
    start: float
    length: float


@dataclass(frozen=True)
class ClassBar:
    """One class's photos by part."""

    label: str
    total: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class ClassRow:
    """One class's figures; ``right`` of ``n`` photos were recognised."""

    label: str
    n: int
    right: int
    recall: Estimate | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class SettingRow:
    """One setting in words."""

    name: str
    value: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Listed:
    """A name with a count or size and its meaning."""

    name: str
    amount: str
    meaning: str


def class_bars(facts: RunFacts) -> list[ClassBar]:
    """Return photos per class and part, in class order; from the manifest alone if nothing was split."""
    if facts.split is not None:
        counts = Counter((row.label, row.part or "unused") for row in facts.split.rows)
    elif facts.manifest is not None:
        counts = Counter((photo.label, "unused") for photo in facts.manifest.usable())
    else:
        return []
    totals: Counter[str] = Counter()
    for (label, _), count in counts.items():
        totals[label] += count
    largest = max(totals.values(), default=1)
    return [_class_bar(label, counts, totals[label], largest) for label in _in_class_order(facts, set(totals))]


def _class_bar(label: str, counts: Counter[tuple[str, str]], total: int, largest: int) -> ClassBar:
    segments, start = [], 0.0
    for part in (*PARTS, "unused"):
        if counts[label, part]:
            length = 100 * counts[label, part] / largest
            segments.append(Segment(part, counts[label, part], round(start, 2), round(length, 2)))
            start += length
    return ClassBar(label, total, tuple(segments))


def _in_class_order(facts: RunFacts, labels: set[str]) -> list[str]:
    known = facts.headline.classes if facts.headline else facts.card.classes if facts.card else []
    return [name for name in known if name in labels] + sorted(labels - set(known))


def part_totals(bars: list[ClassBar]) -> list[Listed]:
    """Return photos per part over all classes."""
    totals: Counter[str] = Counter()
    for bar in bars:
        for segment in bar.segments:
            totals[segment.part] += segment.count
    return [Listed(part, f"{totals[part]:,}", PART_NAMES.get(part, "not used")) for part in totals]


def finding_counts(findings: list[Finding]) -> list[Listed]:
    """Return how many findings there are of each kind, the most frequent first."""
    counts = Counter(finding.kind for finding in findings)
    return [Listed(kind, f"{count:,}", FINDING_MEANINGS.get(kind, "")) for kind, count in counts.most_common()]


def class_rows(evaluation: Evaluation) -> list[ClassRow]:
    """Return the figures of each class, the least recognised ones first if there are more than a page holds."""
    rows = [
        ClassRow(each.label, each.n, evaluation.confusion[number][number], each.recall, each.precision, each.f1)
        for number, each in enumerate(evaluation.per_class)
    ]
    if len(rows) <= MOST_CLASSES:
        return rows
    return sorted(rows, key=lambda row: row.recall.value if row.recall else 2.0)[:MOST_CLASSES]


def mistakes(predictions: list[ScoredPhoto] | None, part: str) -> list[ScoredPhoto]:
    """Return the wrong answers of one part, the surest first."""
    wrong = [photo for photo in predictions or () if photo.part == part and not photo.right]
    return sorted(wrong, key=lambda photo: (-photo.score, photo.path))


def setting_rows(config: RunConfig) -> tuple[list[SettingRow], list[SettingRow]]:
    """Return the settings that differ from their defaults, and all others."""
    changed: list[SettingRow] = []
    usual: list[SettingRow] = []
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if not isinstance(value, Section):
            row = SettingRow(name, _in_words(value), "", field.description or "")
            (usual if value is None else changed).append(row)
            continue
        for inner, about in type(value).model_fields.items():
            given, default = getattr(value, inner), about.default
            row = SettingRow(f"{name}.{inner}", _in_words(given), _in_words(default), about.description or "")
            (usual if given == default else changed).append(row)
    return changed, usual


def _in_words(value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def file_rows(run: RunFolder) -> list[Listed]:
    """Return the run's known files that are there, with their size and meaning."""
    there = [name for name in FILE_MEANINGS if run[name].exists() and name != run.report.name]
    return [Listed(name, _size(run[name]), FILE_MEANINGS[name]) for name in there]


def listed_files(names: tuple[str, ...]) -> list[Listed]:
    """Return files with their meaning."""
    return [Listed(name, "", FILE_MEANINGS[name]) for name in names]


def _size(path: Path) -> str:
    if path.is_dir():
        return counted(sum(file.is_file() for file in path.rglob("*")), "file")
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def commands(facts: RunFacts) -> list[Listed]:
    """Return what to type next, to be run from the folder that holds the run."""
    run = shlex.quote(facts.name)
    data = shlex.quote(facts.config.data) if facts.config else "photos"
    split = shlex.quote(f"{facts.name}/split.csv")
    return [
        Listed(f"mekiki predict {run} photo.jpg", "", "ranked classes of a picture, or of every picture in a folder"),
        Listed(f"mekiki explain {run} photo.jpg --out heat-maps", "", "where it looked"),
        Listed(f"mekiki evaluate {run} new-photos --out checked", "", "how good it is on other labelled photos"),
        Listed(f"mekiki stress {run} --out stress", "", "what dust, scribbles, blur and other damage do to it"),
        Listed(
            f"mekiki train {data} --out second-run --split {split} --backbone resnet50",
            "",
            "another backbone on the same split, so that the figures can be compared",
        ),
        Listed(f"mekiki compare {run} second-run --out compared", "", "whether one of both is better, photo by photo"),
        Listed(
            f"mekiki report {run} --stress stress --comparison compared",
            "",
            "this page again, with what damage does and how the runs compare",
        ),
    ]


def key_facts(facts: RunFacts) -> list[Listed]:
    """Return the few facts that stand under the headline: name, value, and a word more."""
    rows = []
    if facts.card is not None:
        card = facts.card
        size = f"{card.parameters / 1e6:.1f} million parameters, {card.preprocessing.image_size}\u00a0px input"
        rows.append(Listed("Backbone", card.backbone, size))
        moved = f"{percent(card.trainable_parameters / card.parameters, 0)} of them trained" if card.parameters else ""
        rows.append(Listed("First weights", card.weights_source or "not recorded", moved))
        if card.preprocessing.normalise != ("weights",):
            rows.append(Listed("Normalisation", ", ".join(card.preprocessing.normalise), ""))
    if facts.split is not None:
        used = sum(bool(row.part) for row in facts.split.rows)
        classes = len({row.label for row in facts.split.rows})
        rows.append(Listed("Photos", f"{used:,}", f"in {counted(classes, 'class')}"))
    if facts.history:
        last = facts.history[-1]
        rows.append(Listed("Training", lasting(last.seconds), counted(last.epoch, "epoch")))
    return rows
