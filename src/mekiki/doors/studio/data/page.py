"""The page ``data``: choose photos, or judge those that the address names."""

from __future__ import annotations

import json
import time
from pathlib import Path

from fastapi import Request
from nicegui import app, ui

from mekiki.doors.studio.data.adding import show_adding
from mekiki.doors.studio.data.choosing import show_choosing
from mekiki.doors.studio.data.routes import add_data_routes
from mekiki.doors.studio.data.scans import last_scan, scans_failed, scans_of, start_scan
from mekiki.doors.studio.data.upload_routes import add_upload_routes
from mekiki.doors.studio.data.watch import watch_jobs
from mekiki.doors.studio.frame import chosen_path, frame, heading, link_to, telling
from mekiki.doors.studio.job_list import JobRows, time_in_words
from mekiki.doors.studio.jobs import ENDED
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words

_HEAD = (
    '<link rel="stylesheet" href="/studio/data.css">'
    '<script type="module" src="/studio/data.js"></script><script type="module" src="/studio/data_drop.js"></script>'
)


def add_data_page(studio: Studio) -> None:
    """Add the page, and what its scripts ask for, to the studio."""
    add_data_routes(app, studio)
    add_upload_routes(app, studio)

    @ui.page("/data")
    def show(request: Request, photos: str = "") -> None:
        ui.add_head_html(_HEAD)
        with frame(studio, request, "data") as words:
            chosen = chosen_path(studio, words, photos)
            if chosen is None:
                _show_choice(studio, words)
            else:
                _show_photos(studio, words, chosen)


def texts_for_scripts(words: Words) -> str:
    """Return the page's own words, as its scripts read them."""
    return json.dumps({name: text for name, text in words.texts.items() if name.startswith("data.")})


def _show_choice(studio: Studio, words: Words) -> None:
    ui.label(words("data.lead")).classes("mk-lead")
    show_choosing(studio, words)
    show_adding(studio, words, texts_for_scripts(words))


def _show_photos(studio: Studio, words: Words, photos: Path) -> None:
    with ui.element("section").classes("mk-card"):
        with ui.element("div").classes("dt-top"):
            with ui.element("div").classes("dt-top-words"):
                heading(photos.name)
                ui.label(str(photos)).classes("mk-path mk-faint")
                _say_when(studio, words, photos)
            _show_check(studio, words, photos)
            with ui.element("div").classes("mk-row"):
                ui.link(words("data.others"), link_to("data")).classes("dt-button")
                ui.link(words("data.train"), link_to("train", photos=str(photos))).classes("dt-button dt-strong")
        with ui.element("div") as place:
            JobRows(studio, words, lambda: scans_failed(studio, photos), place=place)
    watch_jobs(studio, lambda: scans_of(studio, photos), lambda job: ui.navigate.reload())
    bench = ui.element("mk-photos")
    bench.props["data-photos"] = str(photos)
    bench.props["data-words"] = texts_for_scripts(words)


def _say_when(studio: Studio, words: Words, photos: Path) -> None:
    scan = last_scan(studio, photos)
    if scan is None:
        ui.label(words("data.never_checked")).classes("mk-faint")
        return
    ago = time_in_words(words, max(0.0, time.time() - scan.ended))
    ui.label(words("data.checked_labels" if scan.labels else "data.checked", ago=ago)).classes("mk-faint")


def _show_check(studio: Studio, words: Words, photos: Path) -> None:
    def start() -> None:
        with telling(words):
            if all(job.state in ENDED for job in scans_of(studio, photos)):
                start_scan(studio, photos, labels.value, words("data.job_scan", folder=photos.name))

    again = last_scan(studio, photos) is not None
    with ui.element("div").classes("mk-row"):
        labels = ui.switch(words("data.look_for_labels"), value=True)
        labels.tooltip(words("data.labels_hint"))
        ui.button(words("data.check_again" if again else "data.check"), on_click=start).props("outline no-caps")
