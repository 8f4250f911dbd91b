"""``mekiki stress`` from the call to the files, on a small trained run."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

import mekiki
from mekiki.config import StressSettings, severities_of
from mekiki.doors.cli import app
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder, read_config, write_config
from mekiki.records.split import read_split
from tests.conftest import Heard, write_photos
from tests.reports.made_runs import Page

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}
QUICK = StressSettings(kinds="scribble,brightness", limit=2)
PUBLISHED = "dust scribble occlusion blur noise jpeg brightness contrast rotation scale shift fgsm pgd".split()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    folder = write_photos(tmp_path_factory.mktemp("stress") / "photos", 20)
    return folder, mekiki.train(folder, folder.parent / "run", **SMALL, epochs=3, horizontal_flip=False)


@pytest.fixture(scope="module")
def other(trained: tuple[Path, RunFolder]) -> RunFolder:
    """The same run with other weights of its first layer."""
    run = RunFolder(Path(shutil.copytree(trained[1].path, trained[1].path.parent / "hard")))
    tensors = load_file(run.weights)
    first = next(name for name, tensor in tensors.items() if tensor.ndim == 4)
    tensors[first] = tensors[first].flip(1)  # blue for red
    save_file(tensors, run.weights)
    return run


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_published_object(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    answer = call("stress", run.path, "--limit", 1, "--pgd-steps", 2, "--json")
    assert answer.exit_code == 0, answer.output
    content = json.loads(answer.stdout)
    assert 0 <= content["clean"] <= 1 and isinstance(content["clean"], float)
    assert list(content["kinds"]) == PUBLISHED == list(content["verdicts"]) == list(content["units"])
    for kind, points in content["kinds"].items():
        assert [point["severity"] for point in points] == list(severities_of(kind))
        for point in points:
            assert isinstance(point["accuracy"], float)
            assert 0 <= point["low"] <= point["accuracy"] <= point["high"] <= 1 and point["n"] == 3
    assert (content["part"], content["n"], content["seed"], content["against"]) == ("val", 3, 0, [])


def test_all_files_are_there_and_the_page_is_whole(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    _, run = trained
    out = tmp_path / "out"
    answer = call("stress", run.path, "--limit", 1, "--kinds", "scribble,fgsm", "--out", out, "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == json.loads((out / "stress.json").read_text(encoding="utf-8"))
    rows = table(out / "stress.csv")
    severities = [float(row["severity"]) for row in rows if row["kind"] == "scribble"]
    assert severities == [0, *severities_of("scribble")] and len(rows) == 12
    assert {path.name for path in (out / "figures").iterdir()} == {"stress.png", "scribble.png", "fgsm.png"}
    text = (out / "stress.html").read_text(encoding="utf-8")
    assert len(text) < 5_000_000
    assert not re.search(r"""(src|href|srcset)=["'](?!data:|#)""", text)
    page = Page()
    page.feed(text)
    assert {element.attributes.get("id") for element in page.elements} >= {"result", "how", "scribble", "fgsm"}
    assert f"mekiki stress {run.path} --kinds scribble,fgsm --limit 1" in page.text
    flipped = {row["path"] for row in table(out / "flips.csv")}
    assert flipped and all(path in page.text for path in flipped)


def test_two_runs_face_the_same_damage_side_by_side(
    trained: tuple[Path, RunFolder], other: RunFolder, tmp_path: Path
) -> None:
    _, run = trained
    heard, out = Heard(), tmp_path / "out"
    both = mekiki.stress(run.path, out=out, against=[other.path], settings=QUICK, progress=heard)
    alone = mekiki.stress(other.path, settings=QUICK)
    (second,) = both.others
    assert second.kinds == alone.figures.kinds and second.losses == alone.figures.losses
    assert second.against_first is not None
    for kind, points in second.against_first.items():
        first = [both.figures.clean, *(point.accuracy for point in both.figures.kinds[kind])]
        hers = [second.clean, *(point.accuracy for point in second.kinds[kind])]
        for point, one, two in zip(points, first, hers, strict=True):
            assert (point.only_this - point.only_first) / both.figures.n == pytest.approx(two - one)
    assert all("; hard " in verdict for verdict in both.verdicts.values())
    assert not heard.lines, "both were made with one split"
    content = json.loads((out / "stress.json").read_text(encoding="utf-8"))
    assert [each["run"] for each in content["against"]] == [str(other.path)]
    rows = table(out / "stress.csv")
    assert all((row["p_value"] != "") == (row["run"] == str(other.path)) for row in rows)
    assert "McNemar" in (out / "stress.html").read_text(encoding="utf-8")


