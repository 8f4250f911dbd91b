"""A service in this process and how tests ask it: straight through ASGI, so that a test can be a client that misbehaves."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mekiki.config import EvaluateSettings, ServeSettings
from mekiki.doors.serving.application import make_application
from mekiki.doors.serving.gate import Gate
from mekiki.doors.serving.models import Models, Served, load_served
from mekiki.doors.serving.service import Service
from mekiki.evaluation.answering import Answer, Answering
from mekiki.records.card import ModelCard, Preprocessing
from tests.conftest import draw_photo

HOST = "127.0.0.1:8777"
IMAGE = {"content-type": "image/png"}


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def said(self) -> dict[str, Any]:
        """The only answer."""
        (said,) = self.json["predictions"]
        return said


@dataclass
class Client:
    """Asks one service."""

    gate: Gate
    service: Service
    asked: list[Reply] = field(default_factory=list)

    async def ask(
        self,
        path: str,
        body: bytes | list[bytes] = b"",
        method: str = "POST",
        leaves: asyncio.Event | None = None,
        pause: float = 0.0,
        **headers: str,
    ) -> Reply:
        """Ask once.

        Args:
            path: With its query.
            body: Whole, or in chunks.
            method: Of HTTP.
            leaves: When it is set the client is gone.
            pause: Before each chunk, seconds.
            headers: With "_" for "-"; the value "" leaves one out.
        """
        chunks = [body] if isinstance(body, bytes) else body
        given = {"host": HOST, **IMAGE, "content-length": str(sum(map(len, chunks)))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        place, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": place, "raw_path": place.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8777),
        }  # fmt: skip
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            if waiting:
                await asyncio.sleep(pause)
                return waiting.pop(0)
            await (asyncio.Event() if leaves is None else leaves).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.gate(scope, receive, send)
        start, *rest = sent
        found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        reply = Reply(start["status"], found, b"".join(part.get("body", b"") for part in rest))
        self.asked.append(reply)
        return reply


@asynccontextmanager
async def served(models: Models, token: str | None = None, **settings: Any) -> AsyncIterator[Client]:
    """Run a service for as long as the block lasts."""
    gate, service, _ = make_application(models, ServeSettings(**settings), token)
    async with service.running():
        yield Client(gate, service)


def models_of(run: Path, most_batch: int = 16, **settings: Any) -> Models:
    return Models(lambda: load_served(str(run), EvaluateSettings(**settings), "auto", "torch"), most_batch)


class Slow(Answering):
    """A model that says how bright a picture is, after a time, and remembers its batches."""

    def __init__(self, seconds: float = 0.0, classes: tuple[str, ...] = ("dark", "light")) -> None:
        preprocessing = Preprocessing(image_size=16, fit="squash", mean=(0, 0, 0), std=(1, 1, 1))
        super().__init__(ModelCard(backbone="none", head="gap", classes=list(classes), preprocessing=preprocessing))
        self.seconds = seconds
        self.batches: list[int] = []
        self.fault: Exception | None = None
        self.hold: Callable[[], object] = lambda: None

    @property
    def computed_by(self) -> tuple[str, int]:
        return "a test", 1

    def ask(self, pictures: np.ndarray, views: Any = None) -> list[Answer]:
        import time

        self.batches.append(len(pictures))
        self.hold()
        time.sleep(self.seconds)
        if self.fault is not None:
            raise self.fault
        light = pictures.reshape(len(pictures), -1).mean(axis=1).astype(np.float32) / 255
        rows = np.stack([1 - light, light], axis=1)
        return [Answer(row, row, row, None) for row in rows]


def models_with(answering: Answering, name: str = "first") -> Models:
    """Serve a made model; what trying it out has measured is forgotten."""
    models = Models(lambda: Served(answering, name, datetime.now(UTC)), 4)
    if isinstance(answering, Slow):
        answering.batches.clear()
    return models


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def photo(number: int, colour: tuple[int, int, int] = (200, 50, 40)) -> bytes:
    return png(draw_photo(colour, number))


def grey(level: int) -> bytes:
    return png(np.full((20, 20, 3), level, np.uint8))


def multipart(parts: dict[str, bytes], boundary: str = "XX") -> tuple[bytes, dict[str, str]]:
    """Return a body with a part for each name, and its Content-Type as an argument of ``ask``."""
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="p"; filename="{name}"\r\n\r\n'.encode() + content
        for name, content in parts.items()
    ]
    body = b"\r\n".join([*pieces, f"--{boundary}--\r\n".encode()])
    return body, {"content_type": f"multipart/form-data; boundary={boundary}"}
