"""The studio's loaded models, its choice of runs, and a run's own photos."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import mekiki
from mekiki.doors.studio.predict.models import MOST_LOADED, Models
from mekiki.doors.studio.predict.own_photos import open_own_photo, record_look
from mekiki.doors.studio.predict.sheets import Sheets
from mekiki.doors.studio.run_choice import runs_with_model
from mekiki.doors.studio.words import words_of
from mekiki.doors.studio.workspace import Workspace, open_workspace
from mekiki.errors import DataError, RunError
from mekiki.records.evaluation import read_metrics
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder
from mekiki.records.split import read_split
from mekiki.verbs.scribble import predict_scribbled
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "epochs": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("models")
    return mekiki.train(write_photos(folder / "photos", 12), folder / "first", **SMALL)


@pytest.fixture
def run(trained: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(trained.path, tmp_path / "root" / "first")))


@pytest.fixture
def workspace(run: RunFolder, trained: RunFolder, tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "home", (tmp_path / "root", trained.path.parent / "photos"))


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def ask(models: Models, run: Path) -> tuple[int, str]:
    return asyncio.run(models.ask(run, lambda classifier: (id(classifier), threading.current_thread().name)))


def test_a_model_is_loaded_once_on_a_thread_of_its_own_and_again_when_its_weights_change(run: RunFolder) -> None:
    models = Models()
    assert not models.is_loaded(run.path)
    first, thread = ask(models, run.path)
    assert thread != threading.current_thread().name and models.is_loaded(run.path)
    kept = models.load(run.path)
    assert ask(models, run.path) == (first, thread)
    os.utime(run.weights, ns=(1, 1))
    assert ask(models, run.path)[0] != id(kept)


def test_only_a_few_are_kept_and_the_one_asked_longest_ago_goes(run: RunFolder) -> None:
    models = Models()
    runs = [run.path, *(Path(shutil.copytree(run.path, run.path.with_name(f"copy{n}"))) for n in range(MOST_LOADED))]
    for path in (*runs[:MOST_LOADED], runs[0], runs[-1]):
        ask(models, path)
    assert [models.is_loaded(path) for path in runs] == [True, False, *[True] * (MOST_LOADED - 1)]


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run folder"):
        ask(Models(), tmp_path / "nothing")


def test_runs_are_chosen_by_name_and_accuracy_and_those_without_a_model_are_not_offered(
    workspace: Workspace, run: RunFolder
) -> None:
    words = words_of("en")
    unfinished = run.path.with_name("unfinished")
    shutil.copytree(run.path, unfinished)
    RunFolder(unfinished).weights.unlink()
    named = runs_with_model(workspace, words)
    assert list(named) == [str(run.path)]
    accuracy = read_metrics(run.metrics)[0].accuracy.value
    assert named[str(run.path)] == f"first ({accuracy:.1%} right)"
    run.metrics.unlink()
    assert runs_with_model(workspace, words) == {str(run.path): "first"}


def test_an_own_photo_is_of_the_test_part_and_that_it_was_looked_at_is_recorded_once(
    workspace: Workspace, run: RunFolder
) -> None:
    sheets, tests = Sheets(100), {row.path: row.label for row in read_split(run.split).part("test")}
    opened = [open_own_photo(workspace, sheets, run, chance) for chance in range(8)]
    assert all(tests[each.name] == each.label for each in opened) and len({each.name for each in opened}) > 2
    before = len(read_test_openings(run.test_openings))
    sheet, classifier = opened[0], Models().load(run.path)
    sheet.clean[run.path] = predict_scribbled(classifier, sheet.picture)
    record_look(run.path, sheet)
    record_look(run.path, sheet)
    after = read_test_openings(run.test_openings)
    assert len(after) == before + 1 and (after[-1].n, after[-1].verb) == (1, "explain")


def test_photos_outside_the_roots_are_not_shown(run: RunFolder, tmp_path: Path) -> None:
    narrow = open_workspace(tmp_path / "home", (tmp_path / "root",))
    with pytest.raises(DataError, match="in none of the folders that this studio may look into"):
        open_own_photo(narrow, Sheets(100), run, 0)
