"""The folder of parts: the list is frozen, parts are whole or absent, and other work is never mixed in."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.cluster.listing import Listed
from mekiki.cluster.parts import LISTING, Job, open_job, prepare_job
from mekiki.cluster.running import choose_replicas
from mekiki.config import ClusterSettings
from mekiki.errors import RunError, SettingsError


def rows(count: int, first: str = "0.jpg") -> Iterator[Listed]:
    for number in range(count):
        yield Listed(f"{number}.jpg" if number else first, f"/photos/{number}.jpg", str(number), "red", "g")


def write(job: Job, part: int) -> None:
    own = job.read_list(part)
    job.write(part, own, {"value": pa.array([row.number for row in own])})


def test_the_rows_of_all_parts_are_those_of_the_list(tmp_path: Path) -> None:
    job = prepare_job(tmp_path / "out", rows(23), 5, {"top": 5})
    assert job.parts == 5 and [len(job.rows_of(part)) for part in range(5)] == [5, 5, 5, 5, 3]
    for part in reversed(range(job.parts)):
        assert not job.is_whole(part)
        write(job, part)
        assert job.is_whole(part)
    assert [row["row"] for row in job.rows_read()] == list(range(23))
    assert [row["path"] for row in job.rows_read()] == [each.path for each in rows(23)]
    assert job.read_list(4)[2].listed == list(rows(23))[22]
    assert open_job(tmp_path / "out") == job


def test_a_name_that_is_no_text_keeps_its_bytes(tmp_path: Path) -> None:
    odd = Listed("\\udcff.jpg", "/photos/\udcff.jpg")
    job = prepare_job(tmp_path / "out", iter([odd]), 5, {})
    assert job.read_list(0)[0].listed == odd


def test_a_part_that_was_cut_or_belongs_to_other_work_is_not_whole(tmp_path: Path) -> None:
    job = prepare_job(tmp_path / "out", rows(12), 5, {})
    other = prepare_job(tmp_path / "other", rows(12, "else.jpg"), 5, {})
    write(job, 0)
    write(other, 1)
    content = job.file(0).read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], b""):
        job.file(0).write_bytes(damaged)
        assert not job.is_whole(0)
    job.file(1).write_bytes(other.file(1).read_bytes())
    assert not job.is_whole(1), "its list was another"
    job.file(1).unlink()
    with pytest.raises(RunError, match=r"part-000001.parquet cannot be read: .*\nhint: start again"):
        job.read(1)
    write(job, 2)
    job.file(2).rename(job.file(0))
    assert not job.is_whole(0), "it has the rows of another part"
    with pytest.raises(RunError, match=r"part-000000\.parquet does not hold the rows of its part"):
        job.read(0)


def test_the_same_work_is_gone_on_with_and_other_work_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    job = prepare_job(out, rows(12), 5, {"top": 5, "model": "a"})
    before = (out / LISTING).stat().st_mtime_ns
    assert prepare_job(out, rows(12), 5, {"top": 5, "model": "a"}) == job
    assert (out / LISTING).stat().st_mtime_ns == before
    assert {path.name for path in out.iterdir()} == {"job.json", LISTING, "parts"}
    with pytest.raises(
        SettingsError, match=r"another list \(of 12 rows, and this one has 13\)\nhint: name a new folder"
    ):
        prepare_job(out, rows(13), 5, {"top": 5, "model": "a"})
    with pytest.raises(SettingsError, match=r"another list \(of 12 rows, and this one has 12\)"):
        prepare_job(out, rows(12, "new.jpg"), 5, {"top": 5, "model": "a"})
    with pytest.raises(SettingsError, match=r"made otherwise \(model: 'a', and now 'b'\)"):
        prepare_job(out, rows(12), 5, {"top": 5, "model": "b"})
    with pytest.raises(SettingsError, match=r"made otherwise \(part_size: 5, and now 6\)"):
        prepare_job(out, rows(12), 6, {"top": 5, "model": "a"})
    (out / "job.json").unlink()
    assert prepare_job(out, rows(12), 5, {"top": 5, "model": "a"}) == job, "it had been begun, and no more"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "own.txt").touch()
    with pytest.raises(SettingsError, match="already holds files"):
        prepare_job(tmp_path / "full", rows(1), 5, {})
    with pytest.raises(SettingsError, match="the list is empty"):
        prepare_job(tmp_path / "none", rows(0), 5, {})
    with pytest.raises(RunError, match="holds no answers in parts"):
        open_job(tmp_path / "full")


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 8)), min_size=1, max_size=5), st.integers(1, 8))
def test_as_many_replicas_as_there_is_room_for(shapes: list[tuple[int, int]], cores: int) -> None:
    machines = [{"CPU": float(cpus), "GPU": float(gpus)} for cpus, gpus in shapes]
    settings = ClusterSettings(cores=cores)
    room = sum(cpus // cores for cpus, _ in shapes)
    if room:
        assert choose_replicas(machines, settings, "cpu", 10**6) == (room, False)
        assert choose_replicas(machines, settings, "cpu", 1) == (1, False)
    else:
        with pytest.raises(RunError, match=f"no machine of the cluster has {cores} cores for a replica"):
            choose_replicas(machines, settings, "cpu", 10**6)
    on_gpu = sum(min(cpus // cores, gpus) for cpus, gpus in shapes)
    if on_gpu:
        assert choose_replicas(machines, settings, "auto", 10**6) == (on_gpu, True)
