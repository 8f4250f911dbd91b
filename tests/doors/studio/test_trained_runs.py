"""Which runs and exports a person can choose from."""

import json
from pathlib import Path

import pytest

from mekiki.data.folders import short_names
from mekiki.doors.studio.compare.earlier import find_earlier
from mekiki.doors.studio.trained_runs import exports_of, trained_runs
from mekiki.doors.studio.workspace import Workspace, open_workspace
from mekiki.records.card import ModelCard, Preprocessing, write_card
from mekiki.records.exported import Exported, write_exported
from mekiki.records.run import RunFolder


def make_run(path: Path) -> RunFolder:
    path.mkdir(parents=True)
    run = RunFolder(path)
    preprocessing = Preprocessing(image_size=32, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    write_card(run.card, ModelCard(backbone="nin_small", head="gap", classes=["a", "b"], preprocessing=preprocessing))
    run.weights.touch()
    return run


def make_export(run: RunFolder, name: str) -> None:
    folder = run.exports / name
    folder.mkdir(parents=True)
    facts = Exported(to=name.partition("-")[0], int8=name.endswith("int8"), model="", views="plain")
    write_exported(folder / "export.json", facts)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "home", ())


def test_only_runs_with_a_model_can_be_chosen_and_names_tell_them_apart(workspace: Workspace) -> None:
    for name in ("one/run", "two/run", "other"):
        make_run(workspace.runs / name)
    (workspace.runs / "begun").mkdir()
    (workspace.runs / "begun" / "status.json").write_text("{}")
    make_run(workspace.runs / "foreign").card.write_text('{"format": 99}')
    found = trained_runs(workspace)
    assert {each.name.split("runs/")[-1] for each in found} == {"one/run", "two/run", "other"}
    assert {each.backbone for each in found} == {"nin_small"} and all(each.headline is None for each in found)


def test_exports_that_hold_a_graph_can_be_chosen_but_no_links(workspace: Workspace, tmp_path: Path) -> None:
    run, other = make_run(workspace.runs / "run"), make_run(tmp_path / "other")
    for name in ("onnx", "openvino-int8", "timm"):
        make_export(run, name)
    (run.exports / "onnx").rename(run.exports / ".export-abc")
    make_export(run, "onnx")
    make_export(other, "onnx")
    (run.exports / "linked").symlink_to(other.exports / "onnx")
    (found,) = trained_runs(workspace)
    assert found.exports == ("onnx", "openvino-int8")
    assert [each.path.name for each in exports_of(run.path)] == ["onnx", "openvino-int8", "timm"]
    (other.path / "linked").mkdir()
    (workspace.runs / "second").symlink_to(other.path)
    assert len(trained_runs(workspace)) == 1


def test_names_have_as_many_folders_as_tell_them_apart() -> None:
    assert short_names([Path("/a/x/run"), Path("/a/y/run"), Path("/a/x/b")]) == ["x/run", "y/run", "x/b"]
    assert short_names([]) == []


def test_a_folder_without_a_sound_record_is_no_earlier_result(workspace: Workspace) -> None:
    for name, content in (("empty", None), ("broken", "{"), ("foreign", json.dumps({"runs": 1}))):
        (workspace.comparisons / name).mkdir()
        if content is not None:
            (workspace.comparisons / name / "comparison.json").write_text(content)
    assert find_earlier(workspace.comparisons) == []
