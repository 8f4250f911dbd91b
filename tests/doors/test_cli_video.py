"""``mekiki predict`` of a video, as a person types it."""

import csv
import io
import json
from pathlib import Path

import pytest

import mekiki
from mekiki.records.run import RunFolder
from tests.conftest import COLOURS, draw_photo, write_photos
from tests.data.made_videos import pictures_of, write_video
from tests.doors.conftest import call

LEARN = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "refit": "off"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_photos(tmp_path_factory.mktemp("cli") / "photos", 6)
    return mekiki.train(folder, folder.parent / "run", **LEARN, epochs=1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = [draw_photo(COLOURS["red"], number, 64) for number in range(12)]
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", pictures, "mp4v")


def test_a_video_with_bars_and_heat_maps_and_a_table(run: RunFolder, clip: Path, tmp_path: Path) -> None:
    done = call("predict", run.path, clip, "--explain", tmp_path / "out.mp4", "--out", tmp_path / "f.csv", "--every", 3)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("0:00.00  ") and "%" in done.stdout
    assert f"{clip}: 12 frames in 0.4 s: 4 asked, 8 skipped" in done.stderr
    assert f"wrote {tmp_path / 'f.csv'}" in done.stderr and f"wrote {tmp_path / 'out.mp4'}" in done.stderr
    assert len(pictures_of(tmp_path / "out.mp4")) == 12
    assert len((tmp_path / "f.csv").read_text().splitlines()) == 13


def test_lines_for_programs(run: RunFolder, clip: Path) -> None:
    table = list(csv.DictReader(io.StringIO(call("predict", run.path, clip, "--format", "csv").stdout)))
    assert [row["frame"] for row in table] == [str(number) for number in range(12)]
    lines = call("predict", run.path, clip, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["label"] for line in lines] == [row["label"] for row in table]
    said = json.loads(call("predict", run.path, clip, "--json").stdout)
    assert (said["frames"], said["asked"], said["skipped"], said["broken"], said["ended"]) == (12, 12, 0, 0, None)
    assert said["changes"][0]["frame"] == 0 and said["changes"][0]["label"] == table[0]["label"]


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["{photo}", "--explain", "o.mp4"], 2, "--explain o.mp4 is for a video or a camera; {photo} is neither", "mekiki explain RUN"),
        (["{folder}", "--explain", "o.mp4"], 2, "is for a video or a camera", "mekiki explain RUN"),
        (["*.png", "--explain", "o.mp4"], 2, "is for a video or a camera; *.png is neither", "mekiki explain RUN"),
        (["{photo}", "--keep-up"], 2, "--keep-up is for a video or a camera", "leave it out for pictures"),
        (["{clip}", "{photo}"], 2, "is watched alone, and 2 sources were named", "one command for each video"),
        (["{clip}", "--every", "0"], 2, "every = '0'", "every: ask the model"),
        (["{clip}", "--format", "csv", "--out", "f.jsonl"], 2, "--format csv does not go with --out f.jsonl", "leave --format out"),
        (["{clip}", "--json", "--out", "f.csv"], 2, "--json prints one object", "leave one out"),
        (["{clip}", "--explain", "{clip}"], 2, "is there already; nothing is ever written over", "name a new file"),
        (["{clip}", "--explain", "{photo}/o.mp4"], 2, "cannot be written to", "a folder of your own"),
        (["nowhere.mp4"], 1, "there is no video file nowhere.mp4", "the number of a camera"),
        (["98"], 1, "camera 98 cannot be opened", "the first camera is 0"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_clear_line(
    run: RunFolder, clip: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: list[str], code: int, message: str, hint: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    places = {"photo": photos / "red" / "000.png", "folder": photos, "clip": clip}
    before = {path: path.read_bytes() for path in (clip, places["photo"])}
    result = call("predict", run.path, *(word.format(**places) for word in words))
    assert result.exit_code == code, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("hint: ")
    assert message.format(**places) in lines[0] and hint in lines[1]
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]
