"""The numbers that are drawn have Keras' distributions, and are those of the names."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, uniform

from mekiki import ImageDataGenerator
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.generator.changing import draw_dictionary
from tests.tensors.keras.cases import DISTRIBUTIONS, SHAPE
from tests.tensors.keras.differences import read_goldens

OURS = {"width": "tx", "height": "ty"}
DISCRETE = ("width, pixels", "height, pixels", "horizontal flip", "vertical flip")
LIKELY = 0.001
"""For each of some thirty comparisons; a range a fifth too wide is found at this level."""
EVEN = {
    "rotation": (-45, 45),
    "width, fraction": (-8, 8),
    "width, broken pixels": (-2.5, 2.5),
    "width, whole float": (-3, 3),
    "height, fraction": (-12, 12),
    "shear": (-20, 20),
    "zoom x, number": (0.8, 1.2),
    "zoom y, pair": (0.5, 0.9),
    "channel shift": (-25, 25),
    "brightness": (0.4, 1.7),
}


@pytest.fixture(scope="module")
def goldens() -> dict[str, np.ndarray]:
    return read_goldens()


@cache
def draw(title: str, count: int) -> np.ndarray:
    number, options = DISTRIBUTIONS[title]
    ranges = ImageDataGenerator(**options).ranges
    keys = (Key(2026, (1, sample)) for sample in range(count))
    return np.array([draw_dictionary(ranges, key, SHAPE[1], SHAPE[0])[OURS.get(number, number)] for key in keys])


@pytest.mark.parametrize("title", DISTRIBUTIONS)
def test_drawn_numbers_have_keras_distribution(goldens: dict[str, np.ndarray], title: str) -> None:
    keras = goldens[f"distribution/{title}"].astype(np.float64)
    ours = draw(title, 1500)
    if title == "rotation all round":  # Keras draws from -360 to 360; an angle is the same after a full turn
        keras, ours = keras % 360, ours % 360
    assert ks_2samp(keras, ours.astype(np.float32)).pvalue > LIKELY
    assert len(ours) == 1500


@pytest.mark.parametrize("title", [*DISCRETE, "width, list of fractions", "width, list of pixels"])
def test_discrete_numbers_are_the_same_ones(goldens: dict[str, np.ndarray], title: str) -> None:
    keras = np.unique(goldens[f"distribution/{title}"].round(4))
    np.testing.assert_allclose(np.unique(draw(title, 1500).astype(np.float32).round(4)), keras, atol=1e-3)


@pytest.mark.parametrize("title", EVEN)
def test_drawn_numbers_are_even_over_their_range(title: str) -> None:
    low, high = EVEN[title]
    assert kstest(draw(title, 1500), uniform(low, high - low).cdf).pvalue > LIKELY


@pytest.mark.parametrize("title", EVEN)
def test_a_range_that_is_a_fifth_too_wide_is_found(goldens: dict[str, np.ndarray], title: str) -> None:
    ours = draw(title, 1500)
    wide = ours.mean() + (ours - ours.mean()) * 1.2
    low, high = EVEN[title]
    assert kstest(wide, uniform(low, high - low).cdf).pvalue < LIKELY
    far = ours.mean() + (ours - ours.mean()) * 1.5
    assert ks_2samp(goldens[f"distribution/{title}"], far).pvalue < LIKELY


def test_the_shifts_are_of_the_sides_that_they_are_named_after() -> None:
    """Keras 3 swaps them; here the width's range is a share of the width and moves sideways."""
    ranges = ImageDataGenerator(width_shift_range=0.5).ranges
    drawn = [draw_dictionary(ranges, Key(0, (1, sample)), 200, 10) for sample in range(200)]
    assert max(abs(each["tx"]) for each in drawn) > 90 and not any(each["ty"] for each in drawn)


def test_zooms_are_drawn_apart_and_flips_half_of_the_time() -> None:
    assert abs(np.corrcoef(draw("zoom x, number", 1500), draw_other_zoom(1500))[0, 1]) < 0.1
    assert draw("horizontal flip", 1500).mean() == pytest.approx(0.5, abs=0.04)


def draw_other_zoom(count: int) -> np.ndarray:
    ranges = ImageDataGenerator(zoom_range=0.2).ranges
    return np.array([draw_dictionary(ranges, Key(2026, (1, sample)), 40, 40)["zy"] for sample in range(count)])


def test_transforms_do_not_change_each_others_numbers() -> None:
    few = ImageDataGenerator(rotation_range=20)
    many = ImageDataGenerator(rotation_range=20, zoom_range=0.3, brightness_range=(0.5, 2), dust=31)
    for seed in range(20):
        assert few.get_random_transform(SHAPE, seed)["theta"] == many.get_random_transform(SHAPE, seed)["theta"]
