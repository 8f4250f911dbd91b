import numpy as np
import pytest
from scipy.stats import kstest

from mekiki.config import AugmentSettings
from mekiki.seeds import stream
from mekiki.tensors.augmentation import augment, draw_pose

STILL = AugmentSettings(
    rotation_range=0, width_shift_range=0, height_shift_range=0, zoom_range=0, brightness_range=0, horizontal_flip=False
)
picture = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)


def test_no_range_changes_nothing() -> None:
    np.testing.assert_array_equal(augment(picture, 64, "letterbox", STILL, 0, 1, 2), picture)


@pytest.mark.parametrize("change", ["seed", "epoch", "sample"])
def test_the_numbers_come_from_seed_epoch_and_sample_alone(change: str) -> None:
    key = {"seed": 0, "epoch": 1, "sample": 2}
    first = augment(picture, 64, "letterbox", AugmentSettings(), **key)
    np.testing.assert_array_equal(first, augment(picture, 64, "letterbox", AugmentSettings(), **key))
    other = augment(picture, 64, "letterbox", AugmentSettings(), **{**key, change: 7})
    assert (first != other).any()


def test_drawn_parameters_fill_their_ranges_evenly() -> None:
    settings = AugmentSettings(rotation_range=30, width_shift_range=0.2, height_shift_range=0.1, zoom_range=0.25)
    poses = [draw_pose(settings, stream(5, "augment", 1, sample)) for sample in range(2000)]
    for values, half, middle in [
        ([pose.degrees for pose in poses], 30, 0),
        ([pose.shift_x for pose in poses], 0.2, 0),
        ([pose.shift_y for pose in poses], 0.1, 0),
        ([pose.zoom for pose in poses], 0.25, 1),
    ]:
        assert kstest(values, "uniform", args=(middle - half, 2 * half)).pvalue > 0.01
    assert 0.45 < np.mean([pose.mirrored for pose in poses]) < 0.55
    assert not any(pose.flipped for pose in poses)


def test_brightness_multiplies_and_saturates() -> None:
    settings = STILL.model_copy(update={"brightness_range": 0.5})
    gains = [
        augment(np.full((8, 8, 3), 100, np.uint8), 8, "squash", settings, 0, 1, n).mean() / 100 for n in range(300)
    ]
    assert min(gains) < 0.6 and max(gains) > 1.4
    assert kstest(gains, "uniform", args=(0.5, 1.0)).pvalue > 0.01
    bright = augment(np.full((8, 8, 3), 250, np.uint8), 8, "squash", settings, 0, 1, int(np.argmax(gains)))
    assert (bright == 255).all()
