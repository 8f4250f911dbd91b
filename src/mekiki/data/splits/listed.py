"""Finds the photos that a foreign split names, however its paths are written.

They may be absolute, or relative to the data root, to the file's own folder or to a folder above; they may be Windows
paths, or mere file names beside a label. One way is taken for the whole file, the one that finds most photos. A row
that it does not find is missing; nothing is guessed row by row.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mekiki.data.folders import absolute_path
from mekiki.errors import DataError
from mekiki.records.foreign_split import ForeignSplit, ListedPhoto
from mekiki.records.manifest import Manifest

_FOLDERS_ABOVE = 64

_Way = Callable[[ListedPhoto], str]


def find_listed(manifest: Manifest, given: ForeignSplit) -> tuple[list[str], str]:
    """Find the photo of each row.

    Args:
        manifest: What a scan of the data found.
        given: The split.

    Returns:
        For each row the photo's path in the manifest, or empty text if it is not there; and how the paths were read.

    Raises:
        DataError: None of them is there.
    """
    known = {_key(manifest.root / photo.path): photo.path for photo in manifest.photos}
    root, folder = manifest.root, absolute_path(given.file).parent
    deepest = min(_FOLDERS_ABOVE, max((_slashes(photo.path).count("/") for photo in given.photos), default=0))
    ways: list[tuple[str, _Way]] = [
        ("relative to the data", _below(root, known)),
        ("relative to the file's folder", _below(folder, known)),
        ("without their first folder", _without(root, 1)),
        *((f"without their first {count} folders", _without(root, count)) for count in range(2, deepest + 1)),
        ("as label/name", lambda photo: _key(root / photo.label / _name(photo))),
        ("by file name alone", _by_name(manifest)),
    ]
    best: list[str] = []
    words = ""
    for description, way in ways:
        found = [known.get(way(photo), "") for photo in given.photos]
        if sum(map(bool, found)) > sum(map(bool, best)):
            best, words = found, description
        if best and all(best):
            break
    if not best:
        example = f", for example {given.photos[0].path!r}" if given.photos else ""
        raise DataError(
            f"none of the {len(given.photos):,} paths of {given.file} is a photo of {manifest.root}{example}",
            "paths may be absolute, or relative to the data or to the file's folder: name the folder that it is about",
        )
    return best, words


def _below(folder: Path, known: Mapping[str, str]) -> _Way:
    r"""Take paths as they are written; ``a\b.jpg`` is ``a/b.jpg``, unless a photo's own name holds the backslash."""

    def way(photo: ListedPhoto) -> str:
        exact = _key(folder / photo.path)
        return exact if exact in known else _key(folder / _slashes(photo.path))

    return way


def _without(root: Path, count: int) -> _Way:
    return lambda photo: _key(root.joinpath(*_slashes(photo.path).split("/")[count:]))


def _by_name(manifest: Manifest) -> _Way:
    """Take a file name that only one photo has."""
    names = Counter(_text(Path(photo.path).name) for photo in manifest.photos)
    paths = {_text(Path(photo.path).name): _key(manifest.root / photo.path) for photo in manifest.photos}
    return lambda photo: paths.get(name, "") if names[name := _text(_name(photo))] == 1 else ""


def _name(photo: ListedPhoto) -> str:
    return _slashes(photo.path).rpartition("/")[2]


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _key(path: Path) -> str:
    return _text(absolute_path(path).as_posix())


def _text(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def labels_that_differ(found: Sequence[str], given: ForeignSplit, manifest: Manifest) -> list[str]:
    """Return the photos whose label in the split is another class than in the data.

    A file whose labels are no class names at all (numbers, for example) says nothing about it.
    """
    labels = {photo.path: _text(photo.label) for photo in manifest.photos}
    classes = {_text(name) for name in manifest.classes}
    return [
        path
        for path, photo in zip(found, given.photos, strict=True)
        if path and _text(photo.label) in classes and _text(photo.label) != labels[path]
    ]
