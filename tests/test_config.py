import re
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import (
    PRESETS,
    SECTIONS,
    AugmentSettings,
    ModelSettings,
    PresetName,
    PreviewSettings,
    ScanSettings,
    SplitSettings,
    build,
    make_config,
    parse_assignments,
)
from mekiki.errors import SettingsError


def test_every_field_has_a_sentence() -> None:
    for name, section in SECTIONS.items():
        assert not [field for field, info in section.model_fields.items() if not info.description], name


def test_a_plain_name_finds_its_section_and_seed_goes_to_both() -> None:
    config = make_config("photos", backbone="resnet50", epochs="3", seed=7, **{"augment.zoom_range": "0.3"})
    assert (config.model.backbone, config.train.epochs, config.augment.zoom_range) == ("resnet50", 3, 0.3)
    assert (config.split.seed, config.train.seed) == (7, 7)


def test_unknown_names_get_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"there is no setting 'epoch'\nhint: did you mean epochs\?"):
        make_config("photos", epoch=3)
    with pytest.raises(SettingsError, match=r"there is no setting 'augment.zom'"):
        make_config("photos", **{"augment.zom": 3})
    with pytest.raises(SettingsError, match="there is no setting 'batchsize'"):
        build(SECTIONS["train"], {"batchsize": 2})


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ({"train": 200, "val": 0.2}, "must all be counts per class"),
        ({"train": 0.9, "val": 0.2}, "exceed 1"),
        ({"train": 0.5, "val": 0}, "val must be above 0"),
        ({"train": 0, "val": 5}, "train must be above 0"),
        ({"train": 2.5, "val": 5}, "2.5 is neither a fraction"),
        ({"train": -1}, "train = -1"),
        ({"train": "many"}, "train = 'many'"),
    ],
)
def test_amounts_that_contradict_are_refused(amounts: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        build(SplitSettings, amounts)


@pytest.mark.parametrize(("text", "by_fraction"), [("200", False), ("0.6", True)])
def test_amounts_are_read_from_text(text: str, by_fraction: bool) -> None:
    split = build(SplitSettings, {"train": text, "val": "50" if not by_fraction else "0.2"})
    assert split.by_fraction is by_fraction
    assert split.train == float(text)


def test_a_frozen_random_backbone_is_refused() -> None:
    with pytest.raises(SettingsError, match="random numbers that never learns"):
        build(ModelSettings, {"freeze": "all", "weights": "none"})
    assert build(ModelSettings, {"freeze": "3"}).freeze == 3


def test_classes_are_split_at_commas() -> None:
    assert build(ScanSettings, {"classes": "Jaguar, SG"}).classes == ("Jaguar", "SG")


def test_settings_are_frozen_and_survive_json() -> None:
    config = make_config("photos", train=200, val=50, freeze="all")
    assert type(config).model_validate_json(config.model_dump_json()) == config
    with pytest.raises(ValueError, match="frozen"):
        config.train.epochs = 3  # type: ignore[misc]


def test_assignments() -> None:
    assert parse_assignments(["epochs=3", "weights = a=b"]) == {"epochs": "3", "weights": "a=b"}
    with pytest.raises(SettingsError, match="--set epochs: expected key=value"):
        parse_assignments(["epochs"])
    for foreign in ("out", "progress", "split_file", "train.dust", "nowhere.epochs"):
        with pytest.raises(SettingsError, match=f"there is no setting '{foreign}'"):
            parse_assignments([f"{foreign}=x"])
    assert parse_assignments(["recipe=quick", "train.epochs=3"]) == {"recipe": "quick", "train.epochs": "3"}


REFUSED = [
    ({"rotation_range": 200}, "rotation_range = 200: Input should be less than or equal to 180"),
    ({"rotation_range": "x"}, "rotation_range = 'x': Input should be a valid number"),
    ({"shear_range": 90}, "shear_range = 90: Input should be less than 90"),
    ({"width_shift_range": -1}, "a shift is a fraction below 1, or pixels up to 1024, or a list of either; none is neg"),
    ({"height_shift_range": "5,2000"}, "a shift is a fraction below 1, or pixels up to 1024"),
    ({"height_shift_range": "a"}, "height_shift_range = 'a': expected a number, or numbers with commas between them"),
    ({"width_shift_range": ""}, "expected one number such as 0.1 or 20, or a list such as 10,20,40"),
    ({"width_shift_range": []}, "a shift is a fraction below 1"),
    ({"zoom_range": "1,2,3"}, "zoom_range = '1,2,3': expected one number such as 0.2, or a pair such as 0.8,1.2"),
    ({"zoom_range": True}, "zoom_range = True: expected one number such as 0.2, or a pair"),
    ({"zoom_range": 2}, "one number is from 0 to 0.95; expected for example 0.2, or a pair like 0.8,1.2"),
    ({"zoom_range": "3,2"}, "a pair is the least and the most factor, from 0.05 to 20"),
    ({"zoom_range": 0.97}, "zoom_range = 0.97: one number is from 0 to 0.95"),
    ({"zoom_range": "nan"}, "zoom_range = 'nan': expected one number such as 0.2, or a pair"),
    ({"width_shift_range": "1,nan"}, "width_shift_range = '1,nan': expected one number such as 0.1 or 20, or a list"),
    ({"brightness_range": 1.5}, "one number is 0 or more and below 1; expected for example 0.2, or a pair like 0.5,1.5"),
    ({"brightness_range": "1.5,0.5"}, "a pair is the least and the most factor, from 0 to 20"),
    ({"jpeg_quality": "0,50"}, "the least and the most JPEG quality are from 1 to 100"),
    ({"jpeg_quality": "90,30"}, "the least and the most JPEG quality are from 1 to 100"),
    ({"jpeg_quality": "20.5"}, "jpeg_quality = '20.5': expected two whole numbers with a comma between them, or none"),
    ({"randaugment": "2"}, "randaugment = '2': expected two whole numbers with a comma between them, or none"),
    ({"randaugment": "2,inf"}, "expected two whole numbers with a comma between them, or none"),
    ({"randaugment": "99,3"}, "randaugment 99,3: expected 1 to 14 operations and a strength of 0 to 30"),
    ({"randaugment": (2, 31)}, "randaugment 2,31: expected 1 to 14 operations and a strength of 0 to 30"),
    ({"preset": "keras2017"}, "preset = 'keras2017': Input should be 'none', 'light', 'varied', 'keras-2017'"),
    ({"preset": 3}, "preset = 3: Input should be 'none'"),
    ({"cval": 3}, "cval 3 is for fill_mode constant, and fill_mode is nearest"),
    ({"fill_mode": "mirror"}, "fill_mode = 'mirror': Input should be 'nearest', 'reflect', 'wrap' or 'constant'"),
    ({"cutout": 2}, "cutout = 2: Input should be less than or equal to 1"),
    ({"dust": 2.5}, "dust = 2.5: Input should be a valid integer"),
    ({"mixup": -1}, "mixup = -1: Input should be greater than or equal to 0"),
    ({"rotation": 10}, "there is no setting 'rotation'"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "message"), REFUSED)
def test_augmentations_that_cannot_be_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        build(AugmentSettings, values)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rotation_range", "30", 30.0),
        ("width_shift_range", "0.1", 0.1),
        ("width_shift_range", "20", 20),
        ("width_shift_range", "-0", 0),
        ("height_shift_range", "10, 20,40", (10.0, 20.0, 40.0)),
        ("zoom_range", "0.2", 0.2),
        ("zoom_range", "0.8,1.2", (0.8, 1.2)),
        ("brightness_range", "0.5,1.5", (0.5, 1.5)),
        ("jpeg_quality", "70", (70, 70)),
        ("jpeg_quality", "30,90", (30, 90)),
        ("jpeg_quality", "none", None),
        ("randaugment", "2,9", (2, 9)),
        ("randaugment", "None", None),
        ("horizontal_flip", "true", True),
        ("dust", "31", 31),
    ],
)
def test_augmentations_are_read_from_text_and_survive_json(name: str, text: str, value: object) -> None:
    settings = build(AugmentSettings, {"preset": "none", name: text})
    assert getattr(settings, name) == value
    assert type(getattr(settings, name)) is type(value), "20 is pixels, 0.2 a fraction"
    assert AugmentSettings.model_validate_json(settings.model_dump_json()) == settings


