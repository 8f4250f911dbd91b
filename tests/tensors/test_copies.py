import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mekiki.config import AugmentSettings, CopySettings
from mekiki.errors import PictureError
from mekiki.tensors.augmentation.augmenting import augment_in_place
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.copies import draw_copies, encode
from mekiki.tensors.geometry import Pose, about_the_middle, in_place, resample
from tests.data.made_pictures import scene, write_tree

STILL = AugmentSettings(preset="none")
SIDES = st.integers(2, 90)


@given(SIDES, SIDES)
def test_no_change_gives_the_very_picture(width: int, height: int) -> None:
    picture = np.array(scene(3, 120, 90).resize((width, height)))
    assert np.array_equal(augment_in_place(picture, STILL, Key(0, ("x",))), picture)


@given(SIDES, SIDES)
def test_a_mirrored_picture_is_mirrored_to_the_pixel(width: int, height: int) -> None:
    picture = np.array(scene(4, 120, 90).resize((width, height)))
    drawn = resample(picture, in_place(width, height, about_the_middle(Pose(mirrored=True))), (width, height))
    assert np.array_equal(drawn, picture[:, ::-1])
    turned = resample(picture, in_place(width, height, about_the_middle(Pose(degrees=180))), (width, height))
    assert np.abs(turned.astype(int) - picture[::-1, ::-1]).max() <= 1


def test_shifts_are_pixels_of_the_picture() -> None:
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[20, 50] = 255
    drawn = resample(picture, in_place(100, 40, about_the_middle(Pose(shift_x=-10, shift_y=10))), (100, 40))
    assert np.argwhere(drawn[..., 0] == 255).tolist() == [[10, 60]]


def photo(folder: Path, size: tuple[int, int] = (120, 90)) -> Path:
    return write_tree(folder, {"a/1.png": scene(1, *size), "a/2.png": scene(2, *size)})


def drawn(root: Path, path: str, numbers: list[int], seed: int = 0, longest_side: int = 1024) -> list[np.ndarray]:
    settings = CopySettings(seed=seed, longest_side=longest_side)
    return list(draw_copies(root, path, numbers, settings, AugmentSettings(), 100.0))


def test_a_copy_depends_on_seed_path_and_number_alone(tmp_path: Path) -> None:
    root = photo(tmp_path)
    first = drawn(root, "a/1.png", [1, 2, 3])
    assert np.array_equal(drawn(root, "a/1.png", [3])[0], first[2])
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(drawn(root, "a/1.png", [1], seed=1)[0], first[0])
    (root / "a/1.png").rename(root / "a/other.png")
    assert not np.array_equal(drawn(root, "a/other.png", [1])[0], first[0])


@pytest.mark.parametrize(("size", "longest_side", "shape"), [((120, 90), 1024, (90, 120)), ((400, 100), 200, (50, 200)), ((100, 400), 200, (200, 50))])  # fmt: skip
def test_a_copy_keeps_the_shape_and_is_no_larger_than_asked(
    tmp_path: Path, size: tuple[int, int], longest_side: int, shape: tuple[int, int]
) -> None:
    root = photo(tmp_path, size)
    assert drawn(root, "a/1.png", [1], longest_side=longest_side)[0].shape == (*shape, 3)


def test_files_hold_the_picture_in_its_own_colours() -> None:
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[..., 0] = 200
    picture[..., 2] = 40
    exact = Image.open(io.BytesIO(encode(picture, "png")))
    near = Image.open(io.BytesIO(encode(picture, "jpeg")))
    assert (exact.format, near.format) == ("PNG", "JPEG")
    assert np.array_equal(np.array(exact), picture)
    assert np.abs(np.array(near).astype(int) - picture).max() <= 3


def test_a_broken_photo_is_a_picture_error(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="is no picture that can be read"):
        drawn(tmp_path, "x.jpg", [1])
