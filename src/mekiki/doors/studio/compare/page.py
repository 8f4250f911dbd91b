"""The page ``compare``: choose runs and start, or look at what a comparison or a stress test said.

What is chosen is in the address: ``?runs=…&runs=…`` in the order of choice, or ``?made=…`` for a result's folder.
"""

from __future__ import annotations

from fastapi import Request
from nicegui import run, ui

from mekiki.doors.studio.compare.choice import Choice
from mekiki.doors.studio.compare.comparison_view import show_comparison
from mekiki.doors.studio.compare.earlier import COMPARISON, STRESS, show_earlier
from mekiki.doors.studio.compare.stress_view import show_stress
from mekiki.doors.studio.frame import frame, link_to, telling
from mekiki.doors.studio.job_watch import JobWatch
from mekiki.doors.studio.jobs import Job
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.trained_runs import trained_runs
from mekiki.doors.studio.words import Words
from mekiki.errors import RunError


def add_compare_page(studio: Studio) -> None:
    """Add the page to the studio."""

    @ui.page("/compare")
    async def show(request: Request) -> None:
        with frame(studio, request, "compare") as words:
            ui.add_head_html('<link rel="stylesheet" href="/studio/compare.css">')
            made = request.query_params.get("made", "")
            if made:
                await _show_result(studio, words, made, request.query_params.get("pair", ""))
                return
            ui.label(words("compare.lead")).classes("mk-lead")
            runs = await run.io_bound(trained_runs, studio.workspace)
            if runs is None:  # the studio is ending
                return
            place = ui.element("div")
            choice = Choice(studio, words, runs, request.query_params.getlist("runs"))
            earlier = ui.element("section").classes("mk-section").props('aria-live="polite"')

            def list_earlier() -> None:
                earlier.clear()
                with earlier:
                    show_earlier(studio, words)

            def on_done(job: Job) -> None:
                if job.name in choice.started:
                    ui.navigate.to(link_to("compare", made=job.about["made"]))
                else:
                    list_earlier()

            list_earlier()
            with place:
                JobWatch(studio, words, _is_own, on_done)


def _is_own(job: Job) -> bool:
    return job.kind in ("compare", "stress") and "made" in job.about


async def _show_result(studio: Studio, words: Words, made: str, pair: str) -> None:
    ui.link(words("compare.back"), link_to("compare")).classes("mk-back")
    with telling(words):
        folder = studio.workspace.inside(made)
        if (folder / STRESS).is_file():
            show_stress(words, folder)
        elif (folder / COMPARISON).is_file():
            await show_comparison(studio, words, folder, pair)
        else:
            raise RunError(f"{folder} holds no comparison", "choose one that is listed")
