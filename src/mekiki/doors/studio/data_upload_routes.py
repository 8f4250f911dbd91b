"""Where the data page's script sends photos to; see ``data_uploads.py``. The guard bounds each request."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from mekiki.doors.studio.data_routes import refusal
from mekiki.doors.studio.data_uploads import Uploads
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import LANGUAGE_COOKIE, choose_language, words_of
from mekiki.errors import MekikiError


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
        except (MekikiError, OSError) as error:
            return refusal(error)
        return JSONResponse({})

    @app.post("/data/upload/end")
    def end(upload: str, name: str) -> Response:
        try:
            return JSONResponse({"photos": str(uploads.end(upload, name))})
        except (MekikiError, OSError) as error:
            return refusal(error)

    @app.post("/data/upload/cancel")
    def cancel(upload: str) -> Response:
        try:
            uploads.cancel(upload)
        except MekikiError as error:
            return refusal(error)
        return JSONResponse({})

    @app.post("/data/upload/zip")
    async def zipped(request: Request, name: str) -> Response:
        accepted = request.headers.get("accept-language", "")
        words = words_of(choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted))
        try:
            job = await uploads.take_zip(name, request.stream(), words("data.job_unpack", folder=name))
        except (MekikiError, OSError) as error:
            return refusal(error)
        return JSONResponse({"job": job.name})
