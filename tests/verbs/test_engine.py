"""What ``--engine`` means, and that a cluster that is not installed, or not asked for, says so."""

from pathlib import Path

import pytest

import mekiki
from mekiki.cluster import engines
from mekiki.cluster.engines import is_on_cluster, split_engine
from mekiki.config import ClusterSettings, EvaluateSettings, ScanSettings
from mekiki.errors import DataError, SettingsError
from tests.doors.conftest import call


def test_an_engine_names_where_and_what() -> None:
    assert split_engine("torch") == (False, "torch") and split_engine("onnx-int8") == (False, "onnx-int8")
    assert split_engine("ray") == (True, "torch") and split_engine("ray:openvino") == (True, "openvino")
    for wrong in ("ray:", "ray:tensorrt", "rays", "onnx:ray"):
        with pytest.raises(SettingsError, match="there is no engine"):
            split_engine(wrong)
    assert is_on_cluster("ray") and not is_on_cluster("local")
    with pytest.raises(SettingsError, match=r"there is no engine 'torch'\nhint: known: local, ray"):
        is_on_cluster("torch")


def test_without_the_extra_each_command_says_what_to_install(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    words = r"--engine ray needs the package ray\nhint: pip install 'mekiki.cluster.'"
    with pytest.raises(SettingsError, match=words):
        mekiki.predict("imagenet:test_resnet", photos, engine="ray", out=tmp_path / "out")
    with pytest.raises(SettingsError, match=words):
        mekiki.scan(photos, tmp_path / "out", engine="ray")
    with pytest.raises(SettingsError, match=words):
        mekiki.audit(None, photos, tmp_path / "out", engine="ray")
    monkeypatch.setattr("mekiki.data.importing.parquet.find_spec", lambda name: None)
    (tmp_path / "list.parquet").touch()
    with pytest.raises(
        SettingsError, match=r"to read Parquet the package pyarrow is needed\nhint: pip install 'mekiki"
    ):
        mekiki.scan(tmp_path / "list.parquet")
    assert not (tmp_path / "out").exists()


def test_what_belongs_to_a_cluster_alone_is_refused_without_one(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="out is for answers in parts, which engine ray writes"):
        mekiki.predict("imagenet:test_resnet", photos, out=tmp_path / "out")
    for command in (["predict", "run", str(photos)], ["scan", str(photos)], ["audit", "--self", str(photos)]):
        result = call(*command, "--replicas", "3")
        assert result.exit_code == 2 and "--replicas goes with --engine ray" in result.stderr
    result = call("serve", "run", "--most-replicas", "3")
    assert result.exit_code == 2 and "--most-replicas goes with --engine ray" in result.stderr
    result = call("predict", "run", str(photos), "--engine", "ray", "--format", "csv")
    assert result.exit_code == 2 and "--engine ray writes Parquet, and not csv" in result.stderr


def test_a_cluster_needs_a_folder_and_a_model_that_can_be_loaded_anywhere(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    pytest.importorskip("pyarrow")
    with pytest.raises(
        SettingsError, match=r"writes its answers in parts, and there is no folder.*\nhint: --out FOLDER"
    ):
        mekiki.predict("imagenet:test_resnet", photos, engine="ray")
    with pytest.raises(
        SettingsError, match=r"keeps what it did beside the results; they have no folder\nhint: --out DIR"
    ):
        mekiki.scan(photos, engine="ray")
    settings = EvaluateSettings(device="cuda:1")
    with pytest.raises(SettingsError, match=r"device 'cuda:1' is of one machine; Ray gives each worker its own"):
        mekiki.predict("imagenet:test_resnet", photos, engine="ray", out=tmp_path / "out", settings=settings)


def test_a_parquet_list_is_scanned_like_a_csv(photos: Path, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    files = sorted(photos.rglob("*.png"))
    columns = {
        "path": [str(path) for path in files] + ["", None],
        "label": [path.parent.name for path in files] + ["red", "red"],
        "item": [str(number // 2) for number in range(len(files))] + ["", ""],
    }
    pq.write_table(pa.table(columns), photos / "list.parquet")
    rows = zip(*columns.values(), strict=True)
    lines = "".join(",".join(value or "" for value in row) + "\n" for row in rows)
    (photos / "list.csv").write_text("path,label,item\n" + lines)
    settings = ScanSettings(group_column="item")
    by_table, by_text = (mekiki.scan(photos / name, settings=settings) for name in ("list.parquet", "list.csv"))
    assert by_table.manifest == by_text.manifest and by_table.manifest.photos[0].group
    pq.write_table(pa.table({"path": ["a.jpg"]}), tmp_path / "untold.parquet")
    with pytest.raises(DataError, match=r"untold\.parquet has no column 'label'; its columns are path"):
        mekiki.scan(tmp_path / "untold.parquet")
    assert ClusterSettings().replicas == 0
