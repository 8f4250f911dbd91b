"""``mekiki distill``: train a small student to imitate a run, and tell what was lost on the way."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.config import Section
from mekiki.data.folders import absolute_path
from mekiki.errors import SettingsError
from mekiki.progress import Progress, Silent
from mekiki.records.comparison import Comparison, read_comparison
from mekiki.records.run import RunFolder, open_run, read_config
from mekiki.verbs.compare import check_margin, compare
from mekiki.verbs.report import report
from mekiki.verbs.resuming import holds_begun_run
from mekiki.verbs.train import train

RECIPE = "student"
MARGIN = 0.05
COMPARISON, FILE = "comparison", "comparison.json"


@dataclass(frozen=True)
class Distilled:
    """A student, and what sets it apart from its teacher.

    Attributes:
        run: Its run folder.
        comparison: Teacher and student on the same unseen photos; with the pictures in ``comparison/`` of the run.
    """

    run: RunFolder
    comparison: Comparison


def distill(
    run: str | Path,
    out: str | Path,
    margin: float = MARGIN,
    progress: Progress | None = None,
    resume: bool = False,
    **settings: Any,
) -> Distilled:
    """Train a student on the photos and the split of a run, to give that run's answers.

    Args:
        run: The teacher: the run folder to imitate.
        out: The student's run folder; ``comparison/`` in it gets the page of teacher against student, and its report
            shows it, too.
        margin: The largest loss of accuracy that does not matter, above 0 and below 1.
        progress: Where to report to.
        resume: Go on with the student that was begun in ``out``, if there is one.
        settings: As for ``train``, and those of ``DistillSettings``: ``temperature``, ``hard``, ``variants``,
            ``extra``. Without ``recipe`` the recipe ``student`` is taken.

    Returns:
        The student's run, and the comparison.

    Raises:
        RunError: ``run`` is no trained run, or the student's folder cannot be written.
        SettingsError: A setting that cannot be, or ``out`` holds something.
        DataError: The photos have gone.
        TrainingError: The loss became NaN.
        KeyboardInterrupt: Ctrl-C; the best snapshot so far, if any, gets its figures, and no comparison is made.

    Example:
        >>> student = mekiki.distill("runs/first", "runs/small", backbone="nin_small")  # doctest: +SKIP
    """
    progress = Silent() if progress is None else progress
    check_margin(margin)
    source = open_run(Path(run))
    config = read_config(source)
    if "teacher" in settings or "distill.teacher" in settings:
        raise SettingsError("the teacher is the run that is named first", "mekiki distill RUN --out STUDENT")
    begun = resume and holds_begun_run(RunFolder(Path(out)))
    own = {
        **({} if begun else {"recipe": RECIPE}),
        **_given(config.scan, "scan"),
        **settings,
        "distill.teacher": str(absolute_path(source.path)),
    }
    student = train(config.data, out, source.split, progress, resume, **own)
    place = student.path / COMPARISON
    if not _is_made(place, margin):
        shutil.rmtree(place, ignore_errors=True)
        compare([source.path, student.path], out=place, margin=margin, progress=progress)
    report(student.path, comparison=[place], progress=progress)
    return Distilled(student, read_comparison(place / FILE))


def _is_made(place: Path, margin: float) -> bool:
    """Tell whether a student has its comparison already: its page is written last."""
    if not (place / "comparison.html").is_file():
        return False
    equal = read_comparison(place / FILE).pairs[0].equivalence
    return equal is not None and equal.margin == margin


def _given(section: Section, name: str) -> dict[str, Any]:
    """Return a section's values that are not the defaults, by their long names."""
    return {f"{name}.{field}": value for field, value in section.model_dump(exclude_defaults=True).items()}
