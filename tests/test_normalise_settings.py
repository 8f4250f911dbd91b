"""Normalisations by their names: what goes together, what is implied, and what is refused in which words."""

import itertools

import pytest

from mekiki.config import NormaliseSettings, build, complete, make_config
from mekiki.config.normalise import NORMALISATIONS
from mekiki.errors import SettingsError
from mekiki.records.card import Preprocessing

ALLOWED = {
    ("weights",),
    ("imagenet",),
    ("none",),
    ("samplewise_center",),
    ("samplewise_center", "samplewise_std_normalization"),
    ("featurewise_center",),
    ("featurewise_center", "featurewise_std_normalization"),
    ("featurewise_center", "zca_whitening"),
}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("weights", ("weights",)),
        ("samplewise_std_normalization", ("samplewise_center", "samplewise_std_normalization")),
        ("featurewise_std_normalization", ("featurewise_center", "featurewise_std_normalization")),
        ("zca_whitening , featurewise_center", ("featurewise_center", "zca_whitening")),
        (["zca_whitening"], ("featurewise_center", "zca_whitening")),
        (("imagenet", "imagenet"), ("imagenet",)),
    ],
)
def test_the_centre_is_implied_as_in_keras(given: object, meant: tuple[str, ...]) -> None:
    assert build(NormaliseSettings, {"normalise": given}).normalise == meant


def test_every_choice_is_allowed_or_refused_and_the_allowed_are_known() -> None:
    found = set()
    for count in (1, 2, 3):
        for names in itertools.combinations(NORMALISATIONS, count):
            try:
                found.add(complete(names))
            except ValueError:
                continue
    assert found == ALLOWED
    assert all(complete(names) == names for names in ALLOWED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("weights,featurewise_center", "weights is a whole mean and std already, the one that the network was trained with; it does not go with featurewise_center"),
        ("samplewise_center,imagenet", "imagenet is a whole mean and std already; it does not go with samplewise_center"),
        ("none,weights", r"none leaves pictures in 0\.\.1 as they are; it does not go with weights"),
        ("samplewise_std_normalization,featurewise_center", "samplewise_std_normalization takes away each picture's own mean, and featurewise_center that of the training photos .* taken away twice; choose one"),
        ("zca_whitening,samplewise_center", "samplewise_center takes away .* and zca_whitening"),
        ("zca_whitening,featurewise_std_normalization", "gives every direction the same spread itself, so featurewise_std_normalization would undo it; leave one out"),
        ("samplewise_centre", "there is no normalisation 'samplewise_centre'; did you mean samplewise_center\\?\nhint: normalise: weights \\("),
        ("zca", "there is no normalisation 'zca'"),
        ("", "there is no normalisation ''"),
        ([], "expected at least one name"),
        (3, "expected a name, or some with commas"),
        ([3], "there is no normalisation 3"),
    ],
)  # fmt: skip
def test_contradictions_are_refused_with_the_reason(given: object, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"normalise = .*{message}"):
        build(NormaliseSettings, {"normalise": given})


def test_epsilon_without_whitening_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"zca_epsilon 0.1 is for zca_whitening, and normalise is weights"):
        build(NormaliseSettings, {"zca_epsilon": 0.1})
    with pytest.raises(
        SettingsError, match=r"zca_epsilon = -1: .*greater than or equal to 0\nhint: .*of zca_whitening"
    ):
        build(NormaliseSettings, {"zca_epsilon": -1, "normalise": "zca_whitening"})
    assert build(NormaliseSettings, {"zca_epsilon": "0.1", "normalise": "zca_whitening"}).zca_epsilon == 0.1


def test_it_is_a_setting_of_the_run_and_survives_json() -> None:
    config = make_config("photos", normalise="zca_whitening", zca_epsilon=0.01)
    assert config.normalisation.normalise == ("featurewise_center", "zca_whitening")
    assert type(config).model_validate_json(config.model_dump_json()) == config
    default = make_config("photos")
    assert type(config).model_validate_json(default.model_dump_json()) == default
    with pytest.raises(SettingsError, match=r"there is no setting 'normalize'\nhint: did you mean normalise\?"):
        make_config("photos", normalize="imagenet")


def test_a_config_of_an_older_run_is_the_weights_own() -> None:
    content = make_config("photos").model_dump(mode="json")
    del content["normalisation"]
    assert type(make_config("photos")).model_validate(content).normalisation.normalise == ("weights",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalise": ["samplewise_center", "featurewise_center"]}, "taken away twice"),
        (
            {"normalise": ["zca_whitening"], "zca_components": 3},
            "normalise zca_whitening is not whole, or not in order",
        ),
        ({"normalise": ["zca_whitening", "featurewise_center"], "zca_components": 3}, "not in order"),
        ({"normalise": ["featurewise_center", "zca_whitening"]}, "zca_components 0 with normalise"),
        ({"normalise": ["weights"], "zca_components": 2}, "zca_components 2 with normalise weights"),
        ({"normalise": ["exec"]}, "normalise.0"),
        ({"normalise": []}, "expected at least one name"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(changes: dict[str, object], message: str) -> None:
    plain = {"image_size": 32, "fit": "squash", "mean": (0.5, 0.5, 0.5), "std": (1, 1, 1)}
    assert Preprocessing.model_validate(plain).normalise == ("weights",)
    with pytest.raises(ValueError, match=message):
        Preprocessing.model_validate({**plain, **changes})
