"""Made-up but consistent runs, written by the records' own writers, and a page that can be asked questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

from mekiki.config import make_config
from mekiki.files import write_json
from mekiki.records.card import ModelCard, Preprocessing, write_card
from mekiki.records.evaluation import ClassFigures, Evaluation, write_metrics
from mekiki.records.findings import Finding, write_findings
from mekiki.records.history import Epoch, write_history
from mekiki.records.manifest import Manifest, Photo, write_manifest
from mekiki.records.openings import TestOpening, add_test_opening
from mekiki.records.predictions import ScoredPhoto, write_predictions
from mekiki.records.run import RunFolder, Status, create_run, write_config, write_status
from mekiki.records.split import Split, SplitRow, write_split
from mekiki.reports.page import Example
from mekiki.scoring.intervals import wilson
from mekiki.seeds import stream

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "rect"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A parsed page: its elements in order, the text in each, and all text."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []

    def handle_starttag(self, tag, attributes):
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1].tag == tag, f"</{tag}> does not close {self.open[-1:]}"
            self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1].tag not in ("style", "script"):
            self.text += data
        for element in self.open:
            element.text += data

    def of(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == name]
        return found


def read_page(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert not page.open, f"not closed: {page.open}"
    return page


def noise(number: int, side: int = 400) -> np.ndarray:
    return stream(0, "report noise", number).integers(0, 256, (side, side, 3), np.uint8)


def make_evaluation(part: str, classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> Evaluation:
    counts = np.array(confusion)
    n, right = int(counts.sum()), int(np.trace(counts))
    per_class = []
    for number, name in enumerate(classes):
        total, hits, named = (int(x) for x in (counts[number].sum(), counts[number, number], counts[:, number].sum()))
        per_class.append(
            ClassFigures(
                label=name,
                n=total,
                recall=wilson(hits, total) if total else None,
                precision=hits / named if named else None,
                f1=2 * hits / (total + named) if total + named else None,
            )
        )
    return Evaluation(
        part=part,
        n=n,
        classes=list(classes),
        accuracy=wilson(right, n),
        top5=None,
        f1_macro=0.8,
        ece=0.04,
        per_class=per_class,
        confusion=[[int(count) for count in row] for row in confusion],
        seconds=1.0,
    )


def make_history(last: int) -> list[Epoch]:
    probe = [Epoch(0, None, None, 0.9, 0.6, 0.0, 0.0, 2.0, True)]
    return probe + [
        Epoch(
            number, 1 / number, 1 - 0.5 / number, 1.1 / number, 1 - 0.4 / number, 1e-4, 50.0, 9.0 * number, number <= 3
        )
        for number in range(1, last + 1)
    ]


def make_example(
    path: str, label: str, ranked: Sequence[tuple[str, float]], number: int = 0, side: int = 60
) -> Example:
    picture = noise(number, side)
    return Example(path, label, tuple(ranked), picture, 255 - picture)


def make_run(
    folder: Path,
    root: Path,
    classes: Sequence[str] = ("Jaguar", "Mustang"),
    per_class: int = 10,
    parts: Sequence[str] = ("val", "test"),
    names: str = "{number:04}.png",
) -> RunFolder:
    """Write every record of a finished run whose classes each lose two photos of ten to the next class."""
    run = create_run(folder)
    photos = [
        f"{number}/" + names.format(number=photo) for number in range(len(classes)) for photo in range(3 * per_class)
    ]
    labels = [name for name in classes for _ in range(3 * per_class)]
    part_of = [("train", "val", "test")[photo // per_class] for _ in classes for photo in range(3 * per_class)]
    rows = list(zip(photos, labels, part_of, strict=True))
    write_config(run, make_config(str(root), epochs=4, image_size=192))
    write_json(run.environment, {"torch": "2.11.0", "processor": "a processor"})
    write_manifest(run.manifest, Manifest(root, tuple(Photo(path, label) for path, label, _ in rows), tuple(classes)))
    write_split(run.split, Split(tuple(SplitRow(path, label, path, part) for path, label, part in rows)))
    write_findings(
        run.findings,
        [
            Finding("near_duplicate", photos[0], photos[1], 0.98, "5 of 256 bits differ"),
            Finding("label_conflict", photos[0], photos[3 * per_class], 0.9, "<i>two labels</i>"),
            Finding("unreadable", "broken & lost.jpg", detail="is truncated"),
        ],
    )
    write_history(run.history, make_history(4))
    wrong = per_class // 5
    confusion = (
        np.eye(len(classes), dtype=int) * (per_class - wrong)
        + np.roll(np.eye(len(classes), dtype=int), 1, axis=1) * wrong
    )
    write_metrics(run.metrics, [make_evaluation(part, classes, confusion.tolist()) for part in parts])
    write_predictions(run.predictions, _said(rows, list(classes), parts, wrong))
    for part in parts:
        if part == "test":
            add_test_opening(run.test_openings, TestOpening("2026-01-01T00:00:00+00:00", per_class, 0.8))
    write_card(
        run.card,
        ModelCard(
            backbone="mobilenetv1_100",
            head="gap",
            classes=list(classes),
            preprocessing=Preprocessing(image_size=224, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
            parameters=3_200_000,
            trainable_parameters=3_200_000,
        ),
    )
    run.weights.write_bytes(b"weights")
    write_status(run, Status(state="done", epoch=4, seconds=38.0, mekiki="0.1.0"))
    return run


def _said(rows, classes, parts, wrong):
    said, seen = [], {}
    for path, label, part in rows:
        if part not in parts:
            continue
        seen[part, label] = seen.get((part, label), 0) + 1
        other = classes[(classes.index(label) + 1) % len(classes)]
        predicted = other if seen[part, label] <= wrong else label
        said.append(ScoredPhoto(path, part, label, predicted, 0.9, 0.9 if predicted == label else 0.05, label))
    return said


def write_noise(root: Path, paths: Sequence[str], side: int) -> None:
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, side)).save(root / path)
