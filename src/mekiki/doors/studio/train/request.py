"""What a person asks of a training: checked before it starts, and turned into the command that does it.

Only what the person changed is passed on; the rest is the recipe's. No element of a page is known here.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mekiki.config import RunConfig, make_config, parse_assignments, recipe_names
from mekiki.doors.studio.workspace import Workspace
from mekiki.errors import DataError, SettingsError, unknown_name

_PLACES = {"weights": ("auto", "none"), "decisions": (), "teacher": (), "extra": ()}
"""Settings that name a file or a folder, and which words of theirs do not."""


@dataclass(frozen=True)
class TrainRequest:
    """One training as it was asked for.

    Attributes:
        photos: A folder or CSV, as the page has it.
        recipe: A name of the package's recipes; empty: the default.
        settings: Setting → value as on the command line; only what was changed.
        further: Lines of ``key=value``.
    """

    photos: str = ""
    recipe: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    further: str = ""

    @property
    def given(self) -> dict[str, Any]:
        """All settings by name; a field of the form wins over a line.

        Raises:
            SettingsError: A line without "=", or the name of no setting.
        """
        lines = [line.strip() for line in self.further.splitlines() if line.strip()]
        named = {"recipe": self.recipe} if self.recipe else {}
        return {**parse_assignments(lines), **self.settings, **named}

    def config(self) -> RunConfig:
        """Return what the training would be made of.

        Raises:
            SettingsError: A value that does not fit, or a contradiction.
        """
        given = self.given
        recipe = str(given.get("recipe", ""))
        if recipe and recipe not in recipe_names():
            raise unknown_name("recipe", recipe, recipe_names())
        return make_config(self.photos, **given)

    def check(self, workspace: Workspace) -> RunConfig:
        """Refuse what cannot be trained, before a process is started for it.

        Args:
            workspace: Which folders may be looked into.

        Raises:
            SettingsError: A setting that cannot be, or no photos are named.
            DataError: The photos, or a file that a setting names, are not there or may not be looked into.
        """
        config = self.config()
        if not self.photos.strip():
            raise SettingsError("there are no photos to train on", "choose a folder of photos")
        if not workspace.inside(self.photos).exists():
            raise DataError(f"there is no folder {self.photos}", "choose another, or send photos on the page Data")
        for key, value in self.given.items():
            name = key.rpartition(".")[2]
            if name in _PLACES and value and str(value) not in _PLACES[name]:
                workspace.inside(str(value))
        return config

    def arguments(self, out: Path) -> list[str]:
        """Return the command, without ``mekiki``.

        Args:
            out: The run folder to make.
        """
        pairs = [f"{key}={value}" for key, value in self.given.items() if key != "recipe"]
        recipe = str(self.given.get("recipe", ""))
        return [
            *("train", str(Path(self.photos)), "--out", str(out)),
            *(["--recipe", recipe] if recipe else []),
            *(part for pair in pairs for part in ("--set", pair)),
        ]

    def command(self, out: Path) -> str:
        """Return the same as a person would type it."""
        return shlex.join(["mekiki", *self.arguments(out)])
