"""The manifest: every picture file that was found, one row each, and the class names.

Paths are relative to the manifest's data root and use "/" on every system. It does not look at files; ``data/`` does.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mekiki.records.tables import read_rows, write_rows

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")

_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture file.

    Attributes:
        path: Relative to the data root, with "/".
        label: The class name; empty if the layout gives none.
        group: Photos of one group must stay on one side of a split.
        sha256: Of the file's bytes, hexadecimal.
        phash: 256-bit difference hash of the upright picture, hexadecimal; empty if unreadable.
        width: Of the upright picture, pixels.
        height: Of the upright picture, pixels.
        status: "ok"; "unreadable" or "excluded" (by a decision; then it was not opened) for a photo that is left out.
        part: The part that the layout itself gives (``DATA/train/...``); empty if it gives none.
    """

    path: str
    label: str
    group: str = ""
    sha256: str = ""
    phash: str = ""
    width: int = 0
    height: int = 0
    status: str = "ok"
    part: str = ""

    @property
    def usable(self) -> bool:
        """Whether the picture could be read and is not excluded."""
        return self.status == "ok"


@dataclass(frozen=True)
class Manifest:
    """All photos of one data root.

    Attributes:
        root: The folder that the paths are relative to; after a scan absolute, with links as they are named.
        photos: In path order (``natural_key``).
        classes: Class names in the order of their numbers: ``natural_key`` order, unless the user gave one, or those
            of the trained model that the photos were scanned for (then some may have no photos).
    """

    root: Path
    photos: tuple[Photo, ...]
    classes: tuple[str, ...]

    def usable(self) -> list[Photo]:
        """Return the photos that can be read and are not excluded."""
        return [photo for photo in self.photos if photo.usable]

    def counts(self) -> dict[str, int]:
        """Return the number of usable photos per class, in class order."""
        found = Counter(photo.label for photo in self.usable())
        return {name: found[name] for name in self.classes}


def natural_key(text: str) -> tuple[str, ...]:
    """Return the sort key of a path or class name: folder by folder, ignoring case, "2" before "10".

    Example:
        >>> sorted(["b10.jpg", "b9.jpg", "B1.jpg"], key=natural_key)
        ['B1.jpg', 'b9.jpg', 'b10.jpg']
    """
    folded = (text if text.isascii() else unicodedata.normalize("NFC", text)).casefold().replace("/", "\0")
    words = _DIGITS.split(folded)
    for place in range(1, len(words), 2):
        digits = words[place].lstrip("0")
        words[place] = f"{len(digits):04}{digits}"
    return (*words, "", text)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write ``manifest.csv``."""
    write_rows(path, manifest.photos, Photo)


def read_manifest(path: Path, root: Path) -> Manifest:
    """Read ``manifest.csv``.

    Args:
        path: The CSV file.
        root: The folder that its paths are relative to.

    Raises:
        DataError: The file is missing or has a wrong column or value.
    """
    photos = tuple(read_rows(path, Photo))
    return Manifest(root, photos, tuple(sorted({photo.label for photo in photos if photo.label}, key=natural_key)))
