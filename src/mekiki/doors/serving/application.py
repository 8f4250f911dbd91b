"""The routes of the service. What they do is in ``service.py``, how they are described in ``description.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from mekiki.config import ServeSettings
from mekiki.doors.serving.description import (
    FINGERPRINT,
    PICTURES,
    Answers,
    Facts,
    Loaded,
    State,
    add_token,
    answers,
    answers_to_pictures,
    content,
)
from mekiki.doors.serving.gate import OPEN, Gate, left
from mekiki.doors.serving.metrics import Metrics
from mekiki.doors.serving.models import Models
from mekiki.doors.serving.refusals import Refusal
from mekiki.doors.serving.service import Service
from mekiki.verbs.predict import TOP
from mekiki.version import __version__

MOST_CLASSES = 1000


def make_application(
    models: Models, settings: ServeSettings, token: str | None, reloads: bool = True
) -> tuple[Gate, Service, Metrics]:
    """Put the service together.

    Args:
        models: What is served.
        settings: Bounds and times.
        token: What a client must bring; None: nothing.
        reloads: Whether a client may have the model loaded again; not where others serve it, too.

    Returns:
        The ASGI application, the service behind it, and its figures.
    """
    metrics = Metrics()
    service = Service(models, settings, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    application = FastAPI(
        title="mekiki", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    _add_asking(application, service)
    if reloads:
        _add_reload(application, service)
    _add_watching(application, service)
    _add_refusals(application)
    if token is not None:
        add_token(application, OPEN)
    routes = ("/predict", "/explain", "/model", "/health", "/ready", "/metrics", "/admin/reload", "/openapi.json")
    admit = dict.fromkeys(("/predict", "/explain"), service.places.check)
    gate = Gate(application, routes, token, settings.most_megabytes * 2**20, metrics, admit)
    return gate, service, metrics


def _add_asking(application: FastAPI, service: Service) -> None:
    @application.post(
        "/predict", response_model=None, responses=answers_to_pictures({"model": Answers}), openapi_extra=PICTURES
    )
    async def predict(
        request: Request,
        top: Annotated[int, Query(ge=1, le=MOST_CLASSES, description="classes to give")] = TOP,
        explain: Annotated[bool, Query(description="add the heat map of the answer, a PNG in base64")] = False,
    ) -> Response:
        """Say what one or several pictures show."""
        served, said = await service.predict(request, top, explain)
        return JSONResponse({"predictions": said}, headers={FINGERPRINT: served.fingerprint})

    @application.post(
        "/explain",
        response_model=None,
        response_class=Response,
        responses=answers_to_pictures(content("image/png")),
        openapi_extra=PICTURES,
    )
    async def explain(
        request: Request,
        of_class: Annotated[
            str | None, Query(alias="class", max_length=1000, description="explain this class, not the predicted one")
        ] = None,
    ) -> Response:
        """Show what the decision about one picture rested on, as a PNG."""
        served, found = await service.explain(request, of_class)
        headers = {FINGERPRINT: served.fingerprint, "X-Mekiki-Class": quote(found.label)}
        if found.reason:
            headers["X-Mekiki-No-Evidence"] = quote(found.reason, safe=" ',.")
        return Response(found.png, 200, headers, "image/png")


def _add_reload(application: FastAPI, service: Service) -> None:
    @application.post("/admin/reload", response_model=None, responses=answers({"model": Loaded}, 409))
    async def reload() -> Response:
        """Load the model again from its files, beside the old one, and let it take over."""
        if not await service.reload():
            hint = "the service's log says why; mend the files, and load it again"
            raise Refusal(409, "the new model cannot be used; the old one goes on", hint)
        fingerprint = service.models.current.fingerprint
        return JSONResponse({"model": fingerprint}, headers={FINGERPRINT: fingerprint})


def _add_watching(application: FastAPI, service: Service) -> None:
    @application.get("/model", response_model=None, responses=answers({"model": Facts}))
    async def model() -> Response:
        """Tell what is served."""
        served = service.models.current
        answering, card = served.answering, served.answering.card
        facts = {
            "model": served.fingerprint,
            "classes": card.classes,
            "backbone": card.backbone,
            "image_size": card.preprocessing.image_size,
            "views": answering.views,
            "temperature": answering.temperature,
            "tells_unknown": card.unknown is not None,
            "computed_by": answering.computed_by[0],
            "since": served.since.isoformat(timespec="seconds"),
            "mekiki": __version__,
        }
        return JSONResponse(facts, headers={FINGERPRINT: served.fingerprint})

    @application.get("/health", response_model=None, responses=answers({"model": State}, of_model=False))
    async def health() -> Response:
        """Tell that the process lives."""
        return JSONResponse({"status": "ok"})

    @application.get("/ready", response_model=None, responses=answers({"model": State}, of_model=False))
    async def ready() -> Response:
        """Tell whether requests are answered."""
        if not service.ready:
            raise Refusal(503, "the service is not ready", "it starts or is being stopped")
        return JSONResponse({"status": "ready"})

    figures = answers(content("text/plain", {"type": "string"}), of_model=False)

    @application.get("/metrics", response_model=None, response_class=Response, responses=figures)
    async def metrics() -> Response:
        """Give all figures to Prometheus."""
        return Response(service.metrics.text(), 200, {"Content-Type": CONTENT_TYPE_LATEST})


def _add_refusals(application: FastAPI) -> None:
    @application.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> Response:
        return error.response()

    @application.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return Refusal(422, f"{first['loc'][-1]}: {first['msg']}", "see /openapi.json").response()

    @application.exception_handler(HTTPException)
    async def foreign(_: Request, error: HTTPException) -> Response:
        words = HTTPStatus(error.status_code).phrase.lower()
        return Refusal(error.status_code, words, "see /openapi.json", error.headers).response()

    @application.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return left()

    @application.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        return Refusal(500, "the service failed on this request", "the service's log says why").response()
