"""What a run has seen before does not judge it: through every verb and door, on small trained runs."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import mekiki
from mekiki.config import StressSettings
from mekiki.doors.cli import app
from mekiki.errors import DataError, SettingsError
from mekiki.records.openings import read_test_openings
from mekiki.records.predictions import read_predictions
from mekiki.records.run import RunFolder, read_config, write_config
from mekiki.records.split import Split, read_split, write_split
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}
QUICK = StressSettings(kinds="brightness")
Trained = tuple[Path, RunFolder, RunFolder, RunFolder]


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Photos, a run on them, and two that say they were made of the same photos in other parts, one of it rescaled."""
    photos = write_photos(tmp_path_factory.mktemp("seen") / "photos", 10)
    first = mekiki.train(photos, photos.parent / "first", **SMALL, epochs=1)
    second, third = (RunFolder(Path(shutil.copytree(first.path, photos.parent / name))) for name in ("second", "third"))
    turned = {"train": "train", "val": "test", "test": "val"}
    rows = read_split(first.split).rows
    write_split(second.split, Split(tuple(replace(row, part=turned[row.part]) for row in rows)))
    scaled = rescaled(photos, photos.parent / "scaled", [path.relative_to(photos) for path in photos.rglob("*.png")])
    third.manifest.unlink()
    third.findings.unlink()
    mekiki.scan(scaled, third.path)
    turned = {"train": "test", "val": "val", "test": "train"}
    renamed = [replace(row, path=row.path.replace(".png", ".jpg"), part=turned[row.part]) for row in rows]
    write_split(third.split, Split(tuple(renamed)))
    write_config(third, read_config(first).model_copy(update={"data": str(scaled)}))
    return photos, first, second, third


def rescaled(photos: Path, out: Path, paths: list[Path]) -> Path:
    """Write photos at twice their size as JPEGs."""
    for path in paths:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        picture = Image.open(photos / path)
        picture.resize((96, 96), Image.Resampling.BICUBIC).save((out / path).with_suffix(".jpg"), quality=90)
    return out


def paths_of(run: RunFolder, part: str) -> list[Path]:
    return [Path(row.path) for row in read_split(run.split).rows if row.part == part]


def test_evaluate_tells_fresh_photos_from_rescaled_training_photos(trained: Trained, tmp_path: Path) -> None:
    photos, first, *_ = trained
    other = rescaled(photos, tmp_path / "other", paths_of(first, "train")[:5] + paths_of(first, "val")[:2])
    new = write_photos(tmp_path / "new", 13)
    for path in sorted(new.rglob("01[0-2].png")):
        (other / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, other / path.parent.name)
    said = call("evaluate", first.path, other, "--out", tmp_path / "out")
    assert said.exit_code == 0, said.output
    assert re.search(r"^fresh photos: accuracy [\d.]+% \(95 % interval .*\), n = 9, ", said.stdout, re.MULTILINE)
    line = r"^counted apart: the run was trained on 5 of these photos \(5 near copies\): accuracy [\d.]+% \(.* to .*\)$"
    assert re.search(line, said.stdout, re.MULTILINE), said.stdout
    line = r"^counted apart: the run's snapshot was chosen by 2 of these photos \(2 near copies\): accuracy "
    assert re.search(line, said.stdout, re.MULTILINE), said.stdout
    seen = [row.seen for row in read_predictions(tmp_path / "out" / "predictions.csv")]
    assert sorted(seen) == [""] * 9 + ["train (near copy)"] * 5 + ["val (near copy)"] * 2
    content = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (content["fresh"], content["n"], content["seen_in_training"]) == (9, 9, 5)
    assert sum(map(sum, content["confusion"])) == 9
    assert [(each["part"], each["n"], set(each["accuracy"])) for each in content["apart"]] == [
        ("train", 5, {"value", "low", "high"}),
        ("val", 2, {"value", "low", "high"}),
    ]


def test_where_all_was_seen_there_is_no_fresh_figure(trained: Trained, tmp_path: Path) -> None:
    photos, first, *_ = trained
    other = rescaled(photos, tmp_path / "other", paths_of(first, "train")[:4] + paths_of(first, "val")[:1])
    said = call("evaluate", first.path, other)
    line = (
        "there is no fresh figure: the run has seen all of these 5 photos or copies of them (4 in training, 1 to choose "
        "its snapshot); what follows is how well it remembers them"
    )
    assert said.stdout.startswith(line), said.stdout
    assert "\nseen photos: accuracy" in said.stdout and "fresh photos" not in said.stdout
    content = json.loads(call("evaluate", first.path, other, "--json").stdout)
    assert (content["fresh"], content["n"], content["seen_in_training"]) == (0, 5, 4)
    said = call("evaluate", first.path, "--part", "train")
    assert said.stdout.startswith("there is no fresh figure: the run has seen all of these 18 photos"), said.stdout
    assert "\ntrain: accuracy" in said.stdout