@given(
    st.sampled_from(typing.get_args(PresetName)),
    st.one_of(st.floats(0, 0.99), st.integers(0, 1024), st.lists(st.floats(0, 300), min_size=1, max_size=4).map(tuple)),
    st.one_of(st.floats(0, 0.9), st.tuples(st.floats(0.05, 1), st.floats(1, 20))),
)
def test_any_augmentation_survives_json_and_keeps_what_is_a_pixel(preset: str, shift: object, zoom: object) -> None:
    settings = build(AugmentSettings, {"preset": preset, "width_shift_range": shift, "zoom_range": zoom})
    again = AugmentSettings.model_validate_json(settings.model_dump_json())
    assert again == settings and type(again.width_shift_range) is type(settings.width_shift_range)


def test_presets_are_what_the_names_promise() -> None:
    assert set(PRESETS) == set(typing.get_args(PresetName))
    none = AugmentSettings(preset="none")
    plain = {name: field.default for name, field in AugmentSettings.model_fields.items() if name != "preset"}
    assert none.model_dump(exclude={"preset"}) == plain
    assert AugmentSettings() == AugmentSettings(preset="light"), "the default"
    keras = AugmentSettings(preset="keras-2017")
    assert (keras.rotation_range, keras.width_shift_range, keras.height_shift_range) == (45, 0.2, 0.2)
    assert (keras.zoom_range, keras.horizontal_flip, keras.vertical_flip, keras.dust) == (0.2, True, True, 0)
    assert AugmentSettings(preset="keras-2017+dust") == keras.model_copy(
        update={"preset": "keras-2017+dust", "dust": 31}
    )
    sommelier = AugmentSettings(preset="sommelier")
    changed = {name for name, default in plain.items() if getattr(sommelier, name) != default}
    assert changed == {"brightness_range", "pepper_noise", "cutout", "elastic"}


def test_a_given_value_goes_before_the_preset() -> None:
    settings = make_config("photos", preset="keras-2017", rotation_range="10", vertical_flip=False).augment
    assert (settings.rotation_range, settings.vertical_flip, settings.zoom_range) == (10, False, 0.2)
    assert AugmentSettings.model_validate_json(settings.model_dump_json()) == settings


def test_rows_of_a_preview_are_split_at_commas() -> None:
    assert build(PreviewSettings, {"rows": "fit, blur"}).rows == ("fit", "blur")
    with pytest.raises(SettingsError, match="side = 8: Input should be greater than or equal to 32"):
        build(PreviewSettings, {"side": 8})
