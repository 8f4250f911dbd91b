"""The bootstrap over groups: draws whole groups, does not depend on its chunks, and is quick."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.scoring.bootstrap import group_numbers, group_sums, resampled_sums, times_drawn


def test_empty_names_stand_alone_and_equal_names_belong_together() -> None:
    assert group_numbers(["a", "", "b", "a", ""], 5).tolist() == [0, 1, 2, 0, 3]
    assert group_numbers(None, 3).tolist() == [0, 1, 2]


def test_groups_for_other_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="2 groups for 3 photos"):
        group_numbers(["a", "b"], 3)


@given(st.integers(1, 30), st.integers(1, 60), st.integers(1, 400), st.integers(0, 99))
def test_chunks_do_not_change_the_draws(groups: int, resamples: int, at_once: int, seed: int) -> None:
    whole = np.concatenate(list(times_drawn(groups, resamples, seed, "x")))
    parts = np.concatenate(list(times_drawn(groups, resamples, seed, "x", at_once)))
    assert whole.shape == (resamples, groups)
    assert (whole.sum(axis=1) == groups).all()
    np.testing.assert_array_equal(whole, parts)


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_sums_are_those_of_the_drawn_photos(seed: int, n: int) -> None:
    numbers = np.random.default_rng(seed)
    values, groups = numbers.normal(size=(n, 3)), numbers.integers(0, 5, n)
    groups = np.unique(groups, return_inverse=True)[1]
    drawn = resampled_sums(group_sums(values, groups), 7, seed, "x")
    times = np.concatenate(list(times_drawn(int(groups.max()) + 1, 7, seed, "x")))
    expected = [(values * row[groups][:, None]).sum(axis=0) for row in times]
    np.testing.assert_allclose(drawn, expected, atol=1e-9)


def test_its_spread_is_the_standard_error_and_copies_widen_it() -> None:
    right = (np.random.default_rng(1).random(400) < 0.7).astype(np.float64)[:, None]
    alone = resampled_sums(group_sums(right, np.arange(400)), 4000, 0, "x") / 400
    assert alone.std() == pytest.approx(np.sqrt(0.7 * 0.3 / 400), rel=0.1)
    fourfold = np.repeat(right, 4, axis=0)
    together = resampled_sums(group_sums(fourfold, np.repeat(np.arange(400), 4)), 4000, 0, "x") / 1600
    assert together.std() == pytest.approx(alone.std(), rel=0.05)
    apart = resampled_sums(group_sums(fourfold, np.arange(1600)), 4000, 0, "x") / 1600
    assert apart.std() == pytest.approx(alone.std() / 2, rel=0.05)


def test_two_thousand_resamples_of_ten_thousand_photos_take_a_moment() -> None:
    values = np.random.default_rng(0).random((10_000, 40)) * (np.random.default_rng(1).random((10_000, 40)) < 0.1)
    sums = group_sums(values, np.arange(10_000))
    began = time.process_time()
    assert resampled_sums(sums, 2000, 0, "x").shape == (2000, 40)
    assert time.process_time() - began < 5
