import inspect
import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import mekiki
from mekiki import ImageDataGenerator
from mekiki.config import AugmentSettings
from mekiki.errors import DataError, SettingsError
from mekiki.tensors.augmentation.augmenting import augment_in_place
from mekiki.tensors.augmentation.drawing import Key
from tests.conftest import draw_photo

PICTURE = draw_photo((200, 40, 40), 1)
KERAS_ARGUMENTS = {
    "featurewise_center": False, "samplewise_center": False, "featurewise_std_normalization": False,
    "samplewise_std_normalization": False, "zca_whitening": False, "zca_epsilon": 1e-6, "rotation_range": 0,
    "width_shift_range": 0.0, "height_shift_range": 0.0, "brightness_range": None, "shear_range": 0.0,
    "zoom_range": 0.0, "channel_shift_range": 0.0, "fill_mode": "nearest", "cval": 0.0, "horizontal_flip": False,
    "vertical_flip": False, "rescale": None, "preprocessing_function": None, "data_format": None,
    "validation_split": 0.0, "interpolation_order": 1, "dtype": None,
}  # fmt: skip


def arguments_of(function: Any) -> dict[str, Any]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("self", "own")
    }


def test_the_arguments_are_keras_in_name_order_and_default() -> None:
    ours = arguments_of(ImageDataGenerator)
    assert list(ours.items()) == list(KERAS_ARGUMENTS.items())
    assert list(arguments_of(ImageDataGenerator.flow)) == [
        "x", "y", "batch_size", "shuffle", "sample_weight", "seed", "save_to_dir", "save_prefix", "save_format",
        "ignore_class_split", "subset",
    ]  # fmt: skip
    assert list(arguments_of(ImageDataGenerator.flow_from_directory)) == [
        "directory", "target_size", "color_mode", "classes", "class_mode", "batch_size", "shuffle", "seed",
        "save_to_dir", "save_prefix", "save_format", "follow_links", "subset", "interpolation", "keep_aspect_ratio",
    ]  # fmt: skip
    assert list(arguments_of(ImageDataGenerator.fit)) == ["x", "augment", "rounds", "seed"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rotation_rang": 3}, "no argument of ImageDataGenerator 'rotation_rang'\nhint: did you mean rotation_range?"),
    ({"mixup": 0.2}, "mixup mixes pictures and labels.*\nhint: mekiki.train has it"),
    (
        {"zca_whitening": True, "featurewise_std_normalization": True},
        "zca_whitening contradicts featurewise_std_normalization: whitening divides by the spread already",
    ),
    (
        {"samplewise_std_normalization": True, "featurewise_center": True},
        "featurewise_center contradicts samplewise_std_normalization: the one is fitted to pictures as they are",
    ),
    ({"samplewise_center": True, "zca_whitening": True}, "zca_whitening contradicts samplewise_center"),
    ({"zoom_range": 2}, "zoom_range = 2: one number is from 0 to 0.95"),
    ({"rescale": "1/255"}, "rescale '1/255': expected a number such as 1 / 255, or None"),
    ({"rescale": float("nan")}, "rescale nan: expected a number"),
    ({"zca_epsilon": -1}, "zca_epsilon -1: expected a number of at least 0"),
    ({"zca_epsilon": None}, "zca_epsilon None: expected a number of at least 0"),
    ({"validation_split": "0.2"}, "validation_split '0.2': expected a share between 0 and 1"),
    ({"zoom_range": (1.2, 0.8)}, "zoom_range = .*the least and the most factor"),
    ({"cval": 3.0}, "cval 3 is for fill_mode constant, and fill_mode is nearest"),
    ({"rotation_range": 400}, "rotation_range = 400: .*180"),
    ({"fill_mode": "reflct"}, "fill_mode = 'reflct': .*'reflect'"),
    ({"data_format": "last"}, "no data_format 'last'\nhint: .*channels_last"),
    ({"interpolation_order": 3}, r"interpolation_order 3: expected 1 \(bilinear\) or 0"),
    ({"dtype": "uint8"}, "dtype uint8: expected float32"),
    ({"validation_split": 2}, "validation_split 2: expected a share between 0 and 1"),
    ({"width_shift_range": "far"}, "width_shift_range = 'far': expected a number"),
    ({"dust": -1}, "dust = -1"),
    ({"brightness_range": (2, 1)}, "brightness_range = .*the least and the most factor"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[next(iter(options)) for options, _ in REFUSED])
def test_what_cannot_be_is_refused_in_plain_words(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ImageDataGenerator(**options)
    assert re.search(message, str(caught.value))
    assert "\n" not in caught.value.message


def test_a_range_can_be_read_and_set_as_in_keras() -> None:
    generator = ImageDataGenerator(rotation_range=30, width_shift_range=[-3, 5])
    assert generator.rotation_range == 30 and generator.width_shift_range == (3, 5)
    generator.rotation_range = 0
    assert generator.get_random_transform((8, 8, 3))["theta"] == 0
    assert abs(generator.get_random_transform((8, 8, 3))["tx"]) in (3, 5)
    with pytest.raises(SettingsError, match="rotation_range = -1"):
        generator.rotation_range = -1
    with pytest.raises(AttributeError, match="rotation_rnge"):
        generator.rotation_rnge  # noqa: B018


def test_a_seed_gives_the_same_picture_and_none_gives_another() -> None:
    generator = ImageDataGenerator(rotation_range=90, brightness_range=(0.5, 1.5), dust=31, gaussian_noise=20)
    np.testing.assert_array_equal(generator.random_transform(PICTURE, 3), generator.random_transform(PICTURE, 3))
    assert (generator.random_transform(PICTURE, 3) != generator.random_transform(PICTURE, 4)).any()
    assert (generator.random_transform(PICTURE) != generator.random_transform(PICTURE)).any()
    np.testing.assert_array_equal(
        generator.random_transform(PICTURE.tolist(), 3), generator.random_transform(PICTURE, 3)
    )


def test_random_transform_applies_the_dictionary_of_the_same_seed() -> None:
    generator = ImageDataGenerator(
        rotation_range=90, width_shift_range=0.2, zoom_range=0.3, channel_shift_range=30, brightness_range=(0.5, 1.5),
        vertical_flip=True, shear_range=10, fill_mode="reflect",
    )  # fmt: skip
    for seed in range(10):
        numbers = generator.get_random_transform(PICTURE.shape, seed)
        assert json.dumps(numbers)
        np.testing.assert_array_equal(
            generator.random_transform(PICTURE, seed), generator.apply_transform(PICTURE, numbers)
        )


def test_numpys_global_numbers_are_neither_used_nor_changed() -> None:
    generator = ImageDataGenerator(rotation_range=90, dust=31)
    first = generator.flow(PICTURE[None].repeat(4, 0), seed=1)[0]
    np.random.seed(5)  # noqa: NPY002
    again = generator.flow(PICTURE[None].repeat(4, 0), seed=1)[0]
    np.testing.assert_array_equal(first, again)
    np.random.seed(5)  # noqa: NPY002
    after = np.random.get_state()[1].copy()  # noqa: NPY002
    generator.flow(PICTURE[None])[0]
    np.testing.assert_array_equal(np.random.get_state()[1], after)  # noqa: NPY002


def test_a_mask_of_names_stays_one_with_order_0_and_moves_with_its_picture() -> None:
    """The usual pair of generators for segmentation: the same seed, one of them nearest."""
    mask = (np.indices((48, 48)).sum(0) // 24 * 7).astype(np.uint8)[None, ..., None].repeat(3, 0)
    options: dict[str, Any] = {"rotation_range": 60, "zoom_range": 0.2, "horizontal_flip": True}
    masks = ImageDataGenerator(**options, interpolation_order=0).flow(mask, seed=9)[0]
    pictures = ImageDataGenerator(**options).flow(mask, seed=9)[0]
    assert set(np.unique(masks)) <= set(np.unique(mask))
    assert not set(np.unique(pictures)) <= set(np.unique(mask))
    assert np.median(np.abs(masks - pictures)) == 0 and (np.abs(masks - pictures) < 3.6).mean() > 0.95


def test_noise_and_marks_are_for_rgb_levels_and_say_so() -> None:
    grey, small = np.full((2, 8, 8, 1), 9, np.uint8), np.full((2, 8, 8, 3), 0.5)
    for options in (
        {"dust": 31},
        {"scribble": 9},
        {"cutout": 0.3},
        {"pepper_noise": 0.1},
        {"blur": 1.0},
        {"jpeg_quality": (30, 60)},
    ):
        name = next(iter(options))
        with pytest.raises(SettingsError, match=f"^{name} is for RGB pictures of 3 channels, and these have 1"):
            ImageDataGenerator(**options).flow(grey)
        with pytest.raises(
            SettingsError, match=f"^{name} is for pictures of levels 0..255, and these reach from 0.5 to 0.5"
        ):
            ImageDataGenerator(**options).flow(small)
    lit = ImageDataGenerator(brightness_range=(0.5, 1.5))
    lit.flow(grey)[0]
    with pytest.raises(SettingsError, match="brightness_range is for pictures of levels"):
        lit.random_transform(small[0])
    with pytest.raises(SettingsError, match="these reach from -1 to -1"):
        lit.apply_transform(small[0] * -2, {"brightness": 1.2})
    ImageDataGenerator(elastic=0.1, rotation_range=3).flow(small)[0]


@pytest.mark.parametrize(
    "options", [{"dust": 200}, {"scribble": 30}, {"cutout": 0.4}, {"pepper_noise": 0.5}, {"elastic": 0.2}]
)
def test_own_transforms_are_those_of_training(options: dict[str, Any]) -> None:
    key = Key(1, (1, 0))
    ours = ImageDataGenerator(**options).draw(PICTURE, key)
    training = augment_in_place(PICTURE, AugmentSettings(preset="none", **options), key)
    assert (training != PICTURE).mean() > 0.02
    assert np.abs(ours - training).max() <= 1


def test_brightness_leaves_transparency_alone_and_keeps_one_channel() -> None:
    picture = np.full((6, 5, 4), 100, np.uint8)
    lit = ImageDataGenerator().apply_transform(picture, {"brightness": 1.5})
    assert lit[0, 0].tolist() == [150, 150, 150, 100]
    assert ImageDataGenerator().apply_transform(picture[..., :1], {"brightness": 1.5}).shape == (6, 5, 1)


def test_a_picture_of_another_shape_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"shape \(8, 8\) is no picture; expected \(height, width, channels\)"):
        ImageDataGenerator().random_transform(np.zeros((8, 8)))
    with pytest.raises(SettingsError, match=r"expected \(channels, height, width\) with 1, 3 or 4 channels"):
        ImageDataGenerator(data_format="channels_first").random_transform(np.zeros((8, 8, 3)))
    with pytest.raises(SettingsError, match="no transform parameter 'teta'\nhint: did you mean theta"):
        ImageDataGenerator().apply_transform(PICTURE, {"teta": 3})


def test_the_users_picture_is_not_changed_by_a_transform() -> None:
    picture = PICTURE.astype(np.float32)
    ImageDataGenerator().apply_transform(picture, {"brightness": 0.1, "channel_shift_intensity": 30.0})
    np.testing.assert_array_equal(picture, PICTURE)
    x = picture[None].copy()
    ImageDataGenerator(rescale=1 / 255, samplewise_center=True).flow(x)[0]
    np.testing.assert_array_equal(x[0], PICTURE)


def test_standardize_changes_floats_in_place_as_keras_does() -> None:
    generator = ImageDataGenerator(rescale=0.5)
    floats = PICTURE.astype(np.float32)
    assert generator.standardize(floats) is floats
    np.testing.assert_array_equal(floats, PICTURE * 0.5)
    np.testing.assert_array_equal(generator.standardize(PICTURE), PICTURE * 0.5)
    floats.flags.writeable = False
    assert generator.standardize(floats).max() < floats.max()


def test_the_preprocessing_function_comes_first_and_keeps_the_shape() -> None:
    generator = ImageDataGenerator(preprocessing_function=lambda x: x - 100, rescale=2)
    np.testing.assert_array_equal(generator.standardize(np.full((2, 2, 3), 101.0)), np.full((2, 2, 3), 2.0))
    with pytest.raises(SettingsError, match=r"made \(2, 2\) of \(2, 2, 3\); expected the same shape"):
        ImageDataGenerator(preprocessing_function=lambda x: x[..., 0]).standardize(np.zeros((2, 2, 3)))


def test_what_was_not_fitted_is_refused_instead_of_left_out() -> None:
    for option in ("featurewise_center", "featurewise_std_normalization", "zca_whitening"):
        batches = ImageDataGenerator(**{option: True}).flow(PICTURE[None])
        with pytest.raises(SettingsError, match=r"was not fitted to any pictures\nhint: call .fit\(x\)"):
            next(batches)


def test_fit_measures_what_flow_gives() -> None:
    pictures = np.stack([draw_photo((20, 160, 90), number) for number in range(12)])
    generator = ImageDataGenerator(
        featurewise_std_normalization=True, rotation_range=90, rescale=1 / 255, brightness_range=(0.4, 0.6)
    )
    generator.fit(pictures, augment=True, rounds=4, seed=1)
    batch = next(generator.flow(pictures, seed=2))
    assert np.abs(batch.mean(axis=(0, 1, 2))).max() < 0.15
    np.testing.assert_allclose(batch.std(axis=(0, 1, 2)), 1, atol=0.15)
    plain = ImageDataGenerator(featurewise_std_normalization=True, rescale=1 / 255)
    plain.fit(pictures)
    assert plain.mean is not None and generator.mean is not None and (plain.mean > 1.5 * generator.mean).all()


def test_fit_refuses_what_it_cannot_measure() -> None:
    generator = ImageDataGenerator(zca_whitening=True)
    with pytest.raises(DataError, match=r"x has the shape \(48, 48, 3\); expected pictures in an array of 4"):
        generator.fit(PICTURE)
    with pytest.raises(DataError, match="no numbers"):
        generator.fit(np.full((2, 4, 4, 3), np.nan))
    with pytest.raises(SettingsError, match="zca_whitening of 128 x 128 x 3 pictures needs a matrix of 10 GB"):
        generator.fit(np.zeros((1, 128, 128, 3), np.uint8))
    with pytest.raises(SettingsError, match="rounds 0: expected a whole number of at least 1"):
        generator.fit(np.zeros((2, 4, 4, 3)), augment=True, rounds=0)
    generator.fit(np.zeros((2, 4, 4, 3)))
    with pytest.raises(SettingsError, match="fitted to pictures of 48 values, and this one has 108"):
        generator.standardize(np.zeros((6, 6, 3)))


def test_the_public_name_loads_when_it_is_used_and_no_torch_with_it() -> None:
    code = "import sys, mekiki\nmekiki.ImageDataGenerator(rotation_range=3)\nprint('torch' in sys.modules, 'keras' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
    assert "ImageDataGenerator" in dir(mekiki)
