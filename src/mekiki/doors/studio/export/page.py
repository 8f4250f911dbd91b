"""The page ``export``: choose a run (``?run=…``), write it in another format, see the proof, download it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from fastapi import Request
from nicegui import app, run, ui

from mekiki.doors.studio.export.download import add_zip, own_export_folder
from mekiki.doors.studio.export.form import ExportForm
from mekiki.doors.studio.export.view import show_export
from mekiki.doors.studio.frame import frame, heading, link_to, telling
from mekiki.doors.studio.job_watch import JobWatch
from mekiki.doors.studio.jobs import Job
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.trained_runs import TrainedRun, exports_of, trained_runs
from mekiki.doors.studio.words import Words


def add_export_page(studio: Studio) -> None:
    """Add the page and its download to the studio."""
    add_zip(app, studio)

    @ui.page("/export")
    async def show(request: Request) -> None:
        with frame(studio, request, "export") as words:
            for name in ("compare", "export"):
                ui.add_head_html(f'<link rel="stylesheet" href="/studio/{name}.css">')
            ui.label(words("export.lead")).classes("mk-lead")
            runs = await run.io_bound(trained_runs, studio.workspace)
            if runs is None:  # the studio is ending
                return
            if not runs:
                with ui.element("div").classes("mk-card mk-empty"):
                    ui.label(words("export.no_runs"))
                    ui.link(words("export.to_train"), link_to("train"))
                return
            chosen = _choose_run(words, runs, request.query_params.get("run", ""))
            if chosen is not None:
                _Exports(studio, words, chosen)


def _choose_run(words: Words, runs: Sequence[TrainedRun], named: str) -> TrainedRun | None:
    """Show which run; the newest where none is named."""
    found = next((each for each in runs if str(each.path) == named), None)
    chosen = runs[0] if not named else found
    options = {str(each.path): f"{each.name} · {each.backbone} · {each.made:%Y-%m-%d %H:%M}" for each in runs}
    with ui.element("section").classes("mk-card"):
        value = str(chosen.path) if chosen is not None else None
        select = ui.select(options, value=value, label=words("export.run")).classes("mk-wide")
        select.on_value_change(lambda event: ui.navigate.to(link_to("export", run=str(event.value))))
        if chosen is None:
            ui.label(words("export.no_run", path=named)).classes("mk-error").props('role="alert"')
        else:
            ui.label(str(chosen.path)).classes("mk-path mk-faint")
    return chosen


class _Exports:
    """One run's exports, and the form for another."""

    def __init__(self, studio: Studio, words: Words, facts: TrainedRun) -> None:
        self.studio, self.words, self.facts = studio, words, facts
        JobWatch(studio, words, self._is_own, lambda _: self._show())
        self.form = ExportForm(studio, words, facts)
        heading(words("export.made"))
        self.box = ui.element("div").classes("mk-exports").props('aria-live="polite"')
        self._show()

    def _is_own(self, job: Job) -> bool:
        return job.kind == "export" and job.about.get("run") == str(self.facts.path)

    def _show(self) -> None:
        self.form.look()
        self.box.clear()
        with self.box:
            found = exports_of(self.facts.path)
            if not found:
                ui.label(self.words("export.none")).classes("mk-card mk-empty")
            for each in sorted(found, key=lambda folder: folder.facts.stat().st_mtime, reverse=True):
                show_export(self.words, self.facts, each, self._remove)

    async def _remove(self, folder: Path) -> None:
        with ui.dialog() as dialog, ui.card():
            ui.label(self.words("export.remove_sure", run=folder.name))
            with ui.row():
                ui.button(self.words("export.keep"), on_click=lambda: dialog.submit(False)).props("outline no-caps")
                ui.button(self.words("export.remove"), on_click=lambda: dialog.submit(True)).props(
                    "no-caps unelevated color=negative"
                )
        if await dialog:
            with telling(self.words):
                shutil.rmtree(own_export_folder(self.studio.workspace, str(folder)))
            self._show()
