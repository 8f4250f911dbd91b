"""What is written is read back, and a wrong file is told with its name and field."""

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mekiki.config import RunConfig, make_config
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.card import ModelCard, Preprocessing, read_card, write_card
from mekiki.records.evaluation import ClassFigures, Estimate, Evaluation, read_metrics, write_metrics
from mekiki.records.findings import FINDING_MEANINGS, Finding, read_findings, write_findings
from mekiki.records.manifest import Manifest, Photo, read_manifest, write_manifest
from mekiki.records.openings import TestOpening as Opening
from mekiki.records.openings import add_test_opening, read_test_openings
from mekiki.records.predictions import Prediction, ScoredPhoto, read_predictions, write_predictions
from mekiki.records.run import (
    RunFolder,
    Status,
    check_new_file,
    check_new_folder,
    create_run,
    is_run_folder,
    open_run,
    photo_root,
    read_config,
    read_status,
    write_config,
    write_status,
)

PREPROCESSING = Preprocessing(image_size=160, fit="letterbox", mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.25))
CARD = ModelCard(backbone="mobilenetv1_100", head="gap", classes=["SG", "ギター"], preprocessing=PREPROCESSING)
HINT = r"\nhint: it was written by another version, or edited"


def change(path: Path, *keys: str, value: object) -> None:
    """Set one value inside a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_card_comes_back(tmp_path: Path) -> None:
    card = CARD.model_copy(update={"pad_type": "same", "weights_source": "timm", "parameters": 3, "head": "flatten"})
    write_card(tmp_path / "model.json", card)
    assert read_card(tmp_path / "model.json") == card


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("format",), 2, "format: Input should be 1"),
        (("head",), "exec", "head: Input should be 'gap'"),
        (("classes",), ["SG"], "classes: List should have at least 2 items"),
        (("pad_type",), "valid", "pad_type: Input should be '' or 'same'"),
        (("preprocessing", "image_size"), 100_000, "preprocessing.image_size: Input should be less than or equal to 2048"),
        (("preprocessing", "std"), [0.2, 0.0, 0.2], "preprocessing.std.1: Input should be greater than or equal to 0.001"),
        (("preprocessing", "mean"), [0.2, 0.2], "preprocessing.mean.2: Field required"),
        (("preprocessing", "fit"), "zoom", "preprocessing.fit: Input should be 'letterbox'"),
    ],
)  # fmt: skip
def test_a_foreign_card_is_refused_with_its_field(
    tmp_path: Path, keys: tuple[str, ...], value: object, message: str
) -> None:
    path = tmp_path / "model.json"
    write_card(path, CARD)
    change(path, *keys, value=value)
    with pytest.raises(RunError, match=rf"model.json: {message}.*{HINT}"):
        read_card(path)


def test_a_card_of_a_later_version_with_more_in_it_is_read(tmp_path: Path) -> None:
    write_card(tmp_path / "model.json", CARD)
    change(tmp_path / "model.json", "threshold", value=0.5)
    assert read_card(tmp_path / "model.json") == CARD


def test_files_that_are_no_json_objects(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    with pytest.raises(RunError, match=r"cannot read .*model.json: No such file"):
        read_card(path)
    for content in (b"{half", b"\xff\xfe", b""):
        path.write_bytes(content)
        with pytest.raises(RunError, match=r"model.json is not JSON: "):
            read_card(path)
    path.write_text("[1]")
    with pytest.raises(RunError, match=r"model.json holds no JSON object"):
        read_card(path)


def test_a_run_folder_is_made_once(tmp_path: Path) -> None:
    place = tmp_path / "runs" / "guitars"
    check_new_folder(place)
    assert not place.exists()
    run = create_run(place)
    assert run == RunFolder(place) and place.is_dir() and create_run(place) == run
    write_status(run, Status(state="running"))
    for refuse in (check_new_folder, create_run):
        with pytest.raises(SettingsError, match=r"guitars already holds files; .*\nhint: name a new folder"):
            refuse(place)
        with pytest.raises(SettingsError, match=r"--out .*status.json is a file\nhint: name a folder that does not"):
            refuse(run.status)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user")
def test_a_place_without_write_access_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SettingsError, match=r"cannot be written to\nhint: name a folder of your own"):
        check_new_folder(tmp_path / "runs" / "guitars")


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    check_new_file(tmp_path / "split.csv")
    check_new_file(Path(os.devnull))
    (tmp_path / "split.csv").touch()
    for path in (tmp_path, tmp_path / "split.csv"):
        with pytest.raises(SettingsError, match=r"is there already; nothing is ever written over\nhint: name a new"):
            check_new_file(path)


def test_only_a_folder_with_a_model_is_opened(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no run folder .*gone\nhint: mekiki train DATA --out RUN makes one"):
        open_run(tmp_path / "gone")
    with pytest.raises(RunError, match=r"holds no model.json\nhint: it is no run folder, or its training did not"):
        open_run(tmp_path)
    write_card(tmp_path / "model.json", CARD)
    with pytest.raises(RunError, match=r"holds no model.safetensors\n"):
        open_run(tmp_path)
    (tmp_path / "model.safetensors").touch()
    assert open_run(tmp_path).card == open_run(tmp_path)["model.json"] == tmp_path / "model.json"


@pytest.mark.parametrize(("name", "is_run"), [("status.json", True), ("model.json", True), ("split.csv", False)])
def test_a_run_folder_is_known_by_its_files(tmp_path: Path, name: str, is_run: bool) -> None:
    assert not is_run_folder(tmp_path) and not is_run_folder(tmp_path / "gone")
    (tmp_path / name).touch()
    assert is_run_folder(tmp_path) == is_run
    assert not is_run_folder(tmp_path / name)


def test_a_status_comes_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    status = Status(state="stopped", message="by you", epoch=3, seconds=1.5, mekiki="0.1.0")
    write_status(run, status)
    assert read_status(run) == status
    change(run.status, "state", value="paused")
    with pytest.raises(RunError, match=rf"status.json: state: Input should be 'running', 'done'.*{HINT}"):
        read_status(run)


def test_a_config_comes_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    config = make_config(
        str(tmp_path), "split.csv", backbone="resnet50", freeze="2", classes="b,a", train=200, val=50, epochs=3, seed=7
    )
    write_config(run, config)
    assert read_config(run) == config
    assert read_config(run).split.train == 200 and not read_config(run).split.by_fraction


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("train", "epochs"), -1, "train.epochs: Input should be greater than or equal to 0"),
        (("train", "colour"), 1, "train.colour: Extra inputs are not permitted"),
        (("model", "head"), "x", "model.head: Input should be 'gap'"),
        (("split", "val"), 0, "split: val must be above 0"),
        (("data",), None, "data: Input should be a valid string"),
    ],
)
def test_a_foreign_config_is_refused_with_its_field(
    tmp_path: Path, keys: tuple[str, ...], value: object, message: str
) -> None:
    run = RunFolder(tmp_path)
    write_config(run, RunConfig(data="photos"))
    change(run.config, *keys, value=value)
    with pytest.raises(RunError, match=rf"config.json: {message}.*{HINT}") as caught:
        read_config(run)
    assert "Value error" not in str(caught.value)


def test_photos_lie_in_the_folder_or_beside_the_csv(tmp_path: Path) -> None:
    (tmp_path / "list.csv").touch()
    assert photo_root(RunConfig(data=str(tmp_path))) == tmp_path
    assert photo_root(RunConfig(data=str(tmp_path / "list.csv"))) == tmp_path
    (tmp_path / "export.csv").mkdir()
    assert photo_root(RunConfig(data=str(tmp_path / "export.csv"))) == tmp_path / "export.csv"


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    photos = (Photo("a/1.jpg", "a", "g", "ff", "0f", 3, 4), Photo("b/x.jpg", "b", status="unreadable", part="test"))
    write_manifest(tmp_path / "manifest.csv", Manifest(tmp_path, photos, ("a", "b")))
    assert read_manifest(tmp_path / "manifest.csv", tmp_path) == Manifest(tmp_path, photos, ("a", "b"))


def test_openings_of_test_add_up(tmp_path: Path) -> None:
    path = tmp_path / "test_openings.csv"
    assert read_test_openings(path) == []
    first, second = (
        Opening("2024-05-01T10:00:00+00:00", 90, 0.9),
        Opening("2024-05-02T10:00:00+00:00", 90, 1 / 3, "compare"),
    )
    add_test_opening(path, first)
    add_test_opening(path, second)
    assert read_test_openings(path) == [first, second]
    path.write_text("time,n,accuracy\n2024-05-01T10:00:00+00:00,90,0.9\n")
    assert read_test_openings(path) == [first], "a file of a version that did not say which verb"
    path.write_text("time,n,accuracy\nnow,many,0.9\n")
    with pytest.raises(DataError, match=r"test_openings.csv, row 2, column 'n': 'many' does not fit"):
        add_test_opening(path, first)


def test_a_prediction_as_json() -> None:
    said = Prediction("ギター.jpg", (("SG", 0.75), ("Les Paul", 0.1234567)))
    assert (said.label, said.score) == ("SG", 0.75)
    expected = {
        "path": "ギター.jpg",
        "label": "SG",
        "known": None,
        "score": 0.75,
        "top": [["SG", 0.75], ["Les Paul", 0.123457]],
        "error": None,
    }
    assert said.as_json() == expected and json.loads(said.as_json_line()) == expected
    assert "ギター" in said.as_json_line() and "\n" not in said.as_json_line()


def test_a_picture_without_an_answer_as_json() -> None:
    said = Prediction("a.jpg", error="is empty (0 bytes)")
    assert (said.label, said.score) == ("", 0.0)
    assert said.as_json() == {
        "path": "a.jpg",
        "label": None,
        "known": None,
        "score": None,
        "top": [],
        "error": "is empty (0 bytes)",
    }


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=12)
shares = st.floats(0, 1)


@given(
    st.lists(
        st.builds(ScoredPhoto, names, st.just("test"), names, names, shares, shares, names, st.none() | shares, names),
        max_size=4,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scored_photos_come_back(tmp_path: Path, rows: list[ScoredPhoto]) -> None:
    write_predictions(tmp_path / "predictions.csv", rows)
    assert read_predictions(tmp_path / "predictions.csv") == rows


def test_predictions_of_an_older_version_are_read(tmp_path: Path) -> None:
    text = "path,part,label,predicted,score,label_score,second\na.jpg,val,SG,SG,0.9,0.9,Les Paul\n"
    (tmp_path / "predictions.csv").write_text(text)
    (row,) = read_predictions(tmp_path / "predictions.csv")
    assert (row.second, row.seen) == ("Les Paul", "")


def test_a_scored_photo_is_right_or_not(tmp_path: Path) -> None:
    assert ScoredPhoto("a.jpg", "val", "SG", "SG", 0.9, 0.9).right
    assert not ScoredPhoto("a.jpg", "val", "SG", "Les Paul", 0.9, 0.1).right
    (tmp_path / "predictions.csv").write_text("path,part,label,predicted,score\n")
    with pytest.raises(DataError, match=r"predictions.csv has no column 'label_score'"):
        read_predictions(tmp_path / "predictions.csv")


def test_findings_come_back(tmp_path: Path) -> None:
    findings = [Finding(kind, "a/1.jpg", "b/2, 3.jpg", 0.25, 'says "x"') for kind in FINDING_MEANINGS]
    write_findings(tmp_path / "findings.csv", findings)
    assert read_findings(tmp_path / "findings.csv") == findings
    (tmp_path / "findings.csv").write_text("kind,path,score\ntiny,a.jpg,big\n")
    with pytest.raises(DataError, match=r"findings.csv, row 2, column 'score': 'big' does not fit"):
        read_findings(tmp_path / "findings.csv")


def made_evaluation(part: str) -> Evaluation:
    figures = [
        ClassFigures(label="a", n=2, recall=Estimate(value=0.5, low=0.1, high=0.9), precision=1.0, f1=2 / 3),
        ClassFigures(label="b", n=0, recall=None, precision=None, f1=None),
    ]
    return Evaluation(
        part=part,
        n=2,
        classes=["a", "b"],
        accuracy=Estimate(value=0.5, low=0.1, high=0.9),
        top5=None,
        f1_macro=2 / 3,
        ece=0.1,
        per_class=figures,
        confusion=[[1, 1], [0, 0]],
        seconds=0.5,
    )


def test_metrics_come_back(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    evaluations = [made_evaluation("val"), made_evaluation("test")]
    write_metrics(path, evaluations)
    assert read_metrics(path) == evaluations
    write_metrics(path, evaluations[:1])
    assert read_metrics(path) == evaluations[:1]


def test_foreign_metrics_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text('{"accuracy": 1}')
    with pytest.raises(RunError, match=rf"metrics.json: .*{HINT}"):
        read_metrics(path)
