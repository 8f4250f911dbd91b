"""On a real cluster of several raylets: every row once whoever dies, nothing done twice, and the answers of one machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mekiki
from mekiki.cluster.listing import Listed
from mekiki.cluster.parts import Job, open_job, prepare_job
from mekiki.cluster.running import MOST_TRIES, Ran, run_parts
from mekiki.config import AuditSettings, ClusterSettings, ScanSettings
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.progress import Silent
from tests.cluster.conftest import parts_in, raylets, wait_for
from tests.cluster.work import Echo
from tests.conftest import COLOURS, one_pixel_figures, write_photos
from tests.data.made_server import fixed, serving
from tests.evaluation.test_label_errors import write_weights

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills processes by their number"),
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),  # Ray warns of itself
]
ROWS, SIZE = 47, 4


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with raylets(3) as cluster, one_pixel_figures():
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
        self.folder = job.path
        self.error: BaseException | None = None
        arguments = (job, work, ClusterSettings(replicas=replicas), "cpu", "echo", Silent())
        self.thread = threading.Thread(target=self._run, args=arguments)
        self.thread.start()

    def wait_for(self, parts: int) -> None:
        """Return when some parts are there."""
        wait_for(lambda: self.error or len(parts_in(self.folder)) >= parts)
        assert self.error is None, self.error

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


def kill_at_work(job: Job, notes: Path) -> int:
    """Kill a worker while it is at a part, and return the first row of that part."""
    while True:
        first, process = begun(notes)[-1]
        os.kill(process, signal.SIGSTOP)
        if not job.file(first // SIZE).exists():
            os.kill(process, signal.SIGKILL)
            return first
        os.kill(process, signal.SIGCONT)
        time.sleep(0.05)


def test_a_machine_that_dies_in_the_middle_costs_no_row_and_doubles_none(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    running = Running(job, Echo(str(notes), seconds=0.5), replicas=3)
    running.wait_for(3)
    cluster.remove_node(cluster.machines.pop(), allow_graceful=False)
    assert len(parts_in(job.path)) < job.parts
    ran = running.result()
    assert numbers(job) == list(range(ROWS))
    assert (ran.asked, ran.kept) == (ROWS, 0)
    assert len({process for _, process in begun(notes)}) >= 3, "all machines took part"
    assert {path.name[:5] for path in (job.path / "parts").iterdir()} == {"part-"}, "nothing half done is left"


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_its_part_is_done_again(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    running = Running(job, Echo(str(notes), seconds=0.4))
    running.wait_for(2)
    first = kill_at_work(job, notes)
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
    wait_for(
        lambda: not any(Path(f"/proc/{process}").exists() for _, process in begun(notes))
    )  # it may still end a part
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


@pytest.mark.slow
def test_a_part_that_always_ends_its_worker_is_named(cluster: Any, tmp_path: Path) -> None:
    job, notes = begin(tmp_path / "out"), tmp_path / "notes"
    notes.mkdir()
    (job.path / "parts" / ".tries-000002").write_text(str(MOST_TRIES - 1))
    with pytest.raises(RunError, match=rf"part 2 ended its worker {MOST_TRIES} times: rows 8 to 11"):
        run_parts(job, Echo(str(notes), deadly=9), ClusterSettings(replicas=1), "cpu", "echo", Silent())
    assert [row for row, _ in begun(notes)].count(8) == 1


@pytest.mark.slow
def test_a_driver_that_is_killed_is_gone_on_from(tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes"
    notes.mkdir()
    code = (
        "from pathlib import Path; from tests.cluster.test_on_a_cluster import *\n"
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


SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}
IN_PIECES = ClusterSettings(replicas=2, part_size=7)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and beside it the photos that it learnt from."""
    folder = write_photos(tmp_path_factory.mktemp("cluster") / "photos", 12)
    return mekiki.train(folder, folder.parent / "run", **SMALL, epochs=2, horizontal_flip=False).path


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Three classes of 14 other photos: one in two folders, one in the wrong folder, one that is no picture."""
    photos = write_photos(tmp_path / "catalogue", 26)
    for number in range(12):
        for colour in COLOURS:
            (photos / colour / f"{number:03}.png").unlink()
    shutil.copy(photos / "green" / "020.png", photos / "red" / "was_green.png")
    (photos / "red" / "015.png").rename(photos / "blue" / "was_red.png")
    (photos / "blue" / "broken.jpg").write_bytes(b"no picture at all")
    return photos


def test_a_cluster_answers_as_one_machine_does(cluster: Any, trained: Path, catalogue: Path, tmp_path: Path) -> None:
    (catalogue / "red" / "gone.jpg").symlink_to(catalogue / "nowhere.jpg")
    (tmp_path / "list.csv").write_text(
        "id,path,label,group\n7,catalogue/red/016.png,red,g\n8,,blue,\n7,missing.png,red,\n"
    )
    sources = [catalogue / "green", catalogue / "blue", tmp_path / "list.csv"]
    found = list(mekiki.predict(trained, sources, engine="ray", out=tmp_path / "out", cluster=IN_PIECES, top=2))
    plain = list(mekiki.predict(trained, [*sources[:2], catalogue / "red" / "016.png"], top=2))
    for own, other in zip(found, plain, strict=False):
        assert (own.path, own.error, own.known) == (
            other.path if other is not plain[-1] else "catalogue/red/016.png", other.error, other.known
        )  # fmt: skip
        assert [name for name, _ in own.top] == [name for name, _ in other.top]
        assert [chance for _, chance in own.top] == pytest.approx([chance for _, chance in other.top], abs=2e-6)
    assert [each.error for each in found[len(plain) :]] == [
        "is not named: its row of the list gives no path",
        "does not exist",
    ]
    rows = list(open_job(tmp_path / "out").rows_read())
    assert [row["row"] for row in rows] == list(range(len(plain) + 2))
    assert [(row["id"], row["tag"], row["group"]) for row in rows[-3:]] == [
        ("7", "red", "g"),
        ("8", "blue", ""),
        ("7", "red", ""),
    ]
    assert sum(row["error"] is not None for row in rows) == 3
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["rows"], summary["unreadable"], summary["answered"]) == (len(rows), 3, len(rows) - 3)
    with pytest.raises(SettingsError, match=r"holds answers that were made otherwise \(top: 2, and now 3\)"):
        mekiki.predict(trained, sources, engine="ray", out=tmp_path / "out", cluster=IN_PIECES, top=3)
    with pytest.raises(SettingsError, match=r"holds answers about another list \(of \d+ rows, and this one has \d+\)"):
        mekiki.predict(trained, sources[:1], engine="ray", out=tmp_path / "out", cluster=IN_PIECES, top=2)


def test_a_scan_by_a_cluster_is_that_of_one_machine(cluster: Any, catalogue: Path, tmp_path: Path) -> None:
    settings = ScanSettings(remember=False)
    here = mekiki.scan(catalogue, settings=settings)
    there = mekiki.scan(catalogue, tmp_path / "looked", settings, engine="ray", cluster=IN_PIECES)
    assert there == here and {each.kind for each in here.findings} >= {"unreadable", "label_conflict"}
    assert {path.name for path in (tmp_path).iterdir()} == {"catalogue", "looked"}, "no litter"


@pytest.mark.slow
def test_an_audit_by_a_cluster_is_that_of_one_machine(
    cluster: Any, trained: Path, catalogue: Path, tmp_path: Path
) -> None:
    scanning = ScanSettings(remember=False)
    weights = str(write_weights(tmp_path / "weights"))
    alone = AuditSettings(backbone="test_resnet", weights=weights, image_size=48, device="cpu", divisions=2)
    for run, settings in ((trained, AuditSettings(device="cpu")), (None, alone)):
        here = mekiki.audit(run, catalogue, settings=settings, scanning=scanning)
        out = tmp_path / ("by run" if run else "alone")
        there = mekiki.audit(run, catalogue, out, settings, scanning, engine="ray", cluster=IN_PIECES)
        assert [each.path for each in there.listings] == [each.path for each in here.listings]
        for own, other in zip(there.listings, here.listings, strict=True):
            assert (own.suggested, own.reason, own.seen) == (other.suggested, other.reason, other.seen)
            assert own.score == pytest.approx(other.score, abs=1e-4)
        assert (out / "audit.html").is_file() and not (tmp_path / f".{out.name}-ray").exists()


@pytest.mark.slow
def test_photos_behind_addresses_are_scanned_audited_and_asked_about(
    cluster: Any, trained: Path, catalogue: Path, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    settings = ClusterSettings(replicas=1, allow_private=True, robots=False, file_seconds=5)
    with serving() as server:
        files = sorted(path for path in catalogue.rglob("*.*") if path.is_file())
        for path in files:
            server.routes[f"/{path.relative_to(catalogue).as_posix()}"] = fixed(path.read_bytes())
        urls = [server.url(f"/{path.relative_to(catalogue).as_posix()}") for path in files]
        tags = [path.parent.name for path in files]
        pq.write_table(
            pa.table({"url": [*urls, server.url("/no.jpg")], "label": [*tags, "red"]}), tmp_path / "l.parquet"
        )
        found = list(
            mekiki.predict(trained, tmp_path / "l.parquet", engine="ray", out=tmp_path / "o", cluster=settings)
        )
        there = mekiki.audit(
            trained, tmp_path / "l.parquet", tmp_path / "audited", AuditSettings(device="cpu"),
            ScanSettings(remember=False), engine="ray", cluster=settings,
        )  # fmt: skip
    plain = [next(mekiki.predict(trained, path)) for path in files]
    assert [each.label for each in found[:-1]] == [each.label for each in plain]
    assert found[-1].error == "cannot be fetched: the server says 404 Not Found"
    here = mekiki.audit(trained, catalogue, settings=AuditSettings(device="cpu"), scanning=ScanSettings(remember=False))
    scores = {path.relative_to(catalogue).as_posix(): None for path in files}
    scores |= {each.path: each.score for each in here.listings}
    told = {each.path.split("/", 3)[3]: each.score for each in there.listings}
    assert told.pop("no.jpg") is None
    assert told == pytest.approx(scores, abs=1e-4)
