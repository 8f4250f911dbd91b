"""Two trained runs on the same photos: from folders to a verdict, files and a page."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import mekiki
from mekiki.config import ExportSettings
from mekiki.doors.cli import app
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.card import read_card, write_card
from mekiki.records.comparison import read_comparison
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder
from mekiki.records.split import read_split
from mekiki.reports.added import own_comparison
from mekiki.verbs.export import export
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}
Trained = tuple[Path, RunFolder, RunFolder]


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run that learned, and one on the same split that hardly did."""
    photos = write_photos(tmp_path_factory.mktemp("compare") / "photos", 8)
    good = mekiki.train(photos, photos.parent / "good", **SMALL, learning_rate=0.01, epochs=2)
    return photos, good, mekiki.train(photos, photos.parent / "short", good.split, **SMALL, epochs=1, seed=1)


def test_figures_are_those_of_evaluate_and_each_look_is_recorded(trained: Trained) -> None:
    _, good, short = trained
    before = [len(read_test_openings(run.test_openings)) for run in (good, short)]
    compared = mekiki.compare([good.path, short.path], margin=0.05)
    after = [len(read_test_openings(run.test_openings)) for run in (good, short)]
    assert after == [count + 1 for count in before]
    comparison = compared.comparison
    assert (comparison.part, comparison.left_out) == ("test", [])
    for run, each in zip((good, short), comparison.runs, strict=True):
        own = mekiki.evaluate(run.path).evaluation
        assert own.n == comparison.n
        assert own.accuracy == each.accuracy
        assert own.intervals is not None and own.intervals.f1_macro == each.f1_macro
    (pair,) = comparison.pairs
    right = np.array([[photo.right(0), photo.right(1)] for photo in compared.photos])
    assert pair.only_first == (right[:, 0] & ~right[:, 1]).sum()
    assert pair.both_right + pair.only_first + pair.only_second + pair.both_wrong == comparison.n
    assert pair.equivalence is not None and pair.equivalence.margin == 0.05
    assert "good" in pair.verdict and "short" in pair.verdict


