"""One export as one zip for download: only a folder ``RUN/exports/NAME`` in the studio's roots, and no links.

The zip is written into a nameless temporary file in the studio's own folder, never inside the run; it is gone when it
was sent, or when the studio dies.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlencode

from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse

from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.workspace import Workspace, plain_name
from mekiki.errors import DataError
from mekiki.records.exported import is_export_folder, run_of_export

MOST_FILES = 1_000
MOST_BYTES = 16 * 2**30
_CHUNK = 2**20


def zip_url(folder: Path) -> str:
    """Return the address of an export's zip."""
    return f"/export/zip?{urlencode({'path': str(folder)})}"


def add_zip(app: FastAPI, studio: Studio) -> None:
    """Add the address."""

    @app.get("/export/zip")
    def send(path: str) -> StreamingResponse:
        try:
            folder = own_export_folder(studio.workspace, path)
            file = zip_of(folder, files_of(folder), studio.workspace.home)
        except (DataError, OSError) as error:
            told = error.message if isinstance(error, DataError) else "the export cannot be read"
            raise HTTPException(404, told) from None
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        headers = {
            "content-length": str(size),
            "content-disposition": f"attachment; filename=\"export.zip\"; filename*=UTF-8''{quote(zip_name(folder))}",
        }
        return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def own_export_folder(workspace: Workspace, named: str) -> Path:
    """Return the folder of an export inside its run.

    Raises:
        DataError: It lies elsewhere, leads through a link, or is none.
    """
    folder = workspace.inside(named)
    if folder.name.startswith(".") or not is_export_folder(folder) or run_of_export(folder) is None:
        raise DataError(f"{folder} is no export inside a run", "choose one that is listed")
    return folder


def files_of(folder: Path) -> list[Path]:
    """Return the files of an export, by name.

    Raises:
        DataError: There is a link among them, or something that is no file; or they are too many, or too large.
    """
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise DataError(f"{path} is a link, and links are not followed here", "copy the file")
        if path.is_file():
            found.append(path)
        if len(found) > MOST_FILES:
            raise DataError(f"{folder} holds more than {MOST_FILES:,} files", "that is no export")
    if sum(path.stat().st_size for path in found) > MOST_BYTES:
        raise DataError(f"{folder} is larger than {MOST_BYTES // 2**30} GiB", "copy it by hand")
    return found


def zip_of(folder: Path, files: list[Path], place: Path) -> IO[bytes]:
    """Return a temporary file with a zip of some files, in a folder of the zip's name.

    Args:
        folder: That they lie in.
        files: Which.
        place: Where the temporary file may be.
    """
    made = tempfile.TemporaryFile(dir=place)
    try:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:  # weights hardly get smaller
            for path in files:
                name = f"{zip_name(folder).removesuffix('.zip')}/{path.relative_to(folder).as_posix()}"
                with _open_no_link(path) as source, archive.open(_entry(path, name), "w", force_zip64=True) as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
    except BaseException:
        made.close()
        raise
    return made


def zip_name(folder: Path) -> str:
    """Return the zip's name: the run's and the format's."""
    return f"{plain_name(folder.parent.parent.name)}-{plain_name(folder.name)}.zip"


def _entry(path: Path, name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo.from_file(path, name)
    entry.compress_type = zipfile.ZIP_STORED
    return entry


def _open_no_link(path: Path) -> IO[bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
