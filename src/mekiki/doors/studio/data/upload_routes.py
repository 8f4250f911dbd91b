"""Where the data page's script sends photos to; see ``data_uploads.py``. The guard bounds each request."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from mekiki.doors.studio.data.routes import answer, refusal
from mekiki.doors.studio.data.uploads import Uploads
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import LANGUAGE_COOKIE, choose_language, words_of
from mekiki.errors import MekikiError, PictureError


def add_upload_routes(app: FastAPI, studio: Studio) -> None:
    """Add the addresses that photos are sent to."""
    uploads = Uploads(studio)

    @app.post("/data/upload/begin")
    def begin() -> Response:
        uploads.sweep()
        return JSONResponse({"upload": uploads.begin()})

    @app.post("/data/upload/file")
    async def file(request: Request, upload: str, path: str) -> Response:
        try:
            await uploads.take(upload, path, request.stream())
        except PictureError as error:
            return JSONResponse({"left_out": error.message})
        except (MekikiError, OSError) as error:
            return refusal(error)
        return JSONResponse({})

    @app.post("/data/upload/end")
    def end(upload: str, name: str) -> Response:
        return answer(lambda: {"photos": str(uploads.end(upload, name))})

    @app.post("/data/upload/cancel")
    def cancel(upload: str) -> Response:
        def throw_away() -> dict[str, Any]:
            uploads.cancel(upload)
            return {}

        return answer(throw_away)

    @app.post("/data/upload/zip")
    async def zipped(request: Request, name: str) -> Response:
        accepted = request.headers.get("accept-language", "")
        words = words_of(choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted))
        try:
            job = await uploads.take_zip(name, request.stream(), words("data.job_unpack", folder=name))
        except (MekikiError, OSError) as error:
            return refusal(error)
        return JSONResponse({"job": job.name})
