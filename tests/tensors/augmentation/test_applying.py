import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from mekiki.tensors.augmentation.applying import change_in_place, change_into_square
from mekiki.tensors.augmentation.change import Change, Operation, Rectangle
from mekiki.tensors.geometry import Pose, about_the_middle

noise = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
soft = np.rint(
    gaussian_filter(np.random.default_rng(1).uniform(-900, 1100, (64, 64, 3)), (4, 4, 0)).clip(0, 255)
).astype(np.uint8)


def test_brightness_multiplies_and_saturates() -> None:
    expected = np.clip(np.rint(noise * 1.5), 0, 255)
    assert np.abs(change_in_place(noise, Change(brightness=1.5)) - expected).max() <= 1


def test_a_channel_shift_stays_within_the_pictures_own_range() -> None:
    dull = np.clip(noise, 60, 180)
    shifted = change_in_place(dull, Change(channel_shift=40.0))
    np.testing.assert_array_equal(shifted, np.clip(dull.astype(int) + 40, 60, 180))


def test_blur_is_gaussian() -> None:
    blurred = change_in_place(soft, Change(blur=2.0))
    expected = gaussian_filter(soft.astype(float), (2, 2, 0), mode="nearest")
    assert np.abs(blurred - expected).max() < 2


def test_gaussian_noise_has_its_spread_and_no_bias() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    noisy = change_in_place(grey, Change(gaussian_noise=20.0, key=9)).astype(float) - 128
    assert noisy.std() == pytest.approx(20, rel=0.03)
    assert abs(noisy.mean()) < 0.5
    assert abs(np.corrcoef(noisy[..., 0].ravel(), noisy[..., 1].ravel())[0, 1]) < 0.05


def test_pepper_and_salt_turn_their_share_of_whole_pixels() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    drawn = change_in_place(grey, Change(pepper=0.1, salt=0.2, key=4))
    assert (drawn == 0).all(axis=2).mean() == pytest.approx(0.1, abs=0.01)
    assert (drawn == 255).all(axis=2).mean() == pytest.approx(0.2, abs=0.015)
    assert ((drawn == 0).any(axis=2) == (drawn == 0).all(axis=2)).all()


def test_jpeg_is_a_real_jpeg_of_that_quality() -> None:
    stored = io.BytesIO()
    Image.fromarray(soft).save(stored, "JPEG", quality=20, subsampling="4:2:0")
    expected = np.asarray(Image.open(stored)).astype(int)
    ours = change_in_place(soft, Change(jpeg_quality=20)).astype(int)
    assert np.abs(ours - expected).mean() < 1.0
    assert np.abs(ours - soft).mean() > 1.2


def test_rectangles_cover_in_their_order() -> None:
    change = Change(rectangles=(Rectangle(10, 10, 30, 30, 7), Rectangle(20, 20, 25, 25, 200), Rectangle(40, 0, 60, 48, None)), key=3)  # fmt: skip
    drawn = change_in_place(noise, change)
    assert (drawn[10:20, 10:30] == 7).all() and (drawn[20:25, 20:25] == 200).all()
    np.testing.assert_array_equal(drawn[:10], noise[:10])
    erased = drawn[40:60].astype(float)
    assert (erased != noise[40:60]).mean() > 0.98
    assert erased.mean() == pytest.approx(127.5, abs=6) and erased.std() == pytest.approx(73.9, abs=5)


def test_a_deformation_is_one_resampling_together_with_the_turn() -> None:
    bend = np.random.default_rng(2).normal(0, 3, (4, 4, 2)).astype(np.float32)
    drawn = change_in_place(soft, Change(about_the_middle(Pose(degrees=20, zoom_x=0.9)), bend))
    import cv2

    push = cv2.resize(bend, (64, 64), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(64.0), np.arange(64.0))
    matrix = about_the_middle(Pose(degrees=20, zoom_x=0.9))
    points = np.stack([x + push[..., 0] - 31.5, y + push[..., 1] - 31.5, np.ones_like(x)])
    across, down = np.tensordot(matrix, points, 1) + 31.5
    expected = np.stack([map_coordinates(soft[..., c].astype(float), [down, across], order=1, mode="nearest") for c in range(3)], axis=-1)  # fmt: skip
    assert np.abs(drawn - expected).mean() < 0.6


def test_a_letterbox_keeps_its_margins_whatever_fills_the_outside() -> None:
    """Training with a constant outside must not paint bars that prediction does not have."""
    wide = np.full((20, 60, 3), 200, np.uint8)
    for fill in ("reflect", "wrap", "constant"):
        assert (change_into_square(wide, Change(), 60, "letterbox", fill, 0.0) == 200).all()
    moved = change_into_square(wide, Change(about_the_middle(Pose(shift_x=30))), 60, "letterbox", "constant", 9.0)
    assert (moved[:, :30] == 200).all() and (moved[:, 31:] == 9).all()


@pytest.mark.parametrize(
    ("name", "strength"),
    [("Brightness", 1.5), ("Color", 0.2), ("Contrast", 1.8), ("Sharpness", 1.9), ("Posterize", 5), ("Solarize", 100.0), ("AutoContrast", 0), ("Equalize", 0)],
)  # fmt: skip
def test_operations_are_those_of_torchvision(name: str, strength: float) -> None:
    import torch
    from torchvision.transforms.v2 import functional

    given = torch.from_numpy(soft.transpose(2, 0, 1).copy())
    call = {
        "Brightness": lambda: functional.adjust_brightness(given, strength),
        "Color": lambda: functional.adjust_saturation(given, strength),
        "Contrast": lambda: functional.adjust_contrast(given, strength),
        "Sharpness": lambda: functional.adjust_sharpness(given, strength),
        "Posterize": lambda: functional.posterize(given, int(strength)),
        "Solarize": lambda: functional.solarize(given, strength),
        "AutoContrast": lambda: functional.autocontrast(given),
        "Equalize": lambda: functional.equalize(given),
    }
    expected = call[name]().numpy().transpose(1, 2, 0).astype(int)
    ours = change_in_place(soft, Change(operations=(Operation(name, strength),))).astype(int)
    assert (ours != soft).mean() > 0.1
    assert np.abs(ours - expected).mean() < 0.7
