"""The batched torch path against the CPU path, with the same drawn numbers."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from mekiki.config import PRESETS, AugmentSettings
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.batched import change_batch, mix_batch, only_on_cpu
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.augmentation.flaws import _random_levels
from mekiki.tensors.augmentation.mixing import draw_mix, mix
from mekiki.tensors.augmentation.noise import random_levels
from mekiki.tensors.geometry import Picture

SIZE = 64
numbers = np.random.default_rng(5)


def smooth(height: int, width: int) -> Picture:
    wide = gaussian_filter(numbers.uniform(-900, 1150, (height, width, 3)), (4, 4, 0))
    return np.rint(wide.clip(0, 255)).astype(np.uint8)


pictures = [smooth(*shape) for shape in ((64, 64), (40, 80), (80, 30), (20, 20), (70, 70), (64, 51))]
sharp = [numbers.integers(0, 256, (60, 80, 3), np.uint8) for _ in range(6)]


def changes(settings: AugmentSettings) -> list[Change]:
    return [draw_change(settings, Key(0, (1, sample)), SIZE, SIZE) for sample in range(len(pictures))]


def both(settings: AugmentSettings, fit: Any = "letterbox", given: Any = pictures) -> tuple[np.ndarray, np.ndarray]:
    drawn = changes(settings)
    fill = settings.fill_mode, settings.cval
    one_by_one = [change_into_square(p, change, SIZE, fit, *fill) for p, change in zip(given, drawn, strict=True)]
    batch = change_batch(given, drawn, SIZE, fit, *fill)
    assert batch.dtype == torch.uint8
    return np.stack(one_by_one).astype(int), batch.numpy().astype(int)


@pytest.mark.parametrize("fit", ["letterbox", "squash", "crop"])
@pytest.mark.parametrize("fill", ["nearest", "reflect", "wrap", "constant"])
def test_position_agrees_to_about_one_grey_level(fit: Any, fill: Any) -> None:
    settings = AugmentSettings(
        preset="keras-2017", shear_range=20, elastic=0.05, fill_mode=fill, cval=90 if fill == "constant" else 0
    )
    cpu, torched = both(settings, fit)
    assert np.abs(cpu - torched).mean() < 0.6
    assert np.quantile(np.abs(cpu - torched), 0.99) <= (3 if fill in ("nearest", "reflect") else 12)


def test_the_sharpest_picture_differs_by_its_contrast_over_32() -> None:
    cpu, torched = both(AugmentSettings(preset="keras-2017"), given=sharp)
    assert np.abs(cpu - torched).max() <= 18
    assert np.abs(cpu - torched).mean() < 2.5


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_agrees(name: Any) -> None:
    cpu, torched = both(AugmentSettings(preset=name))
    assert np.abs(cpu - torched).mean() < 0.7


@pytest.mark.parametrize(
    ("settings", "largest"),
    [
        ({"gaussian_noise": 40}, 1),
        ({"pepper_noise": 0.3, "salt_noise": 0.3}, 1),
        ({"cutout": 0.4}, 1),
        ({"random_erasing": 1.0}, 1),
        ({"dust": 31}, 1),
        ({"dust": 31, "cutout": 0.4, "random_erasing": 1.0}, 1),
        ({"channel_shift_range": 60}, 1),
        ({"brightness_range": 0.8}, 2),
        ({"blur": 8}, 2),
        ({"horizontal_flip": True, "vertical_flip": True}, 1),
    ],
)
def test_what_is_no_resampling_agrees_to_the_rounding(settings: dict[str, Any], largest: int) -> None:
    cpu, torched = both(AugmentSettings(preset="none", **settings), "squash", [smooth(SIZE, SIZE) for _ in range(6)])
    assert np.abs(cpu - torched).max() <= largest
    assert (cpu != np.stack([change_into_square(pictures[0], Change(), SIZE, "squash")])).any()


def test_randaugments_steps_agree_but_for_rounding() -> None:
    cpu, torched = both(AugmentSettings(preset="none", randaugment=(3, 12)))
    assert np.abs(cpu - torched).mean() < 1.5


def test_random_pixels_are_the_same_bits() -> None:
    keys = [0, 1, 77, 0xFFFFFFFF, 0x1_0000_0001]
    ours = _random_levels(keys, 5000, torch.device("cpu")).numpy()
    np.testing.assert_array_equal(ours, np.stack([random_levels(key, 5000) for key in keys]))


@pytest.mark.parametrize("ways", [{"mixup": 0.5}, {"cutmix": 1.0}, {"mixup": 0.5, "cutmix": 1.0}])
def test_mixing_agrees_to_the_rounding(ways: dict[str, float]) -> None:
    settings = AugmentSettings(preset="none", **ways)
    own, other = (np.stack([smooth(SIZE, SIZE) for _ in range(12)]) for _ in range(2))
    mixes = [draw_mix(settings, Key(0, (1, sample)), 12, SIZE) for sample in range(12)]
    known = [drawn for drawn in mixes if drawn is not None]
    cpu = np.stack([mix(a, b, drawn) for a, b, drawn in zip(own, other, known, strict=True)]).astype(int)
    torched = mix_batch(torch.from_numpy(own), torch.from_numpy(other), known).numpy().astype(int)
    assert np.abs(cpu - torched).max() <= 1
    assert (cpu != own).any()


def test_a_batch_does_not_depend_on_its_neighbours() -> None:
    settings = AugmentSettings(preset="sommelier", rotation_range=30, blur=3, gaussian_noise=9, randaugment=(2, 9))
    drawn = changes(settings)
    together = change_batch(pictures, drawn, SIZE, "letterbox")
    for number in range(len(pictures)):
        alone = change_batch(pictures[number : number + 1], drawn[number : number + 1], SIZE, "letterbox")
        assert (alone[0].int() - together[number].int()).abs().max() <= 1


def test_a_wide_and_a_tall_picture_together_need_no_more_memory_than_both() -> None:
    wide, tall = smooth(30, 3000), smooth(3000, 30)
    tracemalloc.start()
    change_batch([wide, tall], [Change(), Change()], 24, "crop")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * (wide.nbytes + tall.nbytes)


def test_a_jpeg_is_for_the_cpu() -> None:
    assert only_on_cpu(AugmentSettings(jpeg_quality=(30, 90), scribble=4)) == ("jpeg_quality", "scribble")
    assert only_on_cpu(AugmentSettings(preset="sommelier", randaugment=(2, 9), mixup=0.2)) == ()
