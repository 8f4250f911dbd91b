"""Predictions: ranked classes of one picture, as ``predict --format csv|jsonl`` and ``predictions.csv`` give them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.records.tables import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one picture.

    Attributes:
        path: As the user named it, or relative to the data root.
        top: (class, probability) pairs, the most probable first; empty if the picture cannot be read.
        error: Why there is no answer; empty if there is one.
        known: Whether it shows one of the classes at all; None: the model has no threshold for that.
    """

    path: str
    top: tuple[tuple[str, float], ...] = ()
    error: str = ""
    known: bool | None = None

    @property
    def label(self) -> str:
        """The most probable class; empty if there is no answer."""
        return self.top[0][0] if self.top else ""

    @property
    def score(self) -> float:
        """The probability of ``label``, 0..1; 0 if there is no answer."""
        return self.top[0][1] if self.top else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the object of one ``jsonl`` line; ``label`` is the likeliest class even of what is not known."""
        return {
            "path": self.path,
            "label": self.label or None,
            "known": self.known,
            "score": round(self.score, 6) if self.top else None,
            "top": [[name, round(probability, 6)] for name, probability in self.top],
            "error": self.error or None,
        }

    def as_json_line(self) -> str:
        """Return one ``jsonl`` line without its line end."""
        return json.dumps(self.as_json(), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ScoredPhoto:
    """One row of ``predictions.csv``: a labelled photo and what the model says of it.

    Attributes:
        path: Relative to the data root.
        part: "train", "val", "test" or "data".
        label: The true class.
        predicted: The most probable class.
        score: Its probability, 0..1.
        label_score: The probability of the true class, 0..1.
        second: The next most probable class.
        known_score: The score that tells what is known, higher for what is; None if the model has no rule for it.
        seen: What the run had seen of the photo beside ``part``: "train", "train (near copy)", "train (same group)", or
            likewise of val and test; empty if nothing, or if it was not looked for.
    """

    path: str
    part: str
    label: str
    predicted: str
    score: float
    label_score: float
    second: str = ""
    known_score: float | None = None
    seen: str = ""

    @property
    def right(self) -> bool:
        """Whether the prediction is the label."""
        return self.predicted == self.label


def write_predictions(path: Path, rows: list[ScoredPhoto]) -> None:
    """Write ``predictions.csv``."""
    write_rows(path, rows, ScoredPhoto)


def read_predictions(path: Path) -> list[ScoredPhoto]:
    """Read ``predictions.csv``; a missing column or wrong value is a ``DataError``."""
    return read_rows(path, ScoredPhoto)
