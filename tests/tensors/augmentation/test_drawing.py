from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from mekiki.config import AugmentSettings
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key, draw_change, draw_pose
from mekiki.tensors.geometry import Pose


def poses(count: int = 2000, **ranges: Any) -> list[Pose]:
    settings = AugmentSettings(preset="none", **ranges)
    return [draw_pose(settings, Key(5, (1, sample)).stream("pose"), 200, 100) for sample in range(count)]


def changes(count: int = 1000, **ranges: Any) -> list[Change]:
    settings = AugmentSettings(preset="none", **ranges)
    return [draw_change(settings, Key(5, (1, sample)), 224, 224) for sample in range(count)]


@pytest.mark.parametrize(
    ("ranges", "read", "low", "high"),
    [
        ({"rotation_range": 30}, lambda pose: pose.degrees, -30, 30),
        ({"width_shift_range": 0.2}, lambda pose: pose.shift_x, -40, 40),
        ({"height_shift_range": 0.2}, lambda pose: pose.shift_y, -20, 20),
        ({"width_shift_range": 7.5}, lambda pose: pose.shift_x, -7.5, 7.5),
        ({"shear_range": 12}, lambda pose: pose.shear, -12, 12),
        ({"zoom_range": 0.25}, lambda pose: pose.zoom_x, 0.75, 1.25),
        ({"zoom_range": (0.5, 0.9)}, lambda pose: pose.zoom_y, 0.5, 0.9),
    ],
)
def test_numbers_fill_their_range_evenly(
    ranges: dict[str, Any], read: Callable[[Pose], float], low: float, high: float
) -> None:
    values = [read(pose) for pose in poses(**ranges)]
    assert kstest(values, "uniform", args=(low, high - low)).pvalue > 0.01
    others = {
        name for name in Pose.__slots__ if any(getattr(p, name) != getattr(Pose(), name) for p in poses(**ranges))
    }
    assert others <= {
        next(iter(ranges)).removesuffix("_range"),
        "degrees",
        "shift_x",
        "shift_y",
        "shear",
        "zoom_x",
        "zoom_y",
    }
    assert len(others) == (2 if "zoom_range" in ranges else 1)


def test_flips_are_half_of_the_time_and_only_where_wanted() -> None:
    drawn = poses(horizontal_flip=True)
    assert 0.46 < np.mean([pose.mirrored for pose in drawn]) < 0.54
    assert not any(pose.flipped for pose in drawn)


def test_a_whole_number_is_whole_pixels_below_it_either_way() -> None:
    values = [pose.shift_x for pose in poses(width_shift_range=4)]
    counts = [values.count(shift) for shift in (-3, -2, -1, 1, 2, 3)]
    assert set(values) == {-3, -2, -1, 0, 1, 2, 3}
    assert chisquare(counts).pvalue > 0.01
    assert values.count(0) == pytest.approx(2 * np.mean(counts), rel=0.2)


@pytest.mark.parametrize(("given", "expected"), [((3, 8), {-8, -3, 3, 8}), ((0.1, 0.5), {-100, -20, 20, 100}), ((0.5, 8), {-8, -0.5, 0.5, 8})])  # fmt: skip
def test_a_list_gives_its_members_and_is_fractions_if_all_are_below_1(given: Any, expected: set[float]) -> None:
    assert {pose.shift_x for pose in poses(width_shift_range=given)} == expected


def test_zoom_may_keep_the_shape() -> None:
    assert all(pose.zoom_x == pose.zoom_y for pose in poses(zoom_range=0.3, zoom_keeps_shape=True))
    assert np.corrcoef([(pose.zoom_x, pose.zoom_y) for pose in poses(zoom_range=0.3)], rowvar=False)[0, 1] < 0.1


@pytest.mark.parametrize(
    ("ranges", "read", "low", "high"),
    [
        ({"brightness_range": 0.5}, lambda change: change.brightness, 0.5, 1.5),
        ({"brightness_range": (1.0, 3.0)}, lambda change: change.brightness, 1.0, 3.0),
        ({"channel_shift_range": 50}, lambda change: change.channel_shift, -50, 50),
        ({"blur": 2}, lambda change: change.blur, 0, 2),
        ({"gaussian_noise": 30}, lambda change: change.gaussian_noise, 0, 30),
        ({"pepper_noise": 0.2}, lambda change: change.pepper, 0, 0.2),
        ({"salt_noise": 0.3}, lambda change: change.salt, 0, 0.3),
    ],
)
def test_colours_and_flaws_fill_their_range_evenly(
    ranges: dict[str, Any], read: Callable[[Change], float], low: float, high: float
) -> None:
    values = [read(change) for change in changes(**ranges)]
    assert kstest(values, "uniform", args=(low, high - low)).pvalue > 0.01


def test_jpeg_qualities_are_whole_and_take_both_ends() -> None:
    qualities = [change.jpeg_quality for change in changes(jpeg_quality=(30, 34))]
    assert set(qualities) == {30, 31, 32, 33, 34}
    assert chisquare(np.bincount(qualities)[30:]).pvalue > 0.01


def test_blur_grows_with_the_picture() -> None:
    settings = AugmentSettings(preset="none", blur=2)
    small, large = (draw_change(settings, Key(0, (1, 1)), side, side).blur for side in (112, 224))
    assert large == pytest.approx(2 * small)


def test_the_grid_of_a_deformation_stays_within_its_most() -> None:
    bends = np.stack([change.bend for change in changes(200, elastic=0.1) if change.bend is not None])
    assert bends.shape == (200, 4, 4, 2)
    assert np.abs(bends).max() <= 22.4 + 1e-4
    assert 8 < bends.std() < 11.2
