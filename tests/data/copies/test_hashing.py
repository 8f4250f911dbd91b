import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mekiki.data.copies.hashing import DEAD_ZONE, SIDE, SKETCH_BYTES, Sketch, difference_hash, sha256_of, sketch
from tests.data.made_pictures import product, scene


def bits_of(fingerprint: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(fingerprint, np.uint8))


def test_sha256_is_the_standard_one() -> None:
    assert sha256_of(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert sha256_of(b"abc").startswith("ba7816bf")


def test_the_hash_of_a_hand_made_picture() -> None:
    """Columns get brighter in the first two places of each row and darker in the third; all else is flat."""
    grid = np.full((16, 17), 100, np.uint8)
    grid[:, 1] = 100 + DEAD_ZONE + 2
    grid[:, 2:4] = 100 + 2 * DEAD_ZONE + 4
    grid[:, 4:] = 100
    expected = np.zeros((16, 16), np.uint8)
    expected[:, :2] = 1
    assert np.array_equal(bits_of(difference_hash(grid)).reshape(16, 16), expected)


def test_a_flat_picture_with_noise_has_no_bits() -> None:
    noise = np.random.default_rng(0).integers(245, 256, (160, 170, 3)).astype(np.uint8)
    assert sketch(noise).phash == bytes(32)


def test_a_halved_copy_keeps_its_bits_where_the_plain_hash_does_not() -> None:
    def plain_bits(picture: Image.Image) -> np.ndarray:
        small = np.asarray(picture.convert("L").resize((17, 16), Image.Resampling.BOX), np.int16)
        return small[:, 1:] > small[:, :-1]

    plain, ours = [], []
    for number in range(20):
        noise = np.random.default_rng(number).normal(0, 6, (299, 299, 1))
        photo = Image.fromarray(np.clip(np.asarray(product(number, 299)) * 0.95 + noise, 0, 255).astype(np.uint8))
        half = photo.resize((150, 150), Image.Resampling.LANCZOS)
        plain.append((plain_bits(photo) ^ plain_bits(half)).sum())
        one, other = (bits_of(sketch(np.asarray(picture)).phash) for picture in (photo, half))
        ours.append((one ^ other).sum())
    assert max(ours) <= 8
    assert np.median(ours) <= 1
    assert np.median(plain) > 20


@pytest.mark.parametrize("size", [(64, 64), (120, 90), (150, 150), (299, 299), (700, 400)])
def test_a_sketch_is_the_squashed_picture(size: tuple[int, int]) -> None:
    picture = scene(3, *size)
    made = sketch(np.asarray(picture))
    ycc = np.asarray(picture.convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BOX), float)
    assert np.abs(made.grey - ycc[..., 0]).mean() < 2.5
    coarse = np.asarray(picture.convert("YCbCr").resize((16, 16), Image.Resampling.BOX), float)
    assert np.abs(made.chroma - coarse[..., [2, 1]]).mean() < 2.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (5, 3), (64, 64), (65, 65), (3000, 70)])
def test_any_shape_has_a_sketch(shape: tuple[int, int]) -> None:
    made = sketch(np.full((*shape, 3), 50, np.uint8))
    assert made.grey.shape == (SIDE, SIDE) and made.chroma.shape == (16, 16, 2) and len(made.phash) == 32
    assert set(made.grey.ravel().tolist()) == {50} and set(made.chroma.ravel().tolist()) == {128}


@given(st.integers(0, 1000))
def test_a_sketch_comes_back_from_its_bytes(number: int) -> None:
    made = sketch(np.asarray(scene(number)))
    again = Sketch.from_bytes(made.to_bytes())
    assert again == made and len(made.to_bytes()) == SKETCH_BYTES
    assert np.array_equal(again.grey, made.grey) and again.phash == made.phash


def test_bytes_of_another_length_are_no_sketch() -> None:
    with pytest.raises(ValueError, match=f"a sketch has {SKETCH_BYTES} bytes, not 1136"):
        Sketch.from_bytes(bytes(1136))
