import numpy as np
import pytest
from scipy.stats import kstest

from mekiki.seeds import stream
from mekiki.tensors.augmentation.marks import cut_out, erase, throw_dust


def numbers(sample: int) -> np.random.Generator:
    return stream(0, "marks", sample)


def test_dust_follows_the_recipe_of_2017() -> None:
    thrown = [list(throw_dust(numbers(sample), 31, 224, 224)) for sample in range(600)]
    counts = np.array([len(rectangles) for rectangles in thrown])
    assert (counts.min(), counts.max()) == (0, 31)
    assert kstest(counts + np.random.default_rng(0).random(len(counts)), "uniform", args=(0, 32)).pvalue > 0.01
    each = [rectangle for rectangles in thrown for rectangle in rectangles]
    inside = [r for r in each if r.top > 0 and r.left > 0 and r.bottom < 224 and r.right < 224]
    assert {r.bottom - r.top for r in inside} == {r.right - r.left for r in inside} == {3, 5, 7, 9, 11, 13, 15}
    assert (min(r.grey for r in each), max(r.grey for r in each)) == (0, 255)
    centres = np.array([(r.top + r.bottom - 1) / 2 for r in inside]) / 223
    middle = centres[(centres > 0.1) & (centres < 0.9)]
    assert 0.47 < middle.mean() < 0.53
    assert ((centres > 0.25) & (centres < 0.75)).mean() == pytest.approx(0.6827 / 0.93, abs=0.05)
    clipped = sum(r.top == 0 or r.bottom == 224 for r in each) / len(each)
    assert clipped > 2 * 0.0228  # beyond two sigmas the centre is set on the edge


def test_dust_grows_with_the_picture_and_stays_inside() -> None:
    for width, height in ((448, 448), (300, 120), (32, 32)):
        for sample in range(50):
            for r in throw_dust(numbers(sample), 31, width, height):
                assert 0 <= r.top < r.bottom <= height and 0 <= r.left < r.right <= width
    large = [r for sample in range(200) for r in throw_dust(numbers(sample), 31, 448, 448)]
    assert max(r.bottom - r.top for r in large) == 29


def test_cutout_is_one_square_that_may_hang_over_the_edge() -> None:
    squares = [cut_out(numbers(sample), 0.25, 200, 100) for sample in range(500)]
    assert max(r.bottom - r.top for r in squares) == max(r.right - r.left for r in squares) == 25
    assert any(r.bottom - r.top < 25 for r in squares) and any(r.right == 200 for r in squares)
    assert all(0 <= r.top <= r.bottom <= 100 and 0 <= r.left <= r.right <= 200 for r in squares)


def test_erasing_keeps_the_papers_area_and_shape() -> None:
    drawn = [erase(numbers(sample), 0.6, 224, 224) for sample in range(1500)]
    chosen = [r for r in drawn if r is not None]
    assert 0.56 < len(chosen) / len(drawn) < 0.64
    areas = np.array([(r.bottom - r.top) * (r.right - r.left) / 224**2 for r in chosen])
    shapes = np.array([(r.bottom - r.top) / (r.right - r.left) for r in chosen])
    assert 0.019 < areas.min() and areas.max() < 0.405
    assert 0.28 < shapes.min() < 0.4 and 2.5 < shapes.max() < 3.5
    assert abs(np.median(np.log(shapes))) < 0.1
    assert all(r.grey is None for r in chosen)
    assert all(erase(numbers(sample), 0.0, 224, 224) is None for sample in range(20))
