"""Which pictures of class folders belong to which class, in Keras' order, so that classes have Keras' numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.data.folders import is_picture_name, list_kinds, walk
from mekiki.errors import DataError, SettingsError, unknown_name
from mekiki.tensors.generator.array_iterator import SUBSETS


@dataclass(frozen=True)
class ClassFolders:
    """The pictures below a folder of class folders.

    Attributes:
        names: Of the classes, in the order of their numbers.
        files: Relative to the folder, class by class.
        numbers: The class of each file.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    numbers: tuple[int, ...]


def list_class_folders(
    root: Path, classes: Sequence[str] | None, subset: str | None, validation_split: float, follow_links: bool
) -> ClassFolders:
    """List pictures as Keras does: classes and files sorted by their characters, hidden ones left out.

    Args:
        root: Holds one folder for each class, of any depth.
        classes: Names of the folders, in the order of their numbers; None: all of them, sorted.
        subset: ``validation`` is the first part of each class's files, ``training`` the rest.
        validation_split: The share of validation, 0..1.
        follow_links: Whether to enter folders that are links.

    Raises:
        DataError: There is no such folder, or there are no pictures in it.
        SettingsError: A class without a folder, or another subset.
    """
    if not root.is_dir():
        raise DataError(f"{root} is no folder; expected one that holds a folder for each class")
    present = sorted(path.name for path, is_folder in list_kinds(root) if is_folder)
    names = tuple(classes) if classes else tuple(present)
    for name in names:
        if name not in present:
            raise unknown_name(f"class folder in {root}:", name, present)
    first, last = _cut(subset, validation_split)
    files: list[Path] = []
    numbers: list[int] = []
    for number, name in enumerate(names):
        inside = _files_of(root / name, follow_links)
        chosen = inside[int(first * len(inside)) : int(last * len(inside))]
        files += [path.relative_to(root) for path in chosen]
        numbers += [number] * len(chosen)
    if not files:
        part = f" for the subset {subset}" if subset else ""
        raise DataError(
            f"there are no pictures in the class folders of {root}{part}",
            "expected FOLDER/<class>/<picture>",
        )
    return ClassFolders(names, tuple(files), tuple(numbers))


def _cut(subset: str | None, validation_split: float) -> tuple[float, float]:
    if subset is None:
        return 0.0, 1.0
    if subset not in SUBSETS:
        raise unknown_name("subset", subset, SUBSETS)
    if not validation_split:
        raise SettingsError(
            f"subset {subset}: there is no validation_split", "ImageDataGenerator(validation_split=0.2)"
        )
    return (0.0, validation_split) if subset == "validation" else (validation_split, 1.0)


def _files_of(folder: Path, follow_links: bool) -> list[Path]:
    found = walk(folder) if follow_links else _walk_real(folder)
    return sorted(filter(is_picture_name, found), key=lambda path: (str(path.parent), path.name))


def _walk_real(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that are not hidden; folders that are links are not entered."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))
