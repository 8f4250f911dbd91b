"""Writers at the same time: none loses what another wrote, and nothing of it lies among the photos."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from mekiki.errors import MekikiError
from mekiki.files import cache_folder, write_text
from mekiki.records import decisions, locking
from mekiki.records.decisions import Decision, append_decisions, read_decisions, remove_decision
from mekiki.records.locking import locked

WRITER = """
import sys
from pathlib import Path
from mekiki.records.decisions import Decision, append_decisions, remove_decision
file, name = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for number in range(40):
    append_decisions(file, [Decision(f"{name}/{number}", "exclude")])
    if number % 4 == 0:
        assert remove_decision(file, Decision(f"{name}/{number}", "exclude"))
"""


def names_left(writers: int, each: int) -> set[str]:
    return {f"{writer}/{number}" for writer in range(writers) for number in range(each) if number % 4}


def write_in_threads(file: Path, writers: int, each: int) -> None:
    together = threading.Barrier(writers)

    def work(writer: int) -> None:
        together.wait()
        for number in range(each):
            append_decisions(file, [Decision(f"{writer}/{number}", "exclude")])
            if number % 4 == 0:
                assert remove_decision(file, Decision(f"{writer}/{number}", "exclude"))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, range(writers)))


def test_threads_lose_nothing_of_each_other(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    write_in_threads(file, 12, 8)
    paths = [decision.path for decision in read_decisions(file)]
    assert (len(paths), set(paths)) == (12 * 6, names_left(12, 8))


@pytest.mark.parametrize(("with_lock", "kept"), [(True, 2), (False, 1)])
def test_two_that_read_before_either_writes_lose_a_line_and_the_lock_prevents_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_lock: bool, kept: int
) -> None:
    """Each writer waits for the other one to have read as well, which with the lock does not happen."""
    both_have_read = threading.Barrier(2)

    def write_late(path: Path, content: str) -> None:
        with suppress(threading.BrokenBarrierError):
            both_have_read.wait(timeout=0.5 if with_lock else 20)
        write_text(path, content)

    monkeypatch.setattr(decisions, "write_text", write_late)
    if not with_lock:
        monkeypatch.setattr(decisions, "locked", lambda path: nullcontext())
    file = tmp_path / "decisions.csv"
    file.write_text("path,action\n")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: append_decisions(file, [Decision(name, "exclude")]), ("a", "b")))
    assert len(read_decisions(file)) == kept


def test_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(name)], stdin=subprocess.PIPE, text=True)
        for name in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(60) for process in processes] == [0, 0]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    paths = [decision.path for decision in read_decisions(file)]
    assert (len(paths), set(paths)) == (60, names_left(2, 40))


def test_nothing_but_the_decisions_lies_among_the_photos(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    append_decisions(photos / "decisions.csv", [Decision("a", "exclude")])
    assert [path.name for path in photos.iterdir()] == ["decisions.csv"]


def test_every_name_of_a_file_has_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEKIKI_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    for name in ("photos/decisions.csv", "link/decisions.csv", "photos/../photos/decisions.csv"):
        with locked(Path(name)):
            pass
    with locked(tmp_path / "photos" / "decisions.csv"):
        pass
    assert len(list((tmp_path / "cache" / "locks").iterdir())) == 1
    with locked(tmp_path / "decisions.csv"):
        pass
    assert len(list((tmp_path / "cache" / "locks").iterdir())) == 2


def test_a_writer_that_never_ends_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.1)
    file = tmp_path / "decisions.csv"
    seen: list[str] = []

    def other() -> None:
        with pytest.raises(MekikiError) as caught:
            append_decisions(file, [Decision("a", "exclude")])
        seen.append(str(caught.value))

    with locked(file):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [
        f"{file} has been in another writer's hands for 0.1 seconds\n"
        "hint: close what else of mekiki writes there, or try again when it is done"
    ]
    assert append_decisions(file, [Decision("a", "exclude")])


def test_the_lock_is_free_again_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(RuntimeError), locked(tmp_path / "decisions.csv"):
        raise RuntimeError
    with locked(tmp_path / "decisions.csv"):
        pass


def test_a_cache_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEKIKI_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        MekikiError,
        match=r"cannot lock .*decisions.csv: .*locks cannot be written to \(.+\)\nhint: set MEKIKI_CACHE to",
    ):
        append_decisions(tmp_path / "decisions.csv", [Decision("a", "exclude")])
    assert not (tmp_path / "decisions.csv").exists()


def test_a_user_without_a_home_locks_in_the_systems_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "cache_folder", lambda: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with locked(tmp_path / "decisions.csv"):
        assert len(list((tmp_path / "temporary" / "mekiki" / "locks").iterdir())) == 1


def test_locks_lie_in_the_cache_folder(tmp_path: Path) -> None:
    cache = cache_folder()
    assert cache is not None and os.environ["MEKIKI_CACHE"] == str(cache)
    before = set((cache / "locks").glob("*"))
    with locked(tmp_path / "decisions.csv"):
        assert len(set((cache / "locks").glob("*")) - before) == 1
