"""What the studio knows of a run, from its folder and its jobs."""

import json
import os
from pathlib import Path

import pytest

from mekiki.config import make_config
from mekiki.doors.studio.jobs import END, Job
from mekiki.doors.studio.run_facts import facts_of, list_runs
from mekiki.doors.studio.studio import Studio
from mekiki.files import write_json
from mekiki.records.run import RunFolder, Status, write_config, write_status


def begin_run(path: Path, state: str = "running", message: str = "") -> RunFolder:
    path.mkdir(parents=True)
    run = RunFolder(path)
    write_config(run, make_config("/photos", backbone="nin_small", weights="none"))
    write_status(run, Status(state=state, message=message))  # type: ignore[arg-type]
    return run


def ended_job(studio: Studio, path: Path, number: int = 1, code: int = 1, stopped: bool = False, log: str = "") -> Job:
    """Write the folder of a job that ended."""
    folder = studio.jobs.folder / f"{number:04}-train"
    folder.mkdir()
    about = {"run": str(path), "photos": "/photos"}
    record = {"kind": "train", "title": "t", "arguments": ["train"], "lane": "long", "about": about, "asked": number}
    write_json(folder / "job.json", record)
    write_json(folder / END, {"code": code, "stopped": stopped})
    (folder / "log.txt").write_text(log)
    return studio.jobs.all()[0]


@pytest.mark.parametrize("state", ["done", "stopped", "failed"])
def test_a_run_that_said_how_it_ended_is_believed(studio: Studio, state: str):
    begin_run(studio.workspace.runs / "a", state)
    assert facts_of(studio, studio.workspace.runs / "a").state == state


def test_a_run_that_says_it_runs_while_nobody_is_at_it_was_cut_off_and_can_go_on(studio: Studio):
    path = studio.workspace.runs / "a"
    begin_run(path)
    facts = facts_of(studio, path)
    assert facts.state == "cut_off" and facts.can_resume and facts.backbone == "nin_small"


def test_a_run_outside_the_studio_may_be_somebody_elses_and_is_not_gone_on_with(studio: Studio):
    path = studio.workspace.roots[1] / "a"
    begin_run(path)
    facts = facts_of(studio, path)
    assert facts.state == "elsewhere" and not facts.can_resume


def test_a_job_that_failed_before_there_was_a_run_tells_why(studio: Studio):
    path = studio.workspace.runs / "never"
    ended_job(studio, path, log="error: one class\nhint: two at least\n")
    facts = facts_of(studio, path)
    assert (facts.state, facts.error, facts.can_resume) == ("failed", ("one class", "two at least"), False)
    assert [each.path for each in list_runs(studio)] == [path]


def test_of_several_jobs_of_one_run_the_last_counts(studio: Studio):
    path = studio.workspace.runs / "a"
    ended_job(studio, path, 1, log="error: the first\n")
    ended_job(studio, path, 2, code=130, stopped=True)
    assert facts_of(studio, path).state == "stopped"


def test_a_student_is_not_gone_on_with_as_if_it_had_no_teacher(studio: Studio):
    path = studio.workspace.runs / "a"
    run = begin_run(path, "stopped")
    assert facts_of(studio, path).can_resume
    write_config(run, make_config("/photos", teacher="/runs/teacher"))
    assert not facts_of(studio, path).can_resume


def test_the_headline_is_read_and_a_broken_one_is_no_figure(studio: Studio):
    path = studio.workspace.runs / "a"
    run = begin_run(path, "done")
    figures = {"part": "test", "n": 50, "accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}}
    write_json(run.metrics, figures)
    result = facts_of(studio, path).result
    assert result is not None and (result.part, result.n, result.accuracy.low) == ("test", 50, 0.8)
    for broken in ({**figures, "n": "many"}, {**figures, "accuracy": 0.9}, {}):
        run.metrics.write_text(json.dumps(broken))
        assert facts_of(studio, path).result is None


def test_runs_are_listed_once_and_the_newest_first(studio: Studio):
    for number, name in enumerate(("old", "new")):
        path = studio.workspace.runs / name
        run = begin_run(path, "done")
        os.utime(run.status, (1000 + number, 1000 + number))
    ended_job(studio, studio.workspace.runs / "old", code=0)
    assert [each.name for each in list_runs(studio)] == ["new", "old"]
