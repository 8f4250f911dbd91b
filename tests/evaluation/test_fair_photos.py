"""Photos that judge several runs were seen by none of them, whatever names and places the runs know them by."""

from pathlib import Path

import pytest

from mekiki.config import make_config
from mekiki.data.copies.hashing import sha256_of
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.evaluation.fair_photos import FairPhotos, other_photos, own_photos
from mekiki.records.manifest import Manifest, Photo, write_manifest
from mekiki.records.run import RunFolder, write_config
from mekiki.records.split import Split, SplitRow, write_split


def write_files(root: Path, contents: dict[str, str]) -> Path:
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode())
    return root


def make_run(folder: Path, root: Path, rows: list[SplitRow]) -> tuple[str, RunFolder]:
    """Write what a run records of its photos; its model is not needed here."""
    run = RunFolder(folder)
    folder.mkdir()
    write_config(run, make_config(str(root)))
    photos = [Photo(row.path, row.label, row.group, sha256_of((root / row.path).read_bytes())) for row in rows]
    write_manifest(run.manifest, Manifest(root, tuple(photos), ("a", "b")))
    write_split(run.split, Split(tuple(rows)))
    return folder.name, run


def row(path: str, part: str, group: str = "") -> SplitRow:
    return SplitRow(path, path.split("/")[0], group, part)


def left_out(fair: FairPhotos) -> dict[str, int]:
    return {each.reason: each.count for each in fair.left_out}


FILES = {f"{label}/{number}.png": f"{label}{number}" for label in "ab" for number in range(6)}