def test_a_run_that_was_trained_on_the_photos_is_told_apart(trained: tuple[Path, RunFolder]) -> None:
    folder, run = trained
    heard = Heard()
    stressed = mekiki.stress(run.path, folder, settings=StressSettings(kinds="blur"), progress=heard)
    parts = [row.part for row in read_split(run.split).rows]
    assert (stressed.figures.part, stressed.figures.n) == ("data", 60)
    assert stressed.figures.seen_in_training == parts.count("train")
    assert (
        f"{run.path} was trained on {parts.count('train')} of these photos, or copies of them: its figures flatter"
        in heard.lines[-2]
    )
    assert f"{parts.count('test')} of these are test photos of {run.path}" in heard.lines[-1]


def test_each_look_at_test_is_recorded_and_none_at_val(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    before = read_test_openings(run.test_openings)
    mekiki.stress(run.path, settings=QUICK)
    assert read_test_openings(run.test_openings) == before
    stressed = mekiki.stress(run.path, part="test", settings=QUICK)
    (*earlier, last) = read_test_openings(run.test_openings)
    assert earlier == before
    assert (last.n, last.accuracy) == (stressed.figures.n, stressed.figures.clean) == (6, stressed.figures.clean)


def test_the_clean_accuracy_is_that_of_evaluate(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    clean = mekiki.stress(run.path, settings=StressSettings(kinds="jpeg")).figures
    scored = mekiki.evaluate(run.path, part="val").evaluation
    assert (clean.clean, clean.n) == (scored.accuracy.value, scored.n)
    assert (clean.clean_low, clean.clean_high) == (scored.accuracy.low, scored.accuracy.high)


def test_the_table_has_a_line_for_each_kind_and_a_sentence(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    answer = call("stress", run.path, "--kinds", "dust,jpeg", "--limit", 2, "--fine")
    assert answer.exit_code == 0, answer.output
    assert "clean" in answer.stdout and "of 6 validation photos right" in answer.stdout
    assert re.search(r"^dust: loses", answer.stdout, re.MULTILINE)
    assert "…" not in answer.stdout
    assert re.search(r"^jpeg +80 +60 +50 .* 2 *\n +[\d.]+ +[\d.]+ ", answer.stdout, re.MULTILINE), answer.stdout


def test_what_cannot_be_asked_is_refused_in_one_line(
    trained: tuple[Path, RunFolder], tmp_path: Path, shared_photos: Path
) -> None:
    folder, run = trained
    with pytest.raises(SettingsError, match="there is no part 'vall'") as error:
        mekiki.stress(run.path, part="vall")
    assert error.value.hint == "did you mean val?"
    with pytest.raises(SettingsError, match="--part names a part of the run's own photos"):
        mekiki.stress(run.path, folder, part="val")
    with pytest.raises(RunError, match="there is no run folder"):
        mekiki.stress(run.path, against=[tmp_path / "none"])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.stress(run.path, out=tmp_path / "full")
    foreign = write_photos(tmp_path / "foreign", 2, {"red": (200, 50, 40), "violet": (120, 10, 200)})
    with pytest.raises(DataError, match="does not know the class 'violet'"):
        mekiki.stress(run.path, foreign)
    for words, message in (
        (("--kinds", "dust,scribbles"), "there is no kind of damage 'scribbles'; there are dust, scribble, occlusion"),
        (("--kinds", "dust,dust"), "each kind of damage once"),
        (("--limit", 0), "limit = '0': Input should be greater than or equal to 1"),
    ):
        answer = call("stress", run.path, *words)
        assert answer.exit_code == 2 and message in answer.stderr


def test_a_run_whose_photos_or_part_are_gone_says_so(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    folder, run = trained
    copy = Path(shutil.copytree(run.path, tmp_path / "copy"))
    config = (copy / "config.json").read_text(encoding="utf-8")
    (copy / "config.json").write_text(config.replace(str(folder), str(tmp_path / "gone")), encoding="utf-8")
    with pytest.raises(RunError, match="the run's photos are not in") as error:
        mekiki.stress(copy)
    assert error.value.hint == f"mekiki stress {copy} DATA"
    split = (copy / "split.csv").read_text(encoding="utf-8")
    (copy / "split.csv").write_text(split.replace(",val", ",train"), encoding="utf-8")
    with pytest.raises(SettingsError, match="has no val photos"):
        mekiki.stress(copy)


def test_a_look_at_test_photos_whose_files_changed_is_recorded_too(
    trained: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    """Other bytes and other pictures: nothing but the run's own list says that they are its test photos."""
    photos = Path(shutil.copytree(trained[0], tmp_path / "photos"))
    run = RunFolder(Path(shutil.copytree(trained[1].path, tmp_path / "run")))
    write_config(run, read_config(run).model_copy(update={"data": str(photos)}))
    for path in photos.rglob("*.png"):
        with Image.open(path) as picture:
            turned = picture.convert("RGB").rotate(90).resize((50, 47))
        turned.save(path)
    before = read_test_openings(run.test_openings)
    mekiki.stress(run.path, part="test", settings=QUICK)
    (*earlier, last) = read_test_openings(run.test_openings)
    assert (earlier, last.n) == (before, 6)
