"""The contact sheet shows what training would see: read back from its pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.config import PRESETS, AugmentSettings, NormaliseSettings, PreviewSettings, build
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, SettingsError
from mekiki.reports import contact_sheet as sheets
from mekiki.reports.contact_sheet import Row
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.strengths import TRANSFORMS
from mekiki.tensors.geometry import square
from mekiki.verbs import preview as verb
from mekiki.verbs.preview import preview
from tests.data.made_pictures import encoded, scene, tree_state, write_tree
from tests.tensors.augmentation.test_augmenting import augment
from tests.verbs.test_augment import Listening

SIDE = 48


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tree = {f"{label}/{n}.png": scene(10 * place + n, SIDE, SIDE) for place, label in enumerate("ab") for n in range(3)}
    return write_tree(tmp_path / "photos", tree)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[Row]]:
    """The rows of each sheet that was drawn."""
    sheets_drawn: list[list[Row]] = []

    def draw(rows: list[Row], title: str) -> object:
        sheets_drawn.append(list(rows))
        return sheets.contact_sheet(rows, title)

    monkeypatch.setattr(verb, "contact_sheet", draw)
    return sheets_drawn


def settings(*rows: str, **more: object) -> PreviewSettings:
    return build(PreviewSettings, {"rows": rows, "side": SIDE, **more})


def plain(path: Path) -> np.ndarray:
    return square(read_picture(path), SIDE, "letterbox")


def test_the_sheet_has_every_transform_and_preset_and_changes_nothing(data: Path, tmp_path: Path) -> None:
    before = tree_state(data)
    made = preview(data, tmp_path / "sheet.png", PreviewSettings(side=32))
    assert made.rows == ("fit", *TRANSFORMS, *PRESETS)
    assert made.as_json() == {"sheet": str(tmp_path / "sheet.png"), "rows": list(made.rows)}
    assert tree_state(data) == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["sheet.png"]


def test_cells_of_the_file_are_the_photo_and_the_photo_mirrored(
    data: Path, tmp_path: Path, drawn: list[list[Row]]
) -> None:
    preview(data, tmp_path / "sheet.png", settings("horizontal_flip"))
    picture = plain(data / "a/0.png")
    sheet, layout = np.array(Image.open(tmp_path / "sheet.png")), sheets.lay_out(drawn[0], "any")
    for column, expected in enumerate((picture, picture[:, ::-1])):
        top, left = layout.corner(0, column)
        assert np.array_equal(sheet[top : top + SIDE, left : left + SIDE], expected)


def test_draws_of_a_preset_are_those_of_training(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    preview(data, tmp_path / "sheet.png", settings("sommelier", seed=5))
    ranges = AugmentSettings(preset="sommelier")
    picture = read_picture(data / "a/0.png")
    for epoch, cell in enumerate(drawn[0][0].cells[1:], start=1):
        assert cell.caption == f"draw {epoch}"
        assert np.array_equal(cell.picture, augment(picture, SIDE, "letterbox", ranges, Key(5, (epoch, 0))))


def test_settings_are_shown_first_on_photos_of_each_class(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    preview(data, tmp_path / "sheet.png", settings("fit"), AugmentSettings(preset="none", mixup=0.5))
    rows = drawn[0]
    assert [(row.name, row.detail) for row in rows] == [
        ("a", "0.png"), ("b", "0.png"), ("a", "1.png"), ("b", "1.png"), ("fit", "of the photo that is least square"),
    ]  # fmt: skip
    assert (rows[0].heading, rows[1].heading) == ("These settings: random draws", "")
    pictures = [plain(data / name).astype(float) for name in ("a/0.png", "b/0.png", "a/1.png", "b/1.png", "a/2.png", "b/2.png")]  # fmt: skip
    for number, row in enumerate(rows[:4]):
        for cell in row.cells[1:]:
            own, other = cell.caption.split("\n")
            share = float(own.split()[0])
            assert (own.split()[1], other.split()[1] in "ab") == (row.name, True)
            mixes = [share * pictures[number] + (1 - share) * partner for partner in pictures]
            assert min(np.abs(cell.picture - mixed).max() for mixed in mixes) <= 3
    assert len({cell.picture.tobytes() for row in rows[:4] for cell in row.cells}) > 20


def test_one_photo_is_enough_and_mixing_is_left_out(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    listening = Listening()
    made = preview(data / "b/1.png", tmp_path / "sheet.png", settings("transforms"), progress=listening)
    assert made.rows == tuple(name for name in TRANSFORMS if name not in ("mixup", "cutmix"))
    assert listening.lines == ["note: mixup and cutmix mix two photos, and there is one: their rows are left out"]
    assert np.array_equal(drawn[0][0].cells[0].picture, plain(data / "b/1.png"))


def test_a_folder_without_classes_and_a_csv_will_do(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    preview(data / "a", tmp_path / "one.png", settings("blur"))
    (data / "list.csv").write_text("path,label\nb/2.png,x\na/1.png,y\n")
    preview(data / "list.csv", tmp_path / "two.png", settings("mixup"))
    assert np.array_equal(drawn[0][0].cells[0].picture, plain(data / "a/0.png"))
    assert np.array_equal(drawn[1][0].cells[0].picture, plain(data / "a/1.png"))
    assert drawn[1][0].detail == "share of each label; the other is x"


def test_val_and_test_photos_are_not_shown(tmp_path: Path, drawn: list[list[Row]]) -> None:
    tree = {f"{part}/{label}/{n}.png": scene(ord(part[0]) + n, SIDE, SIDE) for part in ("test", "train") for label in "ab" for n in (1, 2)}  # fmt: skip
    data = write_tree(tmp_path / "parts", tree)
    preview(data, tmp_path / "sheet.png", settings("fit"))
    assert np.array_equal(drawn[0][0].cells[1].picture, plain(data / "train/a/1.png"))


def test_broken_photos_are_told_and_passed_over(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    (data / "a/0.png").write_bytes(encoded(scene(1))[:200])
    listening = Listening()
    preview(data, tmp_path / "sheet.png", settings("fit"), progress=listening)
    assert listening.lines[0].startswith("left out: a/0.png ")
    for path in data.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"photos holds no photo that can be read\nhint: mekiki scan DATA"):
        preview(data, tmp_path / "none.png", settings("fit"))
    assert not (tmp_path / "none.png").exists()


def test_the_ways_into_the_square_are_those_of_the_geometry(tmp_path: Path, drawn: list[list[Row]]) -> None:
    write_tree(tmp_path / "photos", {"a/1.png": scene(1, SIDE, SIDE), "b/1.png": scene(2, 2 * SIDE, SIDE)})
    preview(tmp_path / "photos", tmp_path / "sheet.png", settings("fit", "blur", fit="crop"))
    whole, *fitted = drawn[0][0].cells
    wide = read_picture(tmp_path / "photos/b/1.png")
    assert [cell.caption for cell in fitted] == ["letterbox", "squash", "crop"]
    for cell in fitted:
        expected = square(wide, SIDE, cell.caption)  # type: ignore[arg-type]
        assert np.abs(cell.picture.astype(int) - expected).mean() < 1
    assert (whole.picture[0] == 255).all() and not (whole.picture[SIDE // 2] == 255).all()


def test_a_normalised_photo_is_shown_before_and_after_on_one_scale(
    data: Path, tmp_path: Path, drawn: list[list[Row]]
) -> None:
    asked = NormaliseSettings(normalise=("samplewise_center",))
    made = preview(data, tmp_path / "sheet.png", PreviewSettings(side=SIDE), None, asked)
    assert made.rows == ("before", "after"), "with a normalisation nothing else, unless it is asked for"
    before, after = drawn[0]
    centred = [cell.picture / 255 - (cell.picture / 255).mean() for cell in before.cells]
    most = np.quantile(np.abs(centred), 0.995)
    for cell, expected in zip(after.cells, centred, strict=True):
        assert np.abs(cell.picture - (np.clip(expected / most, -1, 1) * 127.5 + 127.5)).max() <= 1
        assert cell.caption == f"mean 0\nstd {expected.std():.2f}"
    assert after.detail == f"grey is 0, black −{most:.1f}, white +{most:.1f}"


def test_whitening_is_measured_on_the_photos_of_the_folder(data: Path, tmp_path: Path, drawn: list[list[Row]]) -> None:
    asked = NormaliseSettings(normalise=("zca_whitening",))
    made = preview(data, tmp_path / "sheet.png", settings("blur"), None, asked)
    assert made.rows == ("before", "after", "blur")
    assert drawn[0][1].detail.startswith("measured on 6 photos; grey is 0")
    before, after = ([float(np.std(cell.picture)) for cell in row.cells] for row in drawn[0][:2])
    assert max(after) < 1.03 * min(after) and max(before) > 1.1 * min(before), "all are equally strong then"
    with pytest.raises(
        SettingsError, match=r"featurewise_center,zca_whitening is measured on many photos, and .*0\.png is one\nhint:"
    ):
        preview(data / "a/0.png", tmp_path / "one.png", settings("fit"), None, asked)


def test_the_same_command_gives_the_same_sheet_and_another_seed_another(data: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        preview(data, tmp_path / f"{name}.png", settings("light", "elastic", seed=seed))
    one, two, three = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_wrong_names_are_refused_before_any_work(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no row 'rotation'\nhint: did you mean rotation_range\?"):
        preview(data, tmp_path / "sheet.png", settings("rotation"))
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.png or \.jpg"):
        preview(data, tmp_path / "sheet.webp")
    (tmp_path / "mine.png").write_bytes(b"mine")
    with pytest.raises(SettingsError, match=r"mine\.png is there already"):
        preview(data, tmp_path / "mine.png")
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
    with pytest.raises(DataError, match="there is no folder or file"):
        preview(tmp_path / "nothing", tmp_path / "sheet.png")
