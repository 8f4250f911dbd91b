"""The exception tree. Every error that mekiki raises on purpose is one of these.

MekikiError
├── SettingsError    wrong use: a setting or argument that cannot be (exit code 2)
├── DataError        the folder, CSV or split cannot be used as it is
│   └── PictureError one picture cannot be read
├── WeightsError     pretrained weights are missing or do not fit
├── RunError         a run folder is missing, unfinished or foreign
├── ExportError      an exported model does not say what the run says, so it is not kept
└── TrainingError    training cannot go on (NaN, no photos left)
    └── LostProcessError  another process of the same training ended

An error says what happened, then what was expected, then a hint: the command or edit that mends it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

NAMES_SHOWN = 30


class MekikiError(Exception):
    """Base of all errors that mekiki raises on purpose.

    Args:
        message: One line: what happened, with the value, and what was expected.
        hint: One line: the command or edit that mends it; empty when there is none.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class SettingsError(MekikiError):
    """Wrong use: a setting or an argument that cannot be."""

    exit_code = 2


class DataError(MekikiError):
    """A folder, a CSV file or a split cannot be used as it is."""


class PictureError(DataError):
    """One picture cannot be read."""


class WeightsError(MekikiError):
    """Pretrained weights are missing or do not fit the backbone."""


class RunError(MekikiError):
    """A run folder is missing, unfinished or not a run folder at all."""


class ExportError(MekikiError):
    """An exported model does not say what the run says, or is not worth having; it is not kept."""


class TrainingError(MekikiError):
    """Training cannot go on."""


class LostProcessError(TrainingError):
    """Another process of the same training ended; from the last checkpoint it can go on."""


def unknown_name(what: str, name: str, known: Sequence[str]) -> SettingsError:
    """Return the error for a name that is not among the known ones, with the nearest as a hint."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    some = ", ".join(known[:NAMES_SHOWN]) + (", …" if len(known) > NAMES_SHOWN else "")
    hint = f"did you mean {near[0]}?" if near else f"known: {some}"
    return SettingsError(f"there is no {what} {name!r}", hint)


def one_line(error: BaseException, most: int = 200) -> str:
    """Return an error's text on one line of at most ``most`` characters; its kind if it has no text."""
    return " ".join(str(error).split())[:most] or type(error).__name__
