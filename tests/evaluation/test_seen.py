"""What a run has seen is found by bytes, by near copies and by groups, and is counted apart from what is fresh."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mekiki.config import make_config
from mekiki.data.copies.hashing import sha256_of
from mekiki.evaluation import near_copies as near_copies_file
from mekiki.evaluation.apart import score_apart
from mekiki.evaluation.near_copies import Shelf, near_copies
from mekiki.evaluation.parts import Answered
from mekiki.evaluation.seen import HOWS, Seen, counts_apart, seen_by
from mekiki.progress import Silent
from mekiki.records.evaluation import Evaluation
from mekiki.records.manifest import Manifest, Photo, write_manifest
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder, write_config
from mekiki.records.split import Split, SplitRow, write_split
from mekiki.scoring.intervals import wilson
from mekiki.scoring.metrics import score
from tests.conftest import Heard
from tests.data.made_pictures import encoded, scene, write_tree

PLACES = {"a/0.png": "train", "a/1.png": "train", "a/2.png": "val", "b/0.png": "test", "b/1.png": "test", "b/2.png": ""}


def photo_of(root: Path, path: str, group: str = "") -> Photo:
    return Photo(path, path[0], group, sha256_of((root / path).read_bytes()))


def make_run(folder: Path, root: Path, places: dict[str, str], groups: dict[str, str] | None = None) -> RunFolder:
    """Write what a run records of its photos; its model is not needed here."""
    run, groups = RunFolder(folder), groups or {}
    folder.mkdir()
    write_config(run, make_config(str(root)))
    write_manifest(run.manifest, Manifest(root, tuple(photo_of(root, path) for path in places), ("a", "b")))
    rows = [SplitRow(path, path[0], groups.get(path, ""), part) for path, part in places.items()]
    write_split(run.split, Split(tuple(rows)))
    return run


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, RunFolder]:
    root = write_tree(tmp_path / "photos", {path: scene(number, 240, 180) for number, path in enumerate(PLACES)})
    return root, make_run(tmp_path / "run", root, PLACES)


def copies_of(root: Path) -> dict[str, Image.Image | bytes]:
    """Return the run's photos as other people pass them on: scaled, re-encoded, cropped, and one that is new."""
    picture = {path: Image.open(root / path).convert("RGB") for path in PLACES}
    return {
        "a/same.png": (root / "a/0.png").read_bytes(),
        "a/small.jpg": encoded(picture["a/1.png"].resize((160, 120)), quality=70),
        "a/cropped.jpg": encoded(picture["a/2.png"].crop((6, 5, 232, 174)), quality=90),
        "b/worse.jpg": encoded(picture["b/0.png"], quality=50),
        "b/unused.jpg": encoded(picture["b/2.png"], quality=80),
        "b/new.png": scene(99, 240, 180),
    }


def words(folder: RunFolder, root: Path, paths: list[str], progress: Silent | None = None) -> dict[str, str]:
    photos = [photo_of(root, path) for path in paths]
    return dict(zip(paths, map(str, seen_by(folder, root, photos, 100.0, progress or Silent())), strict=True))


FOUND = {
    "a/same.png": "train",
    "a/small.jpg": "train (near copy)",
    "a/cropped.jpg": "val (near copy)",
    "b/worse.jpg": "test (near copy)",
    "b/unused.jpg": "",
    "b/new.png": "",
}


def test_copies_of_the_runs_photos_are_found_and_new_ones_are_not(run: tuple[Path, RunFolder], tmp_path: Path) -> None:
    root, folder = run
    other = write_tree(tmp_path / "other", copies_of(root))
    heard = Heard()
    assert words(folder, other, list(FOUND), heard) == FOUND
    assert heard.lines == []
    backwards = words(folder, other, list(FOUND)[::-1])
    assert backwards == FOUND, "the order of the photos does not matter"
    seen = seen_by(folder, other, [photo_of(other, path) for path in FOUND], 100.0, Silent())
    assert [path for path, each in zip(FOUND, seen, strict=True) if each.tested] == ["b/worse.jpg"]


