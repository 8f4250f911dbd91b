"""What the data page knows of photos: labels, findings and decisions agree with what a scan would say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mekiki.config import StudioSettings
from mekiki.doors.studio.data import table as data_table
from mekiki.doors.studio.data.scans import last_scan, start_scan
from mekiki.doors.studio.data.table import PhotoTables
from mekiki.doors.studio.jobs import Jobs
from mekiki.doors.studio.serving import STATIC
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import words_of
from mekiki.doors.studio.workspace import open_workspace
from mekiki.errors import DataError
from mekiki.records.decisions import Decision, append_decisions, read_decisions
from mekiki.records.findings import Finding, write_findings
from mekiki.verbs.scan import FINDINGS, scan
from tests.conftest import write_photos

pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install '.[studio]'")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    write_photos(tmp_path / "photos", 3)
    workspace = open_workspace(tmp_path / "home", (tmp_path / "photos",))
    yield Studio(workspace, Jobs(workspace.jobs), StudioSettings())


def add_scan(studio: Studio, photos: Path, findings: list[Finding], monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a finished scan there as the job would, with findings of our own."""
    monkeypatch.setattr("mekiki.doors.studio.jobs._start_attendant", lambda folder: None)
    job = start_scan(studio, photos, True, "scan")
    assert job.arguments[0] == "scan" and "--labels" in job.arguments
    out = Path(job.about["scan"])
    scan(photos, out)
    write_findings(out / FINDINGS, findings)


def test_a_label_that_is_taken_back_is_the_first_one_again_even_after_a_scan(studio, tmp_path, monkeypatch) -> None:
    photos = tmp_path / "photos"
    append_decisions(photos / "decisions.csv", [Decision("blue/000.png", "relabel", "red")])
    add_scan(studio, photos, [], monkeypatch)
    table = PhotoTables(studio).read(str(photos))
    assert table.known["blue/000.png"].label == "red", "the scan knows the decided label alone"
    assert table.state()["labels"] == {"blue/000.png": "red"}
    assert table.take_back(Decision("blue/000.png", "relabel", "red"))
    assert table.state()["labels"] == {} and table.entries["blue/000.png"].label == "blue"


def test_suspected_wrong_labels_come_first_and_decisions_settle_what_they_settle(studio, tmp_path, monkeypatch) -> None:
    photos = tmp_path / "photos"
    findings = [
        Finding("label_conflict", "green/000.png", "red/000.png"),
        Finding("label_error", "blue/000.png", "red"),
        Finding("near_duplicate", "blue/001.png", "blue/002.png"),
    ]
    add_scan(studio, photos, findings, monkeypatch)
    table = PhotoTables(studio).read(str(photos))
    assert [each.kind for each in table.findings] == ["label_error", "label_conflict", "near_duplicate"]
    assert table.state()["settled"] == []
    table.record([Decision("blue/000.png", "relabel", "red")])
    table.record([Decision("green/000.png", "relabel", "red")])
    assert table.state()["settled"] == [0, 1], "copies with one label are no conflict any more"
    table.record([Decision("blue/001.png", "keep", "near_duplicate", "blue/002.png")])
    assert table.state()["settled"] == [0, 1, 2]


def test_what_would_leave_one_class_is_refused_and_leaves_no_line(studio, tmp_path) -> None:
    photos = tmp_path / "photos"
    table = PhotoTables(studio).read(str(photos))
    gone = [Decision(f"{name}/{number:03}.png", "exclude") for name in ("blue", "green") for number in range(3)]
    table.record(gone[:5])
    before = (photos / "decisions.csv").read_bytes()
    with pytest.raises(DataError, match="leaves only the class 'red'"):
        table.record(gone[5:])
    assert (photos / "decisions.csv").read_bytes() == before
    with pytest.raises(DataError, match="no such class"):
        table.record([Decision("red/000.png", "relabel", "purple")])
    assert (photos / "decisions.csv").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told_with_a_hint(studio, tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    table = PhotoTables(studio).read(str(tmp_path / "photos"))
    monkeypatch.setattr(data_table, "append_decisions", refuse)
    with pytest.raises(DataError, match=r"decisions.csv cannot be written \(Permission denied\)") as caught:
        table.record([Decision("red/000.png", "exclude")])
    assert "copy the photos" in caught.value.hint


def test_decisions_behind_a_link_are_not_written(studio, tmp_path) -> None:
    (tmp_path / "elsewhere.csv").write_text("path,action\n")
    (tmp_path / "photos" / "decisions.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(DataError, match="leads through a link"):
        PhotoTables(studio).read(str(tmp_path / "photos"))


def test_the_last_scan_is_found_after_its_job_was_forgotten(studio, tmp_path, monkeypatch) -> None:
    photos = tmp_path / "photos"
    assert last_scan(studio, photos) is None
    add_scan(studio, photos, [], monkeypatch)
    for job in studio.jobs.all():
        (job.folder / "end.json").write_text('{"code": 0}')
        studio.jobs.remove(job)
    found = last_scan(studio, photos)
    assert found is not None and found.labels and found.folder.parent == studio.workspace.scans


def test_lines_of_others_stay_when_one_is_taken_back(studio, tmp_path) -> None:
    photos = tmp_path / "photos"
    tables = PhotoTables(studio)
    one, other = tables.read(str(photos)), tables.read(str(photos))
    one.record([Decision("red/000.png", "exclude")])
    other.record([Decision("red/001.png", "exclude")])
    assert one.take_back(Decision("red/000.png", "exclude"))
    assert not one.take_back(Decision("red/000.png", "exclude")), "it is gone already"
    assert read_decisions(photos / "decisions.csv") == [Decision("red/001.png", "exclude")]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_word_that_the_scripts_use_is_there(language: str) -> None:
    texts = words_of(language).texts
    scripts = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("data*.js"))
    used = set(re.findall(r'words\(\s*"(\w+)"', scripts)) | set(re.findall(r'button\("(\w+)"', scripts))
    assert len(used) > 30
    assert not {name for name in used if f"data.{name}" not in texts}
