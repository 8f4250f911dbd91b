"""Batches whose gradients are added up are a larger batch, photo for photo."""

from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import TrainSettings
from mekiki.training.order import count_steps, steps_of_epoch


@given(st.integers(2, 60), st.integers(2, 9), st.integers(1, 5), st.none() | st.integers(1, 30), st.integers(1, 3))
def test_accumulated_batches_hold_the_photos_of_one_large_batch(
    photos: int, size: int, accumulate: int, steps: int | None, epoch: int
) -> None:
    settings = TrainSettings(batch_size=size, accumulate=accumulate, steps_per_epoch=steps, epochs=3)
    ours = steps_of_epoch(photos, epoch, settings)
    drawn = photos if steps is None else steps * size
    large = steps_of_epoch(photos, epoch, TrainSettings(batch_size=size * accumulate))
    if steps is None:
        assert [[draw for batch in step for draw in batch] for step in ours] == [step[0] for step in large]
    assert drawn - sum(len(batch) for step in ours for batch in step) == (drawn % (size * accumulate) == 1)
    assert all(2 <= len(batch) <= size + 1 for step in ours for batch in step)
    assert all(len(step) <= accumulate for step in ours)
    assert count_steps(photos, settings) == 3 * len(ours)


def test_a_single_photo_joins_the_batch_before_it_and_is_no_step_of_its_own() -> None:
    seven = steps_of_epoch(7, 1, TrainSettings(batch_size=3, accumulate=3))
    assert [[len(batch) for batch in step] for step in seven] == [[3, 4]]
    assert [[len(batch) for batch in step] for step in steps_of_epoch(7, 1, TrainSettings(batch_size=3))] == [[3], [3]]


def test_without_accumulation_each_batch_is_a_step() -> None:
    steps = steps_of_epoch(20, 2, TrainSettings(batch_size=6))
    assert [[len(batch) for batch in step] for step in steps] == [[6], [6], [6], [2]]
    assert sorted(draw for step in steps for batch in step for draw in batch) == list(range(20))
    assert steps != steps_of_epoch(20, 3, TrainSettings(batch_size=6))
