"""The rows of a contact sheet show what their names say, and more of it to the right."""

import numpy as np
import pytest
from PIL import Image

from mekiki.config import AugmentSettings
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.mixing import mix
from mekiki.tensors.augmentation.strengths import STEPS, TRANSFORMS, Step, signed, strengths_of
from tests.data.made_pictures import scene

SIDE = 96
PICTURE = np.array(scene(7, SIDE, SIDE))
OTHER = np.array(scene(8, SIDE, SIDE))
BOTH_WAYS = ("rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range",
             "zoom_keeps_shape", "channel_shift_range", "brightness_range")  # fmt: skip
ONE_WAY = ("elastic", "blur", "gaussian_noise", "jpeg_quality", "pepper_noise", "salt_noise", "mixup")


def shown(step: Step, picture: np.ndarray = PICTURE) -> np.ndarray:
    drawn = change_into_square(picture.copy(), step.change, SIDE, "letterbox", step.fill_mode, step.cval)
    return drawn if step.mix is None else mix(drawn, OTHER, step.mix)


def steps(name: str, seed: int = 0) -> dict[str, np.ndarray]:
    return {step.caption: shown(step) for step in strengths_of(name, SIDE, seed).steps}


def differences(name: str) -> list[float]:
    return [float(np.abs(shown(step).astype(int) - PICTURE).mean()) for step in strengths_of(name, SIDE, 0).steps]


def test_every_transform_has_a_row_in_the_order_of_the_settings() -> None:
    assert [*TRANSFORMS] == [name for name in AugmentSettings.model_fields if name not in ("preset", "cval")]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_step_changes_the_picture_and_has_a_caption_of_its_own(name: str) -> None:
    row = strengths_of(name, SIDE, 0)
    assert (row.name, bool(row.unit)) == (name, True)
    assert len(row.steps) == (1 if name.endswith("_flip") else STEPS)
    if name != "randaugment":  # it may draw that nothing is done
        assert min(differences(name)) > 0
        assert len({step.caption for step in row.steps}) == len(row.steps)


@pytest.mark.parametrize("name", ONE_WAY)
def test_one_way_the_change_grows_to_the_right(name: str) -> None:
    measured = differences(name)
    assert measured == sorted(measured) and measured[-1] > 2 * measured[0]


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_both_ways_the_change_grows_to_the_right(name: str) -> None:
    measured = differences(name)
    for way in (measured[::2], measured[1::2]):
        assert way == sorted(way) and way[-1] > way[0]


def test_the_strongest_turn_is_the_picture_turned_counter_clockwise() -> None:
    drawn = steps("rotation_range")["+45°"]
    turned = np.array(Image.fromarray(PICTURE).rotate(45, Image.Resampling.BILINEAR))
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    inside = np.hypot(x, y) < SIDE / 2 - 2
    assert np.abs(drawn[inside].astype(int) - turned[inside]).mean() < 1
    assert np.abs(steps("rotation_range")["−45°"][inside].astype(int) - turned[inside]).mean() > 10


def test_shifts_go_where_the_caption_says() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[50, 50] = 255
    for name, moved in {
        "width_shift_range": {"0.2 left": (50, 30), "0.2 right": (50, 70)},
        "height_shift_range": {"0.2 up": (30, 50), "0.2 down": (70, 50)},
    }.items():
        for step in strengths_of(name, 100, 0).steps:
            if step.caption in moved:
                drawn = change_into_square(picture, step.change, 100, "squash")
                assert tuple(np.unravel_index(drawn[..., 0].argmax(), (100, 100))) == moved[step.caption]


def test_mirrored_and_upside_down_are_exact() -> None:
    assert np.array_equal(steps("horizontal_flip")["mirrored"], PICTURE[:, ::-1])
    assert np.array_equal(steps("vertical_flip")["upside down"], PICTURE[::-1])


def test_what_stands_outside_is_what_the_caption_says() -> None:
    drawn = steps("fill_mode")
    for level in (0, 128, 255):
        assert (drawn[f"constant, cval {level}"][0, 0] == level).all()
    assert not np.array_equal(drawn["reflect"], drawn["wrap"])


def test_captions_of_light_and_noise_are_measured_values() -> None:
    grey = np.full((SIDE, SIDE, 3), 100, np.uint8)

    def of(name: str) -> dict[str, np.ndarray]:
        return {step.caption: shown(step, grey.copy()) for step in strengths_of(name, SIDE, 0).steps}

    assert {caption: int(drawn.mean()) for caption, drawn in of("brightness_range").items()} == {
        "0.8": 80, "1.2": 120, "0.5": 50, "1.5": 150, "0.2": 20, "1.8": 180,
    }  # fmt: skip
    for caption, drawn in of("pepper_noise").items():
        assert (drawn == 0).all(axis=2).mean() == pytest.approx(float(caption), rel=0.15)
    for caption, drawn in of("salt_noise").items():
        assert (drawn == 255).all(axis=2).mean() == pytest.approx(float(caption), rel=0.15)
    for caption, drawn in list(of("gaussian_noise").items())[:3]:
        assert drawn.std() == pytest.approx(float(caption), rel=0.05)


def test_captions_of_marks_are_measured_values() -> None:
    for step in strengths_of("dust", SIDE, 0).steps:
        assert step.caption == str(len(step.change.rectangles))
    for step in strengths_of("scribble", SIDE, 0).steps:
        assert step.caption == str(len(step.change.strokes))
    plain = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for step in strengths_of("random_erasing", SIDE, 0).steps:
        covered = (shown(step, plain.copy()) != 255).any(axis=2).mean()
        assert 100 * covered == pytest.approx(float(step.caption.rstrip("%")), abs=1)
    for step in strengths_of("cutmix", SIDE, 0).steps:
        assert step.mix is not None and step.caption.startswith(f"{step.mix.share:.2f} + ")
    areas = [step.change.rectangles[0] for step in strengths_of("cutout", SIDE, 0).steps]
    assert all(max(r.bottom - r.top, r.right - r.left) <= round(0.6 * SIDE) for r in areas)


def test_a_row_depends_on_its_name_and_seed_alone() -> None:
    one, two, other = (steps("elastic", seed) for seed in (0, 0, 1))
    assert all(np.array_equal(one[caption], two[caption]) for caption in one)
    assert not np.array_equal(one["0.2"], other["0.2"])


def test_signs_are_as_in_print() -> None:
    assert (signed(-15, "°"), signed(15, "°"), signed(0), signed(-0.0)) == ("−15°", "+15°", "0", "0")
