"""Several processes give the result of one, and come to an end together."""

import json
import multiprocessing
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import mekiki
from mekiki.errors import MekikiError, SettingsError
from mekiki.progress import Silent
from mekiki.records.history import read_history
from mekiki.records.run import RunFolder, read_status
from mekiki.training import distributed
from mekiki.training.distributed import Team, joined
from mekiki.training.launched import launched, speaks
from tests.conftest import PRELOADED, one_pixel_figures, write_photos
from tests.training.learning import Case, apart, in_one, learnt

ROUNDING = 2e-6
CASES = {
    "unequal shares": Case(((5,), (4,), (3,))),
    "weighed, mixed, accumulated": Case(((5, 4), (4, 3), (2,)), weighed=True, mixed=True, average=0.5),
    "fewer photos than processes": Case(((6,), (2,), (4, 1)), weighed=True),
    "trained norms": Case(((7,), (6,)), "test_resnet", batch_norm="trained"),
    "trained norms with activations": Case(((7,), (6,)), "nin_small", batch_norm="trained"),
}
SETTINGS: dict[str, Any] = {
    "backbone": "test_convnext",
    "weights": "none",
    "image_size": 32,
    "batch_size": 5,
    "epochs": 3,
    "learning_rate": 0.003,
    "optimizer": "sgd",
    "class_weights": True,
    "mixup": 0.3,
    "precision": "float32",
    "refit": "off",
    "workers": 0,
}


def in_processes(count: int, work: Callable[..., None], *arguments: Any, seconds: float = 120) -> list[int | None]:
    """Call something in several processes as a launcher would; return how each ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    processes = [context.Process(target=_as_one, args=(rank, count, port, work, arguments)) for rank in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(seconds)
    for process in processes:
        process.kill()
        process.join()
    return [process.exitcode for process in processes]


def _as_one(rank: int, count: int, port: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in names.items()})
    torch.set_num_threads(1)
    with one_pixel_figures():
        work(rank, *arguments)


def _learn_all(rank: int, folder: Path) -> None:
    with joined("cpu") as team:
        for name, case in CASES.items():
            weights, figures = learnt(case, team)
            if team.is_first:
                save_file({key: value.contiguous() for key, value in weights.items()}, folder / f"{name}.safetensors")
                (folder / f"{name}.json").write_text(json.dumps(figures))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What three processes learnt in all cases."""
    folder = tmp_path_factory.mktemp("together")
    assert in_processes(3, _learn_all, folder) == [0, 0, 0]
    return folder


@pytest.mark.parametrize("name", CASES)
def test_three_processes_learn_what_one_learns(together: Path, name: str) -> None:
    # trained norms take their statistics batch by batch; the other cases are the same as one large batch
    alone, figures = learnt(CASES[name] if "norms" in name else in_one(CASES[name]))
    assert apart(alone, load_file(together / f"{name}.safetensors")) < ROUNDING
    theirs = json.loads((together / f"{name}.json").read_text())
    assert [right for _, right in theirs] == [right for _, right in figures]
    assert [loss for loss, _ in theirs] == pytest.approx([loss for loss, _ in figures], rel=1e-5)


def _train(rank: int, photos: Path, out: Path, settings: dict[str, Any], resume: bool) -> None:
    try:
        mekiki.train(photos, out, resume=resume, **settings)
    except MekikiError as error:
        (photos.parent / f"error-{rank}.txt").write_text(str(error))
        raise SystemExit(error.exit_code) from None


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("distributed") / "photos", 12)


@pytest.fixture(scope="module")
def alone(photos: Path) -> RunFolder:
    return mekiki.train(photos, photos.parent / "alone", **SETTINGS)


def same_result(run: RunFolder, other: RunFolder) -> None:
    assert run.split.read_bytes() == other.split.read_bytes()
    assert apart(load_file(run.weights), load_file(other.weights)) < 20 * ROUNDING
    ours, theirs = read_history(run.history), read_history(other.history)
    assert [(e.train_accuracy, e.val_accuracy, e.best) for e in ours] == [
        (e.train_accuracy, e.val_accuracy, e.best) for e in theirs
    ]
    assert [e.val_loss for e in ours] == pytest.approx([e.val_loss for e in theirs], rel=1e-4)


def test_a_training_of_two_is_that_of_one_and_leaves_one_run_folder(photos: Path, alone: RunFolder) -> None:
    run = RunFolder(photos.parent / "two")
    assert in_processes(2, _train, photos, run.path, SETTINGS, False) == [0, 0]
    assert read_status(run).state == "done"
    same_result(run, alone)
    assert {path.name for path in run.path.iterdir()} == {path.name for path in alone.path.iterdir()}
    assert not list(run.path.rglob(".*"))


