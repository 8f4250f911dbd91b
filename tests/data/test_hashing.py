import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mekiki.data.hashing import DEAD_ZONE, as_words, difference_hash, hamming, sha256_of, sketch
from tests.data.made_pictures import product, scene


def test_sha256_is_the_standard_one() -> None:
    assert sha256_of(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert sha256_of(b"abc").startswith("ba7816bf")


def test_the_hash_of_a_hand_made_picture() -> None:
    """Columns get brighter in the first two places of each row and darker in the third; all else is flat."""
    grid = np.full((16, 17, 3), 100, np.uint8)
    grid[:, 1] = 100 + DEAD_ZONE + 2
    grid[:, 2:4] = 100 + 2 * DEAD_ZONE + 4
    grid[:, 4:] = 100
    bits = np.unpackbits(np.frombuffer(difference_hash(grid), np.uint8)).reshape(16, 16)
    expected = np.zeros((16, 16), np.uint8)
    expected[:, :2] = 1
    assert np.array_equal(bits, expected)


def test_a_flat_picture_with_noise_has_no_bits() -> None:
    noise = np.random.default_rng(0).integers(245, 256, (160, 170, 3)).astype(np.uint8)
    assert difference_hash(noise) == bytes(32)


def test_the_mirrored_hash_is_the_hash_of_the_mirrored_picture() -> None:
    for number in range(5):
        picture = np.asarray(scene(number, 170, 160))
        assert sketch(picture).mirrored == difference_hash(np.ascontiguousarray(picture[:, ::-1]))
        assert sketch(picture).phash == difference_hash(picture)


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
        one, other = (as_words([difference_hash(np.asarray(picture))]) for picture in (photo, half))
        ours.append(hamming(one, other)[0, 0])
    assert max(ours) <= 8
    assert np.median(ours) == 0
    assert np.median(plain) > 20


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=6))
def test_hamming_counts_bits_as_integers_do(hashes: list[bytes]) -> None:
    words = as_words(hashes)
    expected = [[(int.from_bytes(one) ^ int.from_bytes(other)).bit_count() for other in hashes] for one in hashes]
    assert hamming(words, words).tolist() == expected


def test_hamming_of_opposites_does_not_wrap() -> None:
    assert hamming(as_words([bytes(32)]), as_words([b"\xff" * 32])).tolist() == [[256]]


def test_tiny_and_long_pictures_have_sketches() -> None:
    for shape in ((1, 1), (1, 900), (900, 1), (5, 3)):
        made = sketch(np.full((*shape, 3), 50, np.uint8))
        assert made.grey.shape == (32, 32) and len(made.phash) == 32
        assert made.colour.tolist() == [50, 50, 50]
