"""Recipes choose settings, give way to what a person says, and are refused in words when they are none."""

from pathlib import Path

import pytest

from mekiki.config import SECTIONS, make_config, read_recipe, recipe_names
from mekiki.errors import SettingsError


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_makes_a_config_and_says_what_it_is(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.about.summary and "--recipe " + name in recipe.about.command
    assert recipe.about.data and recipe.about.expected and recipe.about.minutes
    config = make_config("photos", recipe=name)
    assert config.recipe == name
    for key, value in recipe.settings.items():
        homes = [getattr(config, section) for section in SECTIONS if key in SECTIONS[section].model_fields]
        assert homes and all(getattr(home, key) == value for home in homes), key


def test_the_default_recipe_is_what_one_gets_without_naming_one() -> None:
    assert recipe_names()[0] == "default"
    assert make_config("photos") == make_config("photos", recipe="default")


def test_a_value_that_is_given_wins_over_the_recipe() -> None:
    config = make_config("photos", recipe="guitar-2017", epochs=3, **{"augment.dust": 5})
    assert (config.train.epochs, config.augment.dust, config.augment.rotation_range) == (3, 5, 45)
    assert config.model.backbone == "resnet50"


def test_the_recipes_amounts_give_way_as_a_whole() -> None:
    assert make_config("photos", recipe="sommelier-mobilenet").split.val == 0.4
    given = make_config("photos", recipe="sommelier-mobilenet", train=200, val=50)
    assert (given.split.train, given.split.val, given.split.test) == (200, 50, None)
    long_name = make_config("photos", recipe="sommelier-mobilenet", **{"split.train": 0.5})
    assert (long_name.split.train, long_name.split.val, long_name.split.test) == (0.5, 0.2, None)


def test_the_family_of_2017_differs_in_what_it_compares_alone() -> None:
    plain, dusty, scratch = (read_recipe(f"guitar-2017{end}").settings for end in ("", "-dust", "-scratch"))
    assert {**plain, "preset": "keras-2017+dust"} == dusty
    assert {**plain, "weights": "none"} == scratch


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[about]\nsummary = "mine"\n[settings]\nepochs = 3\n', encoding="utf-8")
    config = make_config("photos", recipe=str(path))
    assert (config.train.epochs, config.recipe) == (3, str(path))


def test_a_file_that_windows_wrote(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'\xef\xbb\xbf[about]\r\nsummary = "mine"\r\n[settings]\r\nzoom_range = [0.8, 1.2]\r\n')
    assert make_config("photos", recipe=str(path)).augment.zoom_range == (0.8, 1.2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("epochs = ", "is no TOML"),
        ("[settings]\nepochs = 3\n", "about: Field required"),
        ('[about]\nsummary = "x"\n[settings]\nepocs = 3\n', "unknown setting 'epocs'|no setting"),
        ('[about]\nsummary = "x"\n[settings]\nepochs = "many"\n', "epochs = 'many'"),
        ('[about]\nsummary = "x"\nrun = "rm"\n', "about.run"),
        ("x" * 200_000, "a recipe has a few lines"),
        ("a = " + "[" * 4_000 + "]" * 4_000, "is no TOML: maximum recursion"),
        ("a = " + "9" * 5_000, "is no TOML: Exceeds the limit"),
        ('[about]\nsummary = "x"\n[settings]\nepochs = 1979-05-27\n', "settings: epochs is no number, text"),
        ('[about]\nsummary = "x"\n[settings]\nzoom_range = {a = 1}\n', "settings: zoom_range is no number, text"),
        ('[about]\nsummary = "x"\n[settings]\nzoom_range = [[1], 2]\n', "settings: zoom_range is no number, text"),
    ],
)
def test_what_is_no_recipe_is_refused_in_words(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        make_config("photos", recipe=str(path))
    import re

    assert re.search(message, str(caught.value)), caught.value


def test_a_name_that_is_nearly_right_is_hinted_at(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="guitar-2018") as caught:
        read_recipe("guitar-2018")
    assert "guitar-2017" in caught.value.hint
    with pytest.raises(SettingsError, match="cannot read the recipe"):
        read_recipe(str(tmp_path / "none.toml"))
