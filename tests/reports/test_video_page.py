"""A page of a video: one size, legible at any width, names in any script, nothing outside."""

import numpy as np
import pytest

from mekiki.reports.lettering import Lettering
from mekiki.reports.video_page import LEAST_LETTERS, LEAST_WIDTH, Shown, VideoPage

NAMES = [
    "Jaguar",
    "エクスプローラー 1976年",
    "FlyingV mit sehr langem Namen und Überlänge, Sonderausgabe für Händler",
    "Гитара\tñ",
]


def shown(label: str = NAMES[0], known: bool = True) -> Shown:
    ranked = tuple((name, 0.8 / (number + 1)) for number, name in enumerate(NAMES))
    return Shown(label, known, 0.8, ranked, "frame 3, 0:00.12 · red: what speaks for", NAMES[2])


@pytest.mark.parametrize(("width", "height"), [(320, 240), (1920, 1080), (101, 61), (720, 1280), (1, 1)])
def test_the_frame_stands_on_the_page_as_it_is_and_the_panel_below(width: int, height: int) -> None:
    numbers = np.random.default_rng(0)
    picture = numbers.integers(0, 256, (height, width, 3), np.uint8)
    page = VideoPage(width, height, 3, NAMES)
    drawn = page.draw(picture, None, shown())
    assert drawn.shape == (page.size[1], page.size[0], 3)
    assert page.size[0] % 2 == page.size[1] % 2 == 0
    assert page.size[0] >= max(width, LEAST_WIDTH) and page.size[1] >= height + 8 * LEAST_LETTERS
    left = (page.size[0] - width) // 2
    np.testing.assert_array_equal(drawn[:height, left : left + width], picture)
    panel = drawn[height:].astype(int)
    assert (panel.max(axis=2) > 180).mean() > 0.005


def test_bars_are_as_long_as_the_probabilities() -> None:
    page = VideoPage(640, 480, 2, NAMES)
    both = Shown("Jaguar", True, 0.8, (("Jaguar", 0.8), ("Гитара\tñ", 0.2)), "")
    panel = page.draw(np.zeros((480, 640, 3), np.uint8), None, both)[480:].astype(int)
    marked = (np.abs(panel - (0x82, 0xB1, 0xEE)).max(axis=2) < 3).sum(axis=1).max()
    other = (np.abs(panel - (0x5F, 0x65, 0x70)).max(axis=2) < 3).sum(axis=1).max()
    assert marked == pytest.approx(4 * other, abs=8) and other > 30


def test_the_map_is_laid_over_the_frame_and_one_of_another_size_is_fitted() -> None:
    page = VideoPage(320, 240, 1, NAMES)
    picture = np.full((240, 320, 3), 128, np.uint8)
    heat = np.zeros((240, 320), np.float32)
    heat[:, :160] = 1
    for each in (heat, heat[::2, ::2]):
        drawn = page.draw(picture, each, None).astype(int)
        assert drawn[120, 40, 0] > drawn[120, 40, 2] + 30
        assert drawn[120, 280, 2] > drawn[120, 280, 0] + 30


def test_a_frame_of_another_size_is_fitted_into_the_page() -> None:
    page = VideoPage(320, 240, 1, NAMES)
    drawn = page.draw(np.full((100, 50, 3), 200, np.uint8), None, None)
    assert drawn.shape == (page.size[1], 320, 3)
    assert (drawn[120, 100:220] == 200).all() and (drawn[:240, :90] < 60).all()


def test_unknown_looks_unlike_an_answer() -> None:
    page = VideoPage(320, 240, 3, NAMES)
    picture = np.zeros((240, 320, 3), np.uint8)
    known, unknown = page.draw(picture, None, shown()), page.draw(picture, None, shown(known=False))
    yellow = (0xE8, 0xC2, 0x68)
    near = [(np.abs(each.astype(int) - yellow).max(axis=2) < 20).sum() for each in (known, unknown)]
    assert near[0] == 0 and near[1] > 50


def test_long_names_are_shortened_to_what_fits_and_differ_still() -> None:
    lettering = Lettering(NAMES)
    for name in NAMES:
        for most in (0, 10, 40, 90, 500):
            fitted = lettering.fitted(name, 13, most)
            assert lettering.width(fitted, 13) <= most
            assert "\t" not in fitted
    long = lettering.fitted(NAMES[2], 13, 120)
    assert "…" in long and long.startswith("Fly") and long.endswith("r")
    assert lettering.fitted("Jaguar", 13, 500) == "Jaguar"
