"""Jobs and their attendants, with real processes, signals and locks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mekiki.doors.studio.jobs import BEGUN, Job, Jobs
from mekiki.doors.studio.studio import Studio
from mekiki.errors import RunError
from tests.doors.studio.conftest import Waiting, until, until_ended

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and process numbers as Unix has them")


def command_of(job: Job) -> int:
    """Return the number of the command's process."""
    until(lambda: (job.folder / BEGUN).is_file() and (job.folder / BEGUN).read_text() != "")
    return int((job.folder / BEGUN).read_text())


def attendant_of(job: Job) -> int:
    found = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(command_of(job))], capture_output=True, text=True, check=True
    )
    return int(found.stdout)


def test_jobs_of_one_lane_run_one_after_the_other_in_their_order(waiting: Waiting):
    jobs = [waiting.start(name, 0.3) for name in ("a", "b", "c")]
    for job in jobs:
        until_ended(job)
    assert waiting.lines() == ["a began", "a ended", "b began", "b ended", "c began", "c ended"]
    assert [job.state for job in jobs] == ["done"] * 3


def test_a_quick_job_does_not_wait_for_a_long_one(waiting: Waiting):
    long = waiting.start("long")
    waiting.until("long began")
    until_ended(waiting.start("quick", 0.1, lane="quick"))
    assert long.state == "running"


def test_a_waiting_job_that_is_stopped_never_begins_and_the_next_one_takes_its_turn(waiting: Waiting):
    first, second, third = (waiting.start("first"), waiting.start("second", 0.1), waiting.start("third", 0.1))
    waiting.until("first began")
    assert [second.state, third.state] == ["waiting", "waiting"]
    assert waiting.jobs.before(third) == [second, first]
    waiting.jobs.stop(second)
    waiting.jobs.stop(first)
    until_ended(third)
    assert waiting.lines() == ["first began", "first interrupted", "third began", "third ended"]
    assert [first.state, second.state, third.state] == ["stopped", "stopped", "done"]


def test_to_stop_is_one_interruption_as_by_ctrl_c_and_to_stop_again_is_a_second(waiting: Waiting):
    job = waiting.start("figures", needs=2)
    waiting.until("figures began")
    waiting.jobs.stop(job)
    waiting.until("figures interrupted")
    assert job.state == "running" and job.is_stopping, "it is given time for its last words"
    waiting.jobs.stop(job)
    until_ended(job)
    assert waiting.lines().count("figures interrupted") == 2
    assert job.state == "stopped"


def test_an_exit_code_other_than_0_is_a_failure(waiting: Waiting):
    job = waiting.start("wrong", 0.1, code=3)
    until_ended(job)
    assert job.state == "failed"


def test_a_failed_command_tells_its_message_and_its_hint(studio: Studio):
    job = studio.jobs.start(["recipes", "quikc"], "A recipe that is not there", "quick")
    until_ended(job)
    assert job.state == "failed"
    assert job.error == ("there is no recipe 'quikc'", "did you mean quick?")


def test_what_a_command_prints_is_kept(studio: Studio):
    job = studio.jobs.start(["recipes", "--json"], "Recipes", "quick")
    until_ended(job)
    assert job.state == "done" and '"quick"' in job.output


def test_a_job_whose_processes_were_killed_is_lost_and_holds_up_nobody(waiting: Waiting):
    job, after = waiting.start("killed"), waiting.start("after", 0.1)
    waiting.until("killed began")
    attendant, command = attendant_of(job), command_of(job)
    os.kill(attendant, signal.SIGKILL)
    os.kill(command, signal.SIGKILL)
    until(lambda: job.state == "lost")
    until_ended(after)
    assert after.state == "done"


def test_a_command_that_outlives_its_attendant_still_counts_as_running_and_can_be_stopped(waiting: Waiting):
    job, after = waiting.start("orphan"), waiting.start("after", 0.1)
    waiting.until("orphan began")
    attendant = attendant_of(job)
    os.kill(attendant, signal.SIGKILL)
    until(lambda: attendant_of(job) != attendant)
    assert job.state == "running"
    assert "after began" not in waiting.lines(), "two trainings at once would share the cores, or a run folder"
    waiting.jobs.stop(job)
    waiting.until("orphan interrupted")
    until_ended(after)
    assert job.state == "lost"


def test_a_job_outlives_the_process_that_started_it(waiting: Waiting):
    folder, journal = waiting.jobs.folder, waiting.journal
    script = (
        "import os, sys, signal; from pathlib import Path; from mekiki.doors.studio.jobs import Jobs;"
        "Jobs(Path(sys.argv[1])).start(['wait', sys.argv[2], 'heir', '1.5', '1', '0'], 'heir');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", script, str(folder), str(journal)], check=False)
    assert died.returncode == -signal.SIGKILL
    (job,) = Jobs(folder).all()
    until_ended(job)
    assert waiting.lines() == ["heir began", "heir ended"]
    assert job.state == "done"


def test_a_job_that_has_not_ended_cannot_be_forgotten(waiting: Waiting):
    job = waiting.start("busy")
    waiting.until("busy began")
    with pytest.raises(RunError, match="busy has not ended") as caught:
        waiting.jobs.remove(job)
    assert caught.value.hint == "stop it first"
    waiting.jobs.stop(job)
    until_ended(job)
    waiting.jobs.remove(job)
    assert waiting.jobs.all() == []


def test_a_folder_that_holds_no_job_is_passed_over(studio: Studio):
    (studio.jobs.folder / "0001-train").mkdir()
    (studio.jobs.folder / "0002-train").mkdir()
    (studio.jobs.folder / "0002-train" / "job.json").write_text('{"kind": "train"}')
    (studio.jobs.folder / "notes.txt").write_text("")
    assert studio.jobs.all() == []
    assert studio.jobs.find("0001-train") is None


def test_jobs_are_found_by_what_they_are_about(studio: Studio, tmp_path: Path):
    first = studio.jobs.start(["recipes"], "A", "quick", {"run": tmp_path / "a"})
    second = studio.jobs.start(["recipes"], "B", "quick", {"run": tmp_path / "b"})
    again = studio.jobs.start(["recipes"], "A again", "quick", {"run": tmp_path / "a"})
    assert [job.name for job in studio.jobs.about("run", tmp_path / "a")] == [again.name, first.name]
    assert [job.name for job in studio.jobs.all()] == [again.name, second.name, first.name]
