"""The live contact sheet: what the chosen random changes do to a photo of the person's own.

The pictures come from ``verbs/draws.py``, in a thread, one sheet at a time. What is wanted is looked at a few times a
second, so that quick changes of the form lead to one drawing.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from nicegui import events, run, ui

from mekiki.config import AugmentSettings, FitName, RunConfig, ScanSettings
from mekiki.data.pictures import read_picture
from mekiki.doors.studio.frame import heading, telling
from mekiki.doors.studio.media import as_jpeg
from mekiki.doors.studio.networks import load_networks
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError, MekikiError
from mekiki.files import write_bytes

DRAWS = 8
SIDE = 160
LOOK_EVERY_SECONDS = 0.3
SENT = "tried"
_SENT_KEPT = 20
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Wanted:
    """What a sheet shows.

    Attributes:
        data: The folder or CSV that a photo is taken from; empty: none is chosen.
        photo: One photo instead; empty: one of ``data``.
        number: Which one of ``data``.
        ranges: What may happen to it.
        fit: How it becomes square.
        seed: Of the draws.
    """

    data: str = ""
    photo: str = ""
    number: int = 0
    ranges: AugmentSettings = field(default_factory=AugmentSettings)
    fit: FitName = "letterbox"
    seed: int = 0


@dataclass(frozen=True)
class Sheet:
    """A photo's file, and JPEG files of it: unchanged, and then changed."""

    photo: Path
    pictures: tuple[bytes, ...]


def draw_sheet(studio: Studio, wanted: Wanted) -> Sheet:
    """Draw; it takes a moment, and the first time as long as torch takes to load.

    Args:
        studio: Its folders and bounds.
        wanted: What is to be shown.

    Raises:
        DataError: There is no photo that can be read, or it may not be looked into.
    """
    with _ONE_AT_A_TIME:
        load_networks()
        from mekiki.verbs.draws import draw_changes

        photo, others = _choose(studio, wanted)
        limit = studio.settings.max_megapixels
        pictures = draw_changes(
            photo, wanted.ranges, DRAWS, others=others, side=SIDE, fit=wanted.fit, seed=wanted.seed,
            max_megapixels=limit,
        )  # fmt: skip
        return Sheet(photo, tuple(map(as_jpeg, pictures)))


def _choose(studio: Studio, wanted: Wanted) -> tuple[Path, list[Path]]:
    """Return the photo, and another that can be mixed in."""
    from mekiki.verbs.preview import photos_in_turn

    listed: list[Path] = []
    if wanted.data:
        root, found = photos_in_turn(studio.workspace.inside(wanted.data), ScanSettings())
        numbers = (wanted.number, wanted.number + 1) if found else ()
        listed = [studio.workspace.inside(root / found[number % len(found)][0]) for number in numbers]
    if wanted.photo:
        return studio.workspace.inside(wanted.photo), listed[:1]
    if not listed:
        raise DataError("there is no photo to show", "choose a folder of photos, or a photo")
    return listed[0], listed[1:]


def keep_sent(studio: Studio, content: bytes) -> Path:
    """Keep a photo that a browser sent, written anew from its pixels; the oldest of too many go.

    Raises:
        PictureError: It is no picture, or too large.
    """
    pixels = read_picture(content, max_megapixels=studio.settings.max_megapixels, at_least=1024)
    place = studio.workspace.home / SENT
    place.mkdir(exist_ok=True)
    path = place / f"{hashlib.sha256(content).hexdigest()[:16]}.jpg"
    write_bytes(path, as_jpeg(pixels, 92))
    kept = sorted(place.glob("*.jpg"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in kept[_SENT_KEPT:]:
        old.unlink(missing_ok=True)
    return path


class ContactSheet:
    """The sheet on a page.

    Args:
        studio: The studio.
        words: Of the person's language.
        photo: A photo to begin with; empty: one of the training photos.
        on_photo: Told which photo was chosen; empty: one of the training photos.
    """

    def __init__(self, studio: Studio, words: Words, photo: str, on_photo: Callable[[str], None]) -> None:
        self.studio, self.words, self.on_photo = studio, words, on_photo
        self._wanted, self._shown, self._busy = Wanted(photo=photo), Wanted(), False
        with ui.element("section").classes("mk-sheet"):
            heading(words("train.sheet"), 3)
            ui.label(words("train.sheet_lead")).classes("mk-hint")
            self._grid = ui.element("div").classes("mk-sheet-grid")
            self._note = ui.label().classes("mk-hint").props('role="status"')
            with ui.row().classes("mk-row"):
                ui.button(words("train.sheet_next"), on_click=self._next).props("outline dense no-caps")
                ui.button(words("train.sheet_again"), on_click=self._again).props("outline dense no-caps")
            upload = ui.upload(
                auto_upload=True,
                max_file_size=studio.settings.most_megabytes * 2**20,
                on_upload=self._sent,
                on_rejected=lambda: ui.notify(words("train.sheet_refused"), type="negative"),
            )
            upload.props('accept="image/*"').classes("mk-sheet-upload")
            own = ui.button(words("train.sheet_send"), on_click=lambda: upload.run_method("pickFiles"))
            own.props("outline dense no-caps")
        ui.timer(LOOK_EVERY_SECONDS, self._look)

    def want(self, data: str, config: RunConfig) -> None:
        """Show another folder's photo, or other changes.

        Args:
            data: The folder or CSV; empty: none.
            config: The settings as the form has them.
        """
        number = self._wanted.number if data == self._wanted.data else 0
        self._wanted = replace(self._wanted, data=data, number=number, ranges=config.augment, fit=config.model.fit)

    def _next(self) -> None:
        self._wanted = replace(self._wanted, number=self._wanted.number + 1, photo="")
        self.on_photo("")

    def _again(self) -> None:
        self._wanted = replace(self._wanted, seed=self._wanted.seed + 1)

    async def _sent(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        with telling(self.words):
            photo = str(await run.io_bound(keep_sent, self.studio, content))
            self._wanted = replace(self._wanted, photo=photo)
            self.on_photo(photo)
        if isinstance(event.sender, ui.upload):
            event.sender.reset()

    async def _look(self) -> None:
        wanted = self._wanted
        if self._busy or wanted == self._shown or not (wanted.data or wanted.photo):
            return
        self._busy, self._shown = True, wanted
        self._note.text = self.words("train.sheet_drawing")
        try:
            sheet = await run.io_bound(draw_sheet, self.studio, wanted)
        except (MekikiError, OSError) as error:
            self._note.text = error.message if isinstance(error, MekikiError) else str(error)
        else:
            if sheet is not None:  # else the studio ends
                self._show(sheet)
        finally:
            self._busy = False

    def _show(self, sheet: Sheet) -> None:
        self._note.text = self.words("train.sheet_of", photo=f"{sheet.photo.parent.name}/{sheet.photo.name}")
        self._grid.clear()
        with self._grid:
            for number, picture in enumerate(sheet.pictures):
                with ui.element("figure"):
                    image = ui.element("img")
                    image.props["src"] = "data:image/jpeg;base64," + base64.b64encode(picture).decode("ascii")
                    name = "train.sheet_draw" if number else "train.sheet_plain"
                    image.props["alt"] = self.words(name, number=number, photo=sheet.photo.name)
                    if not number:
                        with ui.element("figcaption"):
                            ui.label(self.words("train.sheet_photo"))
