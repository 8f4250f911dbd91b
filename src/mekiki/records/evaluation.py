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
    """A fraction with its interval.

    Attributes:
        value: The point estimate, 0..1.
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
    """

    label: str
    n: int
    recall: Estimate | None
    precision: float | None
    f1: float | None


class Evaluation(Record):
    """The numbers of one part.

    Attributes:
        part: "train", "val", "test", or "data" for a folder that is no part of the run.
        n: Photos scored.
        unreadable: Photos left out because they cannot be read.
        seen_in_training: Photos among them with the same bytes as a training photo of the run; above 0 flatters.
        classes: Class names in the order of ``confusion``.
        accuracy: Top-1, with its Wilson interval.
        top5: Share whose label is among the five most probable; None with fewer than six classes.
        f1_macro: Mean F1 over the classes that have photos.
        ece: Expected calibration error, 15 equal bins of the largest probability; lower is better.
        per_class: One entry per class, in class order.
        confusion: ``confusion[true][predicted]`` counts.
        unknown: Figures of "unknown" as an answer; None while the model has no threshold.
        seconds: Wall time of prediction.
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
    unknown: None = None
    seconds: float


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
    except ValueError as error:
        raise RunError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise RunError(f"{path} holds no JSON object")
    return content
