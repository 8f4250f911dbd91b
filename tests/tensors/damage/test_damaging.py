import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import KINDS, severities_of
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.damage.damaging import _CHANGES, damaged
from mekiki.tensors.geometry import Picture, reduce, square
from tests.conftest import draw_photo

SIZE = 96
PLAIN_KINDS = tuple(kind for kind in KINDS if kind not in ("fgsm", "pgd"))
PICTURE = reduce(draw_photo((200, 50, 40), 3, 128)[:, :104], SIZE, "letterbox")
CLEAN = square(PICTURE, SIZE, "letterbox")


def damage(kind: str, severity: float, name: str = "a", picture: Picture = PICTURE, size: int = SIZE) -> Picture:
    return damaged(picture, kind, severity, Key(0, (name,)), size, "letterbox")


def change(kind: str, severity: float, name: str = "a") -> Change:
    return _CHANGES[kind](severity, Key(0, (name,)), SIZE)


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_severity_0_is_the_clean_picture_and_no_other_is(kind: str) -> None:
    before = PICTURE.copy()
    np.testing.assert_array_equal(damage(kind, 0), CLEAN)
    assert (damage(kind, severities_of(kind)[1]) != CLEAN).any()
    np.testing.assert_array_equal(PICTURE, before)


@pytest.mark.parametrize("kind", ["dust", "scribble", "occlusion", "blur", "noise", "jpeg", "brightness", "contrast"])
@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_more_severity_changes_more(kind: str, name: str) -> None:
    far = [
        np.abs(damage(kind, severity, name).astype(float) - CLEAN).mean() for severity in severities_of(kind, fine=True)
    ]
    covers = kind in ("dust", "scribble", "occlusion")  # a later grey may happen to be nearer to what was there
    assert all(more >= less * (0.9 if covers else 0.999) for less, more in pairwise(far)), far
    assert far[-1] > 2 * far[0]


@pytest.mark.parametrize("kind", ["dust", "scribble", "occlusion"])
def test_what_is_covered_stays_covered(kind: str) -> None:
    """On a picture of one colour that nothing is painted in."""
    plain = np.full((SIZE, SIZE, 3), (3, 251, 7), np.uint8)
    covered = np.zeros((SIZE, SIZE), bool)
    for severity in severities_of(kind, fine=True):
        now = (damage(kind, severity, picture=plain) != plain).any(axis=2)
        assert not (covered & ~now).any()
        assert now.sum() > covered.sum()
        covered = now


@given(st.text(max_size=8), st.integers(1, 63))
def test_the_rectangles_of_one_severity_are_the_first_of_the_next(name: str, count: int) -> None:
    fewer, more = change("dust", count, name).rectangles, change("dust", count + 1, name).rectangles
    assert (len(fewer), more[:count]) == (count, fewer)


@given(st.text(max_size=8), st.floats(0.001, 0.9), st.floats(0.001, 0.9))
def test_the_grey_square_has_its_share_inside_and_grows_round_itself(name: str, one: float, other: float) -> None:
    small, large = (change("occlusion", share, name).rectangles[0] for share in sorted((one, other)))
    for square_, share in ((small, min(one, other)), (large, max(one, other))):
        side = square_.bottom - square_.top
        assert side == square_.right - square_.left == round(math.sqrt(share) * SIZE)
        assert 0 <= square_.top and square_.bottom <= SIZE and 0 <= square_.left and square_.right <= SIZE
    assert large.top <= small.top and large.bottom >= small.bottom
    assert large.left <= small.left and large.right >= small.right


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_damage_comes_from_the_photo_and_the_seed_alone(kind: str) -> None:
    severity = severities_of(kind)[2]
    np.testing.assert_array_equal(damage(kind, severity), damage(kind, severity))
    others = [damage(kind, severity, name) for name in "bcdef"]
    others += [damaged(PICTURE, kind, severity, Key(seed, ("a",)), SIZE, "letterbox") for seed in (1, 2, 3)]
    alike = [np.array_equal(damage(kind, severity), other) for other in others]
    assert all(alike) if kind in ("blur", "jpeg") else not all(alike)


def test_a_turn_by_90_degrees_is_numpys_one_way_or_the_other() -> None:
    picture = draw_photo((200, 50, 40), 5, SIZE)
    ways = {}
    for name in "abcdefgh":
        turned = damage("rotation", 90, name, picture)
        ways[name] = [int(np.abs(turned.astype(int) - np.rot90(picture, k)).max()) for k in (1, -1)]
        assert min(ways[name]) <= 1
    assert {errors.index(min(errors)) for errors in ways.values()} == {0, 1}


@pytest.mark.parametrize("severity", [0.1, 0.25])
def test_a_shift_has_its_length_and_any_direction(severity: float) -> None:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[46:50, 46:50] = 255
    angles = []
    for name in "abcdefgh":
        moved = damage("shift", severity, name, picture)[..., 0].astype(float)
        rows, columns = (np.arange(SIZE) @ moved.sum(axis=axis) / moved.sum() for axis in (1, 0))
        assert math.hypot(rows - 47.5, columns - 47.5) == pytest.approx(severity * SIZE, abs=0.2)
        angles.append(math.atan2(rows - 47.5, columns - 47.5))
    assert len({round(angle) for angle in angles}) > 3


def test_scale_is_as_often_larger_as_smaller_by_its_factor() -> None:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[36:60, 36:60] = 255
    sides = {name: math.sqrt((damage("scale", 1, name, picture)[..., 0] / 255).sum()) for name in "abcdefgh"}
    assert {round(side / 24, 1) for side in sides.values()} == {0.5, 2.0}


@pytest.mark.parametrize("kind", ["brightness", "contrast"])
def test_light_goes_either_way_and_each_photo_one_way(kind: str) -> None:
    def measure(picture: Picture) -> float:
        return float(picture.mean() if kind == "brightness" else picture.std())

    before = measure(CLEAN)
    signs = {name: [measure(damage(kind, s, name)) > before for s in (0.2, 0.4, 0.8)] for name in "abcdefgh"}
    assert all(len(set(each)) == 1 for each in signs.values())
    assert {each[0] for each in signs.values()} == {True, False}


def test_jpeg_is_of_the_quality_said_and_blur_of_the_sigma_at_224() -> None:
    assert change("jpeg", 80).jpeg_quality == 20
    assert change("blur", 3).blur == pytest.approx(3 * SIZE / 224)
    assert change("noise", 20).gaussian_noise == 20
    assert change("noise", 20).key == change("noise", 60).key


def test_networks_of_two_sizes_face_the_same_scribble_and_dust() -> None:
    plain = np.full((192, 192, 3), 128, np.uint8)
    for kind, severity in (("scribble", 8), ("dust", 31), ("occlusion", 0.2)):
        large = damage(kind, severity, picture=plain, size=192)
        small = damage(kind, severity, picture=plain, size=96)
        averaged = large.reshape(96, 2, 96, 2, 3).mean(axis=(1, 3))
        seen, expected = small.astype(float).ravel() - 128, averaged.ravel() - 128
        assert np.corrcoef(seen, expected)[0, 1] > 0.85, kind


def test_fine_adds_the_middles_and_counts_stay_whole() -> None:
    for kind in KINDS:
        usual, fine = severities_of(kind), severities_of(kind, fine=True)
        assert set(usual) < set(fine) and list(fine) == sorted(set(fine)) and fine[0] > 0
        if kind in ("dust", "scribble", "jpeg", "fgsm", "pgd"):
            assert all(severity % 1 == 0 for severity in fine)
