"""What a search of a folder or CSV brought: labelled photos, class names, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.records.collected import COLLECTED
from mekiki.records.decisions import DECISIONS

OWN_FILES = frozenset({DECISIONS, COLLECTED})
"""Lists of mekiki that may lie among the photos: they are no strays."""
RUN_FOLDER = "a run folder of mekiki, no class"
"""The reason why a run folder among the photos is left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo that the layout gives a label.

    Attributes:
        path: Relative to the root, with "/"; absolute if it lies outside.
        label: The class name.
        groups: Names of the groups that it is in, as a CSV or a decision says; photos that share a name stay together.
        part: "train", "val" or "test" if the layout says so; else empty.
    """

    path: str
    label: str
    groups: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True, slots=True)
class Stray:
    """A file, folder or CSV row that was left out.

    Attributes:
        path: Relative to the root, with "/".
        reason: Why, in words.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """All that was found.

    Attributes:
        root: The folder that paths are relative to.
        entries: Photos with a label, in natural path order.
        classes: Class names in the order of their numbers.
        strays: What was left out.
    """

    root: Path
    entries: tuple[Entry, ...]
    classes: tuple[str, ...]
    strays: tuple[Stray, ...] = ()


def can_be_written(name: str) -> bool:
    """Tell whether a file name is text that a CSV can hold; on Linux it may be any bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
