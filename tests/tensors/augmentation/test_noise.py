import numpy as np
from scipy.stats import kstest, norm

from mekiki.tensors.augmentation.noise import LEVELS, normal_quantiles, random_levels


def test_levels_are_even_and_neighbours_are_strangers() -> None:
    for key in (0, 1, 0xFFFFFFFF):
        levels = random_levels(key, 150_000) / LEVELS
        assert kstest(levels, "uniform").pvalue > 0.001
        for lag in (1, 3, 224 * 3):
            assert abs(np.corrcoef(levels[:-lag], levels[lag:])[0, 1]) < 0.01


def test_keys_give_different_pixels_and_one_key_the_same() -> None:
    first = random_levels(11, 1000)
    np.testing.assert_array_equal(first, random_levels(11, 2000)[:1000])
    assert (first == random_levels(12, 1000)).mean() < 0.01
    assert abs(np.corrcoef(first, random_levels(12, 1000))[0, 1]) < 0.1


def test_the_table_turns_levels_into_normal_numbers() -> None:
    values = normal_quantiles()[random_levels(5, 200_000)]
    assert values.dtype == np.float32
    assert kstest(values, norm.cdf).pvalue > 0.001
