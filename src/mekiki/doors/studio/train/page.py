"""The page ``train``: the form of a new training, or one run; below, all runs."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from mekiki.doors.studio.frame import chosen_path, frame, link_to
from mekiki.doors.studio.run_facts import facts_of
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.form import TrainForm
from mekiki.doors.studio.train.run_list import RunList
from mekiki.doors.studio.train.run_view import RunView
from mekiki.doors.studio.words import Words


def add_train_page(studio: Studio) -> None:
    """Add the page to the studio."""

    @ui.page("/train")
    def show(request: Request) -> None:
        ui.add_head_html('<link rel="stylesheet" href="/studio/train.css">')
        with frame(studio, request, "train") as words:
            query = dict(request.query_params)
            path = chosen_path(studio, words, query.get("run", ""))
            _switch(words, "" if path is None else str(path))
            if path is None:
                TrainForm(studio, words, query)
            else:
                photos = facts_of(studio, path).photos
                ui.link(words("train.new"), link_to("train", photos=photos)).classes("mk-new-run")
                RunView(studio, words, path)
            RunList(studio, words, path)


def _switch(words: Words, run: str) -> None:
    """Show the two modes, Train and Inference."""
    with ui.element("nav").classes("mk-modes") as modes:
        modes.props["aria-label"] = words("train.modes")
        ui.link(words("train.mode_train"), link_to("train", run=run)).props('aria-current="true"')
        ui.link(words("train.mode_predict"), link_to("predict", run=run))
