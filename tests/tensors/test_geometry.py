import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import FillMode, FitName
from mekiki.tensors.geometry import (
    BORDERS,
    Pose,
    about_the_middle,
    from_square,
    from_square_point,
    reduce,
    resample,
    square,
)

FITS: list[FitName] = ["letterbox", "squash", "crop"]
sides = st.integers(8, 400)


def to_square(width: int, height: int, size: int, fit: FitName) -> np.ndarray:
    return cv2.invertAffineTransform(from_square_point(width, height, size, fit))


def corners(width: int, height: int) -> np.ndarray:
    return np.array([[-0.5, -0.5, 1], [width - 0.5, height - 0.5, 1]]).T


@given(sides, sides, st.integers(16, 256))
def test_letterbox_shows_all_of_the_picture_and_touches_two_sides(width: int, height: int, size: int) -> None:
    (left, right), (top, bottom) = to_square(width, height, size, "letterbox") @ corners(width, height)
    assert min(left, top) == pytest.approx(-0.5)
    assert max(right, bottom) == pytest.approx(size - 0.5)
    assert (right - left) / (bottom - top) == pytest.approx(width / height)


@given(sides, sides, st.integers(16, 256))
def test_squash_fills_the_square_and_crop_covers_it(width: int, height: int, size: int) -> None:
    edges = to_square(width, height, size, "squash") @ corners(width, height)
    np.testing.assert_allclose(edges, [[-0.5, size - 0.5]] * 2, atol=1e-6)
    (left, right), (top, bottom) = to_square(width, height, size, "crop") @ corners(width, height)
    assert left < -0.499 and top < -0.499 and right > size - 0.501 and bottom > size - 0.501
    assert (right - left) / (bottom - top) == pytest.approx(width / height)


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for fit in FITS:
        np.testing.assert_array_equal(square(picture, 64, fit), picture)


def test_shrinking_is_opencvs_area_average() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    np.testing.assert_array_equal(square(picture, 64, "letterbox"), cv2.resize(picture, (64, 64), interpolation=3))


def test_letterbox_repeats_the_edge_instead_of_painting_it_black() -> None:
    picture = np.full((20, 80, 3), 200, np.uint8)
    assert (square(picture, 64, "letterbox") == 200).all()


def test_mirror_and_flip_and_quarter_turn_are_exact() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(
        square(picture, 32, "letterbox", about_the_middle(Pose(mirrored=True))), picture[:, ::-1]
    )
    np.testing.assert_array_equal(square(picture, 32, "letterbox", about_the_middle(Pose(flipped=True))), picture[::-1])
    turned = square(picture, 32, "letterbox", about_the_middle(Pose(degrees=90))).astype(int)
    assert np.abs(turned - np.rot90(picture)).max() <= 1


def test_a_shift_looks_further_right_and_a_zoom_below_1_enlarges() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[45:55, 45:55] = 255
    shifted = square(picture, 100, "letterbox", about_the_middle(Pose(shift_x=-20, shift_y=10)))[..., 0]
    ys, xs = np.nonzero(shifted > 127)
    assert (xs.mean(), ys.mean()) == (pytest.approx(69.5, abs=0.6), pytest.approx(39.5, abs=0.6))
    assert (
        square(picture, 100, "letterbox", about_the_middle(Pose(zoom_x=0.5, zoom_y=0.5))) > 127
    ).sum() == pytest.approx(4 * 300, rel=0.1)


def test_reduce_never_enlarges() -> None:
    small = np.zeros((10, 20, 3), np.uint8)
    assert reduce(small, 64, "letterbox") is small
    assert reduce(np.zeros((1000, 10, 3), np.uint8), 64, "letterbox").shape == (64, 1, 3)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(("width", "height"), [(200, 120), (90, 300), (128, 128)])
def test_a_hot_spot_is_carried_back_to_where_it_was(fit: FitName, width: int, height: int) -> None:
    x, y = width // 2 + 12, height // 2 - 15
    spot = to_square(width, height, 64, fit) @ [x, y, 1]
    grid = np.mgrid[0:64, 0:64]
    heat = np.exp(-((grid[1] - spot[0]) ** 2 + (grid[0] - spot[1]) ** 2) / 20).astype(np.float32)
    back = from_square(heat, width, height, fit)
    assert back.shape == (height, width)
    found_y, found_x = np.unravel_index(back.argmax(), back.shape)
    assert abs(found_x - x) <= 4 and abs(found_y - y) <= 4


poses = st.builds(
    Pose,
    degrees=st.floats(-180, 180),
    shift_x=st.floats(-200, 200),
    shift_y=st.floats(-200, 200),
    shear=st.floats(-60, 60),
    zoom_x=st.floats(0.3, 4),
    zoom_y=st.floats(0.3, 4),
    mirrored=st.booleans(),
    flipped=st.booleans(),
)


@pytest.mark.parametrize("fill_mode", BORDERS)
@given(poses, st.integers(1, 90), st.integers(1, 90))
def test_a_fourth_channel_and_margins_give_the_picture_of_the_plain_call(
    fill_mode: FillMode, pose: Pose, width: int, height: int
) -> None:
    """Margins move the coordinates, so a value may be rounded the other way; all else is the same to the last bit."""
    picture = np.random.default_rng(width * 100 + height).integers(0, 256, (height, width, 3), np.uint8)
    matrix = from_square_point(width, height, 64, "letterbox", about_the_middle(pose))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    plain = cv2.warpAffine(
        picture, matrix, (64, 64), flags=flags, borderMode=BORDERS[fill_mode], borderValue=(9, 9, 9, 9)
    )
    drawn = resample(picture, matrix, 64, fill_mode, 9)
    assert np.abs(plain.astype(int) - drawn).max() <= (1 if fill_mode == "nearest" else 0)


def test_a_picture_that_is_not_left_is_resampled_to_the_last_bit_as_by_the_plain_call() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    matrix = from_square_point(90, 90, 64, "letterbox", about_the_middle(Pose(degrees=30, zoom_x=0.6, zoom_y=0.6)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    plain = cv2.warpAffine(picture, matrix, (64, 64), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(resample(picture, matrix, 64), plain)
