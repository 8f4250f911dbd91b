import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.training.growing import size_of_epoch, usual_first_size, usual_last_size


def sizes(epochs: int, first: int, last: int) -> list[int]:
    return [size_of_epoch(number, epochs, first, last) for number in range(1, epochs + 1)]


def test_half_of_the_epochs_are_small_and_the_last_quarter_is_whole() -> None:
    assert sizes(10, 128, 224) == [128] * 5 + [160, 192] + [224] * 3
    assert sizes(4, 128, 224) == [128, 128, 192, 224]
    assert sizes(6, 32, 64) == [32, 32, 32, 48, 64, 64]


@pytest.mark.parametrize("first", [224, 300])
def test_without_a_smaller_size_all_epochs_are_alike(first: int | None) -> None:
    assert sizes(5, first, 224) == [224] * 5


@given(st.integers(1, 60), st.integers(16, 512), st.integers(16, 512))
def test_sizes_never_fall_and_end_whole(epochs: int, first: int, last: int) -> None:
    seen = sizes(epochs, first, last)
    assert seen == sorted(seen)
    assert seen[-1] == last
    assert all(min(first, last) <= size <= last for size in seen)


def test_what_is_usual() -> None:
    assert [usual_first_size(size) for size in (32, 128, 159, 160, 192, 224, 288)] == [32, 128, 159, 96, 96, 128, 160]


@given(st.integers(16, 1024))
def test_the_usual_first_size_is_never_larger(size: int) -> None:
    assert 16 <= usual_first_size(size) <= usual_last_size(size) <= size


def test_the_usual_last_size_leaves_something_to_the_head() -> None:
    assert [usual_last_size(size) for size in (32, 128, 159, 160, 192, 224, 288)] == [32, 128, 159, 128, 160, 192, 256]
