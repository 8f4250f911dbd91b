import numpy as np
import pytest
from PIL import ImageOps

from mekiki.data.copies.descriptors import LENGTH, WAYS, WINDOW, descriptors_of, turned, turned_descriptors
from tests.data.made_pictures import scene


def windows(numbers: range) -> np.ndarray:
    pictures = [scene(number, 120, 120).convert("L").resize((WINDOW, WINDOW)) for number in numbers]
    return np.stack([np.asarray(picture, np.float32) for picture in pictures])


@pytest.mark.parametrize("way", range(WAYS))
def test_turning_a_descriptor_is_turning_its_picture(way: int) -> None:
    pictures = windows(range(8))
    expected = descriptors_of(np.ascontiguousarray(turned(pictures, way)))
    assert np.allclose(turned_descriptors(descriptors_of(pictures), way), expected, atol=1e-5)


def test_the_ways_are_all_different_and_named_as_pillow_does() -> None:
    picture = scene(1, 60, 60)
    results = [turned(np.asarray(picture)[None], way)[0].tobytes() for way in range(WAYS)]
    assert len(set(results)) == WAYS
    assert results[1] == np.asarray(picture.rotate(90)).tobytes()
    assert results[4] == np.asarray(ImageOps.mirror(picture)).tobytes()
    assert results[6] == np.asarray(ImageOps.flip(picture)).tobytes()


def test_descriptors_have_length_one_and_blank_pictures_none() -> None:
    described = descriptors_of(np.concatenate([windows(range(3)), np.full((1, WINDOW, WINDOW), 90, np.float32)]))
    assert described.shape == (4, LENGTH)
    assert np.allclose(np.linalg.norm(described, axis=1), [1, 1, 1, 0], atol=1e-5)


def test_a_small_shift_matters_less_than_another_picture() -> None:
    pictures = windows(range(30))
    plain, shifted = descriptors_of(pictures), descriptors_of(np.roll(pictures, 1, axis=2))
    agreement = plain @ shifted.T
    assert np.diag(agreement).min() > 0.8 > np.median(agreement)
    assert (agreement.argmax(axis=1) == np.arange(30)).all()