def test_what_one_run_was_trained_on_does_not_judge(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(
        tmp_path / "one",
        root,
        [row("a/0.png", "train"), row("a/1.png", "test"), row("a/2.png", "test"), row("a/3.png", "test")],
    )
    two = make_run(
        tmp_path / "two",
        root,
        [row("a/1.png", "train"), row("a/2.png", "val"), row("a/3.png", "test"), row("b/0.png", "test")],
    )
    fair = own_photos([one, two])
    assert fair.part == "test"
    assert [photo.path for photo in fair.photos] == ["a/3.png", "b/0.png"]
    assert left_out(fair) == {
        "trained on by two, or copies of such": 1,
        "used by two to choose its snapshot, or copies of such": 1,
    }
    content = (root / "b/0.png").read_bytes()
    assert [sha256_of(content) in tested for tested in fair.tested] == [False, True]


def test_the_same_bytes_elsewhere_are_the_same_photo(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    renamed = write_files(tmp_path / "moved", {"a/x.png": "a1", "a/y.png": "a2", "b/z.png": "b5"})
    one = make_run(tmp_path / "one", root, [row("a/1.png", "test"), row("a/2.png", "test"), row("b/0.png", "train")])
    two = make_run(tmp_path / "two", renamed, [row("a/x.png", "train"), row("a/y.png", "test"), row("b/z.png", "test")])
    fair = own_photos([one, two])
    assert [photo.path for photo in fair.photos] == ["a/2.png", "b/z.png"]
    assert fair.photos[1].file == renamed / "b/z.png"


def test_a_copy_of_what_another_run_was_trained_on_does_not_judge(tmp_path: Path) -> None:
    """Run one knows that a/1 and a/2 are copies; run two was trained on a/2 and never saw a/1."""
    root = write_files(tmp_path / "photos", FILES)
    rows = [row("a/1.png", "test", "copies"), row("a/2.png", "test", "copies"), row("a/3.png", "test")]
    one = make_run(tmp_path / "one", root, rows)
    two = make_run(tmp_path / "two", root, [row("a/2.png", "train"), row("a/3.png", "test")])
    fair = own_photos([one, two])
    assert [photo.path for photo in fair.photos] == ["a/3.png"]
    assert left_out(fair) == {"trained on by two, or copies of such": 2}


def test_groups_of_all_runs_are_joined(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(tmp_path / "one", root, [row(f"a/{n}.png", "test", "p" if n < 2 else "") for n in range(4)])
    two = make_run(tmp_path / "two", root, [row(f"a/{n}.png", "test", "q" if 0 < n < 3 else "") for n in range(4)])
    groups = [photo.group for photo in own_photos([one, two]).photos]
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_changed_gone_twice_labelled_and_twin_photos_are_counted_apart(tmp_path: Path) -> None:
    files = {**FILES, "a/twin.png": "a0", "b/wrong.png": "a1"}
    root = write_files(tmp_path / "photos", files)
    names = [*sorted(FILES), "a/twin.png", "b/wrong.png"]
    one = make_run(tmp_path / "one", root, [row(name, "test") for name in names])
    two = make_run(tmp_path / "two", root, [row("b/5.png", "test")])
    (root / "a/4.png").write_bytes(b"edited")
    (root / "a/5.png").unlink()
    fair = own_photos([one, two])
    assert left_out(fair) == {
        "of two labels": 1,
        "changed since the runs were trained": 1,
        "gone": 1,
        "the same bytes as another one": 1,
    }
    assert len(fair.photos) == 9


def test_validation_photos_judge_only_if_they_chose_for_all(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(tmp_path / "one", root, [row("a/0.png", "val"), row("a/1.png", "val"), row("a/2.png", "test")])
    two = make_run(tmp_path / "two", root, [row("a/0.png", "val"), row("a/1.png", "test"), row("a/2.png", "val")])
    fair = own_photos([one, two], "val")
    assert [photo.path for photo in fair.photos] == ["a/0.png"]
    assert left_out(fair) == {"in the validation part of one run and not of another": 2}


def test_a_run_without_test_is_compared_on_val(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(tmp_path / "one", root, [row("a/0.png", "val"), row("a/1.png", "test")])
    two = make_run(tmp_path / "two", root, [row("a/0.png", "val")])
    assert own_photos([one, two]).part == "val"


def test_nothing_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(tmp_path / "one", root, [row("a/0.png", "test"), row("a/1.png", "train")])
    two = make_run(tmp_path / "two", root, [row("a/0.png", "train"), row("a/1.png", "test")])
    with pytest.raises(DataError, match=r"no photo is left .*: 1 trained on by two.*; 1 trained on by one") as caught:
        own_photos([one, two])
    assert "--split" in caught.value.hint
    with pytest.raises(SettingsError, match="trained on cannot compare"):
        own_photos([one, two], "train")


def test_photos_that_moved_away_are_asked_for(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    runs = [make_run(tmp_path / name, root, [row("a/0.png", "test")]) for name in ("one", "two")]
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match=r"photos are not in .*photos any more") as caught:
        own_photos(runs)
    assert caught.value.hint == "name other labelled photos as DATA"


def test_other_photos_are_checked_against_all_runs(tmp_path: Path) -> None:
    root = write_files(tmp_path / "photos", FILES)
    one = make_run(tmp_path / "one", root, [row("a/0.png", "train"), row("a/1.png", "test")])
    two = make_run(tmp_path / "two", root, [row("b/0.png", "val")])
    other = write_files(
        tmp_path / "new", {"a/p.png": "a0", "a/q.png": "a1", "a/r.png": "new", "b/s.png": "b0", "b/t.png": "new copy"}
    )
    photos = [
        Photo(path, path[0], "g" if path in ("a/p.png", "b/t.png") else "", sha256_of((other / path).read_bytes()))
        for path in ("a/p.png", "a/q.png", "a/r.png", "b/s.png", "b/t.png")
    ]
    manifest = Manifest(other, (*photos, Photo("a/broken.png", "a", status="unreadable")), ("a", "b"))
    fair = other_photos(manifest, [one, two])
    assert [photo.path for photo in fair.photos] == ["a/q.png", "a/r.png"]
    assert left_out(fair) == {
        "trained on by one, or copies of such": 2,
        "used by two to choose its snapshot, or copies of such": 1,
        "excluded by a decision, or unreadable": 1,
    }
    assert [len(tested) for tested in fair.tested] == [1, 0]
