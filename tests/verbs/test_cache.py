"""What is kept can be seen and removed, and a training uses it and does without."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mekiki.config import make_config
from mekiki.doors.cli import app
from mekiki.errors import SettingsError
from mekiki.progress import Silent
from mekiki.tensors.cache import PictureCache, picture_name
from mekiki.verbs.cache import cache
from mekiki.verbs.looking import look
from mekiki.verbs.preparing import prepare
from mekiki.verbs.scan import scan

SMALL = {"backbone": "nin_small", "weights": "none", "image_size": 32, "epochs": 1, "batch_size": 8}


class Listening:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.task = Silent().task

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEKIKI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["cache", *words])


def keep_two(folder: Path) -> None:
    pictures = PictureCache(folder / "decoded", 10**9, print)
    for sha256 in ("a", "b"):
        pictures.keep(picture_name(sha256, 8, "crop", 1.0), np.zeros((100, 200, 3), dtype=np.uint8))


def test_an_empty_cache_is_told_as_such_and_not_made(folder: Path) -> None:
    use = cache()
    assert (use.pictures.files, use.pictures.bytes, use.scans.files, use.removed.files) == (0, 0, 0, 0)
    assert use.pictures.folder == folder / "decoded"
    assert not folder.exists()


def test_scans_and_pictures_are_counted(folder: Path, photos: Path) -> None:
    scan(photos)
    keep_two(folder)
    use = cache()
    assert (use.pictures.files, use.pictures.bytes) == (2, 2 * (64 + 60_000))
    (memory,) = (folder / "scans").glob("*.sqlite")
    assert (use.scans.files, use.scans.bytes, use.scans.folder) == (1, memory.stat().st_size, folder / "scans")


def test_clearing_removes_the_pictures_and_leaves_what_scans_remember(folder: Path, photos: Path) -> None:
    scan(photos)
    keep_two(folder)
    use = cache(clear_pictures=True)
    assert (use.pictures.files, use.removed.files, use.removed.bytes) == (0, 2, 2 * (64 + 60_000))
    assert use.scans.files == 1
    assert not (folder / "decoded").exists()


def test_the_command_shows_sizes_and_places(folder: Path) -> None:
    keep_two(folder)
    shown = call()
    assert shown.exit_code == 0, shown.output
    assert "decoded photos" in shown.stdout and "0.1 MB" in shown.stdout
    assert str(folder / "decoded") in shown.stdout.replace("\n", "").replace(" ", "")
    assert "removed 2 decoded photos, 0.1 MB" in call("--clear").stdout
    assert not (folder / "decoded").exists()


def test_the_command_gives_one_json_object(folder: Path) -> None:
    keep_two(folder)
    shown = call("--clear", "--json")
    assert json.loads(shown.stdout) == {
        "scans": {"folder": str(folder / "scans"), "files": 0, "bytes": 0},
        "pictures": {"folder": str(folder / "decoded"), "files": 0, "bytes": 0},
        "removed": {"files": 2, "bytes": 120_128},
    }


def test_a_user_without_a_home_is_told_how_to_have_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEKIKI_CACHE")

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(SettingsError, match=r"there is no cache.*\n.*set MEKIKI_CACHE to a folder"):
        cache()


def seen(photos: Path, **settings: object) -> tuple[np.ndarray, list[str]]:
    """All pictures that a training would see unchanged, and what it was told."""
    progress = Listening()
    config = make_config(str(photos), **SMALL, **settings)
    prepared = prepare(config, look(config, progress), progress)
    sets = (prepared.train_photos, prepared.val_photos)
    pictures = [batch.pictures for photo_set in sets for batch in photo_set.plain_batches(8, 2)]
    return np.concatenate(pictures), progress.lines


def test_a_training_sees_the_same_with_a_cache_without_one_and_with_one_that_cannot_be_used(
    folder: Path, photos: Path
) -> None:
    expected, _ = seen(photos, cache_gigabytes=0)
    assert cache().pictures.files == 0
    for _ in range(2):
        np.testing.assert_array_equal(seen(photos)[0], expected)
        assert cache().pictures.files == len(expected)
    cache(clear_pictures=True)
    (folder / "decoded").write_text("in the way")
    pictures, lines = seen(photos)
    np.testing.assert_array_equal(pictures, expected)
    assert len([line for line in lines if "decoded photos cannot be kept" in line]) == 1
