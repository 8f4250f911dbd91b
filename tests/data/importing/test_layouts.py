import os
import sys
from pathlib import Path

import pytest

from mekiki.config import ScanSettings, build
from mekiki.data.importing.layouts import find_photos, list_pictures
from mekiki.errors import DataError, SettingsError
from mekiki.records.manifest import natural_key
from tests.data.made_pictures import scene, write_tree

SEEN = scene(1, 24, 24)


def tree(root: Path, *names: str) -> Path:
    """Write one small picture under each name; other endings become text files."""
    picture_endings = (".jpg", ".png", ".jpeg", ".tif", ".webp", ".bmp", ".gif")
    return write_tree(root, {name: SEEN if name.lower().endswith(picture_endings) else b"text" for name in names})


def find(
    data: Path, layout: str = "auto", classes: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str]], tuple[str, ...], dict[str, str]]:
    found = find_photos(data, build(ScanSettings, {"layout": layout, "classes": classes}))
    return (
        [(entry.path, entry.label) for entry in found.entries],
        found.classes,
        {stray.path: stray.reason for stray in found.strays},
    )


def test_class_folders_are_searched_through(tmp_path: Path) -> None:
    data = tree(
        tmp_path,
        "SG/10.jpg",
        "SG/9.png",
        "SG/more/deep/1.JPG",
        "Les Paul/a.jpg",
        "readme.txt",
        "SG/notes.txt",
        "SG/photo",
    )
    photos, classes, strays = find(data)
    assert photos == [
        ("Les Paul/a.jpg", "Les Paul"),
        ("SG/9.png", "SG"),
        ("SG/10.jpg", "SG"),
        ("SG/more/deep/1.JPG", "SG"),
    ]
    assert classes == ("Les Paul", "SG")
    assert strays == {
        "readme.txt": "lies outside the class folders",
        "SG/notes.txt": "its ending '.txt' is no picture's",
        "SG/photo": "its name has no ending",
    }


def test_hidden_files_are_passed_over_silently(tmp_path: Path) -> None:
    data = tree(
        tmp_path, "a/1.jpg", "b/1.jpg", ".DS_Store", "a/.DS_Store", "a/._1.jpg", "b/Thumbs.db", ".git/x.jpg", "__MACOSX/a/1.jpg", "a/@eaDir/1.jpg", "b/desktop.ini",
    )  # fmt: skip
    photos, _, strays = find(data)
    assert [path for path, _ in photos] == ["a/1.jpg", "b/1.jpg"]
    assert strays == {}


def test_class_names_may_be_anything(tmp_path: Path) -> None:
    names = (
        ["<b>", "ギター", "Gitarre 12", "Gitarre 2", "a'b,c", "Ünï"]
        if sys.platform != "win32"
        else ["ギター", "Gitarre 12", "Gitarre 2", "a'b,c"]
    )
    data = tree(tmp_path, *(f"{name}/1.jpg" for name in names))
    _, classes, _ = find(data)
    assert set(classes) == set(names)
    assert classes.index("Gitarre 2") < classes.index("Gitarre 12")


def test_a_decomposed_folder_name_is_the_same_class(tmp_path: Path) -> None:
    data = tree(tmp_path, "train/Cafe\u0301/1.jpg", "test/Caf\u00e9/2.jpg", "train/b/1.jpg")
    assert find(data)[1] == ("b", "Caf\u00e9")


def test_the_order_is_natural_and_the_same_everywhere() -> None:
    names = [
        "b/1.jpg",
        "B-2/1.jpg",
        "b/10.jpg",
        "b/9.jpg",
        "b/09.jpg",
        "a/z/2.jpg",
        "a/z.jpg",
        "É/1.jpg",
        "b/1a.jpg",
        "b/1.10.jpg",
        "b/1.9.jpg",
    ]
    expected = [
        "a/z/2.jpg",
        "a/z.jpg",
        "b/1.9.jpg",
        "b/1.10.jpg",
        "b/1.jpg",
        "b/1a.jpg",
        "b/09.jpg",
        "b/9.jpg",
        "b/10.jpg",
        "B-2/1.jpg",
        "É/1.jpg",
    ]
    assert sorted(names, key=natural_key) == sorted(reversed(names), key=natural_key) == expected


