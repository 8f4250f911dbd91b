"""Bringing photos into the studio: dropped or chosen in the browser, or downloaded from a list of addresses."""

from __future__ import annotations

from pathlib import Path

from nicegui import events, ui

from mekiki.doors.studio.data.watch import watch_jobs
from mekiki.doors.studio.frame import heading, link_to, telling
from mekiki.doors.studio.job_list import JobRows
from mekiki.doors.studio.jobs import ENDED, Job
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError
from mekiki.files import write_text

_LARGEST_LIST = 5_000_000
_ADDING = ("unpack", "collect")
_SHOWN = 5


def show_adding(studio: Studio, words: Words, texts: str) -> None:
    """Lay out both ways.

    Args:
        studio: The studio.
        words: Of the person's language.
        texts: The same for the script that sends photos, JSON.
    """
    with ui.element("div").classes("mk-columns"):
        with ui.element("section").classes("mk-card"):
            heading(words("data.add"))
            drop = ui.element("mk-drop")
            drop.props["data-words"] = texts
            drop.props["data-most"] = str(studio.settings.most_photos)
            ui.label(words("data.add_hint")).classes("mk-faint")
        with ui.element("section").classes("mk-card"):
            heading(words("data.collect"))
            _Collecting(studio, words)
    with ui.element("section").classes("mk-card") as place:
        JobRows(studio, words, lambda: _failed(studio), place=place)
    watch_jobs(studio, lambda: _jobs(studio), _open_photos)


def start_collecting(studio: Studio, text: str, name: str, title: str) -> Job:
    """Start downloading a list into a new folder of photos.

    Args:
        studio: The studio.
        text: Lines of url,label; the header may be missing.
        name: Of the folder.
        title: What the job is called.

    Raises:
        DataError: There is nothing in the list, or too much.
    """
    if not text.strip():
        raise DataError("the list is empty", "one line for each photo: url,label")
    if len(text) > _LARGEST_LIST:
        raise DataError(f"the list has {len(text):,} letters; the limit is {_LARGEST_LIST:,}", "divide it")
    first = text.lstrip("\ufeff \r\n").partition("\n")[0].replace(";", ",").split(",")
    has_header = {"url", "label"} <= {column.strip().casefold().strip('"') for column in first}
    workspace = studio.workspace
    out = workspace.new(workspace.photos, name)
    place = workspace.new(workspace.home / "lists", f"{out.name}.csv")
    write_text(place, text if has_header else f"url,label\n{text.strip()}\n")
    return studio.jobs.start(["collect", str(place), "--out", str(out)], title, "quick", {"photos": out})


class _Collecting:
    """A list that a person pastes or gives as a file."""

    def __init__(self, studio: Studio, words: Words) -> None:
        self.studio, self.words = studio, words
        self.list = ui.textarea(words("data.list"), placeholder="https://…/1.jpg,SG\nhttps://…/2.jpg,Jaguar")
        self.list.props("outlined rows=5").classes("w-full").style("width: 100%")
        self.file = ui.upload(on_upload=self.take, auto_upload=True, max_file_size=_LARGEST_LIST)
        self.file.props('accept=".csv,.txt"').style("display: none")
        with ui.element("div").classes("mk-row"):
            self.name = ui.input(words("data.name"), value=words("data.own_photos")).props("outlined dense")
            ui.button(words("data.list_file"), on_click=self._pick).props("outline no-caps")
            ui.button(words("data.start_collecting"), on_click=self.start).props("outline no-caps")
        ui.label(words("data.collect_hint")).classes("mk-faint")

    def _pick(self) -> None:
        self.file.run_method("pickFiles")

    async def take(self, given: events.UploadEventArguments) -> None:
        """Put a file's text into the field."""
        with telling(self.words):
            content = await given.file.read()
            try:
                self.list.value = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise DataError(f"{given.file.name} is no UTF-8 text", "save it as CSV UTF-8") from None
            self.name.value = Path(given.file.name).stem
            self.file.reset()

    def start(self) -> None:
        """Start the job."""
        with telling(self.words):
            name = str(self.name.value or "")
            title = self.words("data.job_collect", folder=name)
            start_collecting(self.studio, str(self.list.value or ""), name, title)
            self.list.value = ""


def _jobs(studio: Studio) -> list[Job]:
    return [job for job in studio.jobs.all() if job.kind in _ADDING]


def _failed(studio: Studio) -> list[Job]:
    return [job for job in _jobs(studio) if job.state in ENDED and job.state != "done"][:_SHOWN]


def _open_photos(job: Job) -> None:
    photos = job.about.get("photos", "")
    if Path(photos).is_dir():
        ui.navigate.to(link_to("data", photos=photos))
