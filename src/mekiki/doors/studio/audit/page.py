"""The page ``audit``: start an audit of a catalogue's tags, and judge the suspicious ones, the most suspicious first.

Without ``made`` in its address it asks for a catalogue and lists earlier audits; with it, it shows the cards of one.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from nicegui import ui

from mekiki.doors.studio.audit.cards import show_cards
from mekiki.doors.studio.frame import frame, heading, link_to, telling
from mekiki.doors.studio.job_list import JobRows
from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.run_choice import runs_with_model
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError
from mekiki.records.audit import SUMMARY, read_audit

BY_ITSELF = ""


def add_audit_page(studio: Studio) -> None:
    """Add the page to the studio."""

    @ui.page("/audit")
    def show(request: Request, made: str = "", photos: str = "", run: str = "") -> None:
        ui.add_head_html('<link rel="stylesheet" href="/studio/audit.css">')
        with frame(studio, request, "audit") as words:
            if not made:
                _show_form(studio, words, photos, run)
                return
            ui.link(words("audit.all"), link_to("audit"))
            with telling(words):
                place = studio.workspace.inside(made)
                show_cards(studio, words, place, read_audit(place))


def _show_form(studio: Studio, words: Words, photos: str, run: str) -> None:
    ui.label(words("audit.lead")).classes("mk-lead")
    catalogues = {str(path): path.name for path in studio.workspace.find_photos()}
    if photos:
        catalogues.setdefault(photos, Path(photos).name)
    runs = {BY_ITSELF: words("audit.by_itself"), **runs_with_model(studio.workspace, words)}
    with ui.element("section").classes("mk-card"):
        heading(words("audit.new"))
        with ui.element("div").classes("mk-columns"):
            chosen = photos if photos in catalogues else None
            catalogue = ui.select(catalogues, value=chosen, label=words("audit.photos")).props("outlined dense")
            judge = ui.select(runs, value=run if run in runs else BY_ITSELF, label=words("audit.judge")).props(
                "outlined dense"
            )
        path = ui.input(words("audit.path")).props("outlined dense clearable")
        ui.label(words("audit.judge_hint")).classes("mk-hint")

        def start() -> None:
            with telling(words):
                named = path.value or catalogue.value
                if not named:
                    raise DataError(words("audit.none_chosen"))
                _start(studio, words, studio.workspace.inside(named), str(judge.value or BY_ITSELF))
                rows.look()

        ui.button(words("audit.start"), on_click=start).props("no-caps unelevated").classes("mk-audit-start")
        rows = JobRows(studio, words, lambda: _shown(studio), lambda job: _go_to(job))
    _show_earlier(studio, words)


def _start(studio: Studio, words: Words, catalogue: Path, run: str) -> None:
    out = studio.workspace.new(studio.workspace.audits, catalogue.stem)
    judged_by = ["--self"] if run == BY_ITSELF else [str(studio.workspace.inside(run))]
    studio.jobs.start(
        ["audit", *judged_by, str(catalogue), "--out", str(out)],
        words("audit.job", name=catalogue.name),
        "long",
        {"audit": out, "photos": catalogue},
    )


def _shown(studio: Studio) -> list[Job]:
    """Return the audits that a person wants to know of: under way, or the newest if it failed."""
    jobs = [job for job in studio.jobs.all() if job.kind == "audit"]
    return [job for job in jobs if job.state not in ENDED] or [job for job in jobs[:1] if job.state != "done"]


def _go_to(job: Job) -> None:
    if job.state == "done":
        ui.navigate.to(link_to("audit", made=job.about["audit"]))


def _show_earlier(studio: Studio, words: Words) -> None:
    places = [path for path in studio.workspace.audits.iterdir() if (path / SUMMARY).is_file()]
    if not places:
        return
    with ui.element("section").classes("mk-card"):
        heading(words("audit.earlier"))
        with ui.element("ul").classes("mk-list"):
            for place in sorted(places, key=lambda path: -(path / SUMMARY).stat().st_mtime):
                with ui.element("li"):
                    ui.link(place.name, link_to("audit", made=str(place)))
