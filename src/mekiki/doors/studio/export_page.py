"""The page ``export``."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from mekiki.doors.studio.frame import frame
from mekiki.doors.studio.studio import Studio


def add_export_page(studio: Studio) -> None:
    """Add the page to the studio."""

    @ui.page("/export")
    def show(request: Request) -> None:
        with frame(studio, request, "export"):
            pass
