"""A training that was killed goes on to the same bits."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

import mekiki
from mekiki.config import make_config
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.progress import Silent
from mekiki.records.history import read_history
from mekiki.records.run import RunFolder, create_run, read_config, read_status, write_config
from mekiki.records.split import read_split
from mekiki.training.checkpoint import NAME
from mekiki.verbs.resuming import config_to_resume
from tests.conftest import PRELOADED, one_pixel_figures, write_photos

SETTINGS: dict[str, Any] = {
    "backbone": "test_resnet",
    "weights": "none",
    "head": "flatten-dropout",
    "image_size": 32,
    "batch_size": 2,
    "accumulate": 2,
    "learning_rate": 0.01,
    "epochs": 6,
    "patience": 3,
    "average": 0.8,
    "preset": "sommelier",
    "mixup": 0.2,
    "checkpoint_minutes": 0.0005,
    "workers": 2,
}
KILLS = 14


def begin(photos: Path, out: Path) -> None:
    with one_pixel_figures():
        mekiki.train(photos, out, resume=True, **SETTINGS)


def same_course(run: RunFolder, other: RunFolder) -> None:
    assert run.weights.read_bytes() == other.weights.read_bytes()
    assert run.split.read_bytes() == other.split.read_bytes()
    assert run.predictions.read_bytes() == other.predictions.read_bytes()
    ours, theirs = (
        [
            (e.epoch, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy, e.learning_rate, e.best)
            for e in history
        ]
        for history in (read_history(run.history), read_history(other.history))
    )
    assert ours == theirs


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("resuming") / "photos", 12)


@pytest.fixture(scope="module")
def undisturbed(photos: Path) -> RunFolder:
    return mekiki.train(photos, photos.parent / "undisturbed", **SETTINGS)


def step_of(run: RunFolder) -> int:
    """Return how many steps the checkpoint knows of; -1: there is none."""
    try:
        with safe_open(run.checkpoints / NAME, "pt") as file:
            return int(json.loads(file.metadata()["reached"])["step"])
    except (FileNotFoundError, RuntimeError):  # it went between two looks
        return -1


def kill_somewhere(process: BaseProcess, run: RunFolder, when: random.Random, longest: float) -> bool:
    """Kill a training after some checkpoints and a moment, or in a long quiet time; tell whether it was alive."""
    checkpoints, until, known = when.randint(0, 2), time.monotonic() + when.uniform(0, longest), step_of(run)
    while process.is_alive() and time.monotonic() < until:
        if step_of(run) != known:
            known, checkpoints = step_of(run), checkpoints - 1
            until = time.monotonic() + (when.uniform(0, longest) if checkpoints > 0 else when.uniform(0, 0.05))
        time.sleep(0.002)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_killed_again_and_again_it_ends_with_the_same_bits(
    photos: Path, undisturbed: RunFolder, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    began = time.monotonic()
    process = context.Process(target=begin, args=(photos, tmp_path / "at once"))
    process.start()
    process.join()
    whole = time.monotonic() - began
    same_course(RunFolder(tmp_path / "at once"), undisturbed)
    when, kills, places = random.Random(0), 0, set()
    while kills < KILLS:
        run = RunFolder(tmp_path / f"run {kills}")
        while not run.status.is_file() or read_status(run).state != "done":
            process = context.Process(target=begin, args=(photos, run.path))
            process.start()
            kills += kill_somewhere(process, run, when, whole)
            places.add(step_of(run))
        same_course(run, undisturbed)
        mekiki.train(None, run.path, resume=True)  # it may have been killed after its last word
        assert not run.checkpoints.exists()
        assert not [path for path in run.path.rglob(".*")]
    assert len(places) >= 6, places


def test_what_a_kill_after_the_last_word_left_is_taken_away(undisturbed: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(shutil.copytree(undisturbed.path, tmp_path / "run"))
    run.checkpoints.mkdir()
    (run.checkpoints / NAME).write_bytes(b"the last of them")
    (run.path / ".report-abcdefgh.html").write_text("half of it", encoding="utf-8")
    mekiki.train(None, run.path, resume=True)
    assert not run.checkpoints.exists()
    assert not [path for path in run.path.rglob(".*")]
    same_course(run, undisturbed)


def test_a_run_that_is_done_is_left_alone(photos: Path, undisturbed: RunFolder) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.path.rglob("*")}
    assert mekiki.train(None, undisturbed.path, resume=True).path == undisturbed.path
    assert {path: path.stat().st_mtime_ns for path in undisturbed.path.rglob("*")} == before


def test_where_nothing_was_begun_it_begins(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no training to go on with in"):
        mekiki.train(None, tmp_path / "run", resume=True)
    run = mekiki.train(photos, tmp_path / "run", resume=True, **{**SETTINGS, "epochs": 1})
    assert read_status(run).state == "done"


def test_a_kill_while_the_first_file_was_written_leaves_nothing_in_the_way(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".config-x8_k2ab0.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.train(photos, tmp_path / "run", **{**SETTINGS, "epochs": 0})
    run = mekiki.train(photos, tmp_path / "run", resume=True, **{**SETTINGS, "epochs": 1})
    assert read_status(run).state == "done"


def test_a_folder_that_is_no_run_keeps_its_files(photos: Path, tmp_path: Path) -> None:
    own = [tmp_path / "own" / name for name in (".config-production.json", ".config-prod1234.json", "notes.txt")]
    own[0].parent.mkdir()
    for path in own:
        path.write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.train(photos, own[0].parent, resume=True, **{**SETTINGS, "epochs": 1})
    assert all(path.is_file() for path in own)
    own[2].unlink()
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.train(photos, own[0].parent, resume=True, **{**SETTINGS, "epochs": 1})
    assert all(path.is_file() for path in own[:2])


class Stop(Exception):
    """Stands for whatever ends a training."""


def stopped_after(epochs: int, photos: Path, out: Path, **settings: Any) -> RunFolder:
    """Train until some epochs are told, then fail."""

    class Failing(Silent):
        def say(self, line: str) -> None:
            if line.startswith(f"epoch {epochs}/"):
                raise Stop

    with pytest.raises(Stop):
        mekiki.train(photos, out, progress=Failing(), **{**SETTINGS, "checkpoint_minutes": 60, **settings})
    return RunFolder(out)


@pytest.fixture(scope="module")
def stopped(photos: Path) -> RunFolder:
    """A run that failed after two epochs; a test copies it."""
    return stopped_after(2, photos, photos.parent / "stopped")


def test_it_goes_on_with_nothing_but_what_it_was_begun_with(photos: Path, stopped: RunFolder, tmp_path: Path) -> None:
    run = stopped
    assert read_status(run).state == "failed"
    for settings, message in [
        ({"epochs": 9}, "was begun with epochs = 6, not 9"),
        ({"preset": "light"}, "was begun with preset = sommelier, not light"),
        ({"augment.dust": 3}, "was begun with dust = 0, not 3"),
    ]:
        with pytest.raises(SettingsError, match=message):
            mekiki.train(photos, run.path, resume=True, **{**SETTINGS, **settings})
    with pytest.raises(SettingsError, match="was begun with data"):
        mekiki.train(tmp_path, run.path, resume=True)
    assert read_status(run).state == "failed"


def test_a_recipe_of_ones_own_need_not_be_there_any_more(tmp_path: Path) -> None:
    path, run = tmp_path / "mine.toml", create_run(tmp_path / "run")
    path.write_text('[about]\nsummary = "mine"\n[settings]\nepochs = 3\nval = 0.3\n', encoding="utf-8")
    config = make_config("/photos", recipe=str(path))
    write_config(run, config)
    path.unlink()
    assert config_to_resume(run, None, None, {}) == config
    assert config_to_resume(run, None, None, {"recipe": str(path), "epochs": 3, "workers": 1}).train.workers == 1
    with pytest.raises(SettingsError, match=r"was begun with val = 0.3, not 0.2"):
        config_to_resume(run, None, None, {"val": 0.2})
    with pytest.raises(SettingsError, match=r"was begun with recipe = .*mine.toml, not quick"):
        config_to_resume(run, None, None, {"recipe": "quick"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first_size": 96}, "was begun with first_size = 128, not 96"),
        ({"views": "plain"}, "was begun with views = mirror, not plain"),
        ({"model.views": "sizes"}, "was begun with views = mirror, not sizes"),
        ({"batch_norm": "trained"}, "was begun with batch_norm = frozen, not trained"),
        ({"probe": False}, "was begun with probe = True, not False"),
    ],
)
def test_what_was_chosen_by_itself_is_not_changed_on_the_way(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    run = create_run(tmp_path / "run")
    begun = make_config("/photos", first_size=128, views="mirror")
    write_config(run, begun)
    usual = {"first_size": "auto", "views": "auto", "batch_norm": "frozen", "probe": True}
    assert config_to_resume(run, None, None, usual) == begun
    with pytest.raises(SettingsError, match=message):
        config_to_resume(run, None, None, settings)


def test_other_threads_and_cache_take_the_same_course(
    stopped: RunFolder, undisturbed: RunFolder, tmp_path: Path
) -> None:
    run = RunFolder(shutil.copytree(stopped.path, tmp_path / "run"))
    assert len(list(run.checkpoints.iterdir())) == 1
    for leftover in (
        run.path / ".tmpPMiGmL",
        run.checkpoints / ".last-k2_x8ab0.safetensors",
        run.snapshots / "epoch-0002" / ".model-0_aaaaaa.safetensors",
        run.figures / "examples" / ".red-003.png-12ab34cd-abcd1234.png",
    ):
        leftover.parent.mkdir(parents=True, exist_ok=True)
        leftover.write_bytes(b"half")
    (run.path / ".my-notes.csv").write_text("mine", encoding="utf-8")
    mekiki.train(None, run.path, resume=True, workers=0, cache_gigabytes=0, probe=True, batch_norm="frozen")
    assert [path.name for path in run.path.rglob(".*")] == [".my-notes.csv"]
    assert read_config(run).train.cache_gigabytes == 0
    same_course(run, undisturbed)


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let the system refuse every write beyond this many bytes of a file, as a full disk does."""
    resource = pytest.importorskip("resource")
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))


