"""What the service says of itself as OpenAPI: the form of each answer, and which refusals each route has.

Tests ask the running service by this description, and hold every answer against it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

FINGERPRINT = "X-Mekiki-Model"
_BINARY = {"type": "string", "format": "binary"}
_PICTURE = {"image/*": {"schema": _BINARY}, "application/octet-stream": {"schema": _BINARY}}
_PARTS = {"schema": {"type": "object", "additionalProperties": _BINARY, "minProperties": 1}}
PICTURES = {"requestBody": {"required": True, "content": {**_PICTURE, "multipart/form-data": _PARTS}}}
_EVERYWHERE = (400, 401, 403, 408, 413, 421, 500, 503)
_OF_PICTURES = (411, 415, 422, 429)
_TEXT = {"type": "string"}
_ALWAYS = {"WWW-Authenticate": 401, "Retry-After": 429}


class HeatMapSaid(BaseModel):
    """Why a picture was given a class: a PNG in base64, and why nothing is hot in it."""

    of_class: str = Field(alias="class")
    png: str
    no_evidence: str | None


class Said(BaseModel):
    """What the model says of one picture, as a line of ``mekiki predict --format jsonl``."""

    path: str
    label: str | None
    known: bool | None
    score: float | None
    top: list[tuple[str, float]]
    error: str | None
    heat_map: HeatMapSaid | None = None


class Answers(BaseModel):
    """The answers to a request's pictures, in their order."""

    predictions: list[Said]


class Fault(BaseModel):
    """Why there is no answer."""

    error: str
    hint: str


class Facts(BaseModel):
    """What is served: the SHA-256 of its weights, its classes, and how it answers."""

    model: str
    classes: list[str]
    backbone: str
    image_size: int
    views: str
    temperature: float
    tells_unknown: bool
    computed_by: str
    since: str
    mekiki: str


class State(BaseModel):
    """How the service is."""

    status: str


class Loaded(BaseModel):
    """The SHA-256 of the weights that were loaded."""

    model: str


def answers(good: dict[str, Any], *faults: int, of_model: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return what a route may answer, as FastAPI wants it.

    Args:
        good: Of status 200: its model, or its content.
        faults: Statuses of refusals that only this route has.
        of_model: Whether the good answer names the model.
    """
    described = {"headers": {FINGERPRINT: {"schema": _TEXT, "required": True}}} if of_model else {}
    return {200: {**good, **described}, **{status: _fault(status) for status in sorted({*_EVERYWHERE, *faults})}}


def answers_to_pictures(good: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return what a route may answer that takes pictures."""
    return answers(good, *_OF_PICTURES)


def content(kind: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a good answer that is no JSON."""
    return {"content": {kind: {"schema": _BINARY if schema is None else schema}}}


def _fault(status: int) -> dict[str, Any]:
    headers = {name: {"schema": _TEXT, "required": True} for name, where in _ALWAYS.items() if where == status}
    return {"model": Fault, "description": HTTPStatus(status).phrase, **({"headers": headers} if headers else {})}


def add_token(application: FastAPI, without: tuple[str, ...]) -> None:
    """Say in the description that clients must bring a token.

    Args:
        application: With all its routes.
        without: Paths that ask for none.
    """
    described = application.openapi()
    described.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"token": []}]
    for path in without:
        for operation in described["paths"].get(path, {}).values():
            operation["security"] = []
