"""What a run folder tells: every record that is there, and the names of those that are not.

A run that was stopped early lacks files; that is a fact to report, not an error. A file that is there but damaged is
an error. Nothing is scored or changed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mekiki.config import RunConfig
from mekiki.errors import RunError
from mekiki.records.card import ModelCard, read_card
from mekiki.records.evaluation import Evaluation, read_json_object, read_metrics
from mekiki.records.findings import Finding, read_findings
from mekiki.records.history import Epoch, read_history
from mekiki.records.manifest import Manifest, read_manifest
from mekiki.records.openings import TestOpening, read_test_openings
from mekiki.records.predictions import ScoredPhoto, read_predictions
from mekiki.records.run import RunFolder, Status, read_config, read_status
from mekiki.records.split import Split, read_split
from mekiki.reports.added import Added, read_added

FILE_MEANINGS: dict[str, str] = {
    "report.html": "this page",
    "config.json": "every setting, each default resolved",
    "environment.json": "versions and machine",
    "manifest.csv": "every photo that was found",
    "findings.csv": "what is odd about the photos",
    "split.csv": "which photo trains, chooses, or tests",
    "history.csv": "figures of each epoch",
    "history.jsonl": "the same, a JSON object a line",
    "tensorboard": "the same, for TensorBoard",
    "checkpoints": "how far it came, to go on from",
    "snapshots": "models of single epochs",
    "model.safetensors": "the trained weights",
    "model.json": "classes and preprocessing of the model",
    "unknown.safetensors": "where the training photos lie, to tell what is unknown",
    "normalisation.safetensors": "what zca_whitening was fitted to",
    "metrics.json": "the scored figures",
    "predictions.csv": "what was said of each photo",
    "test_openings.csv": "each look at the test photos",
    "figures": "the figures as PNG files",
    "extra.csv": "pictures without labels that it learnt from, too",
    "comparison": "teacher against student",
    "added": "what stress and compare measured, for this page; delete a file to leave it out",
    "status.json": "how far the run came",
}
_NOT_MISSED = (
    *("report.html", "model.safetensors", "test_openings.csv", "figures", "added", "status.json"),
    *("unknown.safetensors", "normalisation.safetensors", "history.jsonl", "tensorboard", "checkpoints", "snapshots"),
    *("extra.csv", "comparison"),
)
_PARTS_BY_WORTH = ("test", "data", "val", "train")

Content = TypeVar("Content")


@dataclass(frozen=True)
class RunFacts:
    """The records of a run; None for a file that is not there.

    Attributes:
        run: The folder.
        missing: Names of the absent files that a finished run has.
        openings: Each look at the test photos.
        added: What other verbs measured.
    """

    run: RunFolder
    missing: tuple[str, ...]
    config: RunConfig | None
    environment: dict[str, str] | None
    manifest: Manifest | None
    findings: list[Finding] | None
    split: Split | None
    history: list[Epoch] | None
    metrics: list[Evaluation] | None
    predictions: list[ScoredPhoto] | None
    card: ModelCard | None
    status: Status | None
    openings: list[TestOpening]
    added: Added

    @property
    def name(self) -> str:
        """The run folder's own name."""
        return self.run.path.resolve().name or "run"

    @property
    def headline(self) -> Evaluation | None:
        """The evaluation that says most: test if there is one, else val."""
        by_part = {evaluation.part: evaluation for evaluation in self.metrics or ()}
        known = [part for part in _PARTS_BY_WORTH if part in by_part]
        return by_part[known[0]] if known else next(iter(by_part.values()), None)


def read_facts(run: RunFolder, photo_root: Path, status: Status | None = None) -> RunFacts:
    """Read all that a run folder holds.

    Args:
        run: The folder.
        photo_root: The folder that photo paths are relative to; it need not exist.
        status: How far the run came; not given: as its ``status.json`` says.

    Raises:
        RunError: There is no such folder, or one of its JSON files is damaged.
        DataError: One of its CSV files is damaged.
    """
    if not run.path.is_dir():
        raise RunError(f"there is no run folder {run.path}", "mekiki train DATA --out RUN makes one")
    return RunFacts(
        run=run,
        missing=tuple(name for name in FILE_MEANINGS if name not in _NOT_MISSED and not run[name].is_file()),
        config=_if_there(run.config, lambda _: read_config(run)),
        environment=_if_there(run.environment, _read_environment),
        manifest=_if_there(run.manifest, lambda path: read_manifest(path, photo_root)),
        findings=_if_there(run.findings, read_findings),
        split=_if_there(run.split, read_split),
        history=_if_there(run.history, read_history),
        metrics=_if_there(run.metrics, read_metrics),
        predictions=_if_there(run.predictions, read_predictions),
        card=_if_there(run.card, read_card),
        status=_if_there(run.status, lambda _: read_status(run)) if status is None else status,
        openings=read_test_openings(run.test_openings),
        added=read_added(run),
    )


def _if_there(path: Path, reader: Callable[[Path], Content]) -> Content | None:
    return reader(path) if path.is_file() else None


def _read_environment(path: Path) -> dict[str, str]:
    return {name: str(value) for name, value in read_json_object(path).items()}