def test_part_folders(tmp_path: Path) -> None:
    data = tree(
        tmp_path, "Train/a/1.jpg", "Train/b/1.jpg", "validation/a/2.jpg", "test/b/3.jpg", "extra.jpg", "notes/x.txt"
    )
    found = find_photos(data, ScanSettings())
    assert [(entry.path, entry.label, entry.part) for entry in found.entries] == [
        ("test/b/3.jpg", "b", "test"),
        ("Train/a/1.jpg", "a", "train"),
        ("Train/b/1.jpg", "b", "train"),
        ("validation/a/2.jpg", "a", "val"),
    ]
    assert {stray.path for stray in found.strays} == {"extra.jpg", "notes"}


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    data = tree(tmp_path, "train/1.jpg", "bus/1.jpg", "car/1.jpg")
    assert find(data)[1] == ("bus", "car", "train")
    data = tree(tmp_path / "parts", "train/train/1.jpg", "train/bus/1.jpg")
    assert find(data)[1] == ("bus", "train")


def test_numbered_photos_without_names(tmp_path: Path) -> None:
    data = tree(tmp_path, "2_0001.jpg", "10_0001.jpg", "02_7.jpg", "other.jpg", "notes.txt")
    photos, classes, strays = find(data, "flat")
    assert photos == [("2_0001.jpg", "2"), ("02_7.jpg", "2"), ("10_0001.jpg", "10")]
    assert classes == ("2", "10")
    assert set(strays) == {"other.jpg", "notes.txt"}
    assert find(data) == find(data, "flat")


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_count_the_class_names_from_0_or_1(tmp_path: Path, first: int) -> None:
    data = tree(tmp_path, f"{first}_1.jpg", f"{first + 1}_1.jpg", f"{first + 2}_1.jpg")
    expected = [(f"{first}_1.jpg", "SG"), (f"{first + 1}_1.jpg", "Flying V"), (f"{first + 2}_1.jpg", "Explorer")]
    names = ("SG", "Flying V", "Explorer")
    assert find(data, classes=names)[:2] == (expected, names)
    (data / "classes.txt").write_text("\ufeffSG\nFlying V\n\nExplorer\n", encoding="utf-8")
    assert find(data) == (expected, names, {})


def test_a_class_number_without_a_name_is_told(tmp_path: Path) -> None:
    data = tree(tmp_path, "1_1.jpg", "2_1.jpg", "7_1.jpg")
    (data / "classes.txt").write_text("SG\nFlying V\n")
    with pytest.raises(
        DataError, match=r"7_1.jpg has the class number 7, but the 2 class names have the numbers 1 to 2\nhint: add"
    ):
        find(data)


def test_a_csv_names_photos_anywhere(tmp_path: Path) -> None:
    tree(tmp_path, "data/photos/1.jpg", "data/photos/2.jpg", "elsewhere/3.jpg")
    outside = (tmp_path / "elsewhere" / "3.jpg").as_posix()
    inside = (tmp_path / "data" / "photos" / "2.jpg").as_posix()
    table = tmp_path / "data" / "list.csv"
    table.write_text(
        "label,path,group,note\n"
        "SG,photos/1.jpg,g1,x\n"
        f"SG,{inside},,x\n"
        f"Explorer,{outside},,x\n"
        "Explorer,../elsewhere/./3.jpg,,x\n"
        "Explorer,photos\\4.jpg,,x\n"
        ",photos/5.jpg,,x\n"
        "SG,,,x\n"
        "Explorer,photos/1.jpg,,x\n",
        encoding="utf-8",
    )
    found = find_photos(table, ScanSettings())
    assert found.root == table.parent
    assert {(entry.path, entry.label, entry.groups) for entry in found.entries} == {
        ("photos/1.jpg", "SG", ("g1",)),
        ("photos/2.jpg", "SG", ()),
        (outside, "Explorer", ()),
        ("../elsewhere/3.jpg", "Explorer", ()),
        ("photos/4.jpg", "Explorer", ()),
    }
    assert {(stray.path, stray.reason) for stray in found.strays} == {
        ("photos/5.jpg", "row 7 of list.csv gives no label"),
        ("list.csv", "row 8 of list.csv gives no path"),
        ("photos/1.jpg", "row 9 of list.csv lists it again, as 'Explorer'; row 2 counts"),
    }
    assert all((found.root / entry.path).exists() for entry in found.entries if entry.path != "photos/4.jpg")


