import itertools
import sys
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki import ImageDataGenerator
from mekiki.errors import DataError, SettingsError
from mekiki.tensors.generator.array_iterator import NumpyArrayIterator
from tests.conftest import draw_photo

PICTURES = np.stack([draw_photo((40, 60, 200), number, 16) for number in range(10)])
NUMBERS = np.arange(10)
CHANGING: dict[str, Any] = {"rotation_range": 90, "zoom_range": 0.3, "brightness_range": (0.5, 1.5), "dust": 9}


def by_label(batches: Any, count: int) -> dict[int, list[np.ndarray]]:
    """Collect pictures by their label, in the order in which they come."""
    found: dict[int, list[np.ndarray]] = {}
    for pictures, labels in islice(batches, count):
        for picture, label in zip(pictures, labels.tolist(), strict=True):
            found.setdefault(label, []).append(picture)
    return found


@given(st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_the_pictures_do_not_depend_on_the_batch_size(one: int, other: int, shuffle: bool) -> None:
    generator = ImageDataGenerator(**CHANGING)
    found = [
        by_label(batches, 2 * len(batches))
        for size in (one, other)
        for batches in [generator.flow(PICTURES, NUMBERS, batch_size=size, shuffle=shuffle, seed=4)]
    ]
    for number in range(10):
        np.testing.assert_array_equal(found[0][number], found[1][number])
        assert len(found[0][number]) == 2 and (found[0][number][0] != found[0][number][1]).any()


def test_iteration_has_no_end_and_each_epoch_all_samples_in_an_order_of_its_own() -> None:
    batches = ImageDataGenerator().flow(PICTURES, NUMBERS, batch_size=4, seed=1)
    assert len(batches) == 3 and iter(batches) is batches
    epochs = []
    for epoch in (1, 2, 3):
        assert batches.epoch == epoch
        epochs.append([labels.tolist() for _, labels in islice(batches, 3)])
        assert [len(labels) for labels in epochs[-1]] == [4, 4, 2]
        assert sorted(itertools.chain(*epochs[-1])) == NUMBERS.tolist()
    assert epochs[0] != epochs[1] != epochs[2]
    assert batches.total_batches_seen == 9


def test_without_shuffling_the_order_is_that_of_the_array() -> None:
    batches = ImageDataGenerator().flow(PICTURES, NUMBERS, batch_size=6, shuffle=False)
    for _ in range(2):
        assert [labels.tolist() for _, labels in islice(batches, 2)] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]
    np.testing.assert_array_equal(batches[0][0], PICTURES[:6])


def test_a_batch_by_number_is_the_one_that_next_gives_and_stays_until_the_epoch_ends() -> None:
    generator = ImageDataGenerator(**CHANGING)
    batches, same = (generator.flow(PICTURES, NUMBERS, batch_size=4, seed=2) for _ in range(2))
    for number in range(3):
        pictures, labels = batches[number]
        np.testing.assert_array_equal(pictures, batches[number][0])
        following, following_labels = next(same)
        np.testing.assert_array_equal(pictures, following)
        np.testing.assert_array_equal(labels, following_labels)
    np.testing.assert_array_equal(batches[-1][0], batches[2][0])
    before = batches[0][0]
    batches.on_epoch_end()
    assert (batches[0][0] != before).any()
    np.testing.assert_array_equal(batches[0][0], next(same)[0])
    with pytest.raises(SettingsError, match="there is no batch 3: there are 3, counted from 0"):
        batches[3]


def test_reset_goes_to_the_first_batch() -> None:
    batches = ImageDataGenerator().flow(PICTURES, NUMBERS, batch_size=4, shuffle=False)
    next(batches)
    batches.reset()
    assert next(batches)[1].tolist() == [0, 1, 2, 3] and batches.epoch == 2
    fresh = ImageDataGenerator().flow(PICTURES, NUMBERS, batch_size=4, seed=3)
    first = fresh[0][1].tolist()
    fresh.reset()
    assert next(fresh)[1].tolist() == first and fresh.epoch == 1


def test_a_flow_without_a_seed_has_one_and_can_be_repeated() -> None:
    generator = ImageDataGenerator(**CHANGING)
    one, other = generator.flow(PICTURES), generator.flow(PICTURES)
    assert one.seed != other.seed and (one[0] != other[0]).any()
    np.testing.assert_array_equal(generator.flow(PICTURES, seed=one.seed)[0], one[0])


def test_what_comes_along_keeps_its_row() -> None:
    generator = ImageDataGenerator()
    assert next(generator.flow(PICTURES, batch_size=3)).shape == (3, 16, 16, 3)
    pictures, labels, weights = next(generator.flow(PICTURES, NUMBERS, sample_weight=NUMBERS / 10, seed=1))
    np.testing.assert_array_equal(weights, labels / 10)
    inputs, labels = next(generator.flow((PICTURES, [NUMBERS * 2, NUMBERS * 3]), NUMBERS, seed=1))
    np.testing.assert_array_equal(inputs[0], PICTURES[labels])
    np.testing.assert_array_equal(inputs[1] + inputs[2], labels * 5)
    pictures, beside = next(generator.flow([PICTURES, NUMBERS], shuffle=False))
    np.testing.assert_array_equal(beside, NUMBERS)
    assert pictures.dtype == np.float32


