"""Runs as a person chooses them from a list: those that hold a model, by name and accuracy, the newest first."""

from __future__ import annotations

from mekiki.doors.studio.trained_runs import trained_runs
from mekiki.doors.studio.words import Words
from mekiki.doors.studio.workspace import Workspace


def runs_with_model(workspace: Workspace, words: Words) -> dict[str, str]:
    """Return run folders that hold a model, each with what it is called.

    Args:
        workspace: Where they are looked for.
        words: Of the person's language.

    Returns:
        Path → "name, 93.1 % right".
    """
    called = {}
    for run in trained_runs(workspace):
        if run.headline is None:
            called[str(run.path)] = run.name
        else:
            accuracy = run.headline.accuracy.value
            called[str(run.path)] = words("frame.run_name", run=run.name, accuracy=accuracy)
    return called
