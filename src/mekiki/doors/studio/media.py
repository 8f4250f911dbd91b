"""Pictures and files for the pages: only what lies in the studio's roots, only pictures that decode.

A photo leaves as small as it is shown, written anew from its pixels; a report leaves so that its scripts cannot act as
the studio.
"""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urlencode

import cv2
import numpy as np
from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from PIL import Image

from mekiki.data.pictures import read_picture
from mekiki.doors.studio.studio import Studio
from mekiki.errors import DataError

LARGEST_SIDE = 1600
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".zip": "application/zip",
}
_NO_SCRIPT_OF_OURS = "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; "
_PAGE_POLICY = (
    _NO_SCRIPT_OF_OURS + "img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:"
)


def picture_url(path: Path, side: int = 320) -> str:
    """Return the address of a picture, at most ``side`` pixels a side."""
    return f"/media/picture?{urlencode({'path': str(path), 'side': side})}"


def file_url(path: Path) -> str:
    """Return the address of a file that a verb wrote: a report, a figure, a table."""
    return f"/media/file?{urlencode({'path': str(path)})}"


def add_media(app: FastAPI, studio: Studio) -> None:
    """Add the addresses of pictures and files."""

    @app.get("/media/picture")
    def picture(path: str, side: int = 320) -> Response:
        try:
            pixels = read_picture(
                studio.workspace.inside(path),
                max_megapixels=studio.settings.max_megapixels,
                at_least=min(side, LARGEST_SIDE),
            )
        except DataError as error:
            raise HTTPException(404, error.message) from None
        content = as_jpeg(fit(pixels, max(16, min(side, LARGEST_SIDE))))
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=60"})

    @app.get("/media/file")
    def file(path: str) -> Response:
        try:
            place = studio.workspace.inside(path)
        except DataError as error:
            raise HTTPException(404, error.message) from None
        kind = _KINDS.get(place.suffix.lower())
        if kind is None or not place.is_file():
            raise HTTPException(404, "there is no such file, or it is of a kind that is not shown")
        headers = {"content-security-policy": _PAGE_POLICY} if place.suffix.lower() == ".html" else {}
        as_download = place.suffix.lower() in (".csv", ".json", ".zip")
        return FileResponse(place, media_type=kind, headers=headers, filename=place.name if as_download else None)


def fit(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return a picture with its longer side at most ``side`` pixels; (H, W, 3) uint8 RGB."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def as_jpeg(pixels: np.ndarray, quality: int = 88) -> bytes:
    """Return a picture as a JPEG file's bytes; (H, W, 3) uint8 RGB."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
