"""What a person asks of a training, checked and turned into a command."""

from pathlib import Path

import pytest

from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.request import TrainRequest
from mekiki.errors import DataError, SettingsError
from tests.doors.conftest import call


def test_only_what_was_changed_is_passed_on():
    request = TrainRequest("/photos", "short", {"epochs": "3"}, "patience=5\n\n  device=cpu ")
    assert request.arguments(Path("/runs/first")) == [
        "train", "/photos", "--out", "/runs/first", "--recipe", "short",
        "--set", "patience=5", "--set", "device=cpu", "--set", "epochs=3",
    ]  # fmt: skip
    assert TrainRequest("/photos").arguments(Path("/r")) == ["train", "/photos", "--out", "/r"]


def test_the_command_asks_for_what_was_checked(tmp_path: Path):
    request = TrainRequest(str(tmp_path / "none here"), "", {"zoom_range": "0.8,1.2", "horizontal_flip": "false"})
    config = request.config()
    assert config.augment.zoom_range == (0.8, 1.2) and config.augment.horizontal_flip is False
    result = call(*request.arguments(tmp_path / "run"))
    assert result.exit_code != 0 and "none here" in result.output, "the settings are accepted, the photos are not there"


def test_a_field_of_the_form_wins_over_a_line():
    assert TrainRequest("/photos", "", {"epochs": "3"}, "epochs=9").config().train.epochs == 3


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        (TrainRequest("/p", settings={"epochs": "-1"}), "epochs = '-1'", "passes over the training photos"),
        (TrainRequest("/p", settings={"train": "200", "val": "0.2"}), "must all be counts", ""),
        (TrainRequest("/p", further="epoch=3"), "epoch", "epochs"),
        (TrainRequest("/p", further="nonsense"), "expected key=value", "--set epochs=5"),
        (TrainRequest("/p", recipe="../../etc/x.toml"), "recipe", ""),
        (TrainRequest("/p", further="recipe=/etc/x.toml"), "recipe", ""),
    ],
)
def test_a_contradiction_is_told_before_anything_starts(request_: TrainRequest, message: str, hint: str):
    with pytest.raises(SettingsError) as caught:
        request_.config()
    assert message in caught.value.message and hint in caught.value.hint


@pytest.mark.parametrize("further", ["decisions={}", "scan.decisions={}", "weights={}", "teacher={}", "extra={}"])
def test_a_setting_cannot_name_a_file_outside_the_roots(studio: Studio, tmp_path: Path, further: str):
    root = studio.workspace.roots[1]
    (tmp_path / "outside").mkdir()
    with pytest.raises(DataError, match="none of the folders that this studio may look into"):
        TrainRequest(str(root), further=further.format(tmp_path / "outside")).check(studio.workspace)
    TrainRequest(str(root), further=further.format(root / "own")).check(studio.workspace)


def test_photos_must_be_named_be_there_and_lie_in_a_root(studio: Studio, tmp_path: Path):
    with pytest.raises(SettingsError, match="no photos to train on") as caught:
        TrainRequest("").check(studio.workspace)
    assert caught.value.hint == "choose a folder of photos"
    with pytest.raises(DataError, match="there is no folder"):
        TrainRequest(str(studio.workspace.roots[1] / "gone")).check(studio.workspace)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(DataError, match="none of the folders"):
        TrainRequest(str(tmp_path / "elsewhere")).check(studio.workspace)
    (studio.workspace.roots[1] / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="leads through a link"):
        TrainRequest(str(studio.workspace.roots[1] / "link")).check(studio.workspace)
