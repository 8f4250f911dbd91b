import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from mekiki.config import ScanSettings, SplitSettings
from mekiki.data.decisions.accepting import decisions_for
from mekiki.data.decisions.deciding import Decided, decide, find_decisions, place_of_decisions, without_kept
from mekiki.data.importing.found import Entry, Found, Stray
from mekiki.data.scans.scanning import scan
from mekiki.data.splits.splitting import split
from mekiki.errors import DataError
from mekiki.records.decisions import Decision, append_decisions
from mekiki.records.findings import Finding
from tests.data.made_pictures import encoded, scene, tree_state, write_tree


def found(root: Path = Path("/photos"), **classes: int) -> Found:
    classes = classes or {"SG": 3, "Telecaster": 3, "V": 2}
    entries = tuple(Entry(f"{name}/{n}.jpg", name) for name, count in classes.items() for n in range(1, count + 1))
    return Found(root, entries, tuple(classes), (Stray("notes.txt", "no picture"),))


def decided(tmp_path: Path, *lines: str, photos: Found | None = None, known: tuple[str, ...] | None = None) -> Decided:
    file = tmp_path / "decisions.csv"
    file.write_text("path,action,value,other\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return decide(found() if photos is None else photos, file, known_classes=known)


def test_without_a_file_nothing_changes() -> None:
    photos = found()
    nothing = decide(photos, None)
    assert nothing.found is photos and not nothing.excluded and nothing.summary == ""
    finding = Finding("tiny", "SG/1.jpg")
    assert without_kept([finding], nothing) == [finding]


def test_labels_and_groups_are_changed_and_nothing_else(tmp_path: Path) -> None:
    photos = found()
    photos = replace(photos, entries=(replace(photos.entries[0], groups=("g",), part="train"), *photos.entries[1:]))
    result = decided(
        tmp_path,
        "SG/1.jpg,relabel,V",
        "SG/1.jpg,group,h",
        "SG/1.jpg,group,g",
        "V/2.jpg,group,h",
        photos=photos,
    )
    assert result.found.entries == (
        Entry("SG/1.jpg", "V", ("g", "h"), "train"),
        *photos.entries[1:-1],
        Entry("V/2.jpg", "V", ("h",)),
    )
    assert result.found.classes == photos.classes and result.found.strays == photos.strays
    assert result.relabelled == {"SG/1.jpg"}
    assert result.summary == "decisions.csv: 1 relabelled, 2 in groups"
    assert result.notes == ()


@pytest.mark.parametrize(
    "path",
    ["Café/1.jpg", "Cafe\u0301/1.jpg", "Café\\1.jpg", "./Café/1.jpg", "Café//1.jpg", "/photos/Café/1.jpg", "Café/x/../1.jpg", " Café/1.jpg "],
)  # fmt: skip
def test_however_a_path_is_spelt_it_means_the_photo(tmp_path: Path, path: str) -> None:
    nfd = unicodedata.normalize("NFD", "Café")
    photos = Found(
        Path("/photos"),
        (Entry(f"{nfd}/1.jpg", "Café"), Entry("V/1.jpg", "V"), Entry("SG/1.jpg", "SG")),
        ("Café", "SG", "V"),
    )
    result = decided(tmp_path, f"{path},exclude", photos=photos)
    assert result.excluded == {f"{nfd}/1.jpg"}
    assert result.decisions == (Decision(f"{nfd}/1.jpg", "exclude"),)


def test_a_windows_root_is_taken_off(tmp_path: Path) -> None:
    photos = replace(found(), root=Path("C:/Users/me/photos"))
    assert decided(tmp_path, r"C:\Users\me\photos\SG\1.jpg,exclude", photos=photos).excluded == {"SG/1.jpg"}


def test_photos_outside_the_root_keep_the_path_of_their_row(tmp_path: Path) -> None:
    entries = (Entry("../more/1.jpg", "SG"), Entry("/else/2.jpg", "V"), Entry("3.jpg", "SG"), Entry("4.jpg", "V"))
    photos = Found(Path("/photos"), entries, ("SG", "V"))
    result = decided(tmp_path, "../more/1.jpg,exclude", "/else/2.jpg,relabel,SG", photos=photos)
    assert (result.excluded, result.relabelled) == ({"../more/1.jpg"}, {"/else/2.jpg"})


def test_a_name_with_a_backslash_is_another_photo_where_both_are_there(tmp_path: Path) -> None:
    photos = Found(Path("/p"), (Entry("a\\b.jpg", "SG"), Entry("c.jpg", "V"), Entry("d.jpg", "SG")), ("SG", "V"))
    assert decided(tmp_path, "a\\b.jpg,exclude", photos=photos).excluded == {"a\\b.jpg"}


def test_a_mistyped_class_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"decisions.csv relabels SG/1.jpg to 'Telecastre', but there is no such class\nhint: did you mean Telecaster\?$",
    ):
        decided(tmp_path, "SG/1.jpg,relabel,Telecastre")
    with pytest.raises(DataError, match=r"to 'Banjo', but there is no such class\nhint: known: SG, Telecaster, V$"):
        decided(tmp_path, "SG/1.jpg,relabel,Banjo")


