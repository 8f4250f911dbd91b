"""Commands about photos as a person types them: decisions, folds, checks, copies, downloads."""

import csv
import json
import os
import re
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mekiki.doors.cli import app
from tests.data.made_server import serving
from tests.doors.conftest import call


def plant_copy(photos: Path) -> None:
    (photos / "red" / "copy.png").write_bytes((photos / "red" / "000.png").read_bytes())


def test_an_accepted_kind_becomes_decisions_and_removing_the_line_undoes_it(photos: Path) -> None:
    plant_copy(photos)
    shown = call("scan", photos, "--accept", "exact_duplicate")
    assert shown.exit_code == 0, shown.output
    assert "exact_duplicate" not in shown.stdout
    assert f"accepted: 1 line added to {photos / 'decisions.csv'}" in shown.stdout
    assert "decided: decisions.csv: 1 excluded" in shown.stdout
    lines = (photos / "decisions.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "path,action,value,other,reason"
    assert len(lines) == 2 and "copy.png,exclude" in lines[1]
    found = json.loads(call("scan", photos, "--json").stdout)
    assert (found["usable"], found["excluded"], "exact_duplicate" in found["findings"]) == (36, 1, False)
    (photos / "decisions.csv").write_text(lines[0] + "\n", encoding="utf-8")
    found = json.loads(call("scan", photos, "--json").stdout)
    assert (found["usable"], found["excluded"], found["findings"]["exact_duplicate"]) == (37, 0, 1)


def test_where_there_is_nothing_to_accept_it_says_so_and_writes_nothing(photos: Path) -> None:
    shown = call("scan", photos, "--accept", "exact_duplicate", "--accept", "blank")
    assert (shown.exit_code, shown.stderr) == (
        0,
        "accepted nothing: there is no exact_duplicate and no blank to decide\n",
    )
    assert not (photos / "decisions.csv").exists()


def test_what_would_leave_one_class_is_refused_and_nothing_is_written(photos: Path) -> None:
    for folder in list(photos.iterdir())[1:]:
        for path in folder.iterdir():
            path.write_bytes(b"no picture")
    refused = call("scan", photos, "--accept", "unreadable")
    assert (refused.exit_code, "accepting unreadable would leave only the class" in refused.stderr) == (1, True)
    assert not (photos / "decisions.csv").exists()
    assert call("scan", photos).exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
def test_names_and_labels_cannot_steer_the_terminal(photos: Path, tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b31mred"
    (photos / "red").rename(photos / evil)
    for shown in (call("scan", photos), call("split", photos, "--out", tmp_path / "split.csv")):
        assert shown.exit_code == 0, shown.output
        assert r"\x1b]0;owned\x07\x9b31mred" in shown.stdout
        assert not set(shown.output) & {"\x1b", "\x07", "\x9b"}
    missing = call("scan", tmp_path / evil)
    noted = call("predict", "no-run", "--weights", "none")
    wrong = call("augment", photos, "--out", photos / evil)
    for refused in (missing, noted, wrong):
        assert refused.exit_code in (1, 2)
        assert not set(refused.output) & {"\x1b", "\x07", "\x9b"}
    assert r"\x1b]0;owned" in missing.stderr


def test_a_second_scan_says_what_it_did_not_open_again(photos: Path) -> None:
    for path in photos.rglob("*.png"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    time.sleep(2.1)  # files that changed just now are not trusted
    assert json.loads(call("scan", photos, "--json").stdout)["remembered"] == 0
    assert "not opened again, because unchanged since an earlier scan: 36 photos" in call("scan", photos).stdout
    assert json.loads(call("scan", photos, "--no-remember", "--json").stdout)["remembered"] == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["scan", "{photos}", "--accept", "imbalance"], 2, "imbalance"),
        (["scan", "{photos}", "--accept", "exact_duplicates"], 2, "did you mean exact_duplicate?"),
        (["scan", "{photos}", "--accept", "label_error"], 2, "add --labels"),
        (["scan", "{photos}", "--folds", "4"], 2, "--folds is for looking for wrong labels"),
        (["scan", "{photos}", "--labels", "--weights", "none"], 2, "features of random weights"),
        (["scan", "{photos}", "--decisions", "nowhere.csv"], 1, "nowhere.csv"),
        (["split", "{photos}", "--folds", "4", "--check", "x.csv"], 2, "give one of them"),
        (["split", "{photos}", "--check", "x.csv", "--train", "0.5"], 2, "--train says nothing to it"),
        (["split", "{photos}", "--check", "nowhere.csv"], 1, "nowhere.csv"),
        (["split", "{photos}", "--folds", "2"], 2, "--folds"),
        (["split", "{photos}", "--folds", "3", "--train", "0.5", "--out", "folds"], 2, "train"),
        (["augment", "{photos}"], 2, "expected --out DIR or --preview SHEET, and neither was given"),
        (["augment", "{photos}", "--out", "more", "--preview", "x.png"], 2, "--preview SHEET, and both were given"),
        (["augment", "{photos}", "--preview", "x.gif"], 2, "expected a name that ends in .png or .jpg"),
        (["augment", "{photos}", "--preview", "x.png", "--copies", "3"], 2, "--copies goes with --out"),
        (["augment", "{photos}", "--preview", "x.png", "--rows", "rotate"], 2, "did you mean rotation_range?"),
        (["augment", "{photos}", "--preview", "x.png", "--zca-epsilon", "0.1"], 2, "zca_epsilon 0.1 is for zca"),
        (["augment", "{photos}", "--preview", "x.png", "--zoom-range", "1,2,3"], 2, "or a pair such as 0.8,1.2"),
        (["augment", "{photos}", "--out", "more", "--rows", "fit"], 2, "--rows goes with --preview"),
        (["augment", "{photos}", "--out", "more", "--fit", "crop"], 2, "--fit goes with --preview"),
        (["augment", "{photos}", "--out", "more", "--normalise", "imagenet"], 2, "--normalise goes with --preview"),
        (["augment", "{photos}", "--out", "more", "--cutmix", "1"], 2, "cutmix 1 shows two photos"),
        (["augment", "{photos}", "--out", "more", "--prefix", "a/b"], 2, "expected the beginning of a file name"),
        (["augment", "{photos}", "--out", "more", "--format", "gif"], 2, "Input should be 'jpeg' or 'png'"),
        (["augment", "{photos}", "--out", "{photos}/more"], 2, "more"),
        (["collect", "nowhere.csv", "--out", "more"], 1, "nowhere.csv"),
        (["unpack", "nowhere.zip", "--out", "more"], 1, "cannot read nowhere.zip: No such file"),
        (["unpack", "{photos}/red/000.png", "--out", "more"], 1, "it is no zip, or a damaged one"),
        (["unpack", "{photos}/red/000.png", "--out", "{photos}"], 2, "already holds files"),
        (["unpack", "nowhere.zip", "--out", "more", "--most-files", "0"], 2, "most_files = '0'"),
    ],
)
def test_wrong_use_is_refused_in_one_line(
    words: list[str], code: int, message: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*(word.replace("{photos}", str(photos)) for word in words))
    assert (result.exit_code, message in result.stderr) == (code, True), result.output
    assert "Traceback" not in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


