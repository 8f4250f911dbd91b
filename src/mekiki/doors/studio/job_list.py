"""Jobs as a person sees them: what is under way, how far it is, what failed and why, with buttons to stop and go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from nicegui import ui

from mekiki.doors.progress_file import Seen
from mekiki.doors.studio.jobs import ENDED, Job, JobState
from mekiki.doors.studio.links import link_to
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words

LOOK_EVERY_SECONDS = 1.0

RowState = JobState | Literal["stopping"]


def show_jobs(studio: Studio, words: Words, besides: str = "") -> None:
    """Show what is under way anywhere, in the order in which it will be done; nothing where nothing is.

    Args:
        studio: The studio.
        words: Of the person's language.
        besides: A run whose jobs the page shows itself.
    """

    def wanted() -> list[Job]:
        jobs = (job for job in studio.jobs.all() if not besides or job.about.get("run") != besides)
        return sorted((job for job in jobs if job.state not in ENDED), key=lambda job: job.number)

    with ui.element("section").props(f'aria-label="{words("frame.jobs")}"').classes("mk-under-way") as place:
        JobRows(studio, words, wanted, place=place)


class JobRows:
    """Rows of jobs that keep themselves up to date.

    Args:
        studio: The studio.
        words: Of the person's language.
        wanted: Which jobs to show; asked every second.
        on_end: Called with a job when it ends while this page is open.
        place: Hidden while there are no jobs; not given: nothing is hidden.
    """

    def __init__(
        self,
        studio: Studio,
        words: Words,
        wanted: Callable[[], Sequence[Job]],
        on_end: Callable[[Job], None] | None = None,
        place: ui.element | None = None,
    ) -> None:
        self.studio, self.words, self.wanted, self.on_end, self.place = studio, words, wanted, on_end, place
        self._shown: list[tuple[str, RowState]] = []
        self._running: set[str] = set()
        self._updates: dict[str, Callable[[Job], None]] = {}
        self._box = ui.column().classes("mk-jobs")
        self.look()
        ui.timer(LOOK_EVERY_SECONDS, self.look)

    def look(self) -> None:
        """Read the jobs' folders again and show what changed."""
        jobs = list(self.wanted())
        states = [(job.name, _state(job)) for job in jobs]
        self._tell_ended()
        self._running |= {name for name, state in states if state not in ENDED}
        if self.place is not None:
            self.place.set_visibility(bool(jobs))
        if states != self._shown:
            self._shown = states
            self._draw(jobs)
        for job in jobs:
            self._updates[job.name](job)

    def _tell_ended(self) -> None:
        for name in sorted(self._running):
            job = self.studio.jobs.find(name)
            if job is None or job.state in ENDED:
                self._running.discard(name)
                if job is not None and self.on_end is not None:
                    self.on_end(job)

    def _draw(self, jobs: Sequence[Job]) -> None:
        self._updates = {}
        self._box.clear()
        with self._box:
            for job in jobs:
                self._updates[job.name] = _row(self.studio, self.words, job)


def _row(studio: Studio, words: Words, job: Job) -> Callable[[Job], None]:
    """Lay out one job; return what brings it up to date."""
    state = _state(job)
    with ui.row().classes(f"mk-job mk-job-{state}").props('role="group"'):
        with ui.column().classes("mk-job-words"):
            if job.kind == "train" and "run" in job.about:
                ui.link(job.title, link_to("train", run=job.about["run"])).classes("mk-job-title")
            else:
                ui.label(job.title).classes("mk-job-title")
            ui.label(words(f"jobs.{state}")).classes("mk-job-state").props('role="status"')
            if state == "failed":
                message, hint = job.error
                ui.label(message).classes("mk-error").props('role="alert"')
                if hint:
                    ui.label(words("frame.hint", hint=hint)).classes("mk-hint")
        bar = (
            ui.linear_progress(0, show_value=False).classes("mk-job-bar").props(f'aria-label="{words("jobs.running")}"')
        )
        note = ui.label().classes("mk-job-note")
        bar.set_visibility(state in ("running", "stopping"))
        if state not in (*ENDED, "stopping"):
            ui.button(words("jobs.stop"), on_click=lambda: studio.jobs.stop(job)).props("outline dense no-caps")
        elif state in ENDED:
            ui.button(words("jobs.remove"), on_click=lambda: studio.jobs.remove(job)).props("flat dense no-caps")

    def update(now: Job) -> None:
        seen = now.progress
        if state in ("running", "stopping") and seen is not None:
            bar.value = share_done(seen)
            note.text = progress_in_words(words, seen)

    return update


def share_done(seen: Seen) -> float:
    """Return how much of a task is done, 0..1."""
    return round(seen.done / seen.total, 3) if seen.total else 0.0


def progress_in_words(words: Words, seen: Seen) -> str:
    """Return how far a task is, how fast, and how long it will take."""
    parts = [seen.title, words("jobs.of", done=f"{seen.done:,}", total=f"{seen.total:,}")]
    if seen.per_second >= 0.05:
        parts.append(words("jobs.rate", rate=f"{seen.per_second:,.1f}", unit=seen.unit))
    if seen.seconds_left is not None and seen.done < seen.total:
        parts.append(words("jobs.left", time=time_in_words(words, seen.seconds_left)))
    return " · ".join([*parts, seen.note] if seen.note else parts)


def _state(job: Job) -> RowState:
    state = job.state
    return "stopping" if state == "running" and job.is_stopping else state


def time_in_words(words: Words, seconds: float) -> str:
    """Return a time, rounded as a person would."""
    if seconds < 90:
        return words("jobs.seconds", count=round(seconds))
    if seconds < 5400:
        return words("jobs.minutes", count=round(seconds / 60))
    return words("jobs.hours", count=f"{seconds / 3600:.1f}")
