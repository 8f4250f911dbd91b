"""Random draws of one photo's changes."""

from pathlib import Path

import numpy as np
import pytest

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError
from mekiki.tensors.geometry import square
from mekiki.verbs.draws import draw_changes


def test_the_first_picture_is_what_the_network_sees_and_the_draws_come_from_the_seed(shared_photos: Path):
    photo = shared_photos / "red" / "000.png"
    ranges = AugmentSettings(preset="light")
    first, again, other = (draw_changes(photo, ranges, 3, side=48, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first[0], square(read_picture(photo), 48, "letterbox"))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not any(np.array_equal(one, two) for one, two in zip(first[1:], other[1:], strict=True))
    assert len({picture.tobytes() for picture in first}) == 4


def test_a_file_that_is_no_picture_is_told(tmp_path: Path):
    (tmp_path / "x.jpg").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"x\.jpg"):
        draw_changes(tmp_path / "x.jpg", AugmentSettings(), 1)
