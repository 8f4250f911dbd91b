"""Training on a Ray cluster: room for all, clear refusals, and a lost worker is survived."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

import mekiki
from mekiki.config import TrainSettings, make_config
from mekiki.errors import DataError, SettingsError
from mekiki.progress import Silent
from mekiki.records.history import read_history
from mekiki.records.run import RunFolder, create_run, read_config, read_status, write_config
from mekiki.verbs import cluster
from mekiki.verbs.cluster import FAILED, SAID, _raise_again, _relayed, _work, _Written, cores_each
from mekiki.verbs.request import Request
from mekiki.verbs.resuming import config_to_resume
from tests.training.learning import apart

SETTINGS: dict[str, Any] = {
    "backbone": "test_convnext",
    "weights": "none",
    "image_size": 32,
    "batch_size": 4,
    "epochs": 6,
    "learning_rate": 0.003,
    "optimizer": "sgd",
    "workers": 0,
    "checkpoint_minutes": 0.001,
}


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@given(st.lists(st.integers(0, 64), min_size=1, max_size=5), st.integers(1, 12))
def test_each_replica_has_as_many_cores_as_leave_room_for_all(machines: list[int], replicas: int) -> None:
    cores = cores_each(machines, replicas)
    assert cores == 1 or sum(own // cores for own in machines) >= replicas
    assert sum(own // (cores + 1) for own in machines) < replicas


def test_three_replicas_on_two_machines_of_eight_cores_take_four_each() -> None:
    assert cores_each([8, 8], 3) == 4


def test_refusals(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"replicas 3 go with engine ray; .* torchrun --nproc-per-node 3 -m mekiki"):
        mekiki.train(photos, tmp_path / "run", **SETTINGS, replicas=3)
    monkeypatch.setattr(cluster, "find_spec", lambda name: object())
    with pytest.raises(SettingsError, match="device 'cuda:1' goes with engine local"):
        mekiki.train(photos, tmp_path / "run", **SETTINGS, engine="ray", replicas=2, device="cuda:1")
    with pytest.raises(SettingsError, match="there are 5 replicas, and batches of 4 photos"):
        mekiki.train(photos, tmp_path / "run", **SETTINGS, engine="ray", replicas=5)
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"--engine ray needs the package ray\nhint: pip install 'mekiki.cluster.'"):
        mekiki.train(photos, tmp_path / "run", **SETTINGS, engine="ray", replicas=2)
    assert not (tmp_path / "run").exists()
    assert TrainSettings(engine="ray", replicas=2).replicas == 2


def test_what_a_worker_says_is_told_once_also_after_it_began_anew(tmp_path: Path) -> None:
    told = Told()
    with _relayed(tmp_path / SAID, told):
        _Written(tmp_path / SAID).say("one")
        _Written(tmp_path / SAID).say("two\nand more")
    assert told.lines == ["one", "two and more"]


def test_what_a_worker_fails_with_is_raised_as_it_was(tmp_path: Path) -> None:
    _raise_again(tmp_path / FAILED)
    (tmp_path / FAILED).write_text('{"kind": "DataError", "message": "no photos", "hint": "look"}')
    with pytest.raises(DataError, match="no photos\nhint: look"):
        _raise_again(tmp_path / FAILED)


def test_a_worker_finds_what_settings_name_from_the_folder_of_the_command(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('[about]\nsummary = "mine"\n[settings]\nepochs = 1\n', encoding="utf-8")
    context = SimpleNamespace(get_context=lambda: SimpleNamespace(get_world_rank=lambda: 0))
    monkeypatch.setattr(cluster, "import_module", lambda name: context)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    settings = {**{name: value for name, value in SETTINGS.items() if name != "epochs"}, "recipe": "mine.toml"}
    monkeypatch.chdir(tmp_path)
    asked = replace(Request(str(photos), "run", None, False, settings).elsewhere(), resume=True)
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")  # as Ray does
    _work({"request": asdict(asked), "place": str(tmp_path / "place"), "folder": str(tmp_path), "on_gpus": False})
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    monkeypatch.chdir(tmp_path)
    assert read_status(RunFolder(Path("run"))).state == "done"
    again = mekiki.train(photos, "run", resume=True, **settings)
    assert read_config(again).recipe == "mine.toml" and read_config(again).train.epochs == 1


def test_of_processes_that_torchrun_started_none_starts_a_cluster(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"engine ray starts its processes itself.*\nhint: --engine local"):
        mekiki.train(photos, tmp_path / "run", **SETTINGS, engine="ray", replicas=2)


def test_what_ray_began_goes_on_here(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run")
    write_config(run, make_config("/photos", engine="ray", replicas=4))
    assert config_to_resume(run, None, None, {"engine": "local"}).train.engine == "local"
    assert config_to_resume(run, None, None, {"replicas": 2}).train.replicas == 2


def workers() -> set[int]:
    """Return the processes that train for a Ray cluster on this machine and are of this session."""
    found = set()
    for place in Path("/proc").iterdir():
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace")
            if "RayTrainWorker" in words and os.environ["MEKIKI_CACHE"].encode() in (place / "environ").read_bytes():
                found.add(int(place.name))
        except (OSError, ValueError):
            continue
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(find_spec("ray") is None, reason="needs ray: pip install 'mekiki[cluster]'")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the worker to kill in /proc")
def test_a_lost_worker_is_survived_and_the_result_is_that_of_one_process(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    named = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "mekiki", "train", str(photos), "--out", str(out), *named]
    environment = {**os.environ, "RAY_ADDRESS": "local", "RAY_USAGE_STATS_ENABLED": "0"}
    starter = "import ray, sys; ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False); from mekiki.doors.cli import main; main()"
    command[1:3] = ["-c", starter]
    process = subprocess.Popen(
        [*command, "--engine", "ray", "--replicas", "2"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: list[str] = []
    thread = threading.Thread(target=lambda: lines.extend(process.stdout))
    thread.start()
    try:
        while process.poll() is None and not (out / "history.csv").is_file():
            time.sleep(0.05)
        while process.poll() is None and len(read_history(out / "history.csv")) < 3:
            time.sleep(0.01)
        first = workers()
        assert len(first) == 2, "".join(lines)
        os.kill(max(first), signal.SIGKILL)
        while process.poll() is None:
            first |= workers()
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
        thread.join()
        process.stdout.close()
    words = "".join(lines)
    assert process.returncode == 0, words
    assert len(first) == 4, "the group was started anew"
    assert f"going on with {out}" in words
    run = RunFolder(out)
    assert read_status(run).state == "done" and not (tmp_path / ".run-ray").exists()
    alone = mekiki.train(photos, tmp_path / "alone", **SETTINGS)
    assert apart(load_file(run.weights), load_file(alone.weights)) < 1e-4
    assert [e.val_accuracy for e in read_history(run.history)] == [e.val_accuracy for e in read_history(alone.history)]
