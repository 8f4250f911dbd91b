import os
import time
from pathlib import Path

import pytest

import mekiki
from mekiki.config import ScanSettings
from mekiki.data.scans import looking
from mekiki.errors import DataError, SettingsError
from mekiki.records.decisions import read_decisions
from mekiki.records.findings import read_findings
from mekiki.records.manifest import read_manifest
from mekiki.verbs import thumbnails
from mekiki.verbs.scan import scan
from tests.data.made_pictures import encoded, scene, tree_state, write_tree


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two classes with two exact copies, a label conflict, a broken and a blank photo."""
    content = {f"{'ab'[number % 2]}/{number:02}.jpg": encoded(scene(number), quality=92) for number in range(12)}
    content |= {"a/twin.jpg": content["a/02.jpg"], "b/other label.jpg": content["a/04.jpg"]}
    content |= {"b/cut.jpg": content["b/05.jpg"][:900], "a/blank.png": encoded(scene(1).point(lambda _: 200), "PNG")}
    return write_tree(tmp_path / "data", content)


def kinds(result: mekiki.verbs.scan.ScanResult) -> list[str]:
    return [finding.kind for finding in result.findings]


def test_a_scan_writes_its_three_files_and_never_over_them(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = scan(data, out)
    assert sorted(kinds(result)) == ["blank", "exact_duplicate", "label_conflict", "unreadable"]
    assert sorted(path.name for path in out.iterdir()) == ["findings.csv", "manifest.csv", "scan.html"]
    assert read_findings(out / "findings.csv") == result.findings
    assert read_manifest(out / "manifest.csv", data).photos == result.manifest.photos
    page = (out / "scan.html").read_text(encoding="utf-8")
    assert "other label.jpg" in page and "Wrong labels were not looked for" in page
    (out / "findings.csv").unlink()
    for name in ("manifest.csv", "scan.html"):
        with pytest.raises(SettingsError, match=name):
            scan(data, out)
        (out / name).unlink()


def test_a_second_scan_with_its_page_opens_no_photo(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in data.rglob("*.*"):
        os.utime(path, (time.time() - 3600,) * 2)
    time.sleep(0.25)
    first = scan(data, tmp_path / "first")

    def never(path: object) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(looking, "read_steady", never)
    monkeypatch.setattr(thumbnails, "read_file", never)
    second = scan(data, tmp_path / "second")
    assert second == first and second.remembered == len(first.manifest.photos)
    for name in ("findings.csv", "manifest.csv", "scan.html"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_accepted_findings_become_decisions_that_can_be_undone(data: Path, tmp_path: Path) -> None:
    before = tree_state(data)
    found = scan(data)
    result = scan(data, accept=["exact_duplicate", "unreadable"])
    assert [(line.path, line.action) for line in result.accepted] == [
        ("a/twin.jpg", "exclude"),
        ("b/cut.jpg", "exclude"),
    ]
    assert read_decisions(data / "decisions.csv") == list(result.accepted)
    assert sorted(kinds(result)) == ["blank", "label_conflict"]
    statuses = {photo.path: photo.status for photo in result.manifest.photos}
    assert statuses["a/twin.jpg"] == statuses["b/cut.jpg"] == "excluded" and statuses["a/02.jpg"] == "ok"
    assert scan(data).findings == result.findings and scan(data).accepted == ()
    assert scan(data, accept=["exact_duplicate", "unreadable"]).accepted == ()
    (data / "decisions.csv").unlink()
    assert scan(data) == found and tree_state(data) == before


def test_accepting_works_without_remembering(data: Path) -> None:
    result = scan(data, settings=ScanSettings(remember=False), accept=["blank"])
    assert [line.path for line in result.accepted] == ["a/blank.png"] and "blank" not in kinds(result)


def test_a_conflict_is_settled_by_a_line_about_either_photo(data: Path, tmp_path: Path) -> None:
    for line in ("b/other label.jpg,relabel,a,", "a/04.jpg,keep,label_conflict,b/other label.jpg"):
        (tmp_path / "lines.csv").write_text(f"path,action,value,other\n{line}\n")
        result = scan(data, settings=ScanSettings(decisions=str(tmp_path / "lines.csv")))
        assert "label_conflict" not in kinds(result)
        groups = {photo.path: photo.group for photo in result.manifest.photos}
        assert groups["a/04.jpg"] == groups["b/other label.jpg"] != ""
    assert "label_conflict" in kinds(scan(data))


def test_what_would_fail_later_is_refused_before_any_photo_is_opened(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "read_steady", None)
    with pytest.raises(SettingsError, match="label errors cannot be accepted unless they are looked for") as caught:
        scan(data, accept=["label_error"])
    assert caught.value.hint == "add --labels"
    with pytest.raises(SettingsError, match="rotated cannot be accepted"):
        scan(data, accept=["rotated"])
    with pytest.raises(DataError, match=r"there is no file of decisions .*gone\.csv"):
        scan(data, settings=ScanSettings(decisions=str(tmp_path / "gone.csv")))
    assert not (data / "decisions.csv").exists()


def test_unchanged_photos_are_not_compared_again(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "red" / "copy.png").write_bytes((photos / "red" / "000.png").read_bytes())
    first = mekiki.scan(photos)
    with monkeypatch.context() as patch:
        patch.setattr("mekiki.data.scans.scanning.near_pairs", lambda *given: pytest.fail("compared again"))
        assert mekiki.scan(photos) == first
        with pytest.raises(pytest.fail.Exception, match="compared again"):
            mekiki.scan(photos, settings=ScanSettings(near_similarity=0.99))
    (photos / "red" / "copy.png").unlink()
    assert mekiki.scan(photos) != first
