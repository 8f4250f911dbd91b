"""What a page shows of its jobs beside the frame's list of what is under way: those that failed, and when one ends."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from mekiki.doors.studio.job_list import LOOK_EVERY_SECONDS, JobRows
from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words

MOST_SHOWN = 5


class JobWatch:
    """Watches a page's jobs while it is open.

    Args:
        studio: The studio.
        words: Of the person's language.
        is_own: Whether a job belongs to the page.
        on_done: Called with each job that ends well from now on.
    """

    def __init__(
        self, studio: Studio, words: Words, is_own: Callable[[Job], bool], on_done: Callable[[Job], None]
    ) -> None:
        self.studio, self.is_own, self.on_done = studio, is_own, on_done
        self.waited_for = {job.name for job in self._own() if job.state not in ENDED}
        place = ui.element("section").classes("mk-card")
        with place:
            JobRows(studio, words, self._troubled, place=place)
        ui.timer(LOOK_EVERY_SECONDS, self.look)

    def look(self) -> None:
        """See which jobs have ended."""
        for job in self._own():
            state = job.state
            if state not in ENDED:
                self.waited_for.add(job.name)
            elif job.name in self.waited_for:
                self.waited_for.discard(job.name)
                if state == "done":
                    self.on_done(job)

    def _own(self) -> list[Job]:
        return [job for job in self.studio.jobs.all() if self.is_own(job)]

    def _troubled(self) -> list[Job]:
        return [job for job in self._own() if job.state in ENDED and job.state != "done"][:MOST_SHOWN]


def tell_started(told: str) -> None:
    """Say that a job was started, and show the top of the page, where it is listed."""
    ui.notify(told, position="top")
    ui.run_javascript("window.scrollTo({top: 0})")