@pytest.mark.skipif(
    sys.platform == "darwin" or os.name == "nt", reason="needs Linux' answer to a file that is too large"
)
def test_a_full_disk_stops_it_with_a_clear_line_and_it_goes_on(
    photos: Path, undisturbed: RunFolder, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    for largest, message in [
        (1_000, "the run folder: File too large"),
        (100_000, "cannot write the model: .*File too large"),
        (2_500_000, "cannot write .*last.safetensors: .*File too large"),
    ]:
        with no_file_above(largest), pytest.raises(RunError, match=message) as caught:
            mekiki.train(photos, run.path, resume=True, **SETTINGS)
        assert caught.value.hint.startswith("make room") and caught.value.hint.endswith("add --resume")
        assert largest == 1_000 or read_status(run).state == "failed"
    same_course(mekiki.train(None, run.path, resume=True), undisturbed)


def test_a_vanished_photo_stops_it_and_it_goes_on_when_the_photo_is_back(
    photos: Path, undisturbed: RunFolder, tmp_path: Path
) -> None:
    mine = tmp_path / "photos"
    shutil.copytree(photos, mine)
    run = stopped_after(1, mine, tmp_path / "run")
    hidden = next((mine / row.path) for row in read_split(run.split).rows if row.part == "train")
    content = hidden.read_bytes()
    hidden.unlink()
    with pytest.raises(DataError, match="1 cannot be found in"):
        mekiki.train(None, run.path, resume=True)
    hidden.write_bytes(photos.joinpath("red", "000.png").read_bytes() + b" ")
    with pytest.raises(RunError, match="is of other settings, classes or photos"):
        mekiki.train(None, run.path, resume=True)
    hidden.write_bytes(content)
    mekiki.train(None, run.path, resume=True)
    same_course(run, undisturbed)


@pytest.mark.parametrize("damage", ["cut", "text", "foreign", "empty"])
def test_a_damaged_checkpoint_is_refused_in_words(stopped: RunFolder, tmp_path: Path, damage: str) -> None:
    run = RunFolder(shutil.copytree(stopped.path, tmp_path / "run"))
    (checkpoint,) = run.checkpoints.iterdir()
    content = checkpoint.read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "text": b"no tensors",
        "empty": b"",
        "foreign": run.weights.read_bytes(),
    }
    checkpoint.write_bytes(damaged[damage])
    with pytest.raises(RunError, match=r"cannot read the checkpoint|is no checkpoint of this version"):
        mekiki.train(None, run.path, resume=True)
    assert checkpoint.read_bytes() == damaged[damage]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom a folder can shut out")
def test_a_folder_that_cannot_be_written_stops_it_with_a_clear_line(stopped: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(shutil.copytree(stopped.path, tmp_path / "run"))
    run.checkpoints.chmod(0o500)
    try:
        with pytest.raises(RunError, match=r"cannot write .*last.safetensors"):
            mekiki.train(None, run.path, resume=True)
    finally:
        run.checkpoints.chmod(0o700)
    assert read_status(mekiki.train(None, run.path, resume=True)).state == "done"
