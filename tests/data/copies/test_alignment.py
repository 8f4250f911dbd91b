import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

from mekiki.data.copies.alignment import aligned, blurred, framed, identity, moved, overlap, places_of


def smooth(number: int, side: int = 32) -> np.ndarray:
    noise = np.random.default_rng(number).normal(0, 1, (side, side))
    return (gaussian_filter(noise, 2, mode="wrap") * 300 + 128).astype(np.float32)


@given(st.lists(st.floats(-0.3, 0.3), min_size=4, max_size=4), st.integers(1, 5))
def test_pictures_are_read_where_a_reference_reads_them(motion: list[float], count: int) -> None:
    pictures = np.stack([smooth(number) for number in range(count)])
    motions = np.tile(np.array(motion, np.float32), (count, 1))
    down, across = (np.clip((places + 0.5) * 32 - 0.5, 0, 31) for places in places_of(motions, 32))
    for picture, seen, rows, columns in zip(pictures, moved(pictures, motions), down, across, strict=True):
        reference = map_coordinates(picture, np.meshgrid(rows, columns, indexing="ij"), order=1)
        assert np.allclose(seen, reference, atol=0.05)


def test_no_motion_changes_nothing() -> None:
    pictures = np.stack([smooth(number) for number in range(3)])
    assert np.allclose(moved(pictures, identity(3)), pictures, atol=1e-3)
    assert overlap(identity(3), 32).all()


@pytest.mark.parametrize("gain", [(1.0, 0.0), (0.7, 40.0), (1.3, -30.0)])
def test_a_planted_motion_is_found_again_at_any_brightness(gain: tuple[float, float]) -> None:
    wanted = np.random.default_rng(0).uniform(-0.08, 0.08, (20, 4)).astype(np.float32)
    loose = np.stack([smooth(number) for number in range(20)])
    fixed = moved(loose, wanted) * gain[0] + gain[1]
    found = aligned(fixed, loose, identity(20), 12)
    assert np.abs(found - wanted).max() < 0.02
    assert np.median(np.abs(found - wanted)) < 0.004


def test_a_mark_over_a_fifth_of_the_picture_does_not_lead_astray() -> None:
    wanted = np.tile(np.array([0.04, 0.05, -0.05, -0.03], np.float32), (10, 1))
    loose = np.stack([smooth(number) for number in range(10)])
    fixed = moved(loose, wanted)
    fixed[:, 12:18] += 90
    assert np.abs(aligned(fixed, loose, identity(10), 14) - wanted).max() < 0.03


def test_frames_are_squashed_by_area() -> None:
    picture = np.zeros((1, 64, 64), np.uint8)
    picture[0, 16:48, 8:24] = 200
    picture[0, 16:32, 8:16] = 100
    square = framed(picture, np.array([[16, 48, 8, 24]]), 2)
    assert square[0].tolist() == [[100, 200], [200, 200]]
    assert framed(picture, np.array([[0, 64, 0, 64]]), 1)[0, 0, 0] == pytest.approx(picture.mean(), abs=0.1)


def test_blurring_keeps_the_light_and_treats_all_sides_alike() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (2, 9, 9)).astype(np.float32)
    once = blurred(picture, 1)
    padded = np.pad(picture[0], 1, mode="edge")
    by_hand = sum(padded[1 + row : 10 + row, 1 + column : 10 + column] * (2 - abs(row)) * (2 - abs(column)) / 16
                  for row in (-1, 0, 1) for column in (-1, 0, 1))  # fmt: skip
    assert np.allclose(once[0], by_hand, atol=1e-3)
    assert np.array_equal(blurred(picture, 0), picture)
    assert once.mean() == pytest.approx(picture.mean(), rel=0.02)
