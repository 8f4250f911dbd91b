import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from mekiki.config import ScanSettings
from mekiki.data.copies import likeness, neighbours
from mekiki.data.copies.duplicates import Groups, Pair, exact_pairs, near_pairs
from mekiki.data.copies.hashing import sketch
from mekiki.drawing import draw_guitar
from tests.data.made_pictures import encoded, product, scene

SETTINGS = ScanSettings()


def pairs_of(
    pictures: list[Image.Image], similarity: float = SETTINGS.near_similarity, exact: int = 50_000
) -> list[Pair]:
    sketches = [sketch(np.asarray(picture.convert("RGB"))) for picture in pictures]
    return sorted(
        (pair for _, found in near_pairs(sketches, similarity, exact) for pair in found),
        key=lambda pair: (pair.first, pair.second),
    )


def places(pairs: list[Pair]) -> list[tuple[int, int]]:
    return [(pair.first, pair.second) for pair in pairs]


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, quality=quality))).convert("RGB")


def stamped(picture: Image.Image) -> Image.Image:
    copy = picture.copy()
    ImageDraw.Draw(copy).text((8, picture.height - 40), "shop.example", (200, 200, 200), ImageFont.load_default(30.0))
    return Image.blend(picture, copy, 0.6)


def cropped(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = picture.size
    return picture.crop((int(left * width), int(top * height), int((1 - right) * width), int((1 - bottom) * height)))


def warmer(picture: Image.Image) -> Image.Image:
    hsv = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(6)
    return ImageEnhance.Color(Image.fromarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL))).enhance(0.85)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": lambda picture: recompressed(picture, 30),
    "halved": lambda picture: picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS),
    "quartered": lambda picture: recompressed(picture.resize((picture.width // 4, picture.height // 4)), 60),
    "enlarged": lambda picture: picture.resize((picture.width * 3, picture.height * 3), Image.Resampling.BICUBIC),
    "squashed": lambda picture: picture.resize((picture.width, picture.height * 3 // 4), Image.Resampling.BILINEAR),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.75),
    "more contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(1.2),
    "warmer": warmer,
    "grey": lambda picture: picture.convert("L"),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)),
    "stamped": stamped,
    "another format": lambda picture: picture.quantize(256).convert("RGB"),
    "cropped left and top": lambda picture: cropped(picture, 0.1, 0.08, 0, 0),
    "cropped right": lambda picture: cropped(picture, 0.02, 0.0, 0.08, 0.03),
    "white border": lambda picture: ImageOps.expand(picture, 30, "white"),
    "black bars": lambda picture: ImageOps.expand(picture, (0, 35), "black"),
    "coloured border": lambda picture: ImageOps.expand(picture, (24, 12), (40, 120, 90)),
    "mirrored": ImageOps.mirror,
    "mirrored and recompressed": lambda picture: recompressed(ImageOps.mirror(picture), 50),
    "mirrored upside down": ImageOps.flip,
    "rotated by 90": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "rotated by 180": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "rotated by 270 and halved": lambda picture: picture.transpose(Image.Transpose.ROTATE_270).resize((128, 128)),
    "rotated and mirrored": lambda picture: picture.transpose(Image.Transpose.TRANSPOSE),
    "rotated and bordered": lambda picture: ImageOps.expand(picture.transpose(Image.Transpose.ROTATE_90), 20, "black"),
    "rotated and cropped": lambda picture: cropped(picture.transpose(Image.Transpose.ROTATE_270), 0.05, 0, 0, 0.06),
}


def guitar(number: int) -> Image.Image:
    return Image.fromarray(draw_guitar("Stratocaster" if number % 2 else "Explorer", 0, number, upright=True))


DRAWN = {"product": product, "scene": lambda number: scene(number, 280, 240), "guitar": guitar}


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("kind", DRAWN)
def test_planted_copies_are_found(change: str, kind: str) -> None:
    for number in range(4):
        found = pairs_of([DRAWN[kind](number), DRAWN[kind](number + 100), COPIES[change](DRAWN[kind](number))])
        assert places(found) == [(0, 2)], (change, number)
        assert found[0].likeness == (change.split()[0] if change.startswith(("mirrored", "rotated")) else "near")
        assert SETTINGS.near_similarity <= found[0].similarity <= 1


def test_look_alikes_are_not_paired_though_their_plain_hashes_agree() -> None:
    """Sixty products on white: by 8 bits of a plain difference hash they chain into one large group; here they do not."""
    products = [product(number) for number in range(60)]
    smalls = [np.asarray(picture.convert("L").resize((17, 16), Image.Resampling.BOX), np.int16) for picture in products]
    plain = np.array([(small[:, 1:] > small[:, :-1]).ravel() for small in smalls])
    near = np.argwhere(np.triu((plain[:, None] ^ plain[None]).sum(axis=2) <= 8, 1)).tolist()
    assert largest_group(60, near) > 30
    ours = places(pairs_of(products))
    assert len(ours) <= len(near) / 15
    assert largest_group(60, ours) <= 10


def largest_group(count: int, pairs: list[tuple[int, int]]) -> int:
    groups = Groups(count)
    for one, other in pairs:
        groups.join(one, other)
    return max((len(members) for members in groups.members().values()), default=1)


def test_different_scenes_and_drawn_guitars_are_not_paired() -> None:
    assert pairs_of([scene(number) for number in range(80)]) == []
    assert pairs_of([guitar(number) for number in range(60)]) == []


def in_another_finish(picture: Image.Image) -> Image.Image:
    """Paint the body of a product in another colour: the same outline, another thing."""
    pixels = np.asarray(picture).astype(int)
    _, body = sorted(picture.getcolors(100_000))[-2]
    painted = (pixels == body).all(axis=2)
    assert 0.03 < painted.mean() < 0.5
    pixels[painted] = (200, 40, 60) if body[0] < 90 else (30, 60, 160)
    return Image.fromarray(pixels.astype(np.uint8))


def with_moved_detail(picture: Image.Image) -> Image.Image:
    """Put a large plate elsewhere on the body."""
    draw = ImageDraw.Draw(copy := picture.copy())
    x, y = picture.width // 2, int(picture.height * 0.7)
    draw.ellipse((x - 35, y - 45, x + 20, y + 20), (240, 240, 220))
    draw.rectangle((x - 20, y + 22, x + 25, y + 34), (20, 20, 20))
    return copy


@pytest.mark.parametrize("change", [in_another_finish, with_moved_detail])
def test_the_same_drawing_with_another_finish_or_detail_is_no_copy(
    change: Callable[[Image.Image], Image.Image],
) -> None:
    for number in range(8):
        assert pairs_of([product(number), change(product(number))]) == [], number


def test_blank_pictures_are_like_blank_ones_of_their_colour_only() -> None:
    blank = [Image.new("RGB", (40, 40), colour) for colour in ("white", "black", "red", "blue", "white")]
    assert places(pairs_of([*blank, product(1), scene(1)])) == [(0, 4)]


def test_many_blank_pictures_hang_together_without_a_pair_for_each_two() -> None:
    found = pairs_of([Image.new("RGB", (40, 40), (250, 250, 250 - number % 3)) for number in range(60)])
    assert largest_group(60, places(found)) == 60
    assert len(found) < 60 * 10


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(sorted(COPIES)), st.booleans())
def test_the_verdict_does_not_depend_on_the_order(number: int, change: str, alike: bool) -> None:
    picture = scene(number, 200, 200)
    other = COPIES[change](picture) if alike else scene(number + 1, 200, 200)
    forth, back = pairs_of([picture, other]), pairs_of([other, picture])
    assert forth == back
    assert len(forth) == alike


@settings(max_examples=8)
@given(st.permutations(range(9)))
def test_shuffled_photos_have_the_same_pairs(order: list[int]) -> None:
    pictures = [scene(number) for number in range(5)]
    pictures += [recompressed(pictures[1], 50), ImageOps.mirror(pictures[2]), pictures[1].rotate(180), pictures[4]]
    wanted = {frozenset(pair) for pair in places(pairs_of(pictures))}
    assert len(wanted) == 5
    found = places(pairs_of([pictures[index] for index in order]))
    assert {frozenset((order[one], order[other])) for one, other in found} == wanted


@pytest.mark.parametrize("turns", range(1, 4))
def test_turning_both_pictures_changes_no_verdict(turns: int) -> None:
    for number in range(6):
        one, other = product(number), warmer(cropped(product(number), 0.03, 0.05, 0.02, 0))
        plain, turned = (
            pairs_of([one, other]),
            pairs_of([each.rotate(90 * turns, expand=True) for each in (one, other)]),
        )
        assert len(plain) == len(turned) == 1
        assert turned[0].likeness == plain[0].likeness == "near"
        assert turned[0].similarity == pytest.approx(plain[0].similarity, abs=0.02)


def test_blocks_give_the_pairs_of_a_full_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [scene(number) for number in range(12)] + [recompressed(scene(number), 40) for number in (3, 7, 7, 0)]
    pictures.append(recompressed(scene(7), 80))
    whole = pairs_of(pictures)
    assert places(whole) == [(0, 15), (3, 12), (7, 13), (7, 14), (7, 16), (13, 14), (13, 16), (14, 16)]
    for size in (1, 30, 100):
        monkeypatch.setattr(neighbours, "_PRODUCTS_AT_ONCE", size)
        monkeypatch.setattr(neighbours, "_ROWS_AT_ONCE", size)
        monkeypatch.setattr(likeness, "_COARSE_AT_ONCE", max(2, size // 3))
        monkeypatch.setattr(likeness, "_FINE_AT_ONCE", max(1, size // 5))
        parts = pairs_of(pictures)
        assert places(parts) == places(whole)
        assert [pair.similarity for pair in parts] == pytest.approx([pair.similarity for pair in whole], abs=1e-3)


def test_the_index_gives_the_pairs_of_the_exact_comparison() -> None:
    pytest.importorskip("usearch")
    pictures = [scene(number) for number in range(30)] + [change(scene(2)) for change in list(COPIES.values())[::3]]
    assert places(pairs_of(pictures, exact=0)) == places(pairs_of(pictures))


def test_without_the_index_all_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mekiki.data.copies.duplicates.has_index", lambda: False)
    assert places(pairs_of([scene(1), scene(2), ImageOps.mirror(scene(1))], exact=0)) == [(0, 2)]


@pytest.mark.parametrize("exact", [0, 100])
def test_progress_counts_every_photo_once(exact: int) -> None:
    sketches = [sketch(np.asarray(scene(number))) for number in range(7)]
    assert sum(done for done, _ in near_pairs(sketches, 0.9, exact)) == 7
    assert list(near_pairs([], 0.9, exact)) == []
    assert sum(done for done, _ in near_pairs(sketches[:1], 0.9, exact)) == 1


def test_a_stricter_bound_leaves_the_likest_pairs() -> None:
    pictures = [product(number) for number in range(6)] + [
        recompressed(stamped(product(number)), 30) for number in range(6)
    ]
    loose = pairs_of(pictures, 0.85)
    bound = sorted(pair.similarity for pair in loose)[3]
    assert places(pairs_of(pictures, bound)) == [
        (pair.first, pair.second) for pair in loose if pair.similarity >= bound
    ]


@given(st.floats(0, 1), st.floats(0, 64))
def test_similarity_falls_with_what_differs(outline: float, tone: float) -> None:
    def combined(one: float, other: float) -> float:
        return float(likeness.combined(np.array([one]), np.array([other]))[0])

    assert 0 <= combined(outline, tone) <= 1
    assert combined(outline, tone) >= combined(min(outline + 0.1, 1), tone) - 1e-9
    assert combined(outline, tone) >= combined(outline, tone + 1) - 1e-9
    assert combined(0.125, 64 * 0.125) == pytest.approx(0.875)
    assert combined(0.0, 20.0) < SETTINGS.near_similarity


def test_outlines_agree_as_their_gradients_correlate() -> None:
    first, second = (np.asarray(scene(number, 32, 32).convert("L"), np.float32) for number in (1, 2))

    def gradients(grey: np.ndarray) -> np.ndarray:
        return np.concatenate([axis[1:-1, 1:-1].ravel() for axis in np.gradient(grey.astype(float))])

    one, other = gradients(first), gradients(second)
    reference = one @ other / np.sqrt((one @ one) * (other @ other))
    everywhere = np.ones((1, 32, 32), bool)
    assert likeness.outline_agreement(first[None], second[None], everywhere)[0] == pytest.approx(reference, abs=0.01)
    assert likeness.outline_agreement(first[None], 255 - first[None], everywhere)[0] == pytest.approx(-1.0, abs=0.01)
    assert likeness.outline_agreement(first[None], first[None] * 0.5 + 9, everywhere)[0] == pytest.approx(1.0, abs=0.01)


def test_exact_pairs_hang_on_the_first_copy() -> None:
    assert places(exact_pairs(["a", "b", "a", "", "", "a", "b"])) == [(0, 2), (0, 5), (1, 6)]


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
