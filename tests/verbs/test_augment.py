"""Copies that know their original: no scan, split or fold ever tears them from it."""

import re
import shutil
import unicodedata
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from mekiki.config import AugmentSettings, CopySettings, SplitSettings, build
from mekiki.data.splits.leaks import find_leaks
from mekiki.errors import DataError, SettingsError
from mekiki.records.copies import AUGMENTED, read_copies
from mekiki.records.manifest import Manifest
from mekiki.verbs import augment as verb
from mekiki.verbs.augment import augment
from mekiki.verbs.scan import scan
from mekiki.verbs.split import split, split_folds
from tests.conftest import write_photos
from tests.data.made_pictures import encoded, scene, tree_state, write_tree

TWO = CopySettings(copies=2)
STRONG = AugmentSettings(rotation_range=90, zoom_range=0.6, brightness_range=0.6, vertical_flip=True)
"""So strong that no look at the pictures would find the copies."""


class Listening:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.done: Counter[str] = Counter()

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos"):  # type: ignore[no-untyped-def]
        self.title = title
        self.done[f"{title} of"] += total
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done[self.title] += count

    def say(self, line: str) -> None:
        self.lines.append(line)


def pictures(root: Path, per_class: int = 4) -> Path:
    return write_tree(
        root, {f"{label}/{n}.png": scene(10 * place + n) for place, label in enumerate("ab") for n in range(per_class)}
    )


def groups_of(manifest: Manifest) -> dict[str, str]:
    return {photo.path: photo.group for photo in manifest.photos}


