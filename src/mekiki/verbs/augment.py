"""``mekiki augment``: write augmented copies of photos that know their original, for training elsewhere.

Copies go into class folders beside ``augmented.csv``, which is written first: also after a command that was stopped,
a scan or split of the folder keeps each copy with its original. Nothing of the data is changed.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mekiki.config import AugmentSettings, CopySettings, ScanSettings
from mekiki.data.folders import absolute_path
from mekiki.data.pictures import read_file
from mekiki.errors import DataError, PictureError, SettingsError
from mekiki.files import write_bytes
from mekiki.progress import Progress, Silent
from mekiki.records.copies import AUGMENTED, CopyRow, write_copies
from mekiki.records.manifest import Manifest, Photo
from mekiki.records.run import check_new_folder
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.copies import ENDINGS, draw_copies, encode
from mekiki.verbs.scan import scan

_AT_ONCE = 4
_MOST_WORKERS = 8
_LONGEST_STEM = 200  # bytes: file systems take names of 255, and a copy's name is longer than its photo's


@dataclass(frozen=True)
class AugmentedCopies:
    """What was written.

    Attributes:
        out: The folder.
        rows: Of ``augmented.csv``, photo by photo.
        skipped: Photos without copies: path → why.
    """

    out: Path
    rows: tuple[CopyRow, ...]
    skipped: dict[str, str]

    @property
    def table(self) -> Path:
        """Return where the list lies."""
        return self.out / AUGMENTED

    def counts(self) -> dict[str, int]:
        """Return the photos that have copies, the copies, the originals written, and the photos left out."""
        originals = sum(row.number == 0 for row in self.rows)
        photos = len({row.original for row in self.rows if row.number})
        return {
            "photos": photos,
            "copies": len(self.rows) - originals,
            "originals": originals,
            "skipped": len(self.skipped),
        }

    def describe(self) -> str:
        """Say in one line what was written."""
        counts = self.counts()
        words = f"{counts['copies']:,} copies of {counts['photos']:,} photos"
        words += f", and {counts['originals']:,} originals" if counts["originals"] else ""
        return words + (f"; {counts['skipped']:,} photos were left out" if self.skipped else "")

    def as_json(self) -> dict[str, Any]:
        """Return the counts and where the list lies."""
        return {**self.counts(), "list": str(self.table)}


def augment(
    data: str | Path,
    out: str | Path,
    settings: CopySettings | None = None,
    ranges: AugmentSettings | None = None,
    scan_settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> AugmentedCopies:
    """Write augmented copies of each photo into class folders, and the list that keeps them with their original.

    Of train/val/test folders only train has copies; val and test come along as they are if originals do.

    Args:
        data: A folder of photos, or a CSV file.
        out: The folder to make, outside of the data.
        settings: How many copies, their size and format, and the seed.
        ranges: How far a copy may differ.
        scan_settings: How to read the data.
        progress: Where to report to.

    Returns:
        The files that were written, and the photos that were left out because they cannot be read.

    Raises:
        DataError: There are no photos with labels, or a label that cannot be a folder's name.
        SettingsError: ``out`` holds something, or lies inside the data; or photos should be mixed.
    """
    settings = CopySettings() if settings is None else settings
    ranges = AugmentSettings() if ranges is None else ranges
    scan_settings = ScanSettings() if scan_settings is None else scan_settings
    progress = Silent() if progress is None else progress
    folder = Path(out)
    _refuse_mixing(ranges)
    check_new_folder(folder)
    _check_outside(folder, Path(data))
    manifest = scan(data, None, scan_settings, progress).manifest
    rows = _plan(manifest, settings)
    write_copies(folder / AUGMENTED, rows)
    skipped = {photo.path: "cannot be read" for photo in manifest.photos if photo.status == "unreadable"}
    written: list[CopyRow] = []
    with progress.task("Writing copies", len(rows), "files") as task:
        for job, result in _work(manifest.root, rows, settings, ranges, scan_settings.max_megapixels):
            if isinstance(result, PictureError):
                skipped[job[0].original] = result.message
            else:
                for row, content in zip(job, result, strict=True):
                    write_bytes(folder / row.path, content)
                    written.append(row)
            task.advance(len(job))
    for path, reason in skipped.items():
        progress.say(f"left out: {path} {reason}")
    if len(written) < len(rows):
        write_copies(folder / AUGMENTED, written)
    return AugmentedCopies(folder, tuple(written), skipped)


def _refuse_mixing(ranges: AugmentSettings) -> None:
    for name in ("mixup", "cutmix"):
        alpha = getattr(ranges, name)
        if alpha:
            raise SettingsError(
                f"{name} {alpha:g} shows two photos with both their labels, and a file has one label: "
                "it is for training only",
                f"leave --{name} out",
            )


def _check_outside(out: Path, data: Path) -> None:
    if data.is_dir() and absolute_path(out).is_relative_to(absolute_path(data)):
        raise SettingsError(
            f"--out {out} lies inside {data}: nothing is written into the data, where copies would pass for photos",
            "name a folder beside it",
        )


def _plan(manifest: Manifest, settings: CopySettings) -> list[CopyRow]:
    """Name every file before the first is written; no two have one name, on any system."""
    taken: set[str] = set()
    rows: list[CopyRow] = []
    for photo in manifest.usable():
        copies = settings.copies if photo.part in ("", "train") else 0
        named = Path(photo.path)
        start = named.stem.encode()[: _LONGEST_STEM - len(settings.prefix.encode())].decode(errors="ignore")
        stems = itertools.chain([start], (f"{start}-{number}" for number in itertools.count(2)))
        for stem in stems:
            files = {0: f"{stem}{named.suffix}"} if settings.originals else {}
            files |= {number: _copy_name(stem, number, settings) for number in range(1, copies + 1)}
            paths = {number: f"{_folder_of(photo)}/{name}" for number, name in files.items()}
            if taken.isdisjoint(map(_to_any_system, paths.values())):
                break
        taken.update(map(_to_any_system, paths.values()))
        group = photo.group or f"copies of {photo.path}"
        rows += [CopyRow(path, photo.label, group, photo.path, number) for number, path in paths.items()]
    return rows


def _to_any_system(path: str) -> str:
    """Return what a path is to a system that tells neither letters' cases nor ways to write an accent apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _copy_name(stem: str, number: int, settings: CopySettings) -> str:
    named = f"{settings.prefix}-{stem}-{number}" if settings.prefix else f"{stem}-copy-{number}"
    return named + ENDINGS[settings.format]


