import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from mekiki.config import ScanSettings
from mekiki.data import duplicates
from mekiki.data.duplicates import Groups, Pair, exact_pairs, near_pairs, outline_similarity
from mekiki.data.hashing import as_words, hamming, sketch
from tests.data.made_pictures import encoded, product, scene

SETTINGS = ScanSettings()


def pairs_of(pictures: list[Image.Image], similarity: float = SETTINGS.near_similarity) -> list[Pair]:
    sketches = [sketch(np.asarray(picture.convert("RGB"))) for picture in pictures]
    return [pair for _, found in near_pairs(sketches, SETTINGS.near_bits, similarity) for pair in found]


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, quality=quality))).convert("RGB")


def stamped(picture: Image.Image) -> Image.Image:
    copy = picture.copy()
    ImageDraw.Draw(copy).text((8, picture.height - 20), "shop.example", fill=(200, 200, 200))
    return Image.blend(picture, copy, 0.6)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": lambda picture: recompressed(picture, 30),
    "halved": lambda picture: picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS),
    "quartered": lambda picture: recompressed(picture.resize((picture.width // 4, picture.height // 4)), 60),
    "enlarged": lambda picture: picture.resize((picture.width * 3, picture.height * 3), Image.Resampling.BICUBIC),
    "squashed": lambda picture: picture.resize((picture.width, picture.height * 3 // 4), Image.Resampling.BILINEAR),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.75),
    "more contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(1.2),
    "grey": lambda picture: picture.convert("L"),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)),
    "stamped": stamped,
    "mirrored": ImageOps.mirror,
    "mirrored and recompressed": lambda picture: recompressed(ImageOps.mirror(picture), 50),
    "another format": lambda picture: picture.quantize(256).convert("RGB"),
}


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("draw", [product, lambda number: scene(number, 280, 240)], ids=["product", "scene"])
def test_planted_copies_are_found(change: str, draw: Callable[[int], Image.Image]) -> None:
    for number in range(8):
        found = pairs_of([draw(number), draw(number + 100), COPIES[change](draw(number))])
        assert [(pair.first, pair.second) for pair in found] == [(0, 2)], (change, number)
        assert found[0].likeness == ("mirrored" if change.startswith("mirrored") else "near")


def test_look_alikes_are_not_paired_though_their_plain_hashes_agree() -> None:
    """Sixty products on white: by 8 bits of a plain difference hash they chain into one large group; here they do not."""
    products = [product(number) for number in range(60)]
    smalls = [np.asarray(picture.convert("L").resize((17, 16), Image.Resampling.BOX), np.int16) for picture in products]
    plain = np.array([(small[:, 1:] > small[:, :-1]).ravel() for small in smalls])
    near = np.argwhere(np.triu((plain[:, None] ^ plain[None]).sum(axis=2) <= 8, 1)).tolist()
    assert largest_group(60, near) > 30
    ours = [(pair.first, pair.second) for pair in pairs_of(products)]
    assert len(ours) <= len(near) / 50
    assert largest_group(60, ours) <= 2


def largest_group(count: int, pairs: list[tuple[int, int]]) -> int:
    groups = Groups(count)
    for one, other in pairs:
        groups.join(one, other)
    return max((len(members) for members in groups.members().values()), default=1)


def test_different_scenes_are_not_paired() -> None:
    assert pairs_of([scene(number) for number in range(80)]) == []


def test_blank_pictures_are_like_blank_ones_of_their_colour_only() -> None:
    blank = [Image.new("RGB", (40, 40), colour) for colour in ("white", "black", "red", "blue", "white")]
    found = pairs_of([*blank, product(1), scene(1)])
    assert [(pair.first, pair.second) for pair in found] == [(0, 4)]


def test_similarity_is_the_correlation_of_gradients() -> None:
    first, second = (np.asarray(scene(number, 32, 32).convert("L")) for number in (1, 2))

    def gradients(grey: np.ndarray) -> np.ndarray:
        rows, columns = np.gradient(grey.astype(float))[0], np.diff(grey.astype(float), axis=1)
        assert rows.shape == (32, 32)
        return np.concatenate([columns.ravel(), np.diff(grey.astype(float), axis=0).ravel()])

    one, other = gradients(first), gradients(second)
    reference = one @ other / np.sqrt((one @ one) * (other @ other))
    assert outline_similarity(first[None], second[None])[0] == pytest.approx(reference, abs=0.01)
    assert outline_similarity(first[None], first[None])[0] == pytest.approx(1.0)
    assert outline_similarity(first[None], 255 - first[None])[0] == pytest.approx(-1.0, abs=0.01)


def test_blocks_give_the_pairs_of_a_full_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [scene(number) for number in range(12)] + [recompressed(scene(number), 40) for number in (3, 7, 7, 0)]
    whole = pairs_of(pictures)
    assert {(pair.first, pair.second) for pair in whole} == {(0, 15), (3, 12), (7, 13), (7, 14), (13, 14)}
    for size in (1, 40, 100):
        monkeypatch.setattr(duplicates, "_PAIRS_AT_ONCE", size)
        monkeypatch.setattr(duplicates, "_OUTLINES_AT_ONCE", size)
        assert pairs_of(pictures) == whole


def test_progress_counts_every_photo_once() -> None:
    sketches = [sketch(np.asarray(scene(number))) for number in range(7)]
    assert sum(done for done, _ in near_pairs(sketches, 20, 0.97)) == 7
    assert list(near_pairs([], 20, 0.97)) == []


def test_the_sieve_of_hashes_lets_true_copies_through() -> None:
    for number in range(20):
        for change in ("recompressed", "halved", "quartered", "blurred", "darker"):
            hashes = [
                sketch(np.asarray(picture)).phash for picture in (product(number), COPIES[change](product(number)))
            ]
            words = as_words(hashes)
            assert hamming(words[:, :1], words[:, 1:])[0, 0] <= SETTINGS.near_bits, (change, number)


def test_exact_pairs_hang_on_the_first_copy() -> None:
    assert [(pair.first, pair.second) for pair in exact_pairs(["a", "b", "a", "", "", "a", "b"])] == [
        (0, 2),
        (0, 5),
        (1, 6),
    ]


@given(
    st.integers(1, 30).flatmap(
        lambda count: st.tuples(
            st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)))
        )
    )
)
def test_groups_are_the_connected_photos(case: tuple[int, list[tuple[int, int]]]) -> None:
    count, joins = case
    groups, reference = Groups(count), [{index} for index in range(count)]
    for one, other in joins:
        apart = reference[one] is not reference[other]
        assert groups.join(one, other) == apart
        if apart:
            merged = reference[one] | reference[other]
            for index in merged:
                reference[index] = merged
    assert [groups.first_of(index) for index in range(count)] == [min(found) for found in reference]
    assert groups.members() == {min(found): sorted(found) for found in reference if len(found) > 1}
