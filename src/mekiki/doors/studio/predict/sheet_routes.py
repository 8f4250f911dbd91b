"""Addresses of the pictures that are asked about: one takes them in, two give them out with their marks."""

from __future__ import annotations

import io
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from nicegui import run
from PIL import Image

from mekiki.doors.studio.media import as_jpeg
from mekiki.doors.studio.predict.sheets import Sheet, Sheets, name_from
from mekiki.doors.studio.workspace import plain_name
from mekiki.errors import MekikiError

TAKEN_IN = "/predict/picture"
SAVED_SIDE = 2048
_NAME = "x-name"


def shown_url(sheet: Sheet) -> str:
    """Return the address of the picture with its marks as they are now."""
    return f"/predict/shown/{sheet.key}?version={sheet.version}"


def saved_url(sheet: Sheet) -> str:
    """Return the address under which the picture with its marks is a file."""
    return f"/predict/saved/{sheet.key}"


def add_sheet_routes(app: FastAPI, sheets: Sheets, most_megabytes: int) -> None:
    """Add the addresses.

    Args:
        app: Where to.
        sheets: Where the pictures are held.
        most_megabytes: Of one file.
    """

    @app.post(TAKEN_IN)
    async def take_in(request: Request) -> JSONResponse:
        name = name_from(request.headers.get(_NAME, ""))
        content = await _body(request, most_megabytes * 2**20)
        if content is None:
            return _told(f"{name} has more than {most_megabytes} MB", "")
        try:
            sheet = await run.io_bound(sheets.open, content, name)
        except MekikiError as error:
            return _told(error.message, error.hint)
        return _told("the studio is ending", "") if sheet is None else JSONResponse({"sheet": sheet.key})

    @app.get("/predict/shown/{key}")
    def shown(key: str) -> Response:
        sheet = _found(sheets, key)
        content = as_jpeg(sheet.picture.shown(sheet.marks), 90)
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})

    @app.get("/predict/saved/{key}")
    def saved(key: str) -> Response:
        sheet = _found(sheets, key)
        buffer = io.BytesIO()
        Image.fromarray(sheet.picture.enlarged(sheet.marks, SAVED_SIDE)).save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")


def saved_name(sheet: Sheet) -> str:
    """Return the name of the file that is saved."""
    return f"{plain_name(sheet.name.rpartition('.')[0] or sheet.name)}-scribbled.png"


def _found(sheets: Sheets, key: str) -> Sheet:
    sheet = sheets.find(key)
    if sheet is None:
        raise HTTPException(404, "this picture is no longer held; choose it again")
    return sheet


async def _body(request: Request, most: int) -> bytes | None:
    """Return what was sent, or None as soon as it is too much."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            return None
    return bytes(content)


def _told(message: str, hint: str) -> JSONResponse:
    """Return a refusal that the page shows; no failure of the request, which browsers would note as a fault."""
    answer: dict[str, Any] = {"error": message, "hint": hint}
    return JSONResponse(answer)