def test_files_and_page(trained: Trained, tmp_path: Path) -> None:
    _, good, short = trained
    said = call("compare", good.path, short.path, "--part", "val", "--out", tmp_path / "out", "--margin", 0.1)
    assert said.exit_code == 0, said.output
    comparison = read_comparison(tmp_path / "out" / "comparison.json")
    assert comparison.part == "val" and comparison.pairs[0].verdict in said.stdout
    with (tmp_path / "out" / "comparison.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    answers = ["predicted_1", "probability_1", "predicted_2", "probability_2"]
    assert list(rows[0]) == ["path", "label", "group", *answers, "root"]
    assert len(rows) == comparison.n
    assert sum(row["predicted_1"] == row["label"] for row in rows) / len(rows) == pytest.approx(
        comparison.runs[0].accuracy.value
    )
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    for title in ("Only good is right", "Only short is right", "Both are wrong"):
        assert title in page
    pair = comparison.pairs[0]
    assert page.count("<article>") == pair.only_first + pair.only_second + pair.both_wrong
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "default-src 'none'" in page


def test_json_is_one_object(trained: Trained) -> None:
    _, good, short = trained
    said = call("compare", good.path, short.path, "--part", "val", "--json")
    assert set(json.loads(said.stdout)) == {
        "part", "n", "groups", "classes", "left_out", "runs", "pairs", "fronts", "roots",
    }  # fmt: skip


def test_other_photos_without_those_that_were_seen(trained: Trained, tmp_path: Path) -> None:
    photos, good, short = trained
    new = write_photos(tmp_path / "new", 10)  # the first eight of each class are those of the runs
    said = call("compare", good.path, short.path, new)
    tested = len(read_split(good.split).part("test"))
    assert said.exit_code == 0, said.output
    assert f"data: {tested + 6} photos" in said.stdout
    seen = len(list(photos.rglob("*.png"))) - tested
    assert sum(int(count) for count in re.findall(r"left out: (\d+)", said.stdout)) == seen


def test_a_run_is_as_good_as_its_copy_and_its_name_says_where_it_lies(trained: Trained, tmp_path: Path) -> None:
    _, good, _ = trained
    shutil.copytree(good.path, tmp_path / "again" / good.path.name)
    compared = mekiki.compare([good.path, tmp_path / "again" / good.path.name], part="val", margin=0.5)
    (pair,) = compared.comparison.pairs
    assert pair.p == 1 and pair.equivalence is not None and pair.equivalence.equivalent
    assert pair.second == "again/good"
    assert f"{pair.first} is as good as again/good within 50 points" in pair.verdict


def test_other_classes_are_refused(trained: Trained, tmp_path: Path) -> None:
    _, good, short = trained
    shutil.copytree(short.path, tmp_path / "renamed")
    other = RunFolder(tmp_path / "renamed")
    card = read_card(other.card)
    write_card(other.card, card.model_copy(update={"classes": ["blue", "green", "yellow"]}))
    with pytest.raises(
        DataError, match="good and renamed do not know the same classes: 2 differ, such as 'red', which good alone"
    ):
        mekiki.compare([good.path, other.path])


def test_wrong_use_is_one_clear_line(trained: Trained, tmp_path: Path) -> None:
    photos, good, short = trained
    with pytest.raises(SettingsError, match="two to 10 runs can be compared; 1 given"):
        mekiki.compare([good.path])
    with pytest.raises(SettingsError, match="is named twice"):
        mekiki.compare([good.path, good.path])
    with pytest.raises(SettingsError, match="--margin 2 is no share"):
        mekiki.compare([good.path, short.path], margin=2)
    with pytest.raises(SettingsError, match="cannot be used with DATA"):
        mekiki.compare([good.path, short.path], photos, "val")
    with pytest.raises(SettingsError, match="there is no part 'vla'"):
        mekiki.compare([good.path, short.path], part="vla")
    with pytest.raises(RunError, match="there is no run folder"):
        mekiki.compare([good.path, tmp_path / "nowhere"])
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.compare([good.path, short.path], out=photos)


@pytest.fixture(scope="module")
def exported(trained: Trained) -> Path:
    _, good, _ = trained
    return export(good.path, settings=ExportSettings(to="onnx")).folder.path


def test_an_export_is_compared_with_its_run(trained: Trained, exported: Path) -> None:
    _, good, short = trained
    before = [len(read_test_openings(run.test_openings)) for run in (good, short)]
    compared = mekiki.compare([exported, good.path, short.path]).comparison
    assert [len(read_test_openings(run.test_openings)) for run in (good, short)] == [count + 1 for count in before]
    export_, run, _ = compared.runs
    assert (export_.name, export_.engine, run.name, run.engine) == ("good (onnx)", "onnx", "good", "torch")
    assert export_.accuracy == run.accuracy and compared.fronts == [] and len(compared.pairs) == 3
    assert export_.cost is not None and run.cost is not None
    assert export_.cost.bytes == (exported / "model.onnx").stat().st_size
    assert export_.cost.device == "cpu, onnx" and export_.cost.milliseconds > 0
    assert (export_.cost.parameters, export_.cost.multiply_adds) == (run.cost.parameters, run.cost.multiply_adds)
    said = call("compare", exported, good.path, "--part", "val")
    assert said.exit_code == 0 and "good (onnx)" in said.stdout


def test_pareto_takes_in_the_exports_and_draws_both_fronts(trained: Trained, exported: Path, tmp_path: Path) -> None:
    _, good, short = trained
    said = call("compare", good.path, short.path, "--part", "val", "--pareto", "--out", tmp_path / "out")
    assert said.exit_code == 0, said.output
    comparison = read_comparison(tmp_path / "out" / "comparison.json")
    assert [run.name for run in comparison.runs] == ["good", "good (onnx)", "short"]
    assert [(pair.first, pair.second) for pair in comparison.pairs] == [("good", "good (onnx)"), ("good", "short")]
    assert [front.by for front in comparison.fronts] == ["bytes", "milliseconds"]
    for front in comparison.fronts:
        scores = {run.name: (getattr(run.cost, front.by), run.accuracy.value) for run in comparison.runs}
        for name, (cost, value) in scores.items():
            beaten = any(
                (price <= cost and share >= value) and (price, share) != (cost, value)
                for price, share in scores.values()
            )
            assert (name in front.names) is not beaten
    assert said.stdout.count(" is as accurate as ") == 2
    assert (tmp_path / "out" / "pareto.png").is_file()
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert 'id="front"' in page and "Accuracy against size and time" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    one = mekiki.compare([good.path], part="val", pareto=True).comparison
    assert [run.name for run in one.runs] == ["good", "good (onnx)"]


def test_a_report_takes_the_run_for_itself_and_not_its_export(trained: Trained, exported: Path, tmp_path: Path) -> None:
    _, good, short = trained
    mekiki.compare([short.path, exported, good.path], part="val", out=tmp_path / "out")
    added = own_comparison(tmp_path / "out" / "comparison.json", good)
    assert added.own == "good"
    assert [(pair.first, pair.second) for pair in added.comparison.pairs] == [
        ("short", "good"),
        ("good (onnx)", "good"),
    ]


def test_exports_that_cannot_take_part_are_refused_or_told_of(trained: Trained, exported: Path, tmp_path: Path) -> None:
    _, good, short = trained
    shutil.copytree(exported, tmp_path / "elsewhere")
    with pytest.raises(RunError, match="elsewhere is an export outside its run, and does not say which photos"):
        mekiki.compare([tmp_path / "elsewhere", short.path])
    with pytest.raises(SettingsError, match="is named twice"):
        mekiki.compare([exported, exported])
    tensors = export(good.path, tmp_path / "tensors", ExportSettings(to="timm")).folder.path
    with pytest.raises(RunError, match="tensors is an export to timm, whose answers are those of its run"):
        mekiki.compare([tensors, short.path])
    with pytest.raises(SettingsError, match="two to 30 runs can be compared; 1 given"):
        mekiki.compare([short.path], pareto=True)
    shutil.copytree(short.path, tmp_path / "short")
    shutil.copytree(exported, tmp_path / "short" / "exports" / "onnx")
    with pytest.raises(RunError, match="was made of other weights than the run has now"):
        mekiki.compare([tmp_path / "short" / "exports" / "onnx", good.path])
    said = call("compare", good.path, tmp_path / "short", "--part", "val", "--pareto", "--json")
    assert "left out: onnx of short: " in said.stderr and "was made of other weights" in said.stderr
    assert [run["name"] for run in json.loads(said.stdout)["runs"]] == ["good", "good (onnx)", "short"]


def test_published_counts_at_the_command_line() -> None:
    said = call("compare", "--counts", "26/28", "23/28")
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("26 of 28 right: 92.9% (95 % interval 77.4% to 98.0%)\n23 of 28 right: 82.1%")
    assert "is not evidence that one is better" in said.stdout and "p = 0.25" in said.stdout
    assert json.loads(call("compare", "--counts", "26/28", "23/28", "--json").stdout)["p_most_favourable"] == 0.25


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--counts", "28/26", "23/28"], "--counts '28/26' is no count"),
        (["--counts", "26", "28"], "--counts '26' is no count"),
        (["--counts", "0/0", "1/2"], "--counts '0/0' is no count"),
        (["--counts", "1/2", "1/2", "--margin", "0.1"], "two counts and nothing else"),
        ([], "two to 10 runs can be compared; 0 given"),
        (["only"], "two to 10 runs can be compared; 1 given"),
    ],
)
def test_wrong_words_are_refused(words: list[str], message: str) -> None:
    said = call("compare", *words)
    assert said.exit_code == 2
    assert message in said.stderr