def test_own_parts_are_what_they_are(trained: Trained) -> None:
    _, first, *_ = trained
    for part in ("val", "test"):
        said = call("evaluate", first.path, "--part", part)
        assert said.stdout.startswith(f"{part}: accuracy") and "apart" not in said.stdout
        figures = mekiki.evaluate(first.path, part=part).evaluation
        assert figures.fresh == figures.n == 6 and figures.apart == []


def test_stress_against_another_run_leaves_out_what_either_has_seen(trained: Trained) -> None:
    photos, first, second, _ = trained
    said = call("stress", first.path, photos, "--against", second.path, "--kinds", "brightness", "--json")
    assert said.exit_code == 2 or said.exit_code == 1, said.output
    assert f"18 trained on by {first.path}, or copies of such" in said.stderr, "each saw all, in training or to choose"
    with pytest.raises(
        DataError, match=r"no photo is left that all runs can be compared on: 12 in the validation part"
    ):
        mekiki.stress(first.path, against=[second.path], settings=QUICK)
    with pytest.raises(SettingsError, match="trained on cannot compare"):
        mekiki.stress(first.path, part="train", against=[second.path], settings=QUICK)


def test_stress_and_compare_know_copies_that_lie_elsewhere(trained: Trained, tmp_path: Path) -> None:
    """The third run was trained on rescaled copies of the first one's test photos: these cannot judge both."""
    _, first, _, third = trained
    other = write_photos(tmp_path / "other", 12)
    said = call("stress", first.path, other, "--against", third.path, "--kinds", "brightness", "--json")
    assert said.exit_code == 0, said.output
    notes = re.findall(r"left out: (\d+) photos (.*), or copies of such", said.stderr)
    assert {why: count for count, why in notes} == {
        f"trained on by {first.path}": "18",
        f"used by {first.path} to choose its snapshot": "6",
        f"trained on by {third.path}": "6",
    }
    content = json.loads(said.stdout)
    assert (content["n"], content["seen_in_training"], content["against"][0]["seen_in_training"]) == (6, 0, 0)
    assert [each["count"] for each in content["left_out"]] == [18, 6, 6]
    compared = mekiki.compare([first.path, third.path], other).comparison
    assert compared.n == 6 and [each.count for each in compared.left_out] == [18, 6, 6]
    with pytest.raises(DataError, match="6 trained on by third, or copies of such"):
        mekiki.compare([first.path, third.path], part="test")


def test_stress_alone_says_how_many_near_copies_it_was_trained_on(trained: Trained, tmp_path: Path) -> None:
    photos, first, *_ = trained
    other = rescaled(photos, tmp_path / "other", paths_of(first, "train")[:4] + paths_of(first, "test")[:2])
    said = call("stress", first.path, other, "--kinds", "brightness", "--json")
    assert f"{first.path} was trained on 4 of these photos, or copies of them: its figures flatter" in said.stderr
    assert json.loads(said.stdout)["seen_in_training"] == 4


def test_every_verb_that_looks_at_test_photos_is_recorded_by_its_name(trained: Trained, tmp_path: Path) -> None:
    photos, first, *_ = trained
    run = RunFolder(Path(shutil.copytree(first.path, tmp_path / "run")))
    run.test_openings.unlink()
    twin = RunFolder(Path(shutil.copytree(run.path, tmp_path / "twin")))
    tests, vals = paths_of(run, "test"), paths_of(run, "val")
    copies = rescaled(photos, tmp_path / "copies", tests[:3])
    looks: list[tuple[tuple[object, ...], tuple[str, int] | None]] = [
        (("evaluate", run.path), ("evaluate", 6)),
        (("evaluate", run.path, "--part", "val"), None),
        (("evaluate", run.path, photos), ("evaluate", 6)),
        (("evaluate", run.path, copies), ("evaluate", 3)),
        (("compare", run.path, twin.path), ("compare", 6)),
        (("compare", run.path, twin.path, "--part", "val"), None),
        (("compare", run.path, twin.path, copies), ("compare", 3)),
        (("stress", run.path, "--kinds", "brightness"), None),
        (("stress", run.path, "--part", "test", "--kinds", "brightness"), ("stress", 6)),
        (("stress", run.path, photos, "--kinds", "brightness", "--limit", 10), ("stress", 6)),
        (("stress", run.path, "--part", "test", "--against", twin.path, "--kinds", "brightness"), ("stress", 6)),
        (("explain", run.path, *(photos / path for path in vals), "--out", tmp_path / "a", "--layer", "layer3"), None),
        (
            ("explain", run.path, photos / tests[0], photos / vals[0], "--out", tmp_path / "b", "--layer", "layer3"),
            ("explain", 1),
        ),
    ]
    expected = []
    for words, look in looks:
        said = call(*words)
        assert said.exit_code == 0, (words, said.output)
        expected += [look] if look else []
        assert [(each.verb, each.n) for each in read_test_openings(run.test_openings)] == expected, words
    assert [each.verb for each in read_test_openings(twin.test_openings)] == ["compare", "compare", "stress"]
    made = read_test_openings(first.test_openings)[0]
    assert (made.verb, made.n) == ("train", 6)
