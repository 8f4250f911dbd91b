"""Centring, scaling and whitening give Keras' numbers."""

import numpy as np
import pytest

from mekiki import ImageDataGenerator
from tests.tensors.keras.cases import STANDARDISATIONS, STANDARDISED
from tests.tensors.keras.differences import read_goldens

each = pytest.mark.parametrize("title", STANDARDISATIONS)


@pytest.fixture(scope="module")
def goldens() -> dict[str, np.ndarray]:
    return read_goldens()


def tiny_pictures() -> np.ndarray:
    return read_goldens()["tiny"]


def fitted(title: str, **more: object) -> ImageDataGenerator:
    generator = ImageDataGenerator(**STANDARDISATIONS[title], **more)
    generator.fit(tiny_pictures())
    return generator


def near(ours: np.ndarray, keras: np.ndarray) -> None:
    np.testing.assert_allclose(ours, keras, rtol=1e-3, atol=1e-3 * np.abs(keras).max())


@each
def test_a_picture_is_standardised_as_by_keras(goldens: dict[str, np.ndarray], title: str) -> None:
    generator = fitted(title)
    for picture, keras in zip(tiny_pictures(), goldens[f"standardised/{title}"], strict=False):
        near(generator.standardize(picture), keras)


@each
def test_a_batch_is_standardised_picture_by_picture(goldens: dict[str, np.ndarray], title: str) -> None:
    """Keras centres a batch given to samplewise options by the mean of the whole batch."""
    near(fitted(title).standardize(tiny_pictures()[:STANDARDISED]), goldens[f"standardised/{title}"])


@each
def test_channels_first_is_standardised_alike(goldens: dict[str, np.ndarray], title: str) -> None:
    generator = ImageDataGenerator(**STANDARDISATIONS[title], data_format="channels_first")
    pictures = np.moveaxis(tiny_pictures(), 3, 1)
    generator.fit(pictures)
    near(np.moveaxis(generator.standardize(pictures[:STANDARDISED]), 1, 3), goldens[f"standardised/{title}"])


def test_whitened_pictures_are_white() -> None:
    generator = fitted("zca", dtype="float64")
    white = generator.standardize(tiny_pictures().astype(np.float64)).reshape(120, -1)
    np.testing.assert_allclose(white.T @ white / 120, np.eye(75), atol=1e-3)


def test_another_epsilon_is_found(goldens: dict[str, np.ndarray]) -> None:
    generator = ImageDataGenerator(zca_whitening=True, zca_epsilon=0.2, rescale=1 / 255)
    generator.fit(tiny_pictures())
    with pytest.raises(AssertionError):
        near(generator.standardize(tiny_pictures()[0]), goldens["standardised/zca, epsilon 0.1"][0])


def test_std_and_whitening_centre_too(goldens: dict[str, np.ndarray]) -> None:
    """As in Keras, where a warning says so."""
    for options, title in (
        ({"featurewise_std_normalization": True}, "featurewise std"),
        ({"samplewise_std_normalization": True}, "samplewise std"),
        ({"zca_whitening": True, "rescale": 1 / 255}, "zca"),
    ):
        generator = ImageDataGenerator(**options)
        generator.fit(tiny_pictures())
        assert generator.featurewise_center or generator.samplewise_center
        near(generator.standardize(tiny_pictures()[0]), goldens[f"standardised/{title}"][0])
