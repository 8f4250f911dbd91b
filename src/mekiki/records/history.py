"""History: one line per epoch of a training, as in ``history.csv``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mekiki.files import write_text
from mekiki.records.tables import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's figures. Epoch 0 is the head start (the probe), before any weight of the backbone moved.

    Attributes:
        epoch: 0 for the probe, then 1, 2, ….
        train_loss: Mean cross entropy over the epoch's augmented photos; None for epoch 0.
        train_accuracy: Share right among them, 0..1; None for epoch 0.
        val_loss: Mean cross entropy on the validation photos.
        val_accuracy: Share right on them, 0..1.
        learning_rate: At the epoch's end.
        images_per_second: Training photos per second, preparation included.
        seconds: Since training began.
        best: Whether this is the best snapshot so far.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float
    val_accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float
    best: bool


def write_history(path: Path, epochs: list[Epoch]) -> None:
    """Write ``history.csv``."""
    write_rows(path, epochs, Epoch)


def write_history_lines(path: Path, epochs: list[Epoch]) -> None:
    """Write ``history.jsonl``: the same, one JSON object a line, for anybody's dashboard."""
    write_text(path, "".join(f"{json.dumps(asdict(epoch))}\n" for epoch in epochs))


def read_history(path: Path) -> list[Epoch]:
    """Read ``history.csv``; a missing column or wrong value is a ``DataError``."""
    return read_rows(path, Epoch)
