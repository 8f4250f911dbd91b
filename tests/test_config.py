import pytest

from mekiki.config import SECTIONS, ModelSettings, ScanSettings, SplitSettings, build, make_config, parse_assignments
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
