import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import pytest

from mekiki.data.scans import crew
from mekiki.data.scans.crew import look_at_all
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.worker import READY
from tests.data.made_pictures import encoded, scene, write_tree

ALWAYS, NEVER = 0, 10**9


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Ninety photos, some of them broken, one with a name in another script."""
    root = tmp_path_factory.mktemp("crew")
    content = {f"{number}.jpg": encoded(scene(number)) for number in range(80)}
    content |= {"cut.jpg": encoded(scene(1))[:900], "text.jpg": b"text", "写真 ü.png": encoded(scene(90), "PNG")}
    write_tree(root, content)
    return [str(root / name) for name in [*content, *(f"gone {number}.jpg" for number in range(7))]]


def plain(looks: list) -> list:
    return [(look.sha256, look.facts, look.measures, look.sketch, look.error) for look in looks]


@pytest.mark.parametrize("processes_from", [ALWAYS, NEVER])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_looks_come_in_order_and_are_the_same_whoever_looked(
    files: list[str], workers: int, processes_from: int
) -> None:
    looks = list(look_at_all(files, 100.0, workers, processes_from))
    assert plain(looks) == plain([look_at(path, 100.0) for path in files])


def test_processes_really_look(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(path: str, max_megapixels: float) -> None:
        raise AssertionError(f"{path} was looked at by this process")

    monkeypatch.setattr(crew, "look_at", never)
    assert len(list(look_at_all(files, 100.0, 2, ALWAYS))) == len(files)


def workers_alive() -> list[str]:
    found = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    own = str(os.getpid())
    return [line for line in found.splitlines() if "mekiki.data.scans.worker" in line and line.split()[1] == own]


@pytest.mark.skipif(sys.platform == "win32", reason="ps is not there")
def test_nothing_is_left_behind_when_the_scan_is_broken_off(files: list[str]) -> None:
    before = threading.active_count()
    looks = look_at_all(files * 20, 100.0, 2, ALWAYS)
    next(looks)
    assert len(workers_alive()) == 2
    looks.close()
    assert workers_alive() == [] and threading.active_count() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_a_worker_that_is_killed_is_replaced(files: list[str]) -> None:
    looks = look_at_all(files * 10, 100.0, 2, ALWAYS)
    found = [next(looks)]
    os.kill(int(workers_alive()[0].split()[0]), signal.SIGKILL)
    found += looks
    assert plain(found) == plain([look_at(path, 100.0) for path in files] * 10)


def test_where_no_worker_can_be_started_threads_do_it(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = plain([look_at(path, 100.0) for path in files])
    for program in ("/no/such/python", sys.executable + "-missing"):
        monkeypatch.setattr(sys, "executable", program)
        assert plain(list(look_at_all(files, 100.0, 2, ALWAYS))) == expected


def test_a_program_that_only_holds_a_python_is_not_started(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    monkeypatch.setattr(sys, "executable", "/opt/paint/paint")
    assert len(list(look_at_all(files[:9], 100.0, 2, ALWAYS))) == 9


def test_a_module_in_the_working_folder_is_not_run(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    monkeypatch.chdir(tmp_path)
    assert len(list(look_at_all(files, 100.0, 2, ALWAYS))) == len(files)
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_a_script_without_a_main_guard_and_its_workers(files: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom mekiki.data.scans.crew import look_at_all\n"
        "files = sys.argv[1:] * 200\n"
        "for number, look in enumerate(look_at_all(files, 100.0, 2, 0)):\n"
        "    if number == 50:\n        print('under way', flush=True)\n"
    )
    run = subprocess.Popen(
        [sys.executable, str(script), *files[:40]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert run.stdout is not None and run.stdout.readline() == b"under way\n"
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode != 0 and errors.count(b"Traceback") == 1 and b"KeyboardInterrupt" in errors
    time.sleep(0.2)
    left = subprocess.run(["ps", "-eo", "pgid,args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in left.splitlines() if line.split()[0] == str(run.pid)]


def test_a_worker_ends_with_its_input() -> None:
    run = subprocess.run([sys.executable, "-m", "mekiki.data.scans.worker"], input=b"", capture_output=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, READY, b"")


def test_opencv_has_its_threads_back(files: list[str]) -> None:
    before = cv2.getNumThreads()
    for workers in (1, 3):
        list(look_at_all(files[:5], 100.0, workers))
        assert cv2.getNumThreads() == before
