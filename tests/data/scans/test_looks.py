from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.data.copies.hashing import sketch
from mekiki.data.pictures import FORMAT_ENDINGS, PictureFacts
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.looks import Look
from mekiki.data.scans.measures import Measures
from mekiki.data.scans.stamps import Stamp
from tests.data.made_pictures import encoded, scene

whole = st.integers(0, 2**62)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
stamps = st.none() | st.builds(Stamp, whole, st.integers(-(2**62), 2**62), whole, whole)
measures = st.builds(Measures, st.floats(0, 128), st.floats(0, 9), st.floats(0, 1))
facts = st.builds(
    PictureFacts, st.sampled_from(sorted(FORMAT_ENDINGS)), st.integers(1, 2**31), st.integers(1, 2**31), st.booleans(), words, words
)  # fmt: skip
decoded = st.builds(
    Look, st.binary(min_size=32, max_size=32).map(bytes.hex), facts, measures,
    st.integers(0, 255).map(lambda grey: sketch(np.full((9, 8, 3), grey, np.uint8))), st.just(""), stamps,
)  # fmt: skip
refused = st.builds(
    Look, st.just("") | st.binary(min_size=32, max_size=32).map(bytes.hex), error=words.filter(bool), stamp=stamps
)


@given(decoded | refused)
def test_a_look_comes_back_from_its_bytes(look: Look) -> None:
    assert Look.from_bytes(look.to_bytes()) == look


@given(decoded | refused, st.integers(0, 10_000), st.integers(1, 255))
def test_changed_or_cut_bytes_are_refused(look: Look, place: int, change: int) -> None:
    content = bytearray(look.to_bytes())
    content[place % len(content)] ^= change
    with pytest.raises(ValueError, match="no look"):
        Look.from_bytes(bytes(content))
    with pytest.raises(ValueError, match="no look"):
        Look.from_bytes(look.to_bytes()[: place % len(content)])


def test_a_look_keeps_what_the_file_and_the_picture_say(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(scene(1, 640, 480)))
    look = look_at(str(tmp_path / "photo.jpg"), 100.0)
    assert look.facts == PictureFacts("JPEG", 640, 480, False) and look.error == ""
    assert look.measures is not None and look.measures.spread > 10 and look.sketch is not None
    assert look_at(str(tmp_path / "photo.jpg"), 0.1).error == "has 0.3072 megapixels; the limit is 0.1"
    gone = look_at(str(tmp_path / "gone.jpg"), 100.0)
    assert (gone.sha256, gone.error, gone.stamp) == ("", "does not exist", None)
    (tmp_path / "text.jpg").write_text("text")
    text = look_at(str(tmp_path / "text.jpg"), 100.0)
    assert len(text.sha256) == 64 and text.sketch is None and "text file" in text.error
