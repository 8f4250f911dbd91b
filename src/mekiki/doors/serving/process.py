"""The service as a process: it listens, obeys signals, and ends when all that it took is answered.

SIGTERM and Ctrl-C stop it (a second one at once), SIGHUP loads the model again. Its own log and the access log go to
stderr as lines.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from mekiki.config import ServeSettings
from mekiki.doors.serving.application import make_application
from mekiki.doors.serving.connections import Connection
from mekiki.doors.serving.gate import Gate
from mekiki.doors.serving.models import Models
from mekiki.doors.serving.service import Service
from mekiki.doors.terminal import without_controls
from mekiki.errors import MekikiError

_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 15


def serve(models: Models, settings: ServeSettings, token: str | None, listener: socket.socket) -> None:
    """Serve until a signal says stop.

    Args:
        models: What is served.
        settings: Where it listens, bounds and times.
        token: What clients must bring; None: nothing, which goes with this machine's own addresses alone.
        listener: What ``listen`` gave.

    Raises:
        MekikiError: Requests that were taken could not be answered in time.
    """
    log_to_stderr()
    gate, service, metrics = make_application(models, settings, token)
    protocol = functools.partial(
        Connection,
        seconds=settings.body_seconds,
        most=settings.connections,
        note=lambda reason: metrics.malformed.labels(reason).inc(),
    )
    configured = uvicorn.Config(
        gate,
        http=protocol,  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"serving: http://{name}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    _Server(configured, gate, service).run([listener])
    if gate.cut_off:
        raise MekikiError(f"{gate.cut_off} requests were cut off when the time for stopping was over", "--stop-seconds")


class _Server(uvicorn.Server):
    """uvicorn's server with our signals: it ends with 0 when it was asked to, and SIGHUP is a new model."""

    def __init__(self, config: uvicorn.Config, gate: Gate, service: Service) -> None:
        super().__init__(config)
        self._gate = gate
        self._service = service
        self._reloads: set[asyncio.Task[bool]] = set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def reload(*_: object) -> None:
            loop.call_soon_threadsafe(self._reload)

        wanted = {signal.SIGINT: self._stop, signal.SIGTERM: self._stop}
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        if hasattr(signal, "SIGHUP"):
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._gate.stopping = True
        self._service.ready = False
        self.handle_exit(number, frame)

    def _reload(self) -> None:
        task = asyncio.get_running_loop().create_task(self._service.reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)


class _OneLine(logging.Formatter):
    """A log line without control characters, whatever was put into it; a trace goes below it as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return without_controls(super().formatMessage(record))


def log_to_stderr() -> None:
    """Send the service's own log and the access log to stderr as lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(message)s"))
    for name, level in (("mekiki.access", logging.INFO), ("mekiki.serve", logging.INFO), ("uvicorn", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
