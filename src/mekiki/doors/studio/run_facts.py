"""What is known of a run, from its folder and from its jobs: how far it is, what came out, what can be done with it.

Nothing is kept here: each call reads the disk, so a page shows the truth after a reload, or after the studio was
started again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio
from mekiki.errors import MekikiError
from mekiki.records.evaluation import Estimate, read_json_object
from mekiki.records.run import RunFolder, Status, is_run_folder, read_status

RunState = Literal["waiting", "running", "stopping", "done", "stopped", "failed", "cut_off", "elsewhere"]
UNDER_WAY: tuple[RunState, ...] = ("waiting", "running", "stopping")
_MAKING = ("train", "distill")


@dataclass(frozen=True)
class Result:
    """The figure that a run is known by.

    Attributes:
        part: Of which photos: test or val.
        n: How many.
        accuracy: Share right, with its interval.
    """

    part: str
    n: int
    accuracy: Estimate


@dataclass(frozen=True)
class RunFacts:
    """One run.

    Attributes:
        path: Its folder, which may not be there yet.
        state: How far it is; "elsewhere": begun by other means, and not ended.
        job: The last job that trained it, if this studio started one.
        status: What ``status.json`` says.
        result: Its headline, if it has one.
        backbone: What was trained; empty if not known.
        photos: What it was trained on; empty if not known.
        changed: When something last happened, seconds since 1970.
    """

    path: Path
    state: RunState
    job: Job | None
    status: Status | None
    result: Result | None
    backbone: str
    photos: str
    changed: float

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def day(self) -> str:
        """When something last happened, local time to the minute."""
        return datetime.fromtimestamp(self.changed).strftime("%Y-%m-%d %H:%M") if self.changed else ""

    @property
    def has_model(self) -> bool:
        run = RunFolder(self.path)
        return run.card.is_file() and run.weights.is_file()

    @property
    def can_resume(self) -> bool:
        """Whether a training was begun that can go on, and nobody is at it."""
        config = _json(RunFolder(self.path).config)
        distill = config.get("distill")
        learns_alone = not (isinstance(distill, dict) and distill.get("teacher"))
        return self.state in ("stopped", "failed", "cut_off") and bool(config) and learns_alone

    @property
    def error(self) -> tuple[str, str]:
        """Message and hint of what went wrong; both empty where nothing did."""
        if self.state != "failed":
            return "", ""
        said = self.job.error if self.job is not None and self.job.state == "failed" else ("", "")
        return said if said[0] else (self.status.message if self.status else "", "")


def facts_of(studio: Studio, path: Path) -> RunFacts:
    """Return what is known of a run.

    Args:
        studio: The studio.
        path: The run's folder, which may not be there yet.
    """
    made_by = [job for job in studio.jobs.about("run", path) if job.kind in _MAKING]
    return _facts(studio, path, made_by[0] if made_by else None)


def list_runs(studio: Studio) -> list[RunFacts]:
    """Return all runs of the roots and those that were asked for, what is under way first, then the newest."""
    last: dict[Path, Job] = {}
    for job in studio.jobs.all():
        if job.kind in _MAKING and "run" in job.about:
            last.setdefault(Path(job.about["run"]), job)
    paths = dict.fromkeys([*last, *studio.workspace.find_runs()])
    facts = [_facts(studio, path, last.get(path)) for path in paths]
    return sorted(facts, key=_order)


def _order(facts: RunFacts) -> tuple[bool, float]:
    number = facts.job.number if facts.job is not None and facts.state in UNDER_WAY else 0
    return (facts.state not in UNDER_WAY, number or -facts.changed)


def _facts(studio: Studio, path: Path, job: Job | None) -> RunFacts:
    run = RunFolder(path)
    status = _status(run)
    config = _json(run.config)
    model = config.get("model")
    photos = str(config.get("data", "")) or (job.about.get("photos", "") if job is not None else "")
    backbone = str(model.get("backbone", "")) if isinstance(model, dict) else str(_json(run.card).get("backbone", ""))
    state = _state(studio, path, job, status)
    return RunFacts(path, state, job, status, read_result(run), backbone, photos, _changed(run, job))


def _state(studio: Studio, path: Path, job: Job | None, status: Status | None) -> RunState:
    if job is not None and job.state not in ENDED:
        return "waiting" if job.state == "waiting" else "stopping" if job.is_stopping else "running"
    said = None if status is None else status.state
    if said is not None and said != "running":
        return said
    if job is not None and not (said is None and is_run_folder(path)):
        return "failed" if job.state == "failed" else "stopped" if job.state == "stopped" else "cut_off"
    if said is None and is_run_folder(path):
        return "done"
    return "cut_off" if studio.workspace.runs in path.parents else "elsewhere"


def read_result(run: RunFolder) -> Result | None:
    """Return the figure that a run is known by; None while there is none."""
    content = _json(run.metrics)
    try:
        return Result(str(content["part"]), int(str(content["n"])), Estimate.model_validate(content["accuracy"]))
    except (KeyError, ValueError):
        return None


def _status(run: RunFolder) -> Status | None:
    try:
        return read_status(run)
    except MekikiError:
        return None


def _json(path: Path) -> dict[str, object]:
    try:
        return read_json_object(path)
    except MekikiError:
        return {}


def _changed(run: RunFolder, job: Job | None) -> float:
    times = [0.0 if job is None else job.asked]
    for path in (run.status, run.history, run.card):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times)
