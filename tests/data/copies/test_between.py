"""Copies between two heaps of photos are those that a comparison of all with all would find between them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mekiki.data.copies import neighbours
from mekiki.data.copies.duplicates import Pair, near_pairs, pairs_between
from mekiki.data.copies.hashing import Sketch, sketch
from tests.data.made_pictures import scene


def sketched(picture: Image.Image) -> Sketch:
    return sketch(np.asarray(picture.convert("RGB")))


def variants(number: int) -> list[Image.Image]:
    picture = scene(number)
    width, height = picture.size
    return [
        picture,
        picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS),
        picture.crop((4, 3, width - 3, height - 4)),
        ImageOps.mirror(picture),
        picture.rotate(90, expand=True),
    ]


SKETCHES = [sketched(variant) for number in range(5) for variant in variants(number)] + [
    sketched(Image.new("RGB", (80, 60), colour)) for colour in ("white", "white", (250, 250, 250), "black")
]


def between(old: list[Sketch], new: list[Sketch]) -> list[Pair]:
    return [pair for _, found in pairs_between(old, new, 0.9) for pair in found]


def compared(pairs: list[Pair]) -> dict[tuple[int, int], tuple[str, float]]:
    return {(pair.first, pair.second): (pair.likeness, pytest.approx(pair.similarity, abs=1e-3)) for pair in pairs}


@given(
    st.lists(st.tuples(st.integers(0, len(SKETCHES) - 1), st.booleans()), max_size=14, unique_by=lambda each: each[0])
)
@settings(max_examples=12)
def test_what_is_found_between_is_what_is_found_among_all(drawn: list[tuple[int, bool]]) -> None:
    old, new = ([SKETCHES[number] for number, is_new in drawn if is_new == side] for side in (False, True))
    among = [pair for _, found in near_pairs([*old, *new], 0.9, 50_000) for pair in found]
    crossing = [pair for pair in among if pair.first < len(old) <= pair.second]
    assert compared(between(old, new)) == compared(crossing)


def test_all_copies_of_a_picture_are_found_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    old = [sketched(scene(number)) for number in range(8)]
    new = [sketched(variant) for variant in variants(3)[1:]] + [sketched(scene(40))]
    found = between(old, new)
    assert [(pair.first, pair.second, pair.likeness) for pair in found] == [
        (3, 8, "near"), (3, 9, "near"), (3, 10, "mirrored"), (3, 11, "rotated"),
    ]  # fmt: skip
    monkeypatch.setattr(neighbours, "_PRODUCTS_AT_ONCE", 1)
    assert sorted(compared(between(old, new))) == sorted(compared(found)), "in blocks, as at once"


def test_progress_counts_every_new_photo_once() -> None:
    assert sum(done for done, _ in pairs_between(SKETCHES[:6], SKETCHES[6:], 0.9)) == len(SKETCHES) - 6
    assert list(pairs_between([], SKETCHES, 0.9)) == list(pairs_between(SKETCHES, [], 0.9)) == []
