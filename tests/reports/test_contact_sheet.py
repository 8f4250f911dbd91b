"""A contact sheet holds its pictures to the pixel, and says what they are."""

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from mekiki.errors import SettingsError
from mekiki.reports.contact_sheet import (
    Cell,
    Row,
    check_sheet_name,
    contact_sheet,
    fitting,
    lay_out,
    mixed_caption,
    save_sheet,
)
from mekiki.reports.fonts import BOX, families_for
from tests.reports.made_runs import noise


def square(number: int, side: int = 120) -> np.ndarray:
    return noise(number, side)


def rows() -> list[Row]:
    return [
        Row("rotation_range", "degrees", tuple(Cell(square(n), f"+{n}°") for n in range(3)), "Transforms"),
        Row("ストラトキャスター", "", (Cell(square(3), mixed_caption("SG", "ジャガー", 0.25)),)),
        Row("$x_1$", "", (Cell(square(4), ""),)),
    ]


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_every_picture_stands_where_the_layout_says_to_the_pixel(tmp_path: Path) -> None:
    made = rows()
    save_sheet(contact_sheet(made, "Title"), tmp_path / "sheet.png")
    sheet = np.array(Image.open(tmp_path / "sheet.png"))
    layout = lay_out(made, "Title")
    assert sheet.shape == (layout.height, layout.width, 3)
    for number, row in enumerate(made):
        for column, cell in enumerate(row.cells):
            top, left = layout.corner(number, column)
            assert np.array_equal(sheet[top : top + 120, left : left + 120], cell.picture)


def test_names_details_captions_and_headings_are_written() -> None:
    written = texts(contact_sheet(rows(), "Title"))
    for expected in ("Title", "Transforms", "rotation_range", "degrees", "+0°", "+2°", "$x_1$"):
        assert expected in written
    letters = "".join(written)
    if BOX not in letters:  # a font for Japanese is installed
        assert "ストラトキャスター" in written and "0.25 SG\n0.75 ジャガー" in written
    else:
        assert len(families_for(["ジャガー"])) == 1


def test_no_text_reaches_over_its_neighbour() -> None:
    long = "a-very-long-class-name-" * 4
    cells = tuple(Cell(square(n, 64), f"{long}{n}\n{'楽' * 40}{n}") for n in range(3))
    made = [Row(long, long, cells)]
    figure = contact_sheet(made)
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.findobj(Text) if text.get_text()]
    layout = lay_out(made)
    names, captions = boxes[:2], boxes[2:]
    assert len(captions) == 3
    assert all(box.x1 <= layout.left for box in names)
    assert all(box.width <= 64 + 8 for box in captions)
    assert min(box.y0 for box in captions) >= 0


def test_rows_without_names_leave_no_room_for_them() -> None:
    cells = (Cell(square(1), "one"),)
    assert lay_out([Row("", "", cells)]).left < lay_out([Row("name", "", cells)]).left


def test_captions_are_cut_in_the_middle_and_wide_letters_count_twice() -> None:
    assert fitting("short", 100) == "short"
    assert fitting("", 100) == ""
    cut = fitting("Stratocaster-1962-reissue", 80)
    assert cut.startswith("Strat") and "…" in cut and cut.endswith("ssue")
    assert len(fitting("楽" * 30, 80)) < len(fitting("x" * 30, 80))


def test_a_jpeg_is_one_and_the_same_sheet_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.jpg", "two.JPEG", "three.png", "four.png"):
        save_sheet(contact_sheet(rows()), tmp_path / name)
    assert Image.open(io.BytesIO((tmp_path / "one.jpg").read_bytes())).format == "JPEG"
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "two.JPEG").read_bytes()
    assert (tmp_path / "three.png").read_bytes() == (tmp_path / "four.png").read_bytes()


def test_names_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"sheet.gif: expected a name that ends in .png or .jpg\nhint: --preview"):
        check_sheet_name(tmp_path / "sheet.gif")
    (tmp_path / "sheet.png").write_bytes(b"mine")
    with pytest.raises(SettingsError, match=r"sheet.png is there already; nothing is ever written over"):
        check_sheet_name(tmp_path / "sheet.png")
    check_sheet_name(tmp_path / "new" / "sheet.JPG")
