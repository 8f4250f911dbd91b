"""Lost machines, workers and drivers: every row comes out once, and what was done is not done again."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mekiki.cluster.listing import Listed
from mekiki.cluster.parts import Job, prepare_job
from mekiki.cluster.running import MOST_TRIES, Ran, run_parts
from mekiki.config import ClusterSettings
from mekiki.errors import DataError, RunError
from mekiki.progress import Silent
from tests.cluster.conftest import parts_in, raylets, wait_for
from tests.cluster.work import Echo

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills processes by their number"),
    pytest.mark.timeout(600),
]
ROWS, SIZE = 47, 4


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with raylets(3) as cluster:
        yield cluster


def begin(folder: Path) -> Job:
    return prepare_job(folder, (Listed(f"{n}.jpg", f"/photos/{n}.jpg", f"id {n}") for n in range(ROWS)), SIZE, {})


def numbers(job: Job) -> list[int]:
    rows = list(job.rows_read())
    assert all(row["twice"] == 2 * row["row"] and row["path"] == f"{row['row']}.jpg" for row in rows)
    return [row["row"] for row in rows]


class Running:
    """Parts being done in a thread."""

    def __init__(self, job: Job, work: Echo, replicas: int = 2) -> None:
        self.ran: Ran | None = None
        self.error: BaseException | None = None
        arguments = (job, work, ClusterSettings(replicas=replicas), "cpu", "echo", Silent())
        self.thread = threading.Thread(target=self._run, args=arguments)
        self.thread.start()

    def _run(self, *arguments: Any) -> None:
        try:
            self.ran = run_parts(*arguments)
        except BaseException as error:
            self.error = error

    def result(self) -> Ran:
        self.thread.join(200)
        assert self.error is None, self.error
        assert self.ran is not None
        return self.ran


def begun(notes: Path) -> list[tuple[int, int]]:
    """Return the first row and the process of each part that was begun, in order."""
    named = sorted(notes.iterdir(), key=lambda file: int(file.name.split("-")[2]))
    return [(int(file.name.split("-")[0]), int(file.name.split("-")[1])) for file in named]


def test_a_machine_that_dies_in_the_middle_costs_no_row_and_doubles_none(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    running = Running(job, Echo(str(notes), seconds=0.5), replicas=3)
    wait_for(lambda: len(parts_in(job.path)) >= 3)
    cluster.remove_node(cluster.machines.pop(), allow_graceful=False)
    assert len(parts_in(job.path)) < job.parts
    ran = running.result()
    assert numbers(job) == list(range(ROWS))
    assert (ran.asked, ran.kept) == (ROWS, 0)
    assert len({process for _, process in begun(notes)}) >= 3, "all machines took part"
    assert {path.name[:5] for path in (job.path / "parts").iterdir()} == {"part-"}, "nothing half done is left"


def test_a_worker_that_is_killed_is_replaced_and_its_part_is_done_again(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    running = Running(job, Echo(str(notes), seconds=0.4))
    wait_for(lambda: len(parts_in(job.path)) >= 2)
    first, process = begun(notes)[-1]
    os.kill(process, signal.SIGKILL)
    running.result()
    assert numbers(job) == list(range(ROWS))
    times = Counter(row for row, _ in begun(notes))
    assert times[first] == 2 and times.total() <= job.parts + 2, "what was done was not done again"


def test_a_restart_asks_only_about_what_is_missing(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    work = Echo(str(notes))
    with pytest.raises(DataError, match="row 30 is refused\nhint: leave it out"):
        run_parts(job, Echo(str(notes), 0.1, refuses=30), ClusterSettings(replicas=1), "cpu", "echo", Silent())
    whole = {path.name: path.stat().st_mtime_ns for path in parts_in(job.path)}
    assert 0 < len(whole) < job.parts
    job.file(0).write_bytes(job.file(0).read_bytes()[:-20])
    for note in notes.iterdir():
        note.unlink()
    again = begin(tmp_path / "out")
    assert again == job
    ran = run_parts(again, work, ClusterSettings(replicas=1), "cpu", "echo", Silent())
    assert ran.asked == ROWS - SIZE * (len(whole) - 1) and ran.kept == ROWS - ran.asked
    assert sorted(row for row, _ in begun(notes)) == [
        SIZE * part for part in range(job.parts) if part == 0 or f"part-{part:06}.parquet" not in whole
    ]
    assert numbers(job) == list(range(ROWS))
    kept = {path.name: path.stat().st_mtime_ns for path in parts_in(job.path)}
    assert all(kept[name] == time for name, time in whole.items() if name != "part-000000.parquet")
    assert run_parts(again, work, ClusterSettings(), "cpu", "echo", Silent()).replicas == 0, "all is there"


def test_a_part_that_always_ends_its_worker_is_named(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    (job.path / "parts" / ".tries-000002").write_text(str(MOST_TRIES - 1))
    with pytest.raises(RunError, match=rf"part 2 ended its worker {MOST_TRIES} times: rows 8 to 11"):
        run_parts(job, Echo(str(notes), deadly=9), ClusterSettings(replicas=1), "cpu", "echo", Silent())
    assert [row for row, _ in begun(notes)].count(8) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_driver_that_is_killed_is_gone_on_from(tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes"
    notes.mkdir()
    code = (
        "from pathlib import Path; from tests.cluster.test_lost import *\n"
        f"run_parts(begin(Path({str(out)!r})), Echo({str(notes)!r}, 0.5), ClusterSettings(), 'cpu', 'e', Silent())"
    )
    environment = {**os.environ, "RAY_ADDRESS": "local", "PYTHONPATH": os.pathsep.join(["src", "."])}
    root = Path(__file__).parents[2]
    driver = subprocess.Popen([sys.executable, "-c", code], cwd=root, env=environment)
    try:
        wait_for(lambda: len(parts_in(out)) >= 3, 300)
    finally:
        driver.kill()
        driver.wait()
    done = len(parts_in(out))
    before = Counter(row for row, _ in begun(notes))
    assert done < -(-ROWS // SIZE)
    subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, check=True, timeout=300)
    job = begin(out)
    assert numbers(job) == list(range(ROWS))
    times = Counter(row for row, _ in begun(notes))
    again = [row for row, count in before.items() if times[row] > count]
    assert len(again) <= 2, "only what was under way when the driver died was begun again"