def test_it_writes_copies_originals_and_the_list(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    before = tree_state(data)
    listening = Listening()
    made = augment(data, tmp_path / "out", TWO, progress=listening)
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    names = [
        f"{label}/{n}{ending}" for label in "ab" for n in range(4) for ending in ("-copy-1.jpg", "-copy-2.jpg", ".png")
    ]
    assert files == sorted([*names, AUGMENTED])
    assert tree_state(data) == before
    assert (tmp_path / "out/a/1.png").read_bytes() == (data / "a/1.png").read_bytes()
    rows = read_copies(made.table)
    assert rows == list(made.rows)
    assert (rows[1].path, rows[1].label, rows[1].original, rows[1].number) == ("a/0-copy-1.jpg", "a", "a/0.png", 1)
    assert made.counts() == {"photos": 8, "copies": 16, "originals": 8, "skipped": 0}
    assert made.describe() == "16 copies of 8 photos, and 8 originals"
    assert listening.done["Writing copies"] == listening.done["Writing copies of"] == 24


def test_the_same_command_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        augment(data, tmp_path / name, CopySettings(copies=5, seed=seed))
    one, two, three = (
        {path: facts[0] for path, facts in tree_state(tmp_path / name).items()} for name in ("one", "two", "three")
    )
    assert one == two
    assert all(one[path] != three[path] for path in one if "-copy-" in path)
    (data / "a/0.png").unlink()
    augment(data, tmp_path / "fewer", CopySettings(copies=2))
    fewer = {path: facts[0] for path, facts in tree_state(tmp_path / "fewer").items()}
    assert all(one[path] == fewer[path] for path in fewer if path != AUGMENTED)


@pytest.mark.parametrize("originals", [True, False])
def test_no_copy_is_torn_from_its_original(tmp_path: Path, originals: bool) -> None:
    data = pictures(tmp_path / "photos", 8)
    out = tmp_path / "out"
    augment(data, out, CopySettings(copies=3, originals=originals), STRONG)
    scanned = scan(out)
    family = {row.path: row.original for row in read_copies(out / AUGMENTED)}
    assert [finding for finding in scanned.findings if finding.kind == "stray"] == []
    for made in (split(out), *split_folds(out, 3).splits):
        parts: dict[str, set[str]] = {}
        for row in made.rows:
            parts.setdefault(family[row.path], set()).add(row.part)
        assert len(parts) == 16 and all(len(names) == 1 for names in parts.values())
        assert find_leaks(made.rows) == []
    plain = split(out, settings=SplitSettings(leak_safe=False))
    assert find_leaks(plain.rows), "the teeth: a plain split tears them"


def test_copies_merged_into_the_data_stay_with_its_originals(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    augment(data, tmp_path / "out", CopySettings(copies=2, originals=False), STRONG)
    shutil.copytree(tmp_path / "out", data, dirs_exist_ok=True)
    groups = groups_of(scan(data).manifest)
    for row in read_copies(data / AUGMENTED):
        assert groups[row.path] == groups[row.original] != ""
    assert len(set(groups.values())) == 8


def test_copies_of_copies_and_of_a_users_group_share_one_group(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    (data / "a/twin.png").write_bytes((data / "a/0.png").read_bytes())
    rows = [
        f"{label}/{n}.png,{label},{'listing 7' if n < 2 and label == 'b' else ''}" for label in "ab" for n in range(4)
    ]
    (data / "list.csv").write_text("\n".join(["path,label,group", *rows, "a/twin.png,a,"]))
    augment(data / "list.csv", tmp_path / "out", TWO, STRONG)
    groups = groups_of(scan(tmp_path / "out").manifest)
    twins = {groups[f"a/{name}"] for name in ("0.png", "twin.png", "0-copy-1.jpg", "twin-copy-2.jpg")}
    listing = {groups[f"b/{name}"] for name in ("0.png", "1.png", "0-copy-2.jpg", "1-copy-1.jpg")}
    assert len(twins) == len(listing) == 1 and "" not in twins | listing
    assert len(set(groups.values())) == 7
    again = groups_of(scan(tmp_path / "out" / AUGMENTED).manifest)
    assert len(set(again.values())) == 7, "the list is a data set by itself"


def test_augmenting_again_loses_nothing(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos", 3)
    augment(data, tmp_path / "one", TWO, STRONG)
    augment(tmp_path / "one", tmp_path / "two", TWO, STRONG)
    rows = read_copies(tmp_path / "two" / AUGMENTED)
    assert len(rows) == len({row.path for row in rows}) == 6 * 9
    groups = groups_of(scan(tmp_path / "two").manifest)
    assert len(set(groups.values())) == 6 and Counter(groups.values()).most_common()[-1][1] == 9


def test_of_part_folders_only_train_is_multiplied(tmp_path: Path) -> None:
    tree = {
        f"{part}/{label}/{n}.png": scene(n + 10 * ord(label) + 3 * ord(part[0]))
        for part in ("train", "val", "test")
        for label in "ab"
        for n in range(2)
    }
    data = write_tree(tmp_path / "photos", tree)
    augment(data, tmp_path / "out", TWO)
    counts = Counter(photo.part for photo in scan(tmp_path / "out").manifest.photos)
    assert counts == {"train": 12, "val": 4, "test": 4}
    augment(data, tmp_path / "copies", CopySettings(copies=2, originals=False))
    assert {row.path.split("/")[0] for row in read_copies(tmp_path / "copies" / AUGMENTED)} == {"train"}


def test_photos_of_one_name_do_not_write_over_each_other(tmp_path: Path) -> None:
    names = ["a/x.png", "a/x.jpg", "a/more/x.png", "a/X.bmp", "a/x-copy-1.jpg", "a/x-2.png", "b/x.png"]
    data = write_tree(tmp_path / "photos", {name: scene(number) for number, name in enumerate(names)})
    made = augment(data, tmp_path / "out", TWO)
    assert len({row.path.casefold() for row in made.rows}) == len(made.rows) == 21
    for row in made.rows:
        if row.number == 0:
            assert (tmp_path / "out" / row.path).read_bytes() == (data / row.original).read_bytes()


def test_unreadable_and_excluded_photos_are_left_out(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    (data / "a/broken.jpg").write_bytes(encoded(scene(99))[:300])
    (data / "decisions.csv").write_text("path,action\nb/1.png,exclude\n")
    listening = Listening()
    made = augment(data, tmp_path / "out", TWO, progress=listening)
    assert list(made.skipped) == ["a/broken.jpg"]
    assert "left out: a/broken.jpg cannot be read" in listening.lines
    assert {row.original for row in made.rows} == {f"{label}/{n}.png" for label in "ab" for n in range(4)} - {"b/1.png"}
    assert made.describe().endswith("; 1 photos were left out")


def test_a_photo_that_breaks_after_the_scan_is_taken_from_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures(tmp_path / "photos")

    def scan_then_break(*given: object, **more: object) -> object:
        result = scan(*given, **more)  # type: ignore[arg-type]
        (data / "a/2.png").write_bytes(b"")
        return result

    monkeypatch.setattr(verb, "scan", scan_then_break)
    made = augment(data, tmp_path / "out", CopySettings(copies=2, originals=False))
    assert made.skipped == {"a/2.png": "is empty (0 bytes)"}
    assert "a/2.png" not in {row.original for row in read_copies(tmp_path / "out" / AUGMENTED)}


def test_a_command_that_was_stopped_leaves_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures(tmp_path / "photos")
    real, written = verb.write_bytes, []

    def stopping(path: Path, content: bytes) -> None:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(path)
        real(path, content)

    monkeypatch.setattr(verb, "write_bytes", stopping)
    with pytest.raises(KeyboardInterrupt):
        augment(data, tmp_path / "out", TWO)
    listed = {row.path for row in read_copies(tmp_path / "out" / AUGMENTED)}
    assert {path.relative_to(tmp_path / "out").as_posix() for path in written} <= listed


def test_a_prefix_names_the_copies_and_keeps_their_origin_in_sight(tmp_path: Path) -> None:
    data = pictures(tmp_path / "photos")
    settings = CopySettings(copies=2, format="png", prefix="aug")
    made = augment(data, tmp_path / "out", settings, STRONG)
    names = {row.path: (row.original, row.number) for row in made.rows}
    assert names["a/aug-0-1.png"] == ("a/0.png", 1) and names["b/aug-3-2.png"] == ("b/3.png", 2)
    assert names["a/0.png"] == ("a/0.png", 0)
    same = augment(data, tmp_path / "same", CopySettings(copies=2, format="png"), STRONG)
    for one, other in zip(made.rows, same.rows, strict=True):
        assert (tmp_path / "out" / one.path).read_bytes() == (tmp_path / "same" / other.path).read_bytes()
    groups = groups_of(scan(tmp_path / "out").manifest)
    assert groups["a/0.png"] == groups["a/aug-0-1.png"] == groups["a/aug-0-2.png"] != groups["a/1.png"]
    assert all(find_leaks(folds.rows) == [] for folds in split_folds(tmp_path / "out", 3).splits)


def test_names_stay_unique_with_a_prefix(tmp_path: Path) -> None:
    names = ["a/0.png", "a/0.jpg", "a/more/0.png", "a/aug-0-1.jpg", "a/aug-0.png", "a/AUG-0-1.png", "b/0.png"]
    names.append(f"a/{'楽' * 82}x.png")
    data = write_tree(tmp_path / "photos", {name: scene(number) for number, name in enumerate(names)})
    made = augment(data, tmp_path / "out", CopySettings(copies=3, prefix="aug"))
    assert len({row.path.casefold() for row in made.rows}) == len(made.rows) == 32
    assert all((tmp_path / "out" / row.path).is_file() for row in made.rows)
    again = augment(tmp_path / "out", tmp_path / "again", CopySettings(copies=1, prefix="aug"))
    assert len({row.path.casefold() for row in again.rows}) == len(again.rows) == 64


def test_names_that_are_one_on_a_mac_are_two(tmp_path: Path) -> None:
    names = [f"a/{unicodedata.normalize(form, 'Ü')}.png" for form in ("NFC", "NFD")]
    tree = {name: scene(number) for number, name in enumerate([*names, "b/0.png"])}
    made = augment(write_tree(tmp_path / "photos", tree), tmp_path / "out", CopySettings(copies=1))
    assert len({unicodedata.normalize("NFC", row.path) for row in made.rows}) == len(made.rows) == 6


@pytest.mark.parametrize("prefix", ["a/b", "..", "-x", " x", "x\ny", "a:b", "楽" * 22])
def test_a_prefix_that_no_file_can_bear_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsError, match="expected the beginning of a file name: at most 64 bytes"):
        build(CopySettings, {"prefix": prefix})


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_mixing_is_refused_because_a_file_has_one_label(tmp_path: Path, name: str) -> None:
    data = pictures(tmp_path / "photos", 1)
    with pytest.raises(
        SettingsError,
        match=rf"{name} 0.2 shows two photos with both their labels, and a file has one label: it is for training "
        rf"only\nhint: leave --{name} out",
    ):
        augment(data, tmp_path / "out", TWO, build(AugmentSettings, {name: "0.2"}))
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over_or_into_the_data(tmp_path: Path) -> None:
    data = write_photos(tmp_path / "photos", 2)
    for inside in (data / "out", data / "red" / "more", data / "red" / ".." / "out"):
        with pytest.raises(
            SettingsError, match=r"lies inside .*photos: nothing is written into the data, where copies"
        ):
            augment(data, inside, TWO)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x.txt").write_text("mine")
    with pytest.raises(SettingsError, match=r"full already holds files; nothing is ever written over"):
        augment(data, tmp_path / "full", TWO)
    assert not (data / "out").exists()


def test_names_that_fill_a_file_system_s_255_bytes_have_copies_too(tmp_path: Path) -> None:
    names = [f"{'楽' * 83}.png", f"{'楽' * 82}x.png", "0.png"]
    tree = {f"{label}/{name}": scene(number) for label in "ab" for number, name in enumerate(names)}
    data = write_tree(tmp_path / "photos", tree)
    made = augment(data, tmp_path / "out", TWO)
    assert len(made.rows) == 18 and all((tmp_path / "out" / row.path).is_file() for row in made.rows)
    assert {row.original for row in made.rows} == set(tree)


@pytest.mark.parametrize("label", ["SG/LP", "..", "C:\\SG", AUGMENTED])
def test_a_class_that_cannot_be_a_folder_is_an_error(tmp_path: Path, label: str) -> None:
    data = pictures(tmp_path / "photos", 1)
    (data / "list.csv").write_text(f"path,label\na/0.png,{label}\nb/0.png,b\n")
    with pytest.raises(
        DataError,
        match=rf"the class {re.escape(repr(label))} cannot be the name of a folder\nhint: give it another name",
    ):
        augment(data / "list.csv", tmp_path / "out", TWO)
    assert not (tmp_path / "out").exists()
