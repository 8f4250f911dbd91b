"""Watches jobs for one open page: the head shows how far they are, this tells when one ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from mekiki.doors.studio.job_list import LOOK_EVERY_SECONDS
from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio


def watch_jobs(studio: Studio, wanted: Callable[[], Sequence[Job]], on_done: Callable[[Job], None]) -> None:
    """Call ``on_done`` with each wanted job that ends well while the page is open.

    Args:
        studio: The studio.
        wanted: The jobs that are watched, whatever their state.
        on_done: In the page's context.
    """
    running: set[str] = set()

    def look() -> None:
        for job in wanted():
            if job.state not in ENDED:
                running.add(job.name)
            elif job.name in running:
                running.discard(job.name)
                if job.state == "done":
                    on_done(job)

    look()
    ui.timer(LOOK_EVERY_SECONDS, look)