def test_folds_are_written_and_each_is_a_split_that_the_check_finds_clean(photos: Path, tmp_path: Path) -> None:
    plant_copy(photos)
    shown = call("split", photos, "--folds", 4, "--out", tmp_path / "folds")
    assert shown.exit_code == 0, shown.output
    assert "fold 4" in shown.stdout
    assert len(list((tmp_path / "folds").iterdir())) == 4
    checked = call("split", photos, "--check", tmp_path / "folds" / "fold-2.csv")
    assert (checked.exit_code, "nothing leaks" in checked.stdout) == (0, True), checked.output


def test_a_leaking_split_is_named_with_exit_code_1(photos: Path, tmp_path: Path) -> None:
    plant_copy(photos)
    call("split", photos, "--out", tmp_path / "split.csv")
    with (tmp_path / "split.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["part"] = {"red/000.png": "train", "red/copy.png": "test"}.get(row["path"], row["part"])
    with (tmp_path / "theirs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "subset"])
        writer.writerows([row["path"], row["part"]] for row in rows)
    checked = call("split", photos, "--check", tmp_path / "theirs.csv", "--out", tmp_path / "leaks.csv")
    assert checked.exit_code == 1
    assert "red/copy.png (test) - red/000.png (train)" in checked.stdout
    assert "with a twin in train" in checked.stdout
    assert "exact_duplicate" in (tmp_path / "leaks.csv").read_text(encoding="utf-8")
    found = call("split", photos, "--check", tmp_path / "theirs.csv", "--json")
    assert (found.exit_code, json.loads(found.stdout)["leaking"]) == (1, True)


def test_copies_are_written_and_stay_with_their_original(photos: Path, tmp_path: Path) -> None:
    made = call("augment", photos, "--out", tmp_path / "more", "--copies", 2, "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["copies"] == 72
    call("split", tmp_path / "more", "--out", tmp_path / "split.csv")
    assert call("split", tmp_path / "more", "--check", tmp_path / "split.csv").exit_code == 0


def test_copies_are_named_and_stored_as_asked(photos: Path, tmp_path: Path) -> None:
    words = ["--copies", 1, "--format", "png", "--prefix", "aug", "--no-originals", "--preset", "sommelier"]
    made = call("augment", photos, "--out", tmp_path / "more", *words)
    assert made.exit_code == 0, made.output
    names = {path.relative_to(tmp_path / "more").as_posix() for path in (tmp_path / "more").rglob("*.png")}
    assert names == {f"{label}/aug-{n:03}-1.png" for label in ("red", "green", "blue") for n in range(12)}


def test_a_contact_sheet_is_drawn_of_a_folder_and_of_one_photo(photos: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.png", tmp_path / "two.jpg"
    words = ["--rows", "rotation_range,light", "--zoom-range", "0.8,1.2", "--side", 40, "--fit", "crop", "--seed", 3]
    shown = call("augment", photos, "--preview", one, *words)
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, "a contact sheet of 6 rows\n", f"wrote {one}\n")
    assert one.read_bytes().startswith(b"\x89PNG")
    words = ["--normalise", "samplewise_std_normalization", "--json"]
    shown = call("augment", photos / "red" / "000.png", "--preview", two, *words)
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout) == {"sheet": str(two), "rows": ["before", "after"]}
    assert two.read_bytes().startswith(b"\xff\xd8")


def test_the_help_says_how_ranges_are_written() -> None:
    shown = CliRunner().invoke(app, ["augment", "--help"], env={"COLUMNS": "200"})
    lines = {line.split()[1]: line.split()[2] for line in shown.stdout.splitlines() if line.startswith("│ --")}
    assert lines["--width-shift-range"] == lines["--height-shift-range"] == "X|A,B,…"
    assert lines["--zoom-range"] == lines["--brightness-range"] == "X|A,B"
    assert lines["--randaugment"] == lines["--jpeg-quality"] == "A,B"
    assert (lines["--format"], lines["--preset"], lines["--dust"], lines["--blur"]) == ("jpeg|png", "NAME", "N", "X")


def test_photos_are_collected_and_a_second_run_goes_on(tmp_path: Path) -> None:
    with serving() as server:
        rows = [f"{server.url(f'/photo/{number}.jpg')},{'a' if number % 2 else 'b'}" for number in range(4)]
        (tmp_path / "list.csv").write_text("\n".join(["url,label", *rows, f"{server.url('/none.jpg')},a"]) + "\n")
        words = ["collect", tmp_path / "list.csv", "--out", tmp_path / "got", "--delay", 0, "--allow-private"]
        first = call(*words)
        assert first.exit_code == 0, first.output
        assert "4 new, 0 there before" in first.stdout and "missing" in first.stdout
        again = json.loads(call(*words, "--json").stdout)
    assert (again["new"], again["there_before"], again["statuses"]["ok"]) == (0, 4, 4)
    found = json.loads(call("scan", tmp_path / "got", "--json").stdout)
    assert (found["classes"], found["findings"]) == ({"a": 2, "b": 2}, {})


def test_a_list_that_brings_nothing_ends_with_exit_code_1(tmp_path: Path) -> None:
    with serving() as server:
        (tmp_path / "list.csv").write_text(f"url,label\n{server.url('/photo/1.jpg')},a\n")
        refused = call("collect", tmp_path / "list.csv", "--out", tmp_path / "got", "--delay", 0)
    assert (refused.exit_code, "refused" in refused.stdout) == (1, True)


def zip_of(photos: Path, place: Path, **others: bytes) -> Path:
    with zipfile.ZipFile(place, "w") as made:
        for path in sorted(photos.rglob("*.png")):
            made.write(path, path.relative_to(photos.parent))
        for name, content in others.items():
            made.writestr(f"photos/red/{name}", content)
    return place


def test_a_zip_becomes_a_folder_that_can_be_scanned(photos: Path, tmp_path: Path) -> None:
    archive = zip_of(photos, tmp_path / "photos.zip", words=b"words", **{".DS_Store": b""})
    shown = call("unpack", archive, "--out", tmp_path / "got")
    assert shown.exit_code == 0, shown.output
    assert re.fullmatch(
        r"36 photos in 3 folders, 0\.\d MB; left out: 1 other file, 1 hidden or litter\n"
        r"  left out: 1 × is no picture that can be read: its first bytes are of a text file\n",
        shown.stdout,
    )
    assert f"wrote {tmp_path / 'got'}" in shown.stderr
    assert json.loads(call("scan", tmp_path / "got", "--json").stdout)["classes"] == {
        "blue": 12,
        "green": 12,
        "red": 12,
    }
    told = json.loads(call("unpack", archive, "--out", tmp_path / "again", "--json").stdout)
    assert (told["photos"], told["folders"], told["unwrapped"], told["litter"]) == (36, 3, "photos", 1)


def test_a_hostile_zip_is_refused_and_its_names_cannot_steer_the_terminal(photos: Path, tmp_path: Path) -> None:
    archive = zip_of(photos, tmp_path / "photos.zip", **{"\x1b]0;owned\x07.png": b""})
    refused = call("unpack", archive, "--out", tmp_path / "got")
    assert (refused.exit_code, "has a control character" in refused.stderr) == (1, True)
    assert not set(refused.output) & {"\x1b", "\x07"}
    assert not (tmp_path / "got").exists()