def test_the_array_is_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", PICTURES)
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    batches = ImageDataGenerator(rescale=1 / 255).flow(mapped, batch_size=2)
    assert np.shares_memory(batches.x, mapped) and 0 < next(batches).max() <= 1


def test_the_subsets_are_keras_first_and_last_part() -> None:
    generator = ImageDataGenerator(validation_split=0.25)
    labels = np.tile([0, 1], 5)
    val, train = (generator.flow(PICTURES, labels, subset=name, shuffle=False) for name in ("validation", "training"))
    assert (val.n, train.n) == (2, 8)
    np.testing.assert_array_equal(np.concatenate([val.x, train.x]), PICTURES)
    with pytest.raises(DataError, match=r"validation \(the first 2\) and training would not have the same classes"):
        generator.flow(PICTURES, labels[[0, 0, 1, 1, 1, 0, 0, 1, 1, 1]], subset="training")
    assert generator.flow(PICTURES, NUMBERS, subset="training", ignore_class_split=True).n == 8
    with pytest.raises(SettingsError, match="no subset 'train'\nhint: did you mean training"):
        generator.flow(PICTURES, subset="train")
    with pytest.raises(SettingsError, match="subset training: there is no validation_split"):
        ImageDataGenerator().flow(PICTURES, subset="training")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"x": PICTURES[0]}, r"x has the shape \(16, 16, 3\) and the type uint8; expected numbers of 4 dimensions"),
    ({"x": np.array([[[["a"]]]])}, "the type <U1; expected numbers"),
    ({"x": PICTURES[:0]}, "there are no pictures: x has 0 rows"),
    ({"x": np.zeros((2, 8, 8, 2))}, r"shape \(8, 8, 2\) is no picture"),
    ({"x": PICTURES, "y": NUMBERS[:9]}, "x has 10 pictures and y has 9 rows; expected as many"),
    ({"x": PICTURES, "sample_weight": [1]}, "x has 10 pictures and sample_weight has 1 rows"),
    ({"x": (PICTURES, NUMBERS[:3])}, "x has 10 pictures and a further input has 3 rows"),
    ({"x": PICTURES, "batch_size": 0}, "batch_size 0: expected a whole number of at least 1"),
    ({"x": PICTURES, "save_format": "gif"}, "no save_format 'gif'\nhint: known: png, jpg, jpeg"),
    ({"x": PICTURES, "save_prefix": "../x"}, "save_prefix '../x' holds a slash"),
    ({"x": PICTURES, "save_to_dir": __file__}, "save_to_dir .* is a file\nhint: name a folder"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_cannot_flow_is_refused_in_plain_words(given: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, SettingsError), match=message):
        ImageDataGenerator().flow(**given)


def test_a_dark_picture_of_floats_among_others_is_no_reason_to_stop() -> None:
    pictures = PICTURES.astype(np.float32)
    pictures[3] = 0.25
    assert next(ImageDataGenerator(dust=31).flow(pictures, seed=0)).shape == (10, 16, 16, 3)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_first_flows_give_the_same_pictures(channels: int) -> None:
    options: dict[str, Any] = {"rotation_range": 90, "width_shift_range": 0.3, "samplewise_center": True}
    pictures = np.concatenate([PICTURES, PICTURES], axis=3)[..., :channels]
    last = ImageDataGenerator(**options).flow(pictures, seed=1)[0]
    first = ImageDataGenerator(**options, data_format="channels_first").flow(np.moveaxis(pictures, 3, 1), seed=1)
    assert first.image_shape == (channels, 16, 16)
    np.testing.assert_allclose(np.moveaxis(first[0], 1, 3), last, atol=1e-4)


def test_the_type_of_the_batches_can_be_chosen() -> None:
    for name in ("float16", "float64"):
        assert next(ImageDataGenerator(dtype=name, rescale=1 / 255).flow(PICTURES)).dtype == name


def test_where_keras_is_loaded_the_iterators_are_its_data_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' fit asks for the type; ``tests/tensors/keras/test_live_keras.py`` trains with the real one."""
    dataset = type("PyDataset", (), {})
    assert type(ImageDataGenerator().flow(PICTURES)) is NumpyArrayIterator
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(utils=SimpleNamespace(PyDataset=dataset)))
    batches = ImageDataGenerator().flow(PICTURES, batch_size=4)
    assert isinstance(batches, dataset) and isinstance(batches, NumpyArrayIterator)
    assert len(batches) == 3 and batches[2].shape == (2, 16, 16, 3) and next(batches).shape == (4, 16, 16, 3)
