"""Evaluation: the scored numbers of one part, as in ``metrics.json`` and ``evaluate --json``.

Fractions are in 0..1. A figure that could not be computed is ``None``, never 0 or NaN.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mekiki.errors import RunError
from mekiki.files import write_json


class Record(BaseModel):
    """Base of records kept as JSON: frozen; unknown keys of a newer version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Estimate(Record):
    """A fraction, or a difference of two, with its interval.

    Attributes:
        value: The point estimate, 0..1; of a difference -1..1.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
    """

    value: float
    low: float
    high: float


class ClassFigures(Record):
    """One class's figures.

    Attributes:
        label: The class name.
        n: Photos of this class.
        recall: Share of this class's photos that were recognised, with its Wilson interval; None without photos.
        precision: Share of the photos given this class that were right; None if none was given it.
        f1: Harmonic mean of both; None without photos and predictions.
        precision_interval: Precision with its interval; None where there is none.
        f1_interval: F1 with its interval; None where there is none.
    """

    label: str
    n: int
    recall: Estimate | None
    precision: float | None
    f1: float | None
    precision_interval: Estimate | None = None
    f1_interval: Estimate | None = None


class Intervals(Record):
    """How sure the figures of a part are, copies and other groups of photos taken as one.

    Attributes:
        groups: Groups of photos that were scored; a photo alone is a group.
        effective_n: How many independent photos the part is worth for its accuracy; ``n`` where no group has two.
        resamples: Of the bootstrap over groups.
        f1_macro: Macro F1 with its interval: bootstrap, widened where the classes' own intervals ask for it.
        ece: Expected calibration error with its interval, by test inversion of the bootstrap.
    """

    groups: int
    effective_n: float
    resamples: int
    f1_macro: Estimate
    ece: Estimate


