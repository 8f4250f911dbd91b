"""Given the same numbers, mekiki's picture is Keras' picture."""

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from mekiki import ImageDataGenerator
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.generator.changing import change_of
from mekiki.tensors.geometry import in_place
from tests.tensors.keras.cases import CASES, PICTURES, Case, picture_for
from tests.tensors.keras.differences import (
    by_generator,
    by_training,
    difference,
    golden,
    read_goldens,
    sources,
    within,
)

GREY_LEVEL = 1.0
ROUNDING = 1 / 128
GRID = {"wrap": "grid-wrap", "constant": "grid-constant"}
each_picture = pytest.mark.parametrize("name", PICTURES)
each_case = pytest.mark.parametrize("title", CASES)


@pytest.fixture(scope="module")
def goldens() -> dict[str, np.ndarray]:
    return read_goldens()


def test_the_goldens_are_of_these_cases(goldens: dict[str, np.ndarray]) -> None:
    assert {name for name in goldens if name.startswith("case/")} == {
        f"case/{title}/{name}" for title in CASES for name in PICTURES
    }


@each_case
@each_picture
def test_the_generators_picture_is_keras_picture_inside(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    case = CASES[title]
    found = difference(by_generator(case, name), golden(goldens, title, name), case)
    assert found.inside < GREY_LEVEL
    if "brightness" not in case.parameters and title != "order 0, rotation 30":
        assert found.inside < 0.25  # OpenCV 4 places points to 1/32 of a pixel, OpenCV 5 exactly


@each_case
@each_picture
def test_training_draws_keras_picture_too(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    case = CASES[title]
    if "interpolation_order" in case.options:
        return
    assert difference(by_training(case, name), golden(goldens, title, name), case).inside < GREY_LEVEL


@each_picture
def test_the_networks_square_is_keras_picture_too(goldens: dict[str, np.ndarray], name: str) -> None:
    for title in ("rotation 30", "all at once", "reflect, position"):
        case = CASES[title]
        change, mode = change_of(case.parameters), case.options.get("fill_mode", "nearest")
        drawn = change_into_square(PICTURES[name], change, 48, "letterbox", mode).astype(np.float32)
        keras = golden(goldens, title, name)
        assert difference(drawn[..., : keras.shape[2]], keras, case).inside < GREY_LEVEL


@pytest.mark.parametrize("title", ["horizontal flip", "vertical flip"])
@each_picture
def test_flips_are_exact(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    for drawn in (by_generator(CASES[title], name), by_training(CASES[title], name)):
        np.testing.assert_array_equal(drawn, golden(goldens, title, name))


@pytest.mark.parametrize("title", [title for title in CASES if title.startswith("channel shift")])
@each_picture
def test_a_channel_shift_is_exact_in_floats(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    np.testing.assert_allclose(by_generator(CASES[title], name), golden(goldens, title, name), atol=ROUNDING)


@pytest.mark.parametrize("title", [title for title in CASES if title.startswith("brightness")])
@each_picture
def test_brightness_differs_by_the_rounding_of_one_level(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    away = by_generator(CASES[title], name) - golden(goldens, title, name)
    assert 0 <= away.min() and away.max() <= 1


@pytest.mark.parametrize(
    "title", ["rotation 30", "shift x 7.3", "nearest, position", "reflect, shift", "reflect, position"]
)
@each_picture
def test_nearest_and_reflect_are_keras_outside_too(goldens: dict[str, np.ndarray], title: str, name: str) -> None:
    away = np.abs(by_generator(CASES[title], name) - golden(goldens, title, name))
    assert away.mean() < 0.25


@pytest.mark.parametrize("title", ["constant, shift", "constant, position"])
@each_picture
def test_constant_differs_only_in_the_pixel_around_the_picture(
    goldens: dict[str, np.ndarray], title: str, name: str
) -> None:
    """Keras stops at the centre of the last pixel; here it blends into the constant over one pixel."""
    case = CASES[title]
    away, far = by_generator(case, name) - golden(goldens, title, name), ~within(sources(case), margin=1.05)
    assert far.sum() > 200
    np.testing.assert_allclose(away[far], 0, atol=ROUNDING)
    assert np.abs(away[~far]).max() > 10


@pytest.mark.parametrize("title", [title for title in CASES if title.split(",")[0] in GRID])
@each_picture
def test_wrap_and_constant_are_scipys_grid_modes_everywhere(title: str, name: str) -> None:
    """Keras' wrap has a period of one pixel less than the picture; here the picture is repeated whole."""
    case = CASES[title]
    drawn, mode = by_generator(case, name), case.options["fill_mode"]
    expected = scipys(picture_for(case, name), case, GRID[mode])
    assert np.abs(drawn - expected).mean() < 0.25


def scipys(picture: np.ndarray, case: Case, mode: str) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = in_place(width, height, change_of(case.parameters).matrix)
    rows_first = matrix[::-1, [1, 0]]
    channels = [
        affine_transform(channel, rows_first, matrix[::-1, 2], order=1, mode=mode, cval=case.options.get("cval", 0.0))
        for channel in np.moveaxis(picture, 2, 0)
    ]
    return np.stack(channels, axis=-1)


def test_a_picture_that_is_not_square_turns_about_its_own_middle() -> None:
    """Keras 3 takes height for width there; the reference is SciPy about the true middle."""
    tall = PICTURES["smooth"][:, 10:34].astype(np.float32)
    case = Case({"theta": 90.0})
    drawn = ImageDataGenerator().apply_transform(tall, case.parameters)
    np.testing.assert_allclose(drawn, scipys(tall, case, "nearest"), atol=0.01)
    middle = tall[23:25, 11:13].mean()
    assert drawn[23:25, 11:13].mean() == pytest.approx(middle, abs=0.01)


@pytest.mark.parametrize("title", ["rotation 30", "shear 20", "all at once"])
def test_channels_first_gives_the_same_numbers(title: str) -> None:
    case = CASES[title]
    picture = picture_for(case, "sharp")
    first = ImageDataGenerator(data_format="channels_first", **case.options)
    drawn = first.apply_transform(np.moveaxis(picture, 2, 0), case.parameters)
    np.testing.assert_array_equal(np.moveaxis(drawn, 0, 2), by_generator(case, "sharp"))


WRONG = {
    "turned the other way": ("rotation 30", {"theta": -30.0}),
    "shifted the other way": ("shift x 7.3", {"tx": -7.3}),
    "x and y swapped": ("shift x 7.3", {"ty": 7.3}),
    "zoomed the other way": ("zoom 0.7, 0.75", {"zx": 1 / 0.7, "zy": 1 / 0.75}),
    "zooms swapped": ("zoom 0.7, 0.75", {"zx": 0.75, "zy": 0.7}),
    "sheared the other way": ("shear 20", {"shear": -20.0}),
    "half a pixel off": ("shift y -5.6", {"ty": -6.1}),
    "a darker factor": ("brightness 1.4", {"brightness": 1.37}),
    "a weaker shift": ("channel shift 30.5", {"channel_shift_intensity": 28.0}),
    "the other flip": ("horizontal flip", {"flip_vertical": True}),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_number_is_found(goldens: dict[str, np.ndarray], fault: str) -> None:
    title, parameters = WRONG[fault]
    wrong = Case(parameters, CASES[title].options, CASES[title].colours)
    found = [
        difference(by_generator(wrong, name), golden(goldens, title, name), CASES[title]).inside for name in PICTURES
    ]
    assert max(found) > GREY_LEVEL
