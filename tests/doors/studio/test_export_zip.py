"""Which folders and files may leave the studio as a zip."""

import zipfile
from pathlib import Path

import pytest

from mekiki.doors.studio.export import download as export_zip
from mekiki.doors.studio.export.download import files_of, own_export_folder, zip_of
from mekiki.doors.studio.workspace import Workspace, open_workspace
from mekiki.errors import DataError


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "home", ())


@pytest.fixture
def export(workspace: Workspace) -> Path:
    """What looks like an export inside a run."""
    folder = workspace.runs / "run" / "exports" / "onnx"
    (folder / "deeper").mkdir(parents=True)
    (workspace.runs / "run" / "model.json").write_text("{}")
    (folder / "export.json").write_text("{}")
    (folder / "deeper" / "weights").write_bytes(b"w" * 3_000_000)
    return folder


def test_the_zip_holds_all_files_and_leaves_nothing_behind(workspace: Workspace, export: Path) -> None:
    before = sorted(workspace.home.rglob("*"))
    with zip_of(export, files_of(export), workspace.home) as file, zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"run-onnx/export.json", "run-onnx/deeper/weights"}
        assert archive.read("run-onnx/deeper/weights") == (export / "deeper" / "weights").read_bytes()
    assert sorted(workspace.home.rglob("*")) == before


def test_an_export_that_is_still_made_or_lies_elsewhere_is_none(workspace: Workspace, export: Path) -> None:
    assert own_export_folder(workspace, str(export)) == export
    hidden = export.rename(export.with_name(".export-abc"))
    beside = workspace.runs / "onnx"
    beside.mkdir()
    (beside / "export.json").write_text("{}")
    for folder in (hidden, beside, workspace.runs / "run"):
        with pytest.raises(DataError, match="is no export inside a run"):
            own_export_folder(workspace, str(folder))


@pytest.mark.parametrize("what", ["file", "folder", "gone"])
def test_a_link_in_an_export_is_refused(export: Path, tmp_path: Path, what: str) -> None:
    target = tmp_path / "target"
    if what == "file":
        target.write_text("secret")
    elif what == "folder":
        target.mkdir()
    (export / "deeper" / "link").symlink_to(target)
    with pytest.raises(DataError, match="link is a link, and links are not followed here"):
        files_of(export)


def test_a_file_that_becomes_a_link_while_it_is_packed_is_not_followed(
    workspace: Workspace, export: Path, tmp_path: Path
) -> None:
    files = files_of(export)
    (tmp_path / "secret").write_text("secret")
    files[0].unlink()
    files[0].symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        zip_of(export, files, workspace.home)


def test_too_much_is_refused(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_zip, "MOST_FILES", 1)
    with pytest.raises(DataError, match="holds more than 1 files"):
        files_of(export)
    monkeypatch.setattr(export_zip, "MOST_FILES", 2)
    monkeypatch.setattr(export_zip, "MOST_BYTES", 2**20)
    with pytest.raises(DataError, match="is larger than 0 GiB"):
        files_of(export)