def test_where_the_runs_photos_are_gone_only_hashes_are_compared_and_that_is_said(
    run: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    root, folder = run
    other = write_tree(tmp_path / "other", copies_of(root))
    (root / "a/1.png").unlink()
    scene(50).save(root / "a/2.png")
    heard = Heard()
    assert words(folder, other, list(FOUND), heard) == {**FOUND, "a/small.jpg": "", "a/cropped.jpg": ""}
    (line,) = heard.lines
    assert line == f"note: 2 of the run's photos in {root} have gone or changed: near copies of these are not known"
    shutil.rmtree(root)
    heard = Heard()
    assert words(folder, other, list(FOUND), heard) == dict.fromkeys(FOUND, "") | {"a/same.png": "train"}
    (line,) = heard.lines
    assert line.startswith(f"note: the run's photos are not in {root} any more: only hashes could be compared")


def test_nothing_is_decoded_twice(run: tuple[Path, RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos of settled files are remembered, by scans and by this; those with the run's own bytes need no look."""
    root, folder = run
    other = write_tree(tmp_path / "other", copies_of(root))
    monkeypatch.setattr("mekiki.data.scans.stamps._COARSEST_TICK", 0)
    monkeypatch.setattr("mekiki.data.scans.stamps._CHANGE_TICK", 0)
    looked: list[str] = []
    real = near_copies_file.look_at_all

    def counting(paths: list[str], *how: object) -> object:
        looked.extend(paths)
        return real(paths, *how)

    monkeypatch.setattr(near_copies_file, "look_at_all", counting)
    words(folder, other, list(FOUND))
    assert len(looked) == 5 + 5, "the run's photos in a part, and those that are not the run's"
    looked.clear()
    words(folder, other, list(FOUND))
    assert looked == []
    assert words(folder, root, list(PLACES)) == PLACES
    assert looked == []


def test_a_group_that_lies_in_two_parts_counts_for_the_heavier_one(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "photos", {path: scene(number) for number, path in enumerate(PLACES)})
    groups = {"a/0.png": "one", "a/2.png": "one", "b/0.png": "one", "b/1.png": "two", "b/2.png": "two"}
    folder = make_run(tmp_path / "run", root, PLACES, groups)
    torn = {"a/2.png": "train (same group)", "b/0.png": "train (same group)", "b/2.png": "test (same group)"}
    assert words(folder, root, list(PLACES)) == PLACES | torn


def test_a_photo_that_the_scan_holds_together_with_a_seen_one_is_seen(run: tuple[Path, RunFolder]) -> None:
    root, folder = run
    scene(70).save(root / "b/3.png")
    photos = [photo_of(root, "a/0.png", "burst"), photo_of(root, "b/3.png", "burst"), photo_of(root, "b/1.png")]
    assert list(map(str, seen_by(folder, root, photos, 100.0, Silent()))) == ["train", "train (same group)", "test"]


def test_near_copies_come_as_pairs_whichever_side_asks(run: tuple[Path, RunFolder], tmp_path: Path) -> None:
    root, _ = run
    other = write_tree(tmp_path / "other", copies_of(root))
    shelves = [
        Shelf(str(place), place, {photo_of(place, path).sha256: path for path in paths})
        for place, paths in ((root, list(PLACES)), (other, list(FOUND)))
    ]
    there = near_copies(shelves[1], shelves[:1], 0.925, Silent())
    back = near_copies(shelves[0], shelves[1:], 0.925, Silent())
    assert sorted(there) == sorted((one, two) for two, one in back)
    assert len(there) == 4
    assert near_copies(shelves[0], [], 0.925, Silent()) == []


class Knows:
    """As much of a classifier as scoring looks at."""

    classes_ = np.array(["a", "b", "c"])

    class card:
        calibration = None
        unknown = None


parts = st.sampled_from(["", "train", "val", "test"])
knowledge = st.builds(Seen, parts, st.sampled_from(HOWS))
rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), knowledge, st.sampled_from(["", "", "g"])), min_size=1, max_size=25
)


def answered_of(drawn: list[tuple[int, int, Seen, str]], asked: str) -> Answered:
    chances = np.array([[0.8 if number == said else 0.1 for number in range(3)] for _, said, _, _ in drawn], np.float32)
    said = [
        ScoredPhoto(f"{place}.jpg", asked, "abc"[label], "abc"[predicted], 0.8, 0.1)
        for place, (label, predicted, _, _) in enumerate(drawn)
    ]
    return Answered(
        part=asked,
        labels=np.array([label for label, *_ in drawn]),
        logits=np.log(chances),
        chances=chances,
        groups=tuple(group for *_, group in drawn),
        said=tuple(said),
        rankings=tuple(() for _ in drawn),
        places=tuple(range(len(drawn))),
        unreadable=0,
        seconds=0.0,
    )


def figures(drawn: list[tuple[int, int, Seen, str]], asked: str) -> Evaluation:
    return score_apart(Knows(), answered_of(drawn, asked), [seen for _, _, seen, _ in drawn]).evaluation  # type: ignore[arg-type]


@given(rows, st.sampled_from(["train", "val", "test", "data"]), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_fresh_and_seen_are_all_and_order_does_not_matter(
    drawn: list[tuple[int, int, Seen, str]], asked: str, shuffler: object
) -> None:
    found = figures(drawn, asked)
    assert found.fresh is not None
    assert found.fresh + sum(each.n for each in found.apart) == len(drawn)
    assert all(each.n == each.same_bytes + each.near_copies + each.same_group > 0 for each in found.apart)
    assert found.n == (found.fresh or len(drawn))
    assert found.seen_in_training == sum(seen.part == "train" for _, _, seen, _ in drawn)
    right = sum(label == said for label, said, _, _ in drawn)
    told = [(each.accuracy.value, each.n) for each in found.apart] + [(found.accuracy.value, found.fresh)]
    assert sum(value * count for value, count in told) == pytest.approx(right)
    witnesses = [row for row in drawn if not counts_apart(asked, row[2])] or drawn
    labels, chances = answered_of(witnesses, asked).labels, answered_of(witnesses, asked).chances
    alone = score(labels, chances, ["a", "b", "c"], asked, groups=[group for *_, group in witnesses])
    assert (found.accuracy, found.confusion) == (alone.accuracy, alone.confusion)
    mixed = list(drawn)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    again = figures(mixed, asked)
    assert (again.fresh, again.confusion, again.n) == (found.fresh, found.confusion, found.n)
    assert [(each.part, each.n) for each in again.apart] == [(each.part, each.n) for each in found.apart]


def test_each_part_has_its_own_accuracy_and_wilson_interval() -> None:
    fresh, trained, chose = Seen(), Seen("train", "near copy"), Seen("val")
    drawn = [(0, 0, fresh, "")] * 3 + [(0, 1, fresh, "")] + [(1, 1, trained, "")] * 5 + [(2, 0, chose, "")] * 2
    found = figures(drawn, "data")
    assert (found.fresh, found.accuracy) == (4, wilson(3, 4))
    assert [(each.part, each.n, each.near_copies, each.accuracy) for each in found.apart] == [
        ("train", 5, 5, wilson(5, 5)),
        ("val", 2, 0, wilson(0, 2)),
    ]
    assert figures(drawn[4:], "data").fresh == 0 and figures(drawn[4:], "data").accuracy == wilson(5, 7)
    assert figures(drawn, "val").fresh == 6, "val photos are the witnesses of val"
