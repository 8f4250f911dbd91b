"""The main job on real photos with real weights; skipped where they are absent."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mekiki
from mekiki.doors.cli import app
from mekiki.records.evaluation import read_metrics
from mekiki.records.split import read_split

pytestmark = pytest.mark.slow


def test_the_head_start_alone_knows_most_guitars_and_nothing_leaks(shared: Path, tmp_path: Path) -> None:
    weights = shared / "weights" / "mobilenetv1_100"
    settings = {"weights": str(weights), "train": 200, "val": 50, "epochs": 0, "image_size": 160, "views": "plain"}
    run = mekiki.train(shared / "data" / "guitars", tmp_path / "run", backbone="mobilenetv1_100", **settings)
    (val,) = read_metrics(run.metrics)
    assert val.n == pytest.approx(550, abs=15)
    assert val.accuracy.low > 0.7
    rows = [row for row in read_split(run.split).rows if row.group]
    parts = {row.group: {other.part for other in rows if other.group == row.group} for row in rows}
    assert len(parts) > 50
    assert all(len(sides) == 1 for sides in parts.values())


def test_imagenet_names_things_in_any_picture(
    shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(shared / "weights"))
    pictures = [next(iter(sorted((shared / "data" / "objects20" / name).iterdir()))) for name in ("laptop", "starfish")]
    words = ["predict", "imagenet:mobilenetv1_100", *map(str, pictures), "--format", "jsonl"]
    lines = [json.loads(line) for line in CliRunner().invoke(app, words).stdout.splitlines()]
    assert [len(line["top"]) for line in lines] == [10, 10]
    for line, word in zip(lines, ("laptop", "starfish"), strict=True):
        assert any(word in name for name, _ in line["top"]), line