def test_a_class_without_photos_is_gone_but_not_one_of_a_trained_model(tmp_path: Path) -> None:
    lines = ("V/1.jpg,relabel,SG", "V/2.jpg,exclude")
    assert decided(tmp_path, *lines).found.classes == ("SG", "Telecaster")
    known = ("SG", "Telecaster", "V", "X")
    photos = replace(found(), classes=known)
    assert decided(tmp_path, *lines, photos=photos, known=known).found.classes == known
    assert decided(tmp_path, "V/1.jpg,relabel,X", photos=photos, known=known).found.classes == known


def test_what_leaves_one_class_is_refused(tmp_path: Path) -> None:
    lines = [f"V/{n}.jpg,exclude" for n in (1, 2)] + [f"Telecaster/{n}.jpg,relabel,SG" for n in (1, 2, 3)]
    with pytest.raises(
        DataError,
        match=r"decisions.csv leaves only the class 'SG'; a classifier needs two classes or more\nhint: remove lines",
    ):
        decided(tmp_path, *lines)
    with pytest.raises(DataError, match=r"leaves no photos; "):
        decided(tmp_path, *lines[:2], *(f"{name}/{n}.jpg,exclude" for name in ("SG", "Telecaster") for n in (1, 2, 3)))


def test_the_later_of_two_contradicting_lines_holds(tmp_path: Path) -> None:
    result = decided(
        tmp_path, "SG/1.jpg,relabel,V", "SG/1.jpg,relabel,Telecaster", "SG/2.jpg,exclude", "SG\\2.jpg,keep"
    )
    assert result.found.entries[0].label == "Telecaster"
    assert result.excluded == frozenset()
    assert len(result.decisions) == 4
    assert decided(tmp_path, "SG/2.jpg,keep", "SG/2.jpg,exclude", "SG/2.jpg,relabel,V").excluded == {"SG/2.jpg"}


def test_lines_about_photos_that_are_gone_are_told_with_the_nearest(tmp_path: Path) -> None:
    result = decided(
        tmp_path,
        "SG/1.jpeg,exclude",
        "old/W/2.jpg,relabel,SG",
        "zzz.jpg,exclude",
        "yyy.jpg,keep",
        "notes.txt,relabel,V",
        "notes.txt,keep",
        "V,keep,imbalance",
    )
    assert result.notes == (
        "5 lines of decisions.csv about photos that are not there: SG/1.jpeg (did you mean SG/1.jpg?), "
        "old/W/2.jpg (did you mean SG/2.jpg or Telecaster/2.jpg?), zzz.jpg and 2 more",
    )
    assert not result.excluded and not result.relabelled and len(result.kept) == 2
    assert decided(tmp_path, "zzz.jpg,exclude").notes == (
        "1 line of decisions.csv about photos that are not there: zzz.jpg",
    )
    assert len(result.decisions) == 7


def test_a_class_is_not_excluded_as_a_whole_and_it_is_told(tmp_path: Path) -> None:
    result = decided(tmp_path, "V,exclude", "SG/,exclude", "sg/1.JPG,exclude", "notes.txt,exclude", "SG/2.jpg,exclude")
    assert result.notes == (
        "3 lines of decisions.csv about photos that are not there: V (a class: name its photos one by one), "
        "SG (a class: name its photos one by one), sg/1.JPG (did you mean SG/1.jpg?)",
    )
    assert decided(tmp_path, "photos/V/2.jpg,exclude").notes[0].endswith("photos/V/2.jpg (did you mean V/2.jpg?)")
    assert result.summary == "decisions.csv: 1 excluded", "a stray takes no part anyway"


PAIR = Finding("near_duplicate", "SG/1.jpg", "SG/2.jpg")
CONFLICT = Finding("label_conflict", "SG/1.jpg", "V/1.jpg")
ERROR = Finding("label_error", "SG/1.jpg", "V")
TINY = Finding("tiny", "SG/2.jpg")
ALL = [PAIR, CONFLICT, ERROR, TINY, Finding("stray", "notes.txt"), Finding("imbalance", "V")]


