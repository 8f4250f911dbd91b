"""The folder that work on a long list leaves: the list as it was, and one Parquet file a part.

A part is a fixed slice of the list and is the unit that is done, lost and done again. It appears whole under its name
or not at all, and says of which work it is, so a part that was done twice is the same file, and a restart leaves out
the parts that are there. The rows of all parts together are those of the list, each once, in its order. The folder has
to lie under the same path on every machine of the cluster.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mekiki.cluster.listing import Listed
from mekiki.errors import RunError, SettingsError
from mekiki.files import replaced, write_json, write_text
from mekiki.records.run import check_new_folder

LISTING, JOB, PARTS, SUMMARY = "listing.parquet", "job.json", "parts", "summary.json"
_MARK = b"mekiki"
LISTING_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("row", pa.int64()),
    ("id", pa.string()),
    ("path", pa.string()),
    ("place", pa.binary()),
    ("tag", pa.string()),
    ("group", pa.string()),
)
NAMED: tuple[tuple[str, Any], ...] = tuple(column for column in LISTING_COLUMNS if column[0] != "place")
"""The columns that each part repeats from the list."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the frozen list: its number, counted from 0, and what it lists."""

    number: int
    listed: Listed


@dataclass(frozen=True)
class Job:
    """Work on a list, and where its parts lie.

    Attributes:
        folder: Absolute.
        fingerprint: Of the list and of all that the answers follow from.
        rows: Of the list.
        part_size: Rows of each part but the last.
    """

    folder: str
    fingerprint: str
    rows: int
    part_size: int

    @property
    def parts(self) -> int:
        """How many there are."""
        return -(-self.rows // self.part_size)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder)

    def rows_of(self, part: int) -> range:
        """Return the numbers of a part's rows."""
        return range(part * self.part_size, min((part + 1) * self.part_size, self.rows))

    def file(self, part: int) -> Path:
        """Return where a part lies, or will."""
        return self.path / PARTS / f"part-{part:06}.parquet"

    def read_list(self, part: int) -> list[Row]:
        """Return the rows of the list that a part is about."""
        with pq.ParquetFile(self.path / LISTING) as file:
            table = file.read_row_group(part)
        return [
            Row(row["row"], Listed(row["path"], os.fsdecode(row["place"]), row["id"], row["tag"], row["group"]))
            for row in table.to_pylist()
        ]

    def is_whole(self, part: int) -> bool:
        """Tell whether a part is there, of this very work, with all its rows."""
        try:
            facts = pq.read_metadata(self.file(part))
        except (OSError, pa.ArrowException):
            return False
        mark = (facts.metadata or {}).get(_MARK, b"")
        return bool(facts.num_rows == len(self.rows_of(part)) and mark == self.fingerprint.encode())

    def write(self, part: int, rows: Sequence[Row], columns: Mapping[str, Any]) -> None:
        """Write one part.

        Args:
            part: Its number.
            rows: Of the list.
            columns: Name → an array with a value for each row.
        """
        own = _named_columns(rows)
        table = pa.table({**own, **columns}).replace_schema_metadata({_MARK: self.fingerprint.encode()})
        with replaced(self.file(part)) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    def read(self, part: int, columns: Sequence[str] | None = None) -> Any:
        """Return one part as a table.

        Args:
            part: Its number.
            columns: Which; not given: all.

        Raises:
            RunError: It is not there, or its rows are others than the list's.
        """
        try:
            table = pq.read_table(self.file(part), columns=None if columns is None else ["row", *columns])
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{self.file(part)} cannot be read: {error}", "start again; what is done stays") from None
        if table["row"].to_pylist() != list(self.rows_of(part)):
            raise RunError(f"{self.file(part)} does not hold the rows of its part", "remove it, and start again")
        return table

    def rows_read(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of all parts in the order of the list, as name → value; errors as of ``read``."""
        for part in range(self.parts):
            yield from self.read(part).to_pylist()

    def sweep(self) -> None:
        """Remove what workers that were killed left half done."""
        for litter in (*(self.path / PARTS).glob(".part-*"), *(self.path / PARTS).glob(".tries-*")):
            with suppress(OSError):
                litter.unlink()

    def tried(self, part: int) -> int:
        """Note that a part is begun; return how often it has been, this time included."""
        file = self.path / PARTS / f".tries-{part:06}"
        try:
            before = int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            before = 0
        write_text(file, str(before + 1))
        return before + 1


def prepare_job(folder: Path, rows: Iterator[Listed], part_size: int, means: Mapping[str, Any]) -> Job:
    """Freeze a list in a folder, or find there what was begun with the same list and the same means.

    Args:
        folder: A new folder, or one of the same work.
        rows: The list.
        part_size: Rows of a part.
        means: All that the answers follow from besides the list; can be written as JSON.

    Raises:
        SettingsError: The folder holds something else, or the work of another list or with other means.
        DataError: As ``listed`` raises.
    """
    known = _begun(folder)
    if known is None and not _only_listed(folder):
        check_new_folder(folder)
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  links stay as they are named
    folder.mkdir(parents=True, exist_ok=True)
    means = {**means, "part_size": part_size}
    place = folder / (LISTING if known is None else f".again-{LISTING}")
    with replaced(place) as temporary:
        count, listing = _freeze(temporary, rows, part_size)
        job = Job(str(folder), _fingerprint(listing, means), count, part_size)
        if known is not None and known["fingerprint"] != job.fingerprint:
            raise SettingsError(f"{folder} holds {_difference(known, listing, count, means)}", "name a new folder")
    (folder / PARTS).mkdir(exist_ok=True)
    if known is not None:
        place.unlink()
    else:
        write_json(
            folder / JOB, {"fingerprint": job.fingerprint, "listing": listing, "rows": count, "means": dict(means)}
        )
    return job


def open_job(folder: Path) -> Job:
    """Return the work that a folder holds.

    Raises:
        RunError: It holds none.
    """
    known = _begun(folder)
    if known is None:
        raise RunError(f"{folder} holds no answers in parts", "name the folder of --out")
    return Job(str(folder.absolute()), known["fingerprint"], known["rows"], known["means"]["part_size"])


def _begun(folder: Path) -> dict[str, Any] | None:
    try:
        known = json.loads((folder / JOB).read_text(encoding="utf-8"))
        return known if {"fingerprint", "listing", "rows", "means"} <= known.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _only_listed(folder: Path) -> bool:
    """Tell whether a folder was begun and left before its work was written down."""
    return (folder / LISTING).is_file() and {path.name for path in folder.iterdir()} <= {LISTING, PARTS}


def _freeze(file: Path, rows: Iterator[Listed], part_size: int) -> tuple[int, str]:
    """Write the list, a row group a part; return its length and its hash."""
    count, seen = 0, hashlib.sha256()
    with pq.ParquetWriter(file, pa.schema(LISTING_COLUMNS), compression="zstd") as writer:
        while some := tuple(islice(rows, part_size)):
            numbered = [Row(count + place, each) for place, each in enumerate(some)]
            places = pa.array([os.fsencode(each.place) for each in some], pa.binary())
            columns = {**_named_columns(numbered), "place": places}
            writer.write_table(pa.table([columns[name] for name, _ in LISTING_COLUMNS], pa.schema(LISTING_COLUMNS)))
            for each in some:
                seen.update(repr(each).encode("utf-8", "surrogateescape"))
            count += len(some)
    if not count:
        raise SettingsError("the list is empty", "name pictures, folders, or a list with rows")
    return count, seen.hexdigest()


def _named_columns(rows: Sequence[Row]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {
        "row": [row.number for row in rows],
        "id": [row.listed.id for row in rows],
        "path": [row.listed.path for row in rows],
        "tag": [row.listed.tag for row in rows],
        "group": [row.listed.group for row in rows],
    }
    return {name: pa.array(values[name], kind) for name, kind in NAMED}


def _fingerprint(listing: str, means: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([listing, means], sort_keys=True).encode()).hexdigest()


def _difference(known: Mapping[str, Any], listing: str, count: int, means: Mapping[str, Any]) -> str:
    """Say in what earlier work differs from what is asked for now."""
    if known["listing"] != listing:
        return f"answers about another list (of {known['rows']:,} rows, and this one has {count:,})"
    before = known["means"]
    other = next((name for name in sorted({*before, *means}) if before.get(name) != means.get(name)), "")
    return f"answers that were made otherwise ({other}: {before.get(other)!r}, and now {means.get(other)!r})"
