"""What the model says of each frame of a video, as lines of CSV or JSON, and what was watched in all."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WatchedFrame:
    """One frame.

    Attributes:
        frame: Its number, counted from 0; a camera's frames that were passed over are counted and have no line.
        seconds: Its time since the first frame.
        asked: Whether the model was asked about it; else it has the answer of the frames before.
        label: The smoothed answer that is shown: a class, or "unknown" where ``known`` is false; empty at first.
        known: Whether the smoothed answer is one of the classes; None: the model has no threshold for that.
        score: The smoothed probability of ``label``, 0..1; None before the first answer.
        raw_label: The most probable class of this frame alone; empty if it was not asked about.
        raw_known: Whether this frame alone shows one of the classes; None if that was not asked, or cannot be told.
        raw_score: The probability of ``raw_label``, 0..1; None if it was not asked about.
        error: Why the frame could not be looked at; empty if it could.
    """

    frame: int
    seconds: float
    asked: bool
    label: str = ""
    known: bool | None = None
    score: float | None = None
    raw_label: str = ""
    raw_known: bool | None = None
    raw_score: float | None = None
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the object of one ``jsonl`` line; absent values are null."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("label", "raw_label", "error"):
            content[name] = content[name] or None
        for name, digits in (("seconds", 3), ("score", 6), ("raw_score", 6)):
            content[name] = None if content[name] is None else round(content[name], digits)
        return content

    def as_json_line(self) -> str:
        """Return one ``jsonl`` line without its line end."""
        return json.dumps(self.as_json(), ensure_ascii=False)

    def as_csv_line(self) -> str:
        """Return one CSV line without its line end; absent values are empty."""
        return _csv_line([_to_text(name, value) for name, value in zip(_COLUMNS, astuple(self), strict=True)])


@dataclass(frozen=True, slots=True)
class Change:
    """A time from which another answer was shown.

    Attributes:
        frame: The frame's number.
        seconds: Since the first frame.
        label: The answer from there on: a class or "unknown".
        known: Whether it is one of the classes; None: the model has no threshold for that.
        score: Its smoothed probability there, 0..1.
    """

    frame: int
    seconds: float
    label: str
    known: bool | None
    score: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What was watched; all counts are of frames.

    Attributes:
        source: The file, or "camera 0".
        frames: All; of a camera with those that were passed over.
        asked: Those that the model was asked about.
        skipped: Those that kept the answer of one before.
        broken: Those that could not be decoded.
        seconds: The time of the last one, since the first.
        changes: When the answer that is shown changed; the first is the first answer.
        ended: What was missing at the end, in words; empty if nothing was.
        out: The table of frames; None if none was asked for.
        explained: The video with bars and heat maps; None if none was asked for.
    """

    source: str
    frames: int
    asked: int
    skipped: int
    broken: int
    seconds: float
    changes: tuple[Change, ...]
    ended: str = ""
    out: Path | None = None
    explained: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``predict clip.mp4 --json``."""
        return {
            **asdict(self),
            "changes": [asdict(each) for each in self.changes],
            "ended": self.ended or None,
            "out": None if self.out is None else str(self.out),
            "explained": None if self.explained is None else str(self.explained),
        }


_COLUMNS = [field.name for field in fields(WatchedFrame)]


def csv_header() -> str:
    """Return the first line of the CSV, which names the columns."""
    return ",".join(_COLUMNS)


def _to_text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3f}" if name == "seconds" else f"{value:.6f}"
    return str(value)


def _csv_line(values: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(values)
    return buffer.getvalue()
