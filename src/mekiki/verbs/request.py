"""What ``mekiki train`` was asked to do: checked before anything is made, and the same in all its processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mekiki.config import RunConfig, amounts_in, make_config
from mekiki.data.folders import absolute_path
from mekiki.errors import SettingsError
from mekiki.records.run import RunFolder, check_new_folder
from mekiki.verbs.resuming import config_to_resume, holds_begun_run, is_done

DIVIDES = ("leak_safe", "split.leak_safe", "split.seed")
"""Settings beside the amounts that say how photos are divided, and nothing else."""


@dataclass(frozen=True)
class Request:
    """The arguments of ``mekiki.train``.

    Attributes:
        data: A folder of photos or a CSV file; None only where a training goes on.
        out: The run folder.
        split_file: A split to use instead of making one.
        resume: Go on with what was begun in ``out``, if there is something.
        settings: By name.
    """

    data: str | None
    out: str
    split_file: str | None
    resume: bool
    settings: dict[str, Any]

    @property
    def run(self) -> RunFolder:
        """The run folder, made or not."""
        return RunFolder(Path(self.out))

    @property
    def goes_on(self) -> bool:
        """Whether there is a training to go on with."""
        return self.resume and holds_begun_run(self.run)

    @property
    def is_done(self) -> bool:
        """Whether the training to go on with has ended already."""
        return self.goes_on and is_done(self.run)

    def config(self) -> RunConfig:
        """Return the settings of the training.

        Raises:
            SettingsError: A setting that cannot be or is not that of the training to go on with, or ``out`` holds
                something else.
            RunError: ``config.json`` of the training to go on with cannot be read.
        """
        if self.goes_on:
            return config_to_resume(self.run, self.data, self.split_file, self.settings)
        if self.data is None:
            raise SettingsError(
                f"there is no training to go on with in {self.out}", "name the photos: mekiki train DATA"
            )
        check_new_folder(self.run.path)
        divides = [*amounts_in(self.settings), *(name for name in DIVIDES if name in self.settings)]
        if self.split_file is not None and divides:
            given = self.settings[divides[0]]
            raise SettingsError(f"a split file was given, and {divides[0]} = {given} too", "leave one out")
        split_path = None if self.split_file is None else str(absolute_path(Path(self.split_file)))
        return make_config(str(absolute_path(Path(self.data))), split_path, **self.settings)

    def as_follower(self) -> RunConfig:
        """Return the settings of a training that another process has just begun, or goes on with."""
        return config_to_resume(self.run, self.data, self.split_file, self.settings)

    def elsewhere(self) -> Request:
        """Return the same request for a process in another working folder, or of another machine."""
        return replace(
            self,
            data=None if self.data is None else str(absolute_path(Path(self.data))),
            out=str(absolute_path(Path(self.out))),
            split_file=None if self.split_file is None else str(absolute_path(Path(self.split_file))),
        )
