"""Puts the studio together and serves it until Ctrl-C. Jobs that it started go on without it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

from fastapi.responses import RedirectResponse
from nicegui import app, ui

from mekiki.config import StudioSettings
from mekiki.doors.addresses import is_loopback
from mekiki.doors.studio.audit.page import add_audit_page
from mekiki.doors.studio.compare.page import add_compare_page
from mekiki.doors.studio.data.page import add_data_page
from mekiki.doors.studio.export.page import add_export_page
from mekiki.doors.studio.guard import TOKEN_QUERY, Guard
from mekiki.doors.studio.jobs import Jobs
from mekiki.doors.studio.media import add_media
from mekiki.doors.studio.predict.page import add_predict_page
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.page import add_train_page
from mekiki.doors.studio.workspace import Workspace
from mekiki.errors import SettingsError

STATIC = Path(__file__).parent / "static"
_PORTS_TRIED = 50


def serve(workspace: Workspace, settings: StudioSettings, show: bool) -> None:
    """Serve the studio.

    Args:
        workspace: Its folders.
        settings: Where it listens, and its bounds.
        show: Open it in the person's browser.

    Raises:
        SettingsError: The address cannot be listened at.
    """
    token = None if is_loopback(settings.host) else secrets.token_urlsafe(24)
    port = free_port(settings.host, settings.port)
    build(Studio(workspace, Jobs(workspace.jobs), settings), token)
    query = "" if token is None else f"?{TOKEN_QUERY}={token}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{port}/{query}"
    print(f"studio: {address}", file=sys.stderr, flush=True)
    print(f"its folder: {workspace.home}; Ctrl-C ends it, jobs go on", file=sys.stderr, flush=True)
    ui.run(
        host=settings.host,
        port=port,
        title="mekiki",
        favicon=STATIC / "favicon.svg",
        dark=None,
        language="en-US",
        reload=False,
        show=f"/{query}" if show else False,
        tailwind=False,
        reconnect_timeout=30.0,
        show_welcome_message=False,
        uvicorn_logging_level="error",
    )


def build(studio: Studio, token: str | None) -> None:
    """Add the guard, the pages and the files to NiceGUI's application.

    Args:
        studio: What every page is given.
        token: What a browser must bring; None: nothing.
    """
    app.add_middleware(Guard, token=token, most_bytes=studio.settings.most_megabytes * 2**20)
    app.config.quasar_config["loadingBar"]["skipHijack"] = True  # its bar has no name for screen readers
    app.add_static_files("/studio", STATIC)
    ui.add_head_html('<link rel="stylesheet" href="/studio/studio.css">', shared=True)
    add_media(app, studio)
    for add_page in (
        add_data_page,
        add_train_page,
        add_predict_page,
        add_compare_page,
        add_audit_page,
        add_export_page,
    ):
        add_page(studio)

    @app.get("/")
    def first() -> RedirectResponse:
        return RedirectResponse("/data")


def free_port(host: str, port: int) -> int:
    """Return the port, or the next one that is free.

    Args:
        host: Address to listen at.
        port: The first to try; 0: any.

    Raises:
        SettingsError: None is free, or the address is not this machine's.
    """
    reason = ""
    for tried in range(port, min(port + _PORTS_TRIED, 65536)):
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as place:
                if os.name != "nt":  # there it would share a port that is taken
                    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                place.bind((host, tried))
                return int(place.getsockname()[1])
        except OSError as error:
            reason = error.strerror or str(error)
            if tried == 0:
                break
    raise SettingsError(f"cannot listen at {host}, port {port}: {reason}", "--port with another one, or --host")
