"""One list of what is to be asked about: from pictures, folders, globs, CSV and Parquet lists, and addresses.

A list has the column ``path`` or ``url``, and may have ``label``, ``id`` and ``group``; paths in it are relative to its
own folder. Each of its rows is one listing, also where it repeats another or names nothing: as many answers come out as
rows went in, in their order. Nothing is opened here but lists.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mekiki.data.folders import absolute_path, is_address, is_picture_name, list_visible
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.importing.parquet import read_parquet_rows
from mekiki.data.remote import Remote, check_address, is_web, list_store
from mekiki.errors import DataError, PictureError
from mekiki.files import printable, write_bytes
from mekiki.records.tables import column_names, read_columns

LISTS = (".parquet", ".csv")
_NAMES = ("path", "url")
_OTHERS = ("id", "label", "group")


@dataclass(frozen=True, slots=True)
class Listed:
    """One listing.

    Attributes:
        path: As the user named it.
        place: Where it lies: an absolute path or an address; empty if the list does not say.
        id: The list's own name for it; empty if it has none.
        tag: The label that the list gives it; empty if none.
        group: What it belongs together with; empty: nothing.
    """

    path: str
    place: str
    id: str = ""
    tag: str = ""
    group: str = ""


def listed(sources: Sequence[str | Path], remote: Remote) -> Iterator[Listed]:
    """Yield the listings of some sources, in order.

    Args:
        sources: Pictures, folders, globs, lists (.csv, .parquet, or a folder of Parquet files), addresses of pictures,
            of folders in an object store, or of lists.
        remote: Reads lists behind addresses.

    Raises:
        DataError: A source does not exist, holds no pictures, or is no list.
        SettingsError: An address is of a kind that cannot be read.
    """
    for source in sources:
        text = str(source)
        yield from _of_address(text, remote) if is_address(text) else _of_path(Path(source), source)


def _of_path(path: Path, source: str | Path) -> Iterator[Listed]:
    if path.is_file() and path.suffix.lower() in LISTS:
        yield from _rows(str(path), path, f"{absolute_path(path).parent}/")
        return
    tables = _tables_in(path)
    if tables:
        for table in tables:
            yield from _rows(str(table), table, f"{absolute_path(table).parent}/")
        return
    for picture in list_pictures([source]):
        yield Listed(printable(str(picture)), str(absolute_path(picture)))


def _tables_in(path: Path) -> list[Path]:
    """Return the Parquet files of a folder that holds nothing else of use."""
    inside = list_visible(path) if path.is_dir() else []
    tables = [each for each in inside if each.suffix.lower() == ".parquet" and each.is_file()]
    return [] if any(each.is_dir() or is_picture_name(each) for each in inside) else tables


def _of_address(address: str, remote: Remote) -> Iterator[Listed]:
    check_address(address)
    name = Path(address.partition("?")[0])
    if name.suffix.lower() in LISTS:
        try:
            content = remote.read(address)
        except PictureError as error:
            raise DataError(f"{address} {error.message}", "check the address, or fetch the list yourself") from None
        yield from _rows(address, io.BytesIO(content), f"{address.rpartition('/')[0]}/")
    elif is_web(address) or is_picture_name(name):
        yield Listed(address, address)
    else:
        found = [each for each in list_store(address) if is_picture_name(Path(each))]
        if not found:
            raise DataError(f"{address} holds no pictures", "name a folder of the store, or a list of addresses")
        yield from (Listed(each, each) for each in found)


def _rows(name: str, source: Path | io.BytesIO, folder: str) -> Iterator[Listed]:
    """Yield the rows of a list; ``folder`` with its "/" is what relative paths in it are relative to."""
    is_parquet = name.partition("?")[0].lower().endswith(".parquet")
    rows = read_parquet_rows(source, _NAMES, (), _OTHERS, name) if is_parquet else _csv(name, source)
    for given, *others in rows:
        path = given.strip()
        yield Listed(path, _place(path, folder), *others)


def _place(path: str, folder: str) -> str:
    if not path or is_address(path):
        return path
    return f"{folder}{path}" if is_address(folder) else str(absolute_path(Path(folder) / path))


def _csv(name: str, source: Path | io.BytesIO) -> Iterator[tuple[str, ...]]:
    """Yield path, id, label and group of each row."""
    if isinstance(source, io.BytesIO):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "list.csv")
            write_bytes(file, source.getvalue())
            yield from _csv(name, file)
        return
    columns = column_names(source)
    named = next((each for each in _NAMES if each in columns), None)
    if named is None:
        shown = ", ".join(columns) or "none"
        raise DataError(f"{name} has no column 'path' or 'url'; its columns are {shown}", "name one of them so")
    wanted = [each for each in (named, *_OTHERS) if each in columns]
    for row in read_columns(source, wanted, "name one of them so"):
        values = dict(zip(wanted, row, strict=True))
        yield (values[named], *(values.get(each, "") for each in _OTHERS))
