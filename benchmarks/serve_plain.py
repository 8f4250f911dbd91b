"""A service as most people would write it: FastAPI, and one picture after the other. Called by ``serve.py``.

    python serve_plain.py RUN PORT VIEWS [threads]

The same model, preparation and answer as ``mekiki serve``. Without a last word the handler does the work itself, so one
picture is prepared and asked about at a time; with ``threads`` it is a plain ``def``, which FastAPI gives to its pool
of threads. uvicorn takes httptools and uvloop where they are installed, as its extra ``standard`` does; no access log.
"""

import sys
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, UploadFile

import mekiki
from mekiki.config import EvaluateSettings


async def content_of(photo: UploadFile) -> bytes:
    return await photo.read()


def make(run: str, views: str, threads: bool) -> FastAPI:
    classifier = mekiki.load(run, EvaluateSettings(device="cpu", views=views))
    application = FastAPI()

    def answer(content: bytes, top: int) -> dict[str, Any]:
        square = classifier.prepare(content)
        (answer,) = classifier.ask(square[None])
        return {"predictions": [classifier.say("", answer, top).as_json()]}

    @application.get("/health")
    async def health() -> str:
        return "ok"

    if threads:

        @application.post("/predict")
        def predict_in_a_thread(content: Annotated[bytes, Depends(content_of)], top: int = 5) -> dict[str, Any]:
            return answer(content, top)
    else:

        @application.post("/predict")
        async def predict(content: Annotated[bytes, Depends(content_of)], top: int = 5) -> dict[str, Any]:
            return answer(content, top)

    return application


if __name__ == "__main__":
    run, port, views, *way = sys.argv[1:]
    uvicorn.run(make(run, views, bool(way)), host="127.0.0.1", port=int(port), access_log=False, log_level="warning")
