import json
import os
import stat
from pathlib import Path

import pytest

from mekiki.errors import MekikiError, SettingsError
from mekiki.files import new_folder, replaced, write_json, write_new, write_text


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    write_text(tmp_path / "report.html", "old")
    with pytest.raises(RuntimeError), replaced(tmp_path / "report.html") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "report.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_nan_is_refused_in_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "metrics.json", {"accuracy": float("nan")})
    assert not list(tmp_path.iterdir())


def test_json_is_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "metrics.json", {"クラス": [1, None]})
    assert json.loads((tmp_path / "new" / "metrics.json").read_text(encoding="utf-8")) == {"クラス": [1, None]}


@pytest.mark.skipif(os.name == "nt", reason="POSIX devices")
def test_a_device_or_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "split")
        assert os.read(reader, 100) == b"split"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode) and list(tmp_path.iterdir()) == [pipe]
    with pytest.raises(RuntimeError), replaced(pipe) as place:
        assert place == pipe
        raise RuntimeError
    assert pipe.exists()
    write_text(Path(os.devnull), "nothing")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "store" / "real.json")
    for content in ("first", "second"):
        write_text(tmp_path / "link.json", content)
        assert (tmp_path / "link.json").is_symlink()
        assert (tmp_path / "store" / "real.json").read_text() == content


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot write the file .*: it is a folder\nhint: name a file"):
        write_text(tmp_path, "x")


def refuse_renames(monkeypatch: pytest.MonkeyPatch, times: int) -> list[float]:
    """Make the first renames fail as on Windows while another program has the file open; return the waits."""
    waits: list[float] = []
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if len(waits) < times:
            raise PermissionError(13, "Access is denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr("mekiki.files.time.sleep", waits.append)
    return waits


def test_a_file_that_is_open_elsewhere_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = refuse_renames(monkeypatch, times=3)
    write_text(tmp_path / "report.html", "new")
    assert (tmp_path / "report.html").read_text() == "new" and len(waits) == 3


def test_a_file_that_stays_open_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "split.csv", "old")
    waits = refuse_renames(monkeypatch, times=1000)
    with pytest.raises(
        MekikiError, match=r"cannot replace .*split.csv: Access is denied\nhint: close the program that has it open"
    ):
        write_text(tmp_path / "split.csv", "new")
    assert 0.8 <= sum(waits) <= 1.5
    assert (tmp_path / "split.csv").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
def test_a_written_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_text(tmp_path / "ours", "")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_new_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    place = tmp_path / "new" / "deep" / "photos"
    with pytest.raises(RuntimeError), new_folder(place) as temporary:
        write_new(temporary / "SG" / "1.jpg", [b"half"])
        assert not place.exists()
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    place.mkdir(parents=True)
    with new_folder(place) as temporary:
        write_new(temporary / "SG" / "1.jpg", [b"wh", b"ole"])
    assert (place / "SG" / "1.jpg").read_bytes() == b"whole"
    assert [path.name for path in place.parent.iterdir()] == ["photos"]


def test_a_folder_that_was_filled_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not empty"), new_folder(tmp_path / "photos"):
        write_text(tmp_path / "photos" / "mine.txt", "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    assert (tmp_path / "photos" / "mine.txt").read_text() == "mine"


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    write_new(tmp_path / "1.jpg", [b"first"])
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "1.jpg", [b"second"])
    assert (tmp_path / "1.jpg").read_bytes() == b"first"