def _folder_of(photo: Photo) -> str:
    label = photo.label
    if set(label) & set("/\\\0") or label.startswith(".") or label != label.strip() or label == AUGMENTED:
        raise DataError(f"the class {label!r} cannot be the name of a folder", "give it another name in the CSV")
    return f"{photo.part}/{label}" if photo.part else label


def _work(
    root: Path, rows: Sequence[CopyRow], settings: CopySettings, ranges: AugmentSettings, max_megapixels: float
) -> Iterator[tuple[list[CopyRow], list[bytes] | PictureError]]:
    """Make the contents of files with threads, some of one photo at a time; the caller writes them."""

    def make(job: list[CopyRow]) -> list[bytes] | PictureError:
        try:
            if job[0].number == 0:
                return [read_file(root / job[0].original)]
            numbers = [row.number for row in job]
            drawn = draw_copies(root, job[0].original, numbers, settings, ranges, max_megapixels)
            return [encode(picture, settings.format) for picture in drawn]
        except PictureError as error:
            return error

    jobs = [
        job[start : start + _AT_ONCE]
        for _, of_photo in itertools.groupby(rows, key=lambda row: (row.original, row.number == 0))
        for job in [list(of_photo)]
        for start in range(0, len(job), _AT_ONCE)
    ]
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    order = [jobs[start : start + workers] for start in range(0, len(jobs), workers)]
    with closing(prepared_ahead(order, make, workers)) as done:
        for group, results in done:
            yield from zip(group, results, strict=True)