class ReliabilityBin(Record):
    """Photos whose largest probability is alike, and how many of them are right.

    Attributes:
        low: Lower edge of the bin, 0..1; the bin does not hold it.
        high: Upper edge of the bin, 0..1.
        n: Photos in it, at least 1.
        confidence: Mean of their largest probabilities, 0..1.
        accuracy: Share of them that is right, with its Wilson interval.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: Estimate


class Uncalibrated(Record):
    """How sure the same answers were at temperature 1; the temperature changes no answer.

    Attributes:
        ece: Expected calibration error with its interval.
        reliability: The bins of the reliability diagram that hold photos, from the lowest.
    """

    ece: Estimate
    reliability: list[ReliabilityBin]


class UnknownFigures(Record):
    """How well "unknown" is told from the known classes.

    Attributes:
        score: Which score decides: a name of ``records/unknown.py``.
        threshold: A photo whose score is below is answered with "unknown".
        coverage: Share of the known photos that is answered, 0..1.
        coverage_interval: The same with its Wilson interval.
        accuracy_answered: Accuracy among the known photos that are answered; None if none is.
        curve_area: Mean share of wrong answers over all coverages of the known photos (AURC), 0..1; lower is better.
        n_unknown: Photos of nothing that is known, as given by ``--unknown``; 0 where none were given.
        refused: Share of those answered with "unknown"; None without such photos.
        auroc: Chance that a known photo scores higher than one that is unknown, 0..1; None without such photos.
        auroc_interval: The same with its interval.
        fpr_at_95_tpr: Share of unknown photos that pass a threshold which 95 % of these known photos pass; lower is
            better; None without such photos.
        fpr_interval: The same with its interval.
    """

    score: str
    threshold: float
    coverage: float
    coverage_interval: Estimate | None = None
    accuracy_answered: Estimate | None = None
    curve_area: float | None = None
    n_unknown: int = 0
    refused: Estimate | None = None
    auroc: float | None = None
    auroc_interval: Estimate | None = None
    fpr_at_95_tpr: float | None = None
    fpr_interval: Estimate | None = None


class SeenFigures(Record):
    """Photos that are no fair witnesses, counted apart.

    Attributes:
        part: What they, or their twins, were to the run: "train" (trained on) or "val" (chose the snapshot).
        n: Photos.
        same_bytes: Those of them with the same bytes as a photo of that part.
        near_copies: Those that are resized, re-encoded, cropped … copies of one.
        same_group: Those that the scan held together with one: a copy, the same burst, a user's group.
        accuracy: Top-1 of these photos, with its Wilson interval.
    """

    part: str
    n: int
    same_bytes: int
    near_copies: int
    same_group: int
    accuracy: Estimate


class Evaluation(Record):
    """The numbers of one part.

    Attributes:
        part: "train", "val", "test", or "data" for a folder that is no part of the run.
        n: Photos scored.
        unreadable: Photos left out because they cannot be read.
        seen_in_training: Photos given that the run was trained on, or copies of such. They are among the ``n`` only if
            ``fresh`` is 0, or None (a file of a version that did not count them apart); then they flatter.
        classes: Class names in the order of ``confusion``.
        accuracy: Top-1, with its Wilson interval, of as many photos as ``intervals.effective_n`` says.
        top5: Share whose label is among the five most probable; None with fewer than six classes.
        f1_macro: Mean F1 over the classes that have photos.
        ece: Expected calibration error, 15 equal bins of the largest probability; lower is better.
        per_class: One entry per class, in class order.
        confusion: ``confusion[true][predicted]`` counts.
        unknown: Figures of "unknown" as an answer; None while the model has no threshold.
        seconds: Wall time of prediction.
        intervals: How sure the figures are; None in the files of a version that did not measure it.
        reliability: The bins of the reliability diagram that hold photos, from the lowest.
        uncalibrated: The same before the temperature; None where the model has none, and in the files of a version that
            did not measure it.
        fresh: Photos that the run has not seen. Above 0: they are the ``n``, and all figures are theirs; 0: the run
            has seen all, and the figures tell what it remembers; None: it was not looked into.
        apart: The photos that the run had seen, by part. With ``fresh`` they are all photos that could be read.
    """

    part: str
    n: int
    unreadable: int = 0
    seen_in_training: int = 0
    classes: list[str]
    accuracy: Estimate
    top5: float | None
    f1_macro: float
    ece: float
    per_class: list[ClassFigures]
    confusion: list[list[int]]
    unknown: UnknownFigures | None = None
    seconds: float
    intervals: Intervals | None = None
    reliability: list[ReliabilityBin] = []
    uncalibrated: Uncalibrated | None = None
    fresh: int | None = None
    apart: list[SeenFigures] = []


def metrics_object(evaluations: list[Evaluation]) -> dict[str, object]:
    """Return the content of ``metrics.json``: the last evaluation's figures, and the earlier ones under ``others``.

    The last one is the headline: test where there is one, else val.
    """
    *others, headline = evaluations
    return {**headline.model_dump(), "others": [each.model_dump() for each in others]}


def write_metrics(path: Path, evaluations: list[Evaluation]) -> None:
    """Write ``metrics.json``; the last evaluation is the headline."""
    write_json(path, metrics_object(evaluations))


def read_metrics(path: Path) -> list[Evaluation]:
    """Read ``metrics.json``; the headline comes last.

    Raises:
        RunError: The file is missing or is not what ``write_metrics`` writes.
    """
    content = read_json_object(path)
    others = content.pop("others", [])
    try:
        return [
            Evaluation.model_validate(figures) for figures in [*(others if isinstance(others, list) else []), content]
        ]
    except ValidationError as error:
        raise foreign_record(path, error) from None


def foreign_record(path: Path, error: ValidationError) -> RunError:
    """Return the error for a JSON file whose content does not fit its record; it names the field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    message = f"{path}: {where}: {reason}" if where else f"{path}: {reason}"
    return RunError(message, "it was written by another version, or edited")


def read_json_object(path: Path) -> dict[str, object]:
    """Read a JSON file that holds one object.

    Raises:
        RunError: The file is missing, is not JSON, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise RunError(f"{path} holds no JSON object")
    return content
