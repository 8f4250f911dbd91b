"""The command line as a person types it: what goes to stdout, what to stderr, and the exit code."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.records.history import read_history
from mekiki.records.run import RunFolder, read_status
from tests.conftest import draw_photo, write_photos
from tests.doors.conftest import call

SMALL = ["--backbone", "test_resnet", "--weights", "none", "--image-size", "32", "--batch-size", "8"]
LEARN = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_photos(tmp_path_factory.mktemp("cli") / "photos", 10)
    return mekiki.train(folder, folder.parent / "run", **LEARN, epochs=8)


def test_train_and_everything_after_it(photos: Path, tmp_path: Path) -> None:
    trained = call("train", photos, "--out", tmp_path / "run", *SMALL, "--set", "epochs=1", "--train", 7, "--val", 3)
    assert trained.exit_code == 0, trained.output
    assert "report: " in trained.stderr
    assert "epoch 1/1: training " in trained.stderr
    assert trained.stdout == ""
    evaluated = call("evaluate", tmp_path / "run", "--part", "val", "--json")
    assert json.loads(evaluated.stdout)["n"] == 9
    table = call("evaluate", tmp_path / "run", "--part", "val").stdout
    assert "95 % interval" in table and "blue" in table
    explained = call(
        "explain", tmp_path / "run", photos / "red" / "000.png", "--out", tmp_path / "why", "--class", "red",
        "--layer", "layer2",
    )  # fmt: skip
    assert "(Grad-CAM at layer2)" in explained.stdout
    assert (tmp_path / "why" / "000-red-heat.png").is_file()


def test_json_prints_one_object_and_nothing_else(photos: Path, tmp_path: Path) -> None:
    assert json.loads(call("scan", photos, "--json").stdout)["classes"] == {"blue": 12, "green": 12, "red": 12}
    split = call("split", photos, "--out", tmp_path / "split.csv", "--train", 6, "--val", 3, "--json")
    assert json.loads(split.stdout)["parts"]["test"] == {"blue": 3, "green": 3, "red": 3}
    trained = call("train", photos, "--out", tmp_path / "run", *SMALL, "--epochs", 1, "--json")
    figures = json.loads(trained.stdout)
    assert (figures["part"], figures["others"][0]["part"]) == ("test", "val")
    assert set(figures["accuracy"]) == {"value", "low", "high"}
    said = call("predict", tmp_path / "run", photos / "red", "--json")
    assert len(json.loads(said.stdout)["predictions"]) == 12
    assert json.loads(call("backbones", "nin*", "--json").stdout)["backbones"][0]["name"] == "nin"


def test_scan_and_split_show_tables_and_write_files(photos: Path, tmp_path: Path) -> None:
    (photos / "red" / "copy.png").write_bytes((photos / "red" / "000.png").read_bytes())
    (photos / "red" / "broken.jpg").write_bytes(b"no picture")
    shown = call("scan", photos, "--out", tmp_path / "scan").stdout
    assert "exact_duplicate" in shown and "unreadable" in shown
    assert {path.name for path in (tmp_path / "scan").iterdir()} == {"manifest.csv", "findings.csv", "scan.html"}
    assert "train" in call("split", photos, "--out", tmp_path / "split.csv").stdout
    again = call("split", photos, "--out", tmp_path / "split.csv")
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)


def test_prediction_formats(run: RunFolder, photos: Path, tmp_path: Path) -> None:
    bars = call("predict", run.path, photos / "red" / "001.png").stdout
    assert "█" in bars and "%" in bars
    lines = call("predict", run.path, photos / "red", "--format", "jsonl", "--top", 2).stdout.splitlines()
    assert len(lines) == 12
    record = json.loads(lines[0])
    assert set(record) == {"path", "label", "known", "score", "top", "error"}
    assert record["top"][0][0] == record["label"]
    assert len(record["top"]) == 2
    table = call("predict", run.path, photos / "red", "--format", "csv").stdout.splitlines()
    assert table[0] == "path,error,known,label,score,label_2,score_2,label_3,score_3"
    single = call("predict", run.path, photos / "red", "--format", "csv", "--top", 1).stdout.splitlines()
    assert single[0] == "path,error,known,label,score"
    written = call("predict", run.path, photos / "red", "--out", tmp_path / "said.csv")
    assert written.stdout == ""
    assert (tmp_path / "said.csv").read_text().splitlines() == table


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "nowhere", "--out", "run", *SMALL], 1, "error: there is no"),
        (["train", "{photos}"], 2, "--out"),
        (["train", "{photos}", "--out", "run", "--epochs", "many"], 2, "epochs = 'many'"),
        (["train", "{photos}", "--out", "run", "--set", "epoch=3"], 2, "did you mean epochs?"),
        (["train", "{photos}", "--out", "run", "--backbone", "resnet5O", "--weights", "none"], 2, "resnet50"),
        (["train", "{photos}", "--out", "run", *SMALL, "--device", "cuda"], 2, "torch finds none on this machine"),
        (["train", "{photos}", "--out", "run", *SMALL, "--device", "gpu"], 2, "there is no device 'gpu'"),
        (["train", "{photos}", "--out", "run", "--weights", "nowhere.safetensors"], 1, "nowhere.safetensors"),
        (["predict", "{photos}", "x.jpg"], 1, "x.jpg"),
        (["predict", "imagenet:resnet5O", "{photos}"], 2, "resnet50"),
        (["evaluate", "nowhere"], 1, "there is no run folder nowhere"),
        (["fly"], 2, "No such command"),
        (["train", "{photos}", "--out", "run", *SMALL, "--set", "out=x"], 2, "there is no setting 'out'"),
        (["predict", "{photos}", "{photos}", "--json", "--format", "csv"], 2, "--json prints one object"),
        (["predict", "{photos}", "{photos}", "--out", "{photos}/red/000.png"], 2, "is there already"),
        (["scan", "{photos}", "--near-similarity", "2"], 2, "near_similarity = '2'"),
    ],
)
def test_wrong_use_is_one_clear_line(
    photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    result = call(*(word.format(photos=photos) for word in words))
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert not (tmp_path / "run").exists()


def test_version_and_help() -> None:
    assert call("--version").stdout.strip() == mekiki.__version__
    assert "connoisseur" in call("--help").stdout
    assert "(default: 0.6)" in call("train", "--help").stdout


def png_bomb(side: int) -> bytes:
    """A valid PNG of side x side black pixels in a few hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    folder.mkdir()
    picture = Image.fromarray(draw_photo((200, 50, 40), 3, 96))
    picture.save(folder / "whole.jpg")
    (folder / "truncated.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:900])
    (folder / "text.jpg").write_text("I am no picture\n" * 20)
    (folder / "empty.png").touch()
    (folder / "bomb.png").write_bytes(png_bomb(30_000))
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(folder / "rotated.jpg", exif=exif)
    frames = [Image.fromarray(draw_photo((200, 50, 40), number, 96)) for number in range(3)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads peak memory as Linux gives it")
def test_predict_on_a_hostile_folder_gives_a_line_each_in_bounded_memory(run: RunFolder, hostile: Path) -> None:
    program = (
        "import resource, sys\n"
        "from mekiki.doors.cli import app\n"
        "import mekiki.verbs.predict, torch\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    app(sys.argv[1:])\nfinally:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", program, "predict", str(run.path), str(hostile), "--format", "jsonl"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    said = {Path(line["path"]).name: line for line in map(json.loads, result.stdout.splitlines())}
    assert set(said) == {path.name for path in hostile.iterdir()}
    broken = {name for name, line in said.items() if line["error"]}
    assert broken == {"truncated.jpg", "text.jpg", "empty.png", "bomb.png"}
    assert all("\n" not in said[name]["error"] for name in broken)
    assert "megapixels" in said["bomb.png"]["error"]
    grown_megabytes = int(result.stderr.splitlines()[-1]) / 1000
    assert grown_megabytes < 300


def test_the_rotated_and_the_whole_photo_are_told_apart_only_by_rotation(run: RunFolder, hostile: Path) -> None:
    classifier = mekiki.load(run.path)
    upright = np.rot90(draw_photo((200, 50, 40), 3, 96), -1)
    said = classifier.predict_proba([hostile / "rotated.jpg", np.ascontiguousarray(upright)])
    np.testing.assert_allclose(said[0], said[1], atol=0.05)


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals as on POSIX")
def test_results_reach_a_file_while_bars_are_on_the_terminal(run: RunFolder, photos: Path, tmp_path: Path) -> None:
    import pty

    terminal, end = pty.openpty()
    words = ["predict", str(run.path), str(photos / "red"), "--format", "jsonl"]
    with (tmp_path / "said.jsonl").open("w") as file:
        process = subprocess.Popen([sys.executable, "-m", "mekiki", *words], stdout=file, stderr=end)
        os.close(end)
        try:
            while os.read(terminal, 4096):
                pass
        except OSError:
            pass
        process.wait(timeout=60)
        os.close(terminal)
    assert len((tmp_path / "said.jsonl").read_text().splitlines()) == 12


def test_help_and_names_can_be_written_anywhere(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    shown = subprocess.run([sys.executable, "-m", "mekiki", "--help"], capture_output=True, env=environment, check=True)
    assert "目利き" in shown.stdout.decode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_ctrl_c_leaves_a_usable_run(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 12)
    words = ["train", str(folder), "--out", str(tmp_path / "run"), *SMALL, "--epochs", "5000", "--patience", "5000"]
    process = subprocess.Popen([sys.executable, "-m", "mekiki", *words], stderr=subprocess.PIPE, text=True)
    run = RunFolder(tmp_path / "run")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (run.history.exists() and len(read_history(run.history)) > 3):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "one moment for the figures" in stderr
    assert stderr.rstrip().endswith(f"go on with: mekiki train --out {run.path} --resume\nstopped")
    assert read_status(run).state == "stopped"
    assert run.report.is_file()
    assert len(mekiki.load(run.path).predict([folder / "red" / "000.png"])) == 1


def test_export_tells_its_proof(run: RunFolder, tmp_path: Path) -> None:
    told = call("export", run.path, "--to", "safetensors", "--out", tmp_path / "model")
    assert told.exit_code == 0, told.output
    assert "same class            100.00%" in told.stdout and "same known/unknown    100.00%" in told.stdout
    assert f"wrote {tmp_path / 'model'}" in told.stderr
    parity = json.loads(call("export", run.path, "--to", "safetensors", "--out", tmp_path / "again", "--json").stdout)
    assert (parity["to"], parity["part"], parity["agreement"]) == ("safetensors", "val", 1.0)
    again = call("export", run.path, "--to", "safetensors", "--out", tmp_path / "model")
    assert again.exit_code == 2 and "already holds files" in again.stderr
    wrong = call("predict", run.path, tmp_path, "--engine", "onnx")
    assert wrong.exit_code in (1, 2) and "error: " in wrong.stderr
