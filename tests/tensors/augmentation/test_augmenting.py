import numpy as np
import pytest

from mekiki.config import PRESETS, AugmentSettings, FitName
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.augmenting import augment_in_place
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.geometry import Picture, square

picture = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
STILL = AugmentSettings(preset="none")
EVERYTHING = AugmentSettings(
    rotation_range=30,
    width_shift_range=0.1,
    height_shift_range=3,
    shear_range=10,
    zoom_range=(0.8, 1.1),
    fill_mode="reflect",
    channel_shift_range=20,
    brightness_range=0.3,
    horizontal_flip=True,
    vertical_flip=True,
    elastic=0.05,
    randaugment=(2, 10),
    blur=1.0,
    gaussian_noise=10,
    jpeg_quality=(40, 90),
    pepper_noise=0.05,
    salt_noise=0.05,
    cutout=0.3,
    random_erasing=0.5,
    dust=31,
    scribble=4,
)


def augment(picture: Picture, size: int, fit: FitName, settings: AugmentSettings, key: Key) -> Picture:
    """Do what a photo set does with one photo for training."""
    change = draw_change(settings, key, size, size)
    return change_into_square(picture, change, size, fit, settings.fill_mode, settings.cval)


def test_no_range_changes_nothing() -> None:
    np.testing.assert_array_equal(augment(picture, 64, "letterbox", STILL, Key(0, (1, 2))), picture)


@pytest.mark.parametrize("fit", ["letterbox", "squash", "crop"])
@pytest.mark.parametrize("fill", ["nearest", "reflect", "wrap", "constant"])
def test_without_a_change_training_sees_what_prediction_sees(fit: str, fill: str) -> None:
    wide = np.random.default_rng(3).integers(0, 256, (31, 64, 3), np.uint8)
    settings = AugmentSettings(preset="none", fill_mode=fill)
    seen = augment(wide, 64, fit, settings, Key(0, (1, 2))).astype(int)
    assert np.abs(seen - square(wide, 64, fit)).max() <= 1


@pytest.mark.parametrize("other", [Key(7, (1, 2)), Key(0, (7, 2)), Key(0, (1, 7)), Key(0, (1, 2, "partner"))])
def test_the_numbers_come_from_seed_and_counters_alone(other: Key) -> None:
    first = augment(picture, 64, "letterbox", EVERYTHING, Key(0, (1, 2)))
    np.testing.assert_array_equal(first, augment(picture, 64, "letterbox", EVERYTHING, Key(0, (1, 2))))
    assert (first != augment(picture, 64, "letterbox", EVERYTHING, other)).mean() > 0.3


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "none"])
def test_every_preset_changes_pictures_and_keeps_their_form(name: str) -> None:
    settings = AugmentSettings(preset=name)
    for sample in range(5):
        drawn = augment(picture, 48, "letterbox", settings, Key(0, (1, sample)))
        assert drawn.shape == (48, 48, 3) and drawn.dtype == np.uint8
        kept = augment_in_place(picture[:40], settings, Key(0, (1, sample)))
        assert kept.shape == (40, 64, 3)
        assert (kept != picture[:40]).any()


def test_the_users_picture_is_not_written_to() -> None:
    before = picture.copy()
    for sample in range(10):
        augment(picture, 64, "letterbox", EVERYTHING, Key(0, (1, sample)))
        augment_in_place(
            picture, AugmentSettings(preset="none", dust=31, scribble=9, pepper_noise=0.5), Key(0, (1, sample))
        )
    np.testing.assert_array_equal(picture, before)


def test_a_switched_on_transform_leaves_the_others_numbers_alone() -> None:
    turned = AugmentSettings(preset="none", rotation_range=40)
    dusty = AugmentSettings(preset="none", rotation_range=40, dust=5)
    grey = np.full((64, 64, 3), 99, np.uint8)
    grey[:, 30:34] = 200
    for sample in range(20):
        one = augment(grey, 64, "letterbox", turned, Key(0, (1, sample)))
        two = augment(grey, 64, "letterbox", dusty, Key(0, (1, sample)))
        assert (one == two).all(axis=2).mean() > 0.85
