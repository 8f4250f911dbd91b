"""Reads a split that somebody else made: a CSV with a column of paths and one of parts, whatever they are called.

Column names and parts are told whatever their case; each number of a fold is a part, also beside a part test. Paths are
kept as they are written: ``data/splits/listed.py`` finds the photos. Our own ``split.csv`` is one such file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.errors import DataError
from mekiki.records.manifest import PARTS, natural_key
from mekiki.records.tables import column_names, read_columns, read_numbered_rows

PATH_COLUMNS = ("path", "file", "filename", "image", "file_name", "filepath", "file_path", "image_path", "photo")
PART_COLUMNS = ("part", "split", "set", "subset", "fold", "kfold", "dataset", "partition")
LABEL_COLUMNS = ("label", "class", "category", "class_name")
FOLD_COLUMNS = ("fold", "kfold")
PART_WORDS: dict[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "holdout", "hold-out"), "test"),
    **dict.fromkeys(("", "unused", "none"), ""),
}

_FOLD = re.compile(r"(?P<word>fold[ _-]?)?(?P<number>[0-9]+)(\.0)?")


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """One row of the file.

    Attributes:
        row: Its number in the file, as an editor shows it.
        path: As written, without blanks around it.
        part: "train", "val" or "test", or "fold 3" of a column of fold numbers; empty if it is not used.
        label: As written; empty if the file has no such column.
    """

    row: int
    path: str
    part: str
    label: str = ""


@dataclass(frozen=True)
class ForeignSplit:
    """A split that somebody else made.

    Attributes:
        file: Where it was read.
        photos: Its rows.
        parts: The parts that are used, at least one: the folds in the order of their numbers, then train, val, test.
    """

    file: Path
    photos: tuple[ListedPhoto, ...]
    parts: tuple[str, ...]

    @property
    def by_folds(self) -> bool:
        """Whether there are folds, of which each is tested by a model that was trained on the others."""
        return not set(self.parts) <= set(PARTS)


@dataclass(frozen=True, slots=True)
class _AnyRow:
    pass


def read_foreign_split(path: Path) -> ForeignSplit:
    """Read a split file.

    Args:
        path: A CSV with a header line, UTF-8, with commas or semicolons.

    Raises:
        DataError: The file cannot be read, has no column of paths or of parts, a part that nobody knows, or no photo in
            any part.
    """
    columns = column_names(path)
    paths = _column(path, columns, PATH_COLUMNS, "paths of photos")
    parts = _column(path, columns, PART_COLUMNS, "parts")
    label = next((name for wanted in LABEL_COLUMNS for name in columns if _plain(name) == wanted), None)
    names = [paths, parts, *([label] if label is not None else [])]
    values = read_columns(path, names, "")
    photos = []
    for (row, _), cells in zip(read_numbered_rows(path, _AnyRow), values, strict=True):
        listed = ListedPhoto(row, cells[0].strip(), _part(path, row, parts, cells[1]), "".join(cells[2:]).strip())
        if listed.path:
            photos.append(listed)
    used = {photo.part for photo in photos} - {""}
    if not used:
        raise DataError(
            f"{path} puts none of its {len(photos):,} photos into a part: the column {parts!r} is empty",
            "a part is train, val, test, or the number of a fold",
        )
    folds = sorted(used - set(PARTS), key=natural_key)
    return ForeignSplit(path, tuple(photos), (*folds, *(part for part in PARTS if part in used)))


def _column(path: Path, columns: Sequence[str], wanted: Sequence[str], what: str) -> str:
    found = next((name for want in wanted for name in columns if _plain(name) == want), None)
    if found is None:
        raise DataError(
            f"{path} has no column with {what}; its columns are {', '.join(columns) or 'none'}",
            f"call the column {wanted[0]}; {', '.join(wanted[1:4])} are understood too",
        )
    return found


def _part(path: Path, row: int, column: str, text: str) -> str:
    word = _plain(text)
    if word in PART_WORDS:
        return PART_WORDS[word]
    fold = _FOLD.fullmatch(word)
    if fold and (fold["word"] or _plain(column) in FOLD_COLUMNS):
        return f"fold {int(fold['number'])}"
    raise DataError(
        f"{path}, row {row}, column {column!r}: {text!r} is no part",
        "a part is train, val or test (training, validation, dev, holdout … are understood), or empty if it is not "
        "used; fold numbers belong in a column named fold",
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold().replace(" ", "_")
