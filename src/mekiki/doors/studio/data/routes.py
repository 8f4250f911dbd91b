"""What the data page's scripts ask for: the photos, small pictures, what was decided; and to decide.

Errors leave as JSON with a message and a hint. A photo is only named by a path that the search of the folder found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from mekiki.doors.studio.data.table import PhotoTable, PhotoTables, stamp_of_file
from mekiki.doors.studio.data.thumbnails import Thumbnails
from mekiki.doors.studio.studio import Studio
from mekiki.errors import DataError, MekikiError, PictureError, one_line
from mekiki.records.decisions import Decision, DecisionAction

_FOREVER = "private, max-age=31536000, immutable"
_A_MINUTE = "private, max-age=60"
_UNREADABLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 112 112"><rect width="112" height="112" fill="#8a96a3"/>'
    '<path d="M36 36l40 40M76 36l-40 40" stroke="#fff" stroke-width="8" stroke-linecap="round"/></svg>'
)

Text = Annotated[str, StringConstraints(max_length=4_096)]


class Asked(BaseModel):
    """One decision about photos, as a browser sends it.

    Attributes:
        photos: The folder or CSV.
        path: See ``records.decisions.Decision``, and so on.
    """

    photos: Text
    path: Text
    action: DecisionAction
    value: Text = ""
    other: Text = ""
    reason: Text = ""

    def decision(self) -> Decision:
        """Return the line."""
        return Decision(self.path, self.action, self.value, self.other, self.reason)


def add_data_routes(app: FastAPI, studio: Studio) -> None:
    """Add the addresses that the page's scripts ask."""
    tables = PhotoTables(studio)
    thumbnails = Thumbnails(studio.settings.max_megapixels)

    @app.get("/data/table")
    def table(photos: str) -> Response:
        return answer(lambda: tables.read(photos).as_json())

    @app.get("/data/decisions")
    def decisions(photos: str, seen: str = "") -> Response:
        return answer(lambda: _since(tables.get(photos), seen))

    @app.post("/data/decide")
    def decide(asked: Asked) -> Response:
        return answer(lambda: _decide(tables.get(asked.photos), asked))

    @app.post("/data/undo")
    def undo(asked: Asked) -> Response:
        return answer(lambda: _undo(tables.get(asked.photos), asked))

    @app.get("/data/thumbnail")
    def thumbnail(photos: str, path: str, v: str = "") -> Response:
        try:
            known = tables.get(photos)
            if path not in known.entries:
                raise HTTPException(404, "there is no such photo")
            place = studio.workspace.inside(known.found.root / path)
            photo = known.known.get(path)
            content = thumbnails.get(known.found.root, place, "" if photo is None else photo.sha256)
        except PictureError:
            return Response(_UNREADABLE, media_type="image/svg+xml", headers={"cache-control": _A_MINUTE})
        except MekikiError as error:
            raise HTTPException(404, error.message) from None
        return Response(content, media_type="image/webp", headers={"cache-control": _FOREVER if v else _A_MINUTE})


def refusal(error: MekikiError | OSError) -> Response:
    """Return an error for a script: its message and its hint."""
    message, hint = (error.message, error.hint) if isinstance(error, MekikiError) else (one_line(error), "")
    return JSONResponse({"message": message, "hint": hint}, 409, {"cache-control": "no-store"})


def answer(ask: Callable[[], dict[str, Any]]) -> Response:
    """Return what was asked for as JSON, or the error that came of it."""
    try:
        return JSONResponse(ask(), headers={"cache-control": "no-store"})
    except (MekikiError, OSError) as error:
        return refusal(error)


def _since(table: PhotoTable, seen: str) -> dict[str, Any]:
    """Return what was decided; only the stamp if the browser has seen it."""
    return {"stamp": seen} if seen and stamp_of_file(table.decisions) == seen else table.state()


def _decide(table: PhotoTable, asked: Asked) -> dict[str, Any]:
    """Write a decision about what is there, so that the file holds no lines that mean nothing."""
    if asked.path not in table.entries and not any(finding.path == asked.path for finding in table.findings):
        raise DataError(f"{asked.path} is not among the photos any more", "look again: reload the page")
    added = table.record([asked.decision()])
    return {**table.state(), "done": bool(added)}


def _undo(table: PhotoTable, asked: Asked) -> dict[str, Any]:
    done = table.take_back(asked.decision())
    return {**table.state(), "done": done}
