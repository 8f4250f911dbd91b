import numpy as np
import pytest

from mekiki.data.copies.tones import tone_difference

SIDE = 64
EVERYWHERE = np.ones((1, SIDE, SIDE), bool)


def light(number: int = 0) -> np.ndarray:
    """Draw blocks of brightness on an even ground."""
    picture = np.full((SIDE, SIDE), 250, np.float32)
    blocks = np.random.default_rng(number).uniform(20, 200, (8, 8))
    picture[16:48, 16:48] = np.kron(blocks, np.ones((4, 4)))
    return picture[None]


def colour(number: int = 0, strength: float = 40) -> np.ndarray:
    values = np.zeros((1, 16, 16), np.complex64)
    numbers = np.random.default_rng(number)
    values[:, 4:12, 4:12] = numbers.normal(0, strength, (8, 8)) + 1j * numbers.normal(0, strength, (8, 8))
    return values


def difference(one: np.ndarray, other: np.ndarray, hue: np.ndarray, other_hue: np.ndarray) -> float:
    return float(tone_difference(one, other, hue, other_hue, EVERYWHERE)[0])


def test_equal_pictures_do_not_differ() -> None:
    assert difference(light(), light(), colour(), colour()) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(("gain", "offset", "saturation", "turn"), [(0.8, 20, 1.2, 0.15), (1.2, -30, 0.8, -0.15)])
def test_a_slight_recolouring_is_forgiven(gain: float, offset: float, saturation: float, turn: float) -> None:
    other = colour() * np.complex64(saturation * np.exp(1j * turn))
    assert difference(light(), light() * gain + offset, colour(), other) < 2.5
    assert np.abs(light() - light() * gain - offset).mean() > 8


def test_a_strong_recolouring_is_not() -> None:
    assert difference(light(), light(), colour(), colour() * np.complex64(-1)) > 20
    assert difference(light(), 270 - light(), colour(), colour()) > 20
    assert difference(light(), light(1), colour(), colour()) > 20


def test_a_grey_copy_is_compared_by_brightness_without_a_gain() -> None:
    none = np.zeros((1, 16, 16), np.complex64)
    assert difference(light(), light(), colour(), none) == pytest.approx(0, abs=0.2)
    assert difference(light(), light() * 0.8, colour(), none) > 10
    assert difference(light(), light() * 0.8, none, none) < 2


def test_a_mark_does_not_spoil_the_fit_but_counts() -> None:
    marked = light() * 0.9
    plain = difference(light(), marked, colour(), colour())
    marked[:, 24:32, 16:48] += 60
    assert plain < 1 < difference(light(), marked, colour(), colour()) < 20


def test_only_what_is_inside_counts() -> None:
    other = light().copy()
    other[:, :, 40:] = 0
    inside = EVERYWHERE.copy()
    inside[:, :, 40:] = False
    assert float(tone_difference(light(), other, colour(), colour(), inside)[0]) < 0.5
    nothing = tone_difference(light(), other, colour(), colour(), np.zeros_like(inside))
    assert np.isfinite(nothing).all()
