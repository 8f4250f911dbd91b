"""Fields of the form come from the settings themselves."""

import pytest

from mekiki.config import AugmentSettings, make_config
from mekiki.doors.studio.train.form import COURSE, SETTINGS, SPLIT
from mekiki.doors.studio.train.setting_fields import setting_field
from mekiki.doors.studio.words import words_of


@pytest.mark.parametrize(
    ("section", "name", "kind", "least", "most"),
    [
        ("train", "epochs", "whole", 0, 10_000),
        ("augment", "rotation_range", "number", 0, 180),
        ("augment", "shear_range", "number", 0, 90),
        ("augment", "cutout", "number", 0, 1),
        ("augment", "zoom_range", "text", None, None),
        ("augment", "horizontal_flip", "switch", None, None),
        ("augment", "fill_mode", "choice", None, None),
    ],
)
def test_kind_and_limits_are_those_of_the_setting(section, name, kind, least, most):
    field = setting_field(section, name)
    assert (field.kind, field.least, field.most) == (kind, least, most)


def test_what_a_field_shows_can_be_typed_and_means_the_same():
    config = make_config("photos", preset="varied", jpeg_quality="30,90", zoom_range="0.8,1.2")
    shown = {name: setting_field("augment", name).value_in(config) for name in AugmentSettings.model_fields}
    assert shown["randaugment"] == "2,9" and shown["horizontal_flip"] == "true"
    assert make_config("photos", **{name: text for name, text in shown.items() if text}).augment == config.augment


def test_the_form_has_every_random_change_and_each_field_a_name_in_each_language():
    assert set(AugmentSettings.model_fields) < set(SETTINGS)
    fields = [*COURSE, *SPLIT, *(("augment", name) for name in AugmentSettings.model_fields)]
    for language in ("en", "ja"):
        missing = [f"{s}.{n}" for s, n in fields if f"train.label_{s}_{n}" not in words_of(language).texts]
        assert missing == []
    assert {n for n in words_of("en").texts if n.startswith("train.")} == {
        n for n in words_of("ja").texts if n.startswith("train.")
    }
