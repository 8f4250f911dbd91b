"""The flat layout: ``DATA/1_0001.jpg``, the class number before the underscore, and the names of the numbers.

Names come from the settings, else from ``classes.txt`` (one per line), else from a trained model's classes. They are
counted from 1, but from 0 if a photo has the number 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from mekiki.data.folders import is_picture_name, list_visible
from mekiki.data.importing.found import OWN_FILES, RUN_FOLDER, Entry, Found, Stray, can_be_written
from mekiki.errors import DataError
from mekiki.records.run import is_run_folder

CLASS_LIST = "classes.txt"
NUMBERED = re.compile(r"([0-9]{1,9})_")


def find_numbered(data: Path, names: tuple[str, ...], known_classes: Sequence[str]) -> Found:
    """Find the photos of a folder whose names begin with a class number.

    Args:
        data: The folder; what lies in folders inside it is not looked at.
        names: Class names in the order of their numbers; empty: those of ``classes.txt``.
        known_classes: Used where there are no other names; empty: each number is its own name.

    Raises:
        DataError: A number without a name, or class names that cannot be read or are given twice.
    """
    numbers: dict[Path, int] = {}
    strays: list[Stray] = []
    for path in list_visible(data):
        match = NUMBERED.match(path.name)
        if path.is_file() and is_picture_name(path) and match and can_be_written(path.name):
            numbers[path] = int(match[1])
        elif path.name not in {CLASS_LIST, *OWN_FILES}:
            unnumbered = "its name does not begin with a class number such as 1_"
            strays.append(Stray(path.name, RUN_FOLDER if is_run_folder(path) else unnumbered))
    own_numbers = all(re.fullmatch("[0-9]+", name) for name in known_classes)
    names = names or _read_class_list(data / CLASS_LIST) or (() if own_numbers else tuple(known_classes))
    labels = _name_numbers(numbers, names)
    entries = tuple(Entry(path.name, labels[number]) for path, number in numbers.items())
    used = {entry.label for entry in entries}
    return Found(data, entries, tuple(name for name in labels.values() if name in used), tuple(strays))


def _read_class_list(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read: {error}", "save it as UTF-8 text with one class name per line"
        ) from None
    names = tuple(line.strip() for line in lines if line.strip())
    refuse_repeated(names, str(path))
    return names


def refuse_repeated(names: Sequence[str], source: str) -> None:
    """Refuse class names of which one is there twice; ``source`` says who gave them."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{source} names {twice!r} twice", "name each class once")


def _name_numbers(numbers: dict[Path, int], names: Sequence[str]) -> dict[int, str]:
    """Give each class number its name, counted from 0 if a photo has the number 0, else from 1.

    Without names each number is its own name.
    """
    if not names:
        return {number: str(number) for number in sorted(set(numbers.values()))}
    first = 0 if 0 in numbers.values() else 1
    labels = dict(enumerate((unicodedata.normalize("NFC", name) for name in names), start=first))
    for path, number in numbers.items():
        if number not in labels:
            raise DataError(
                f"{path.name} has the class number {number}, but the {len(names)} class names "
                f"have the numbers {first} to {first + len(names) - 1}",
                f"add the missing names to {CLASS_LIST} (one per line) or to the setting classes",
            )
    return labels
