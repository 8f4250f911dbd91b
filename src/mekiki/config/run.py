"""The configuration of a run: its sections together, and how it is made from plain names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from mekiki.config.augment import AugmentSettings
from mekiki.config.distill import DistillSettings
from mekiki.config.models import ModelSettings, TrainSettings
from mekiki.config.normalise import NormaliseSettings
from mekiki.config.photos import ScanSettings, SplitSettings
from mekiki.config.recipes import DEFAULT, read_recipe
from mekiki.config.section import Section, build
from mekiki.errors import SettingsError, unknown_name


class RunConfig(Section):
    """Everything that a run was asked to do; ``config.json`` holds it with each default resolved."""

    data: str = Field(description="the folder or CSV that was trained on")
    split_file: str | None = Field(None, description="the split that was given, if one was")
    recipe: str = Field(DEFAULT, description="whose settings those are that were not given")
    scan: ScanSettings = Field(default_factory=ScanSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    augment: AugmentSettings = Field(default_factory=AugmentSettings)
    normalisation: NormaliseSettings = Field(default_factory=NormaliseSettings)
    train: TrainSettings = Field(default_factory=TrainSettings)
    distill: DistillSettings = Field(default_factory=DistillSettings)


AMOUNTS = {"train", "val", "test"}


def amounts_in(settings: Iterable[str]) -> list[str]:
    """Return which of these names, short or long (``val``, ``split.val``), say how many photos a part gets."""
    return sorted(name for name in settings if name.removeprefix("split.") in AMOUNTS)


SECTIONS: dict[str, type[Section]] = {
    "scan": ScanSettings,
    "split": SplitSettings,
    "model": ModelSettings,
    "augment": AugmentSettings,
    "normalisation": NormaliseSettings,
    "train": TrainSettings,
    "distill": DistillSettings,
}


def make_config(data: str, split_file: str | None = None, /, **settings: Any) -> RunConfig:
    """Make a run's configuration from plain names.

    Args:
        data: The folder or CSV to train on.
        split_file: A split to use instead of making one.
        settings: ``recipe`` (a name or a TOML file), and field names as on the command line (``backbone="resnet50"``,
            ``epochs=5``), or ``section.field`` (``{"augment.zoom_range": 0.3}``). ``seed`` is given to both the split
            and the training.

    Raises:
        SettingsError: An unknown name, or a value that does not fit.

    Example:
        >>> make_config("photos", epochs=3).train.epochs
        3
    """
    values: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    recipe = str(settings.pop("recipe", DEFAULT))
    of_recipe = _of_recipe(recipe, split_file, settings)
    for key, value in [*of_recipe.items(), *settings.items()]:  # what is given comes last, whatever it is called
        for section, field in _homes(key):
            values[section][field] = value
    sections = {name: build(SECTIONS[name], given) for name, given in values.items()}
    return RunConfig(data=data, split_file=split_file, recipe=recipe, **sections)


def _of_recipe(recipe: str, split_file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe's settings; its amounts give way as a whole to a split or an amount that was given."""
    settings = read_recipe(recipe).settings
    if split_file is None and not amounts_in(given):
        return settings
    return {key: value for key, value in settings.items() if key not in amounts_in(settings)}


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """Turn ``key=value`` texts into a dict.

    Raises:
        SettingsError: A text without "=", or the name of no setting.
    """
    pairs = [assignment.partition("=") for assignment in assignments]
    wrong = next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise SettingsError(f"--set {wrong}: expected key=value", "for example --set epochs=5")
    given = {key.strip(): value.strip() for key, _, value in pairs}
    for key in given:
        if key != "recipe":
            _homes(key)
    return given


def _fields(section: str) -> list[str]:
    return list(SECTIONS[section].model_fields)


def _homes(key: str) -> list[tuple[str, str]]:
    """Return the (section, field) pairs that a name stands for; one that stands for none is refused."""
    section, dot, field = key.partition(".")
    homes = [(name, field if dot else key) for name in SECTIONS if not dot or name == section]
    found = [(name, each) for name, each in homes if each in _fields(name)]
    if not found:
        raise unknown_name("setting", key, sorted({each for name in SECTIONS for each in _fields(name)}))
    return found
