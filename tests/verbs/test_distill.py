"""A student learns a run's answers, from the run's photos and from others, and says what was lost."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mekiki
from mekiki.doors.cli import app
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.evaluation.cost import work_of
from mekiki.progress import Silent
from mekiki.records.comparison import read_comparison
from mekiki.records.run import RunFolder, read_config, read_status
from mekiki.records.split import read_split
from mekiki.records.unlabelled import read_unlabelled
from mekiki.training.teacher import Teacher
from mekiki.verbs.distill import Distilled
from tests.conftest import Heard, draw_photo, one_pixel_figures, write_photos

TEACHER: dict[str, Any] = {
    "backbone": "test_resnet", "weights": "none", "image_size": 48, "batch_size": 8, "learning_rate": 0.01,
    "epochs": 4, "horizontal_flip": False,
}  # fmt: skip
STUDENT: dict[str, Any] = {"image_size": 32, "batch_size": 8, "epochs": 3, "variants": 2, "workers": 0}


class StopsAfter(Silent):
    """A person who presses Ctrl-C when a line begins like this."""

    def __init__(self, line: str) -> None:
        self.line = line

    def say(self, line: str) -> None:
        if line.startswith(self.line):
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    photos = write_photos(tmp_path_factory.mktemp("distill") / "photos", 10)
    with one_pixel_figures():
        return mekiki.train(photos, photos.parent / "teacher", **TEACHER)


@pytest.fixture(scope="module")
def student(teacher: RunFolder) -> Distilled:
    with one_pixel_figures():
        return mekiki.distill(teacher.path, teacher.path.parent / "student", **STUDENT)


def test_a_student_is_a_run_of_its_own_on_the_teachers_split(teacher: RunFolder, student: Distilled) -> None:
    run = student.run
    config = read_config(run)
    assert read_status(run).state == "done"
    assert (config.distill.teacher, config.distill.variants, config.recipe) == (str(teacher.path), 2, "student")
    assert (config.model.backbone, config.model.weights) == ("nin_small", "none")
    parts = [{row.path: row.part for row in read_split(each.split).rows} for each in (teacher, run)]
    assert parts[0] == parts[1]
    assert not run.checkpoints.exists()
    assert len(mekiki.load(run.path).predict([draw_photo((200, 50, 40), 99)])) == 1


def test_what_was_lost_is_told(teacher: RunFolder, student: Distilled) -> None:
    comparison = read_comparison(student.run.path / "comparison" / "comparison.json")
    assert [run.name for run in comparison.runs] == ["teacher", "student"]
    (pair,) = comparison.pairs
    assert pair.equivalence is not None and pair.equivalence.margin == 0.05
    big, small = (run.cost for run in comparison.runs)
    assert big is not None and small is not None
    assert (big.image_size, small.image_size) == (48, 32)
    assert big.bytes == teacher.weights.stat().st_size
    assert min(big.multiply_adds, small.multiply_adds, big.milliseconds, small.milliseconds) > 0
    page = (student.run.path / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "What an answer costs" in page and f"{small.parameters:,}" in page
    assert "teacher" in student.run.report.read_text(encoding="utf-8")


def test_multiply_adds_are_those_of_the_layers(teacher: RunFolder) -> None:
    model = mekiki.load(teacher.path)
    work = 0

    def count(layer: Any, _inputs: Any, output: Any) -> None:
        nonlocal work
        work += output.numel() * layer.weight[0].numel()

    for layer in model.network.modules():
        if hasattr(layer, "weight") and getattr(layer.weight, "ndim", 0) in (2, 4):
            layer.register_forward_hook(count)
    model.probabilities(np.zeros((1, 48, 48, 3), dtype=np.uint8))
    parameters, multiply_adds = work_of(mekiki.load(teacher.path), model.views)
    assert multiply_adds == work
    assert parameters == sum(each.numel() for each in model.model.parameters())


def test_it_learns_from_the_answers_alone(teacher: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def share_right(name: str) -> float:
        settings = {**STUDENT, "epochs": 30, "learning_rate": 0.01, "hard": 0.0, "refit": "off"}
        with one_pixel_figures():
            made = mekiki.distill(teacher.path, tmp_path / name, **settings)
        return mekiki.evaluate(made.run.path, part="train").evaluation.accuracy.value

    taught = share_right("taught")
    assert taught > 0.8
    asked = Teacher._ask
    monkeypatch.setattr(Teacher, "_ask", lambda self, counter: np.roll(asked(self, counter), 5, axis=0))
    assert share_right("told of other photos") < taught - 0.2


def test_stopped_and_gone_on_with_it_ends_with_the_same_bits(
    teacher: RunFolder, student: Distilled, tmp_path: Path
) -> None:
    out = tmp_path / "student"
    with one_pixel_figures():
        with pytest.raises(KeyboardInterrupt):
            mekiki.distill(teacher.path, out, progress=StopsAfter("epoch 2/3"), **STUDENT)
        assert list((out / "checkpoints" / "teacher").iterdir())
        made = mekiki.distill(teacher.path, out, resume=True, **STUDENT)
        assert made.run.weights.read_bytes() == student.run.weights.read_bytes()
        assert not (out / "checkpoints").exists()
        again = mekiki.distill(teacher.path, out, resume=True)
    assert again.comparison == made.comparison


def test_another_teacher_is_not_gone_on_with(teacher: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(shutil.copytree(teacher.path, tmp_path / "teacher"))
    with one_pixel_figures():
        with pytest.raises(KeyboardInterrupt):
            mekiki.distill(copy.path, tmp_path / "student", progress=StopsAfter("epoch 1/3"), **STUDENT)
        other = bytearray(copy.weights.read_bytes())
        other[-1] ^= 1
        copy.weights.write_bytes(bytes(other))
        with pytest.raises(RunError, match="is of other settings, classes or photos"):
            mekiki.distill(copy.path, tmp_path / "student", resume=True, **STUDENT)


@pytest.fixture
def extra(teacher: RunFolder, tmp_path: Path) -> Path:
    """Pictures without labels: new ones, one twice, one torn, and copies of photos that the run holds."""
    folder = tmp_path / "extra"
    (folder / "deep").mkdir(parents=True)
    for number in range(5):
        Image.fromarray(draw_photo((120, 30, 160), number)).save(folder / "deep" / f"new-{number}.png")
    shutil.copy(folder / "deep" / "new-0.png", folder / "again.png")
    (folder / "torn.png").write_bytes(b"no picture")
    root = Path(read_config(teacher).data)
    rows = read_split(teacher.split).rows
    for part in ("val", "test"):
        path = next(row.path for row in rows if row.part == part)
        shutil.copy(root / path, folder / f"{part}-bytes.png")
        other = [row.path for row in rows if row.part == part][1]
        with Image.open(root / other) as picture:
            picture.resize((96, 96), Image.Resampling.BICUBIC).save(folder / f"{part}-copy.png")
    return folder


def test_pictures_without_labels_are_learnt_from_and_no_copy_of_the_judges(
    teacher: RunFolder, student: Distilled, extra: Path, tmp_path: Path
) -> None:
    heard = Heard()
    with one_pixel_figures():
        made = mekiki.distill(teacher.path, tmp_path / "student", progress=heard, extra=str(extra), **STUDENT)
    used = read_unlabelled(made.run.unlabelled)
    assert sorted(Path(each.path).name for each in used) in (
        ["again.png", *(f"new-{number}.png" for number in range(1, 5))],
        [f"new-{number}.png" for number in range(5)],
    )
    assert (
        "5 pictures without labels; left out: 1 that cannot be read, 1 there twice, "
        "4 known to the run, or copies of its photos"
    ) in heard.lines
    assert made.run.weights.read_bytes() != student.run.weights.read_bytes()
    labelled = tmp_path / "labelled" / "red"
    labelled.mkdir(parents=True)
    shutil.copy(extra / "deep" / "new-3.png", labelled)
    Image.fromarray(draw_photo((200, 50, 40), 77)).save(labelled / "fresh.png")
    scored = mekiki.evaluate(made.run.path, labelled.parent)
    seen = {photo.path: photo.seen for photo in scored.photos}
    assert seen["red/new-3.png"] == "train" and not seen["red/fresh.png"]
    compared = mekiki.compare([teacher.path, made.run.path], labelled.parent).comparison
    assert (compared.n, compared.left_out[0].count) == (1, 1)


def test_what_a_student_learnt_without_labels_its_own_student_may_learn_too(
    teacher: RunFolder, extra: Path, tmp_path: Path
) -> None:
    with one_pixel_figures():
        settings = {**STUDENT, "epochs": 1, "extra": str(extra)}
        first = mekiki.distill(teacher.path, tmp_path / "first", **settings)
        second = mekiki.distill(first.run.path, tmp_path / "second", **settings)
    assert read_unlabelled(first.run.unlabelled) == read_unlabelled(second.run.unlabelled)
    assert len(read_unlabelled(second.run.unlabelled)) == 5


def test_going_on_takes_the_pictures_that_it_was_begun_with(
    teacher: RunFolder, extra: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(Silent):
        def task(self, name: str, total: int, unit: str = "photos"):  # type: ignore[no-untyped-def]
            if name == "the teacher looks":
                raise KeyboardInterrupt
            return super().task(name, total, unit)

    monkeypatch.chdir(extra.parent)
    out = tmp_path / "student"
    with one_pixel_figures():
        with pytest.raises(KeyboardInterrupt):
            mekiki.distill(teacher.path, out, progress=Impatient(), **STUDENT, extra="extra")
        used = read_unlabelled(RunFolder(out).unlabelled)
        Image.fromarray(draw_photo((120, 30, 160), 55)).save(extra / "later.png")
        monkeypatch.chdir(tmp_path.parent)
        made = mekiki.distill(teacher.path, out, resume=True, extra=str(extra))
    assert len(used) == 5 and read_unlabelled(made.run.unlabelled) == used


def test_a_student_of_another_recipe_goes_on_and_a_lost_comparison_is_made(teacher: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "student"
    settings = {**STUDENT, "epochs": 1, "backbone": "test_resnet", "weights": "none", "recipe": "default"}
    with one_pixel_figures():
        made = mekiki.distill(teacher.path, out, **settings)
        (out / "comparison" / "comparison.html").unlink()
        again = mekiki.distill(teacher.path, out, resume=True)
        assert (out / "comparison" / "comparison.html").is_file()
        before = (out / "comparison" / "comparison.json").read_bytes()
        wider = mekiki.distill(teacher.path, out, resume=True, margin=0.2)
    assert read_config(again.run).recipe == "default"
    assert made.comparison.runs[1].accuracy == again.comparison.runs[1].accuracy
    assert wider.comparison.pairs[0].equivalence is not None and wider.comparison.pairs[0].equivalence.margin == 0.2
    assert (out / "comparison" / "comparison.json").read_bytes() != before


def test_a_teacher_that_learnt_from_the_judges_is_refused(teacher: RunFolder, tmp_path: Path) -> None:
    settings = {**TEACHER, "distill.teacher": str(teacher.path), "seed": 5}
    with pytest.raises(SettingsError, match=r"the teacher learnt from [0-9]+ photos that are to judge the student"):
        mekiki.train(read_config(teacher).data, tmp_path / "student", **settings)


def test_refusals(teacher: RunFolder, extra: Path, tmp_path: Path) -> None:
    out = tmp_path / "student"

    def distill(place: Path | None = None, **settings: Any) -> None:
        mekiki.distill(teacher.path if place is None else place, out, **{**STUDENT, **settings})

    with pytest.raises(RunError, match="there is no run folder"):
        distill(tmp_path / "none")
    with pytest.raises(SettingsError, match="class_weights goes with labels"):
        distill(class_weights=True)
    with pytest.raises(SettingsError, match="the teacher is the run that is named first"):
        distill(teacher=str(teacher.path))
    with pytest.raises(SettingsError, match="--margin 2 is no share"):
        distill(margin=2)
    with pytest.raises(SettingsError, match=r"width_shift_range 3 is in pixels"):
        distill(width_shift_range=3)
    with pytest.raises(SettingsError, match="a student learns in one process"):
        distill(engine="ray", replicas=2)
    with pytest.raises(SettingsError, match="temperature = 0"):
        distill(temperature=0)
    for path in [*extra.rglob("new-*"), extra / "again.png"]:
        path.unlink()
    with pytest.raises(DataError, match=r"can be learnt from: 1 that cannot be read, 4 known to the run"):
        distill(extra=str(extra))
    with pytest.raises(SettingsError, match="extra pictures have no labels, and there is no teacher to ask"):
        mekiki.train(read_config(teacher).data, out, **{**TEACHER, "extra": str(extra)})
    fewer = write_photos(tmp_path / "fewer", 6, {"blue": (40, 60, 200), "green": (40, 170, 60)})
    with pytest.raises(SettingsError, match="knows 3 classes, and the photos have 2"):
        mekiki.train(fewer, out, **{**TEACHER, "distill.teacher": str(teacher.path)})
    assert not out.exists()


def test_the_command(teacher: RunFolder, tmp_path: Path) -> None:
    words = ["distill", str(teacher.path), "--out", str(tmp_path / "student"), "--image-size", "32", "--epochs", "1"]
    with one_pixel_figures():
        said = CliRunner().invoke(app, [*words, "--variants", "1", "--temperature", "3", "--set", "batch_size=8"])
    assert said.exit_code == 0, said.output
    assert "ms a picture" in said.output and "report: " in said.output
    assert read_config(RunFolder(tmp_path / "student")).distill.temperature == 3
    assert CliRunner().invoke(app, [*words, "--teacher", "x"]).exit_code == 2
