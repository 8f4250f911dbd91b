"""What the data page's scripts ask for: the photos, small pictures, what was decided; and to decide.

Errors leave as JSON with a message and a hint. A photo is only named by a path that the search of the folder found.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from mekiki.doors.studio.data_table import PhotoTable, PhotoTables, stamp_of_file
from mekiki.doors.studio.data_thumbnails import Thumbnails
from mekiki.doors.studio.studio import Studio
from mekiki.errors import DataError, MekikiError, one_line
from mekiki.records.decisions import Decision, DecisionAction

_FOREVER = "private, max-age=31536000, immutable"
_A_MINUTE = "private, max-age=60"

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
        try:
            return _fresh(tables.read(photos).as_json())
        except (MekikiError, OSError) as error:
            return refusal(error)

    @app.get("/data/decisions")
    def decisions(photos: str, seen: str = "") -> Response:
        try:
            known = tables.get(photos)
            same = bool(seen) and stamp_of_file(known.decisions) == seen
            return _fresh({"stamp": seen} if same else known.state())
        except (MekikiError, OSError) as error:
            return refusal(error)

    @app.post("/data/decide")
    def decide(asked: Asked) -> Response:
        try:
            known = tables.get(asked.photos)
            _check_known(known, asked)
            added = known.record([asked.decision()])
            return _fresh({**known.state(), "done": bool(added)})
        except (MekikiError, OSError) as error:
            return refusal(error)

    @app.post("/data/undo")
    def undo(asked: Asked) -> Response:
        try:
            known = tables.get(asked.photos)
            done = known.take_back(asked.decision())
            return _fresh({**known.state(), "done": done})
        except (MekikiError, OSError) as error:
            return refusal(error)

    @app.get("/data/thumbnail")
    def thumbnail(photos: str, path: str, v: str = "") -> Response:
        try:
            known = tables.get(photos)
            if path not in known.entries:
                raise HTTPException(404, "there is no such photo")
            place = studio.workspace.inside(known.found.root / path)
            photo = known.known.get(path)
            content = thumbnails.get(known.found.root, place, "" if photo is None else photo.sha256)
        except MekikiError as error:
            raise HTTPException(404, error.message) from None
        return Response(content, media_type="image/webp", headers={"cache-control": _FOREVER if v else _A_MINUTE})


def refusal(error: MekikiError | OSError) -> Response:
    """Return an error for a script: its message and its hint."""
    message, hint = (error.message, error.hint) if isinstance(error, MekikiError) else (one_line(error), "")
    return JSONResponse({"message": message, "hint": hint}, 409, {"cache-control": "no-store"})


def _check_known(table: PhotoTable, asked: Asked) -> None:
    """Refuse what no finding and no photo is about, so that the file holds no lines that mean nothing."""
    known = asked.path in table.entries or any(finding.path == asked.path for finding in table.findings)
    if not known:
        raise DataError(f"{asked.path} is not among the photos any more", "look at the page again: reload it")


def _fresh(content: object) -> Response:
    return JSONResponse(content, headers={"cache-control": "no-store"})