def groups_of(table: Path, column: str | None = None) -> dict[str, tuple[str, ...]]:
    found = find_photos(table, build(ScanSettings, {} if column is None else {"group_column": column}))
    return {entry.path: entry.groups for entry in found.entries}


def test_a_column_says_which_photos_belong_together(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_bytes(
        "\ufeffpath,label,listing no,product,group\r\n"
        "1.jpg,SG, 7 ,Caf\u00e9,g\r\n"
        "2.jpg,SG,7,,\r\n"
        "3.jpg,V,,7\r\n"
        "\r\n"
        "4.jpg,V\r\n"
        ",V,7,7,7\r\n"
        "5.jpg,V,8,Cafe\u0301,\r\n".encode()
    )
    assert groups_of(table) == {"1.jpg": ("g",), "2.jpg": (), "3.jpg": (), "4.jpg": (), "5.jpg": ()}
    assert groups_of(table, "listing no") == {
        "1.jpg": ("7",),
        "2.jpg": ("7",),
        "3.jpg": (),
        "4.jpg": (),
        "5.jpg": ("8",),
    }
    assert groups_of(table, "listing no, product") == {
        "1.jpg": ("listing no 7", "product Caf\u00e9"),
        "2.jpg": ("listing no 7",),
        "3.jpg": ("product 7",),
        "4.jpg": (),
        "5.jpg": ("listing no 8", "product Caf\u00e9"),
    }


def test_a_group_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path;label;listing\n1.jpg;SG;7\n2.jpg;V;7\n")
    assert groups_of(table) == {"1.jpg": (), "2.jpg": ()}
    assert groups_of(table, "listing") == {"1.jpg": ("7",), "2.jpg": ("7",)}
    with pytest.raises(
        DataError,
        match=r"list.csv has no column 'lisitng'; its columns are path, label, listing\nhint: name the column that says",
    ):
        groups_of(table, "listing,lisitng")
    with pytest.raises(DataError, match=r"has no column 'group'; its columns are path, label, listing\n"):
        groups_of(table, "listing,group")
    tree(tmp_path / "photos", "a/1.jpg", "b/1.jpg")
    with pytest.raises(
        SettingsError, match=r"group_column = 'listing': .*photos is no CSV, so it has no columns\nhint: "
    ):
        groups_of(tmp_path / "photos", "listing")


@pytest.mark.parametrize("names", [("a/1.jpg", "b/1.jpg"), ("train/a/1.jpg", "train/b/1.jpg"), ("1_1.jpg", "2_1.jpg")])
def test_decisions_beside_the_photos_are_no_stray(tmp_path: Path, names: tuple[str, ...]) -> None:
    data = tree(tmp_path, *names, "decisions.csv")
    assert find(data)[2] == {}
    if "/" in names[0]:
        inside = f"{names[0].split('/')[0]}/decisions.csv"
        tree(tmp_path, inside)
        assert set(find(data)[2]) == {inside}


def test_decisions_do_not_give_labels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing gives their labels\nhint: expected DATA/<class>"):
        find(tree(tmp_path, "a.jpg", "decisions.csv"))


def test_the_given_class_order_is_kept(tmp_path: Path) -> None:
    data = tree(tmp_path, "a/1.jpg", "b/1.jpg", "c/1.jpg")
    assert find(data, classes=("c", "a", "b"))[1] == ("c", "a", "b")


@pytest.mark.parametrize(
    ("names", "layout", "classes", "message"),
    [
        ([], "auto", (), r"is empty\nhint: expected DATA/<class>"),
        (["notes.txt"], "auto", (), r"holds no photos\n"),
        (["a.jpg", "b.jpg"], "auto", (), r"holds 2 photos, but nothing gives their labels\n"),
        (["a.jpg", "labels.csv"], "auto", (), r"nothing gives their labels\nhint: if labels.csv gives their labels, name it instead: .*labels.csv"),
        (["a/1.jpg"], "auto", (), r"holds only the class 'a'; a classifier needs two classes or more\n"),
        (["1_1.jpg", "1_2.jpg"], "auto", (), r"holds only the class '1'; "),
        (["a/1.txt", "b/1.txt"], "classes", (), r"holds no labelled photos; a classifier needs"),
        (["a/1.jpg", "b/1.jpg", "1_1.jpg"], "auto", (), r"holds both folders of photos \(a\) and numbered photos \(1_1.jpg\)\nhint: .*layout is classes or flat"),
        (["train/a/1.jpg", "train/b/1.jpg", "SG/1.jpg"], "auto", (), r"holds part folders \(train\) beside other folders \(SG\)\nhint: .*parts or classes"),
        (["train/1.jpg", "test/1.jpg"], "auto", (), r"test holds photos, but no class folders\nhint: expected DATA/train/<class>"),
        (["test/a/1.jpg", "val/b/1.jpg"], "auto", (), r"has no folder train with photos in class folders\n"),
        (["train/a/1.jpg", "train/b/1.jpg", "test/c/1.jpg"], "auto", (), r"the class 'c' is in .*, but not in its folder train\n"),
        (["a/1.jpg", "b/1.jpg"], "auto", ("a", "c"), r"there are no photos of the class 'c' \(setting classes: a, c\)\nhint: found: a, b"),
        (["a/1.jpg", "b/1.jpg", "c/1.jpg"], "auto", ("a", "b"), r"the class 'c' has photos but is not named \(setting classes: a, b\)"),
        (["a/1.jpg", "b/1.jpg"], "auto", ("a", "b", "a"), r"the setting classes names 'a' twice"),
        (["a/1.jpg", "b/1.jpg"], "csv", (), r"the layout csv is a .csv file, not a folder"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(
    tmp_path: Path, names: list[str], layout: str, classes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        find(tree(tmp_path, *names), layout, classes)
    assert "\n" not in caught.value.message and "\n" not in caught.value.hint


def test_errors_about_data_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no folder or file .*gone"):
        find(tmp_path / "gone")
    tree(tmp_path, "photos.zip", "a.csv")
    with pytest.raises(DataError, match=r"photos.zip is a file; expected a folder of photos or a .csv file"):
        find(tmp_path / "photos.zip")
    with pytest.raises(DataError, match=r"the layout flat is a folder, not a file"):
        find(tmp_path / "a.csv", "flat")
    with pytest.raises(DataError, match=r"a.csv has no column 'path'"):
        find(tmp_path / "a.csv")


def score(data: Path, *known: str, layout: str = "auto") -> list[tuple[str, str]]:
    """Find the photos for a model that knows these classes."""
    found = find_photos(data, build(ScanSettings, {"layout": layout}), known_classes=known)
    assert found.classes == known
    return [(entry.path, entry.label) for entry in found.entries]


def test_a_model_can_be_scored_on_some_of_its_classes(tmp_path: Path) -> None:
    data = tree(tmp_path, "SG/1.jpg")
    assert score(data, "Les Paul", "SG", "Explorer") == [("SG/1.jpg", "SG")]
    tree(tmp_path, "Banjo/1.jpg")
    assert score(data, "SG", "Explorer") == [("Banjo/1.jpg", "Banjo"), ("SG/1.jpg", "SG")]


def test_a_model_can_be_scored_on_a_test_folder_alone(tmp_path: Path) -> None:
    data = tree(tmp_path, "test/SG/1.jpg")
    assert score(data, "Explorer", "SG") == [("test/SG/1.jpg", "SG")]


def test_a_model_can_be_scored_on_a_csv_of_one_class(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\n1.jpg,SG\n")
    assert score(tmp_path / "list.csv", "Explorer", "SG") == [("1.jpg", "SG")]


def test_numbers_stand_for_the_known_classes(tmp_path: Path) -> None:
    data = tree(tmp_path / "from 1", "2_1.jpg", "3_1.jpg")
    assert score(data, "SG", "Flying V", "Explorer") == [("2_1.jpg", "Flying V"), ("3_1.jpg", "Explorer")]
    tree(tmp_path / "from 0", "0_1.jpg", "2_1.jpg")
    assert score(tmp_path / "from 0", "SG", "Flying V", "Explorer") == [("0_1.jpg", "SG"), ("2_1.jpg", "Explorer")]
    (data / "classes.txt").write_text("Explorer\nSG\nFlying V\n")
    assert score(data, "SG", "Flying V", "Explorer") == [("2_1.jpg", "SG"), ("3_1.jpg", "Flying V")]
    tree(data, "0_1.jpg")
    with pytest.raises(
        DataError, match=r"3_1.jpg has the class number 3, but the 3 class names have the numbers 0 to 2"
    ):
        score(data, "SG", "Flying V", "Explorer")


def test_known_classes_that_are_numbers_keep_their_number(tmp_path: Path) -> None:
    """A model that was trained on 2_*.jpg and 10_*.jpg without names: 2 is the class "2", not the second class."""
    data = tree(tmp_path, "2_1.jpg", "10_1.jpg")
    assert find(data)[1] == ("2", "10")
    assert score(data, "2", "10") == [("2_1.jpg", "2"), ("10_1.jpg", "10")]


def test_nothing_to_score_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no labelled photos\nhint: expected"):
        score(tree(tmp_path, "a/1.txt"), "a", "b", layout="classes")


def test_class_names_are_compared_as_they_look(tmp_path: Path) -> None:
    data = tree(tmp_path, "1_1.jpg", "2_1.jpg")
    assert find(data, classes=("Cafe\u0301", "b"))[1] == ("Caf\u00e9", "b")


def test_a_class_list_names_each_class_once(tmp_path: Path) -> None:
    data = tree(tmp_path, "1_1.jpg", "2_1.jpg")
    (data / "classes.txt").write_text("SG\nSG\n")
    with pytest.raises(DataError, match=r"classes.txt names 'SG' twice\nhint: name each class once"):
        find(data)


@pytest.mark.parametrize("mark", ["status.json", "model.json"])
def test_a_run_folder_is_no_class(tmp_path: Path, mark: str) -> None:
    data = tree(tmp_path / "classes", "a/1.jpg", "b/1.jpg", "run/figures/1.png", f"run/{mark}")
    reason = "a run folder of mekiki, no class"
    assert find(data)[1:] == (("a", "b"), {"run": reason})
    data = tree(tmp_path / "parts", "train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", f"run/{mark}", "run/x/1.png")
    tree(data, f"val/run/{mark}", "val/run/1.png")
    assert find(data)[1:] == (("a", "b"), {"run": reason, "val/run": reason})
    data = tree(tmp_path / "flat", "1_1.jpg", "2_1.jpg", "run/1.png", f"run/{mark}")
    assert find(data)[1:] == (("1", "2"), {"run": reason})
    with pytest.raises(DataError, match="holds no photos"):
        find(tree(tmp_path / "alone", "run/1.png", f"run/{mark}"))


def test_a_relative_and_an_absolute_name_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tree(tmp_path / "data", "a/1.jpg", "b/1.jpg", "a/2.jpg", "b/2.jpg")
    tree(tmp_path, "elsewhere/3.jpg")
    table = data / "list.csv"
    lines = [
        "a/1.jpg,a",
        f"{(data / 'a' / '2.jpg').as_posix()},a",
        f"{tmp_path.as_posix()}/elsewhere/../data/b/1.jpg,b",
        "../data/b/2.jpg,b",
        f"{(tmp_path / 'elsewhere' / '3.jpg').as_posix()},b",
    ]
    table.write_text("path,label\n" + "\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    for given in (data, table):
        absolute = find_photos(given, ScanSettings())
        assert absolute.root == data and absolute.root.is_absolute()
        relative = given.relative_to(tmp_path)
        assert find_photos(relative, ScanSettings()) == absolute
        assert find_photos(Path("elsewhere") / ".." / relative, ScanSettings()) == absolute
    monkeypatch.chdir(data)
    found = find_photos(Path("list.csv"), ScanSettings())
    assert found == find_photos(table, ScanSettings())
    outside = (tmp_path / "elsewhere" / "3.jpg").as_posix()
    assert {entry.path for entry in found.entries} == {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", outside}


def test_a_photo_that_is_listed_by_two_paths_counts_once(tmp_path: Path) -> None:
    data = tree(tmp_path / "data", "1.jpg", "2.jpg")
    (data / "list.csv").write_text(f"path,label\n1.jpg,a\n{(data / '1.jpg').as_posix()},b\n../data/1.jpg,b\n2.jpg,b\n")
    found = find_photos(data / "list.csv", ScanSettings())
    assert [entry.path for entry in found.entries] == ["1.jpg", "2.jpg"] and len(found.strays) == 2


def test_a_linked_csv_speaks_of_the_folder_of_the_link(tmp_path: Path) -> None:
    data = tree(tmp_path / "data", "1.jpg", "2.jpg")
    store = tree(tmp_path / "store")
    store.mkdir()
    (store / "labels.csv").write_text("path,label\n1.jpg,a\n2.jpg,b\n")
    link(data / "labels.csv", store / "labels.csv")
    found = find_photos(data / "labels.csv", ScanSettings())
    assert found.root == data and all((found.root / entry.path).is_file() for entry in found.entries)
    link(tmp_path / "linked", data)
    assert find_photos(tmp_path / "linked" / "labels.csv", ScanSettings()).root == tmp_path / "linked"


def test_rows_are_named_by_their_line(tmp_path: Path) -> None:
    tree(tmp_path, "1.jpg", "2.jpg")
    table = tmp_path / "list.csv"
    table.write_text("path,label\n\n1.jpg,a\n2.jpg,b\n3.jpg,\n")
    assert find(table)[2] == {"3.jpg": "row 5 of list.csv gives no label"}
    table.write_text('path,label\n1.jpg,a\n"2.jpg,b\n3.jpg,b\n')
    with pytest.raises(
        DataError, match=r"list.csv, row 3 is no valid CSV: unexpected end of data\nhint: a quotation mark"
    ):
        find(table)


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets us make no links")


@pytest.mark.timeout(20)
def test_loops_of_links_end(tmp_path: Path) -> None:
    data = tree(tmp_path / "data", "a/1.jpg", "b/1.jpg", "b/sub/2.jpg")
    link(data / "a" / "self", data / "a")
    link(data / "a" / "up", data)
    link(data / "b" / "sub" / "loop", data / "b")
    link(data / "everything", data)
    assert find(data)[0] == [("a/1.jpg", "a"), ("b/1.jpg", "b"), ("b/sub/2.jpg", "b")]
    assert len(list_pictures([data])) == 3


def test_linked_class_folders_are_followed(tmp_path: Path) -> None:
    tree(tmp_path, "store/sg/1.jpg", "data/b/1.jpg")
    link(tmp_path / "data" / "a", tmp_path / "store" / "sg")
    assert find(tmp_path / "data")[0] == [("a/1.jpg", "a"), ("b/1.jpg", "b")]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text on this system")
def test_a_name_that_is_no_text_is_a_stray(tmp_path: Path) -> None:
    data = tree(tmp_path, "a/1.jpg", "b/1.jpg")
    (Path(os.fsdecode(os.fsencode(data / "a") + b"/\xff\xfe.jpg"))).write_bytes(b"x")
    _, _, strays = find(data)
    assert strays == {r"a/\udcff\udcfe.jpg": "its name is no valid text; rename it"}


def test_pictures_of_any_sources_are_listed(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "a/10.jpg",
        "a/9.jpg",
        "a/sub/1.PNG",
        "a/notes.txt",
        "a/.hidden.jpg",
        "b/x.jpg",
        "b/[1].jpg",
        "odd.dat",
    )

    def names(*sources: str | Path) -> list[str]:
        return [path.relative_to(tmp_path).as_posix() for path in list_pictures(sources)]

    assert names(tmp_path / "a") == ["a/9.jpg", "a/10.jpg", "a/sub/1.PNG"]
    assert names(tmp_path / "odd.dat") == ["odd.dat"]
    assert names(str(tmp_path / "*" / "*.jpg")) == ["a/9.jpg", "a/10.jpg", "b/[1].jpg", "b/x.jpg"]
    assert names(str(tmp_path / "**" / "*.PNG")) == ["a/sub/1.PNG"]
    assert names(tmp_path / "b" / "[1].jpg", tmp_path / "a" / "9.jpg", tmp_path / "a") == [
        "b/[1].jpg",
        "a/9.jpg",
        "a/10.jpg",
        "a/sub/1.PNG",
    ]
    assert names(str(tmp_path / "[ab]")) == ["a/9.jpg", "a/10.jpg", "a/sub/1.PNG", "b/[1].jpg", "b/x.jpg"]


def test_sources_that_give_nothing_are_errors(tmp_path: Path) -> None:
    tree(tmp_path, "empty/notes.txt")
    with pytest.raises(DataError, match=r"there is no file or folder .*gone.jpg\nhint: name pictures, folders"):
        list_pictures([tmp_path / "gone.jpg"])
    with pytest.raises(DataError, match=r"there is no file or folder .*\*.jpg"):
        list_pictures([str(tmp_path / "*.jpg")])
    with pytest.raises(DataError, match=r"empty holds no pictures\nhint: pictures end in"):
        list_pictures([tmp_path / "empty"])
