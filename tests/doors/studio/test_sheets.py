"""Pictures that are asked about: what may come from a browser, and that nothing that was done is lost or kept for ever."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.doors.studio.predict.answer_card import change_in_words
from mekiki.doors.studio.predict.sheets import GRAINS, MOST_MARKS, MOST_SHEETS, Sheet, Sheets, name_from, stroke_from
from mekiki.doors.studio.words import words_of
from mekiki.errors import DataError, PictureError
from mekiki.records.predictions import Prediction
from mekiki.tensors.damage.marking import Dust
from tests.conftest import draw_photo

GOOD = {"points": [[0.1, 0.2], [0.4, 0.5]], "width": 0.02, "colour": "#d62718"}


@pytest.fixture
def content() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw_photo((200, 50, 40), 1)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def sheet(content: bytes) -> Sheet:
    return Sheets(100).open(content, "a.png")


def test_a_stroke_is_what_was_sent() -> None:
    stroke = stroke_from(GOOD)
    np.testing.assert_array_equal(stroke.course, GOOD["points"])
    assert (stroke.width, stroke.colour) == (0.02, (0xD6, 0x27, 0x18))


def test_a_touch_is_a_dot() -> None:
    assert stroke_from({**GOOD, "points": [[0.5, 0.5]]}).course.tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"points": []}, "1 to 4000 points"),
        ({"points": [[0.1, 0.2, 0.3]]}, "points in x and y"),
        ({"points": [[0.1, 0.2]] * 4001}, "1 to 4000 points"),
        ({"points": [[0.1, float("nan")]]}, "up to 0.25"),
        ({"points": [[0.1], [0.2, 0.3]]}, "no stroke of a brush"),
        ({"points": "scribble"}, "no stroke of a brush"),
        ({"width": 0.3}, "up to 0.25 of the picture's side wide; this one is 0.3"),
        ({"width": 0}, "up to 0.25"),
        ({"width": None}, "no stroke of a brush"),
        ({"colour": "red; --x: url(x)"}, "is no colour such as #cc2200"),
        ({"colour": "#12345"}, "is no colour"),
    ],
)
def test_what_is_no_stroke_is_refused_in_words(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        stroke_from({**GOOD, **wrong})


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(DataError, match="no stroke of a brush"):
        stroke_from([1, 2])


def test_undo_takes_back_strokes_dust_and_clearing_until_the_picture_is_clean(sheet: Sheet) -> None:
    sheet.add(stroke_from(GOOD))
    sheet.throw_dust()
    sheet.throw_dust()
    stroke, first, second = sheet.marks
    assert isinstance(first, Dust) and isinstance(second, Dust) and first.count == GRAINS
    assert first.key != second.key, "each throw falls elsewhere"
    sheet.clear()
    assert sheet.marks == ()
    sheet.undo()
    assert sheet.marks == (stroke, first, second)
    versions = {sheet.version}
    for wanted in ((stroke, first), (stroke,), ()):
        sheet.undo()
        assert sheet.marks == wanted
        versions.add(sheet.version)
    assert not sheet.can_undo and len(versions) == 4, "every change is a new address for the browser"
    sheet.undo()
    assert sheet.marks == ()


def test_a_sheet_takes_only_so_many_marks(sheet: Sheet) -> None:
    for _ in range(MOST_MARKS):
        sheet.throw_dust()
    with pytest.raises(DataError, match=f"{MOST_MARKS} strokes are on the picture"):
        sheet.throw_dust()


def test_the_oldest_sheets_are_let_go_and_names_cannot_be_guessed(content: bytes) -> None:
    sheets = Sheets(100)
    made = [sheets.open(content, "a.png") for _ in range(MOST_SHEETS + 2)]
    assert [sheets.find(each.key) is None for each in made] == [True, True] + [False] * MOST_SHEETS
    assert len({each.key for each in made}) == len(made) and min(len(each.key) for each in made) >= 16


def test_a_picture_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"^a\.png is truncated"):
        Sheets(100).open(content[:200], "a.png")
    with pytest.raises(PictureError, match=r"^big\.png has 0\.002304 megapixels; the limit is 0\.001"):
        Sheets(0.001).open(content, "big.png")


def test_a_name_is_one_line_of_text() -> None:
    assert name_from("%E3%82%AE%E3%82%BF%E3%83%BC.jpg") == "ギター.jpg"
    assert name_from("a%0d%0ab%00.png") == "a b .png"
    assert name_from("") == "picture"
    assert len(name_from("x" * 5000)) == 120


@pytest.mark.parametrize(
    ("now", "known", "words"),
    [
        ((("SG", 0.7), ("LesPaul", 0.3)), True, "LesPaul: 92.0% → 30.0%; LesPaul became SG"),
        ((("LesPaul", 0.8), ("SG", 0.2)), True, "LesPaul: 92.0% → 80.0%; the class is the same"),
        ((("LesPaul", 0.6), ("SG", 0.4)), False, "LesPaul: 92.0% → 60.0%; it is unknown now"),
    ],
)
def test_what_became_of_the_clean_answer_is_said_in_words(now: tuple, known: bool, words: str) -> None:
    clean = Prediction("", (("LesPaul", 0.92), ("SG", 0.08)), known=True)
    assert change_in_words(words_of("en"), clean, Prediction("", now, known=known)) == words