def test_what_one_began_two_can_end(photos: Path, alone: RunFolder) -> None:
    run = RunFolder(photos.parent / "begun")
    shutil.copytree(_stopped(photos).path, run.path)
    assert in_processes(2, _train, photos, run.path, {}, True) == [0, 0]
    same_result(run, alone)


def test_the_first_of_two_fits_the_head_anew(photos: Path) -> None:
    """A discriminant magnifies rounding, so it is its answers that must be those of one process."""
    settings = {**SETTINGS, "epochs": 1, "refit": "views"}
    alone = mekiki.train(photos, photos.parent / "alone-refit", **settings)
    run = RunFolder(photos.parent / "two-refit")
    assert in_processes(2, _train, photos, run.path, settings, False) == [0, 0]
    ours, theirs = load_file(run.weights), load_file(alone.weights)
    head = {name: ours.pop(name) - theirs.pop(name) for name in ("head.linear.weight", "head.linear.bias")}
    assert apart(ours, theirs) < 20 * ROUNDING
    assert head["head.linear.weight"].abs().max() < 0.1
    pictures = sorted(photos.rglob("*.*"))
    np.testing.assert_allclose(
        mekiki.load(run.path).predict_proba(pictures), mekiki.load(alone.path).predict_proba(pictures), atol=0.01
    )


def _stopped(photos: Path) -> RunFolder:
    """Return a run of one process that failed after its first epoch."""

    class Failing(Silent):
        def say(self, line: str) -> None:
            if line.startswith("epoch 1/"):
                raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        mekiki.train(photos, photos.parent / "stopped", progress=Failing(), **SETTINGS)
    return RunFolder(photos.parent / "stopped")


def _vanishing(rank: int, photos: Path, out: Path, settings: dict[str, Any]) -> None:
    """Train; in the second process a photo cannot be read any more after the first epoch."""
    if rank == 1:
        step = distributed.Team.total

        def total(self: Team, figures: torch.Tensor) -> torch.Tensor:
            if (out / "history.csv").is_file():
                raise OSError(5, "Input/output error", "photo.png")
            return step(self, figures)

        distributed.Team.total = total  # type: ignore[method-assign]
    _train(rank, photos, out, settings, False)


def test_where_one_fails_the_others_say_so_and_end(photos: Path) -> None:
    out = photos.parent / "failing"
    assert in_processes(2, _vanishing, photos, out, SETTINGS, seconds=60) == [1, 1]
    first, second = ((photos.parent / f"error-{rank}.txt").read_text() for rank in range(2))
    assert second.startswith("photo.png: Input/output error")
    assert first.startswith("another process of this training ended\nhint: its own line says why")
    status = read_status(RunFolder(out))
    assert (status.state, status.message) == ("failed", "another process of this training ended")
    run = mekiki.train(None, out, resume=True)
    assert read_status(run).state == "done"


def test_what_the_first_refuses_ends_all(photos: Path, tmp_path: Path) -> None:
    codes = in_processes(
        2, _train, photos, tmp_path / "run", {**SETTINGS, "train": 500, "val": 4, "test": 4}, False, seconds=60
    )
    assert codes == [1, 1]
    first, second = ((photos.parent / f"error-{rank}.txt").read_text() for rank in range(2))
    assert "train" in first and "hint: the most that fits" in first
    assert second.startswith("the first process of the training could not go on\nhint: its own line says why")
    assert not (tmp_path / "run").exists()


def test_more_processes_than_photos_in_a_batch_are_refused(photos: Path, tmp_path: Path) -> None:
    assert in_processes(3, _train, photos, tmp_path / "run", {**SETTINGS, "batch_size": 2}, False) == [2, 2, 2]
    words = (photos.parent / "error-0.txt").read_text()
    assert words == "there are 3 processes, and batches of 2 photos to share out\nhint: --batch-size 3 or more"


def test_a_device_for_one_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    assert launched() and not speaks()
    with pytest.raises(SettingsError, match="device 'cuda:1' was asked for, and each of several processes needs one"):
        with joined("cuda:1"):
            pass
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(SettingsError, match="process 1 of this machine has no GPU of its own: torch finds 1"):
        with joined("auto"):
            pass


@pytest.mark.parametrize(("rank", "told"), [("0", 1), ("1", 0)])
def test_that_nothing_is_left_to_do_is_said_once(
    alone: RunFolder, monkeypatch: pytest.MonkeyPatch, rank: str, told: int
) -> None:
    for name, value in {"RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    lines: list[str] = []
    progress = Silent()
    monkeypatch.setattr(progress, "say", lines.append, raising=False)
    mekiki.train(None, alone.path, resume=True, progress=progress)
    assert lines == [f"{alone.path} is done already"] * told


def test_alone_there_is_no_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert speaks() and not launched()
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    with joined("cuda:7") as team:  # who it is, not where
        assert (team.rank, team.size, team.is_first) == (0, 1, True)
        assert list(team.share("abc")) == ["a", "b", "c"]
        team.agree("anything")
        team.follow()