@pytest.mark.parametrize(
    ("line", "settled"),
    [
        ("SG/1.jpg,keep", [PAIR, CONFLICT, ERROR]),
        ("SG/2.jpg,keep", [PAIR, TINY]),
        ("SG/2.jpg,keep,near_duplicate", [PAIR]),
        ("SG/2.jpg,keep,near_duplicate,SG/1.jpg", [PAIR]),
        ("SG/1.jpg,keep,near_duplicate,SG/2.jpg", [PAIR]),
        ("SG/1.jpg,keep,near_duplicate,SG/3.jpg", []),
        ("SG/1.jpg,keep,,SG\\2.jpg", [PAIR]),
        ("SG/1.jpg,keep,label_error", [ERROR]),
        ("SG/1.jpg,keep,label_error,V", [ERROR]),
        ("SG/1.jpg,keep,label_error,Telecaster", []),
        ("V,keep", [Finding("imbalance", "V")]),
        ("notes.txt,keep,stray", [Finding("stray", "notes.txt")]),
        ("notes.txt,exclude", [Finding("stray", "notes.txt")]),
        ("SG/1.jpg,exclude", [PAIR, CONFLICT, ERROR]),
        ("V/1.jpg,exclude", [CONFLICT]),
        ("SG/1.jpg,relabel,SG", [ERROR]),
        ("SG/1.jpg,group,x", []),
    ],
)
def test_what_settles_which_finding(tmp_path: Path, line: str, settled: list[Finding]) -> None:
    left = without_kept(ALL, decided(tmp_path, line))
    assert left == [finding for finding in ALL if finding not in settled]


def test_a_scan_applies_what_was_decided_and_forgets_it_with_the_line(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": scene(n + 10 * ord(name)) for name in "ab" for n in range(4)}
    copies = {
        "a/copy.jpg": encoded(scene(10 * ord("a")), quality=80),
        "b/conflict.jpg": encoded(scene(1 + 10 * ord("a"))),
    }
    data = write_tree(tmp_path / "photos", files | copies | {"b/no.jpg": b"text"})
    before, files_before = scan(data, ScanSettings()), tree_state(data)
    kinds = ["near_duplicate", "label_conflict", "unreadable"]
    assert [finding.kind for finding in before.findings] == ["label_conflict", "near_duplicate", "unreadable"]
    file = data / "decisions.csv"
    append_decisions(file, decisions_for(before.findings, kinds, before.manifest))
    with file.open("a") as more:
        more.write("a\\2.png,relabel,b\na/3.png,group,pair\nb/2.png,Group,pair\n")
    after = scan(data, ScanSettings())
    photos = {photo.path: photo for photo in after.manifest.photos}
    assert after.findings == []
    assert {path for path, photo in photos.items() if photo.status == "excluded"} == {
        "a/copy.jpg",
        "a/1.png",
        "b/conflict.jpg",
        "b/no.jpg",
    }
    assert photos["a/2.png"].label == "b"
    assert {path for path, photo in photos.items() if photo.group == "pair"} == {"a/3.png", "b/2.png"}
    divided = split(after.manifest, SplitSettings(train=0.5, val=0.5))
    assert {row.path for row in divided.rows} == {path for path, photo in photos.items() if photo.usable}
    file.write_text("path,action\n")
    again = scan(data, ScanSettings())
    assert (again.manifest, again.findings) == (before.manifest, before.findings)
    file.unlink()
    assert tree_state(data) == files_before


def test_kept_copies_are_spoken_of_no_more_but_stay_together(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": scene(n + 10 * ord(name)) for name in "ab" for n in range(4)}
    data = write_tree(tmp_path / "photos", files | {"a/copy.jpg": encoded(scene(10 * ord("a")), quality=80)})
    (data / "decisions.csv").write_text("path,action,value,other\na/copy.jpg,keep,near_duplicate,a/0.png\n")
    result = scan(data, ScanSettings())
    assert result.findings == []
    assert [photo.path for photo in result.manifest.photos if photo.group] == ["a/0.png", "a/copy.jpg"]


def test_the_file_is_found_beside_the_photos(tmp_path: Path) -> None:
    data, table = tmp_path / "photos", tmp_path / "list.csv"
    data.mkdir()
    table.write_text("path,label\n")
    assert find_decisions(data) is None and find_decisions(table) is None
    for source in (data, table):
        place_of_decisions(source).write_text("path,action\n")
    assert find_decisions(data) == data / "decisions.csv"
    assert find_decisions(table) == tmp_path / "decisions.csv"
    assert find_decisions(tmp_path / "decisions.csv") is None
    other = tmp_path / "other.csv"
    with pytest.raises(DataError, match=r"there is no file of decisions .*other.csv\nhint: "):
        find_decisions(data, other)
    other.write_text("path,action\n")
    assert find_decisions(data, other) == other
