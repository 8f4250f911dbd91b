"""Runs as a person chooses them: those that hold a model, by name and accuracy, the newest first."""

from __future__ import annotations

from collections import Counter

from mekiki.doors.studio.words import Words
from mekiki.doors.studio.workspace import Workspace
from mekiki.errors import MekikiError
from mekiki.records.evaluation import read_metrics
from mekiki.records.run import RunFolder


def runs_with_model(workspace: Workspace, words: Words) -> dict[str, str]:
    """Return run folders that hold a model, each with what it is called.

    Args:
        workspace: Where they are looked for.
        words: Of the person's language.

    Returns:
        Path → "name, 93.1 % right".
    """
    runs = [RunFolder(path) for path in workspace.find_runs()]
    ready = [run for run in runs if run.weights.is_file() and run.card.is_file()]
    taken = Counter(run.path.name for run in ready)
    return {str(run.path): _called(run, taken[run.path.name] > 1, words) for run in ready}


def _called(run: RunFolder, is_taken: bool, words: Words) -> str:
    name = f"{run.path.parent.name}/{run.path.name}" if is_taken else run.path.name
    try:
        evaluations = read_metrics(run.metrics)
    except (MekikiError, OSError):
        return name
    return words("predict.run_name", run=name, accuracy=evaluations[0].accuracy.value) if evaluations else name
