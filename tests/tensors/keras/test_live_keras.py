"""The same against Keras itself, where it is installed: random numbers, folders, and Keras' own ``fit``."""

import importlib.util
import os
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.generator.changing import change_of, draw_dictionary
from mekiki.tensors.geometry import in_place
from tests.tensors.keras.cases import PICTURES, SIDE
from tests.tensors.keras.differences import within

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
        import keras.src.legacy.preprocessing.image
    return keras


@pytest.fixture
def keras_generator(keras: ModuleType) -> Any:
    return keras.src.legacy.preprocessing.image.ImageDataGenerator


OPTIONS: dict[str, Any] = {
    "rotation_range": 90,
    "width_shift_range": 0.3,
    "height_shift_range": 9,
    "shear_range": 25,
    "zoom_range": [0.6, 1.5],
    "channel_shift_range": 40,
    "horizontal_flip": True,
    "vertical_flip": True,
}


@pytest.mark.parametrize("mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("order", [0, 1])
def test_any_numbers_give_keras_picture(keras_generator: Any, mode: Any, order: int) -> None:
    options = {**OPTIONS, "fill_mode": mode, "interpolation_order": order}
    ours, theirs = mekiki.ImageDataGenerator(**options), keras_generator(**options)
    y, x = np.mgrid[:SIDE, :SIDE]
    for sample in range(12):
        numbers = draw_dictionary(ours.ranges, Key(5, (1, sample)), SIDE, SIDE)
        numbers["brightness"] = 0.5 + sample / 12
        matrix = in_place(SIDE, SIDE, change_of(numbers).matrix)
        inside = within(np.stack([x, y], axis=-1) @ matrix[:, :2].T + matrix[:, 2])
        for picture in PICTURES.values():
            away = np.abs(
                ours.apply_transform(picture, numbers) - theirs.apply_transform(picture.astype(np.float32), numbers)
            )
            assert away[inside].mean() < 1


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Class folders with names that sort in more than one way, JPEG and PNG, and pictures of several shapes."""
    numbers = np.random.default_rng(0)
    for name in ("10", "9", "b"):
        (tmp_path / "data" / name / "deeper").mkdir(parents=True)
        for number in range(5):
            coarse = Image.fromarray(numbers.integers(0, 256, (6, 8, 3), np.uint8)).resize((90 + 10 * number, 70))
            coarse.save(tmp_path / "data" / name / f"{number + 8}.{'jpg' if number % 2 else 'png'}")
        coarse.save(tmp_path / "data" / name / "deeper" / "x.png")
    return tmp_path / "data"


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("mode", ["rgb", "grayscale"])
def test_a_folder_is_read_as_keras_reads_it(
    keras_generator: Any, folders: Path, interpolation: Any, keep: bool, mode: Any
) -> None:
    options = {"rescale": 1 / 255, "validation_split": 0.4}
    for subset in (None, "training", "validation"):
        ours, theirs = (
            made(**options).flow_from_directory(
                folders, (32, 48), mode, batch_size=4, shuffle=False, subset=subset,
                interpolation=interpolation, keep_aspect_ratio=keep,
            )
            for made in (mekiki.ImageDataGenerator, keras_generator)
        )  # fmt: skip
        assert (ours.filenames, ours.filepaths) == (theirs.filenames, theirs.filepaths)
        assert ours.class_indices == theirs.class_indices == {"10": 0, "9": 1, "b": 2}
        names = ("n", "samples", "num_classes", "image_shape", "batch_size", "target_size", "class_mode", "directory")
        assert [getattr(ours, name) for name in names] == [
            str(value) if name == "directory" else value for name in names for value in [getattr(theirs, name)]
        ]
        np.testing.assert_array_equal(ours.classes, theirs.classes)
        for number in range(len(theirs)):
            for one, other in zip(ours[number], theirs[number], strict=True):
                assert one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)


def test_keras_fit_takes_the_iterators(keras: ModuleType, folders: Path) -> None:
    generator = mekiki.ImageDataGenerator(rescale=1 / 255, rotation_range=20, validation_split=0.4)
    train, val = (
        generator.flow_from_directory(folders, (16, 16), batch_size=4, seed=1, subset=subset)
        for subset in ("training", "validation")
    )
    assert isinstance(train, keras.utils.PyDataset)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(train, validation_data=val, epochs=2, verbose=0)
        assert len(history.history["val_loss"]) == 2
        assert train.epoch > 2  # Keras looks at a batch before the first epoch, and ends an epoch after it
        pictures, labels = np.zeros((6, 16, 16, 3), np.uint8), np.eye(3)[[0, 1, 2] * 2]
        model.fit(generator.flow(pictures, labels, batch_size=2), epochs=1, verbose=0)
        val.reset()
        assert model.predict(val, verbose=0).shape == (val.n, 3)
