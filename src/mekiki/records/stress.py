"""What damage does to a model, as in ``stress.json``, ``stress.csv`` and ``flips.csv``.

Accuracies are shares in 0..1. Severity 0 is the clean picture; the units are in ``config/stress.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mekiki.config import UNITS, KindName
from mekiki.errors import RunError
from mekiki.files import write_json
from mekiki.records.comparison import LeftOut
from mekiki.records.evaluation import Record, foreign_record, read_json_object
from mekiki.records.tables import write_rows


class StressPoint(Record):
    """One severity of one kind.

    Attributes:
        severity: In the kind's unit.
        accuracy: Share of the damaged photos that were recognised.
        low: Lower end of its 95 % interval (Wilson).
        high: Upper end.
        n: Photos.
        kept: ``accuracy`` as a share of the clean one; None if no clean photo was recognised.
    """

    severity: float
    accuracy: float
    low: float
    high: float
    n: int
    kept: float | None


class Loss(Record):
    """How much damage it takes to lose so many points.

    Attributes:
        points: The loss of accuracy, 0..1.
        severity: The least severity at which it is reached; None: beyond the last one that was measured.
        low: Lower end of its 95 % interval (bootstrap over photos); None as above.
        high: Upper end.
    """

    points: float
    severity: float | None
    low: float | None
    high: float | None


class PairedPoint(Record):
    """Two models on the same photos at one severity.

    Attributes:
        severity: In the kind's unit; 0: the clean photos.
        only_first: Photos that only the first model recognised.
        only_this: Photos that only this one recognised.
        p_value: Exact McNemar test, two-sided, of both being equally good; copies of a photo change sides together.
    """

    severity: float
    only_first: int
    only_this: int
    p_value: float


class Stress(Record):
    """What damage does to one model.

    Attributes:
        run: The run folder.
        part: "train", "val", "test", or "data" for a folder that is no part of the run.
        n: Photos.
        unreadable: Photos left out because they cannot be read.
        seen_in_training: Photos among them that the run was trained on, or copies of such; above 0 flatters.
        left_out: Photos that took no part because they are not fair to all runs, by reason; empty for a run alone.
        image_size: Side of the square in which photos are damaged, pixels.
        seed: Of the damage.
        pgd_steps: Of pgd.
        clean: Accuracy on the clean photos.
        clean_low: Lower end of its 95 % interval (Wilson).
        clean_high: Upper end.
        kinds: Accuracy at each severity, rising.
        losses: What it takes to lose ten points, by kind.
        against_first: For a further model: paired with the first one.
        seconds: Wall time.
        model: The SHA-256 of its weights; empty in the files of a version that did not say it.
    """

    run: str
    part: str
    n: int
    unreadable: int = 0
    seen_in_training: int = 0
    left_out: tuple[LeftOut, ...] = ()
    image_size: int
    seed: int
    pgd_steps: int
    clean: float
    clean_low: float
    clean_high: float
    kinds: dict[KindName, list[StressPoint]]
    losses: dict[KindName, Loss]
    against_first: dict[KindName, list[PairedPoint]] | None = None
    seconds: float
    model: str = ""


@dataclass(frozen=True, slots=True)
class StressRow:
    """One row of ``stress.csv``: see ``StressPoint``; ``p_value`` is empty for the first model."""

    run: str
    kind: str
    severity: float
    unit: str
    n: int
    accuracy: float
    low: float
    high: float
    kept: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class FlipRow:
    """One row of ``flips.csv``: a photo that was recognised clean, and the least severity at which it was not.

    Attributes:
        run: The run folder.
        kind: Of damage.
        severity: In the kind's unit.
        path: Relative to the data root.
        label: The true class.
        predicted: What it was called then.
        score: How surely, 0..1.
    """

    run: str
    kind: str
    severity: float
    path: str
    label: str
    predicted: str
    score: float


def stress_object(stresses: Sequence[Stress], verdicts: dict[KindName, str]) -> dict[str, Any]:
    """Return the content of ``stress.json`` and of ``stress --json``: the first model, the others under ``against``.

    Args:
        stresses: One for each model, the first one first.
        verdicts: A sentence for each kind.
    """
    first, *others = stresses
    facts = first.model_dump(exclude={"against_first"})
    units = {kind: UNITS[kind] for kind in first.kinds}
    against = [each.model_dump() for each in others]
    return {"clean": first.clean, "kinds": facts["kinds"], **facts, "units": units, "verdicts": verdicts} | {
        "against": against
    }


def write_stress(path: Path, stresses: Sequence[Stress], verdicts: dict[KindName, str]) -> None:
    """Write ``stress.json``."""
    write_json(path, stress_object(stresses, verdicts))


def read_stress(path: Path) -> list[Stress]:
    """Read ``stress.json``: one entry for each model, the first one first.

    Raises:
        RunError: The file is missing, or is not what ``write_stress`` writes.
    """
    content = read_json_object(path)
    others = content.pop("against", [])
    try:
        stresses = [Stress.model_validate(each) for each in [content, *(others if isinstance(others, list) else [])]]
    except ValidationError as error:
        raise foreign_record(path, error) from None
    if not all(_fits(stress, stresses[0]) for stress in stresses):
        raise RunError(
            f"{path}: kinds: figures are missing, or are none", "it was written by another version, or edited"
        )
    return stresses


def _fits(stress: Stress, first: Stress) -> bool:
    """Tell whether a model has figures, all of them numbers, for each kind and severity of the first one."""
    same = {kind: [point.severity for point in points] for kind, points in stress.kinds.items()}
    points = [point for kind in stress.kinds for point in with_clean(stress, kind)]
    shares = [share for point in points for share in (point.accuracy, point.low, point.high, point.kept or 0.0)]
    losses = [(loss.severity, loss.low, loss.high) for loss in stress.losses.values()]
    severities = [each for loss in losses for each in loss if each is not None] + [each.severity for each in points]
    return (
        same == {kind: [point.severity for point in points] for kind, points in first.kinds.items()}
        and bool(same)
        and all(same.values())
        and same.keys() == stress.losses.keys()
        and all(0 <= share < math.inf for share in shares)
        and all(0 <= severity < math.inf for severity in severities)
    )


def write_stress_rows(path: Path, stresses: Sequence[Stress]) -> None:
    """Write ``stress.csv``: a row for each model, kind and severity, severity 0 first."""
    write_rows(path, [row for stress in stresses for row in _rows(stress)], StressRow)


def write_flips(path: Path, flips: Sequence[FlipRow]) -> None:
    """Write ``flips.csv``."""
    write_rows(path, flips, FlipRow)


def with_clean(stress: Stress, kind: KindName) -> list[StressPoint]:
    """Return a kind's points with the clean photos as severity 0 before them."""
    kept = 1.0 if stress.clean else None
    clean = StressPoint(
        severity=0, accuracy=stress.clean, low=stress.clean_low, high=stress.clean_high, n=stress.n, kept=kept
    )
    return [clean, *stress.kinds[kind]]


def _rows(stress: Stress) -> list[StressRow]:
    rows = []
    for kind in stress.kinds:
        paired = {point.severity: point.p_value for point in (stress.against_first or {}).get(kind, [])}
        for point in with_clean(stress, kind):
            p_value = paired.get(point.severity)
            rows.append(StressRow(stress.run, kind, unit=UNITS[kind], p_value=p_value, **point.model_dump()))
    return rows
