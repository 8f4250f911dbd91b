"""Choosing photos that are there already: cards, a walk through the folders of the roots, a path."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nicegui import run, ui

from mekiki.data.folders import is_picture_name, list_kinds
from mekiki.doors.studio.frame import heading, link_to, telling
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError

_MOST_SHOWN = 300
_MOST_COUNTED = 5_000
_DEEPEST = 4


def show_choosing(studio: Studio, words: Words) -> None:
    """Lay out the choice."""
    with ui.element("section").classes("mk-card"):
        heading(words("data.choose"))
        photos = studio.workspace.find_photos()
        if photos:
            with ui.element("div").classes("dt-cards"):
                for path in photos[:_MOST_SHOWN]:
                    _show_card(studio, words, path)
        else:
            ui.label(words("data.none_yet")).classes("mk-faint")
        _PathField(studio, words)
        with ui.expansion(words("data.browse")).props("dense").classes("mk-faint"):
            _Folders(studio, words)


def _show_card(studio: Studio, words: Words, path: Path) -> None:
    with ui.link(target=link_to("data", photos=str(path))).classes("dt-choice"):
        with ui.element("strong"):
            ui.label(path.name)
        ui.label(str(path)).classes("mk-path mk-faint")
        _count_later(words, ui.label().classes("mk-faint mk-number"), path)


def _count_later(words: Words, label: ui.label, folder: Path) -> None:
    async def count() -> None:
        counted = await run.io_bound(count_pictures, folder)
        if counted is not None:
            label.text = in_words(words, counted)

    ui.timer(0.05, count, once=True)


def in_words(words: Words, count: int) -> str:
    """Return how many photos there are, as far as they were counted."""
    return words("data.count_more" if count >= _MOST_COUNTED else "data.count", count=f"{count:,}")


def count_pictures(folder: Path, depth: int = 0, most: int = _MOST_COUNTED) -> int:
    """Count files that are named like pictures, without following links.

    Args:
        folder: Where to begin.
        depth: How deep this folder lies; four folders deep is the end.
        most: Where to stop counting.
    """
    found, folders = 0, []
    try:
        with os.scandir(folder) as inside:
            for entry in inside:
                if entry.name.startswith(".") or entry.is_symlink():
                    continue
                if entry.is_dir():
                    folders.append(Path(entry.path))
                elif is_picture_name(Path(entry.name)):
                    found += 1
    except OSError:
        return found
    for path in folders if depth < _DEEPEST else []:
        if found >= most:
            return most
        found += count_pictures(path, depth + 1, most - found)
    return min(found, most)


class _PathField:
    """A path that a person types or pastes."""

    def __init__(self, studio: Studio, words: Words) -> None:
        self.studio, self.words = studio, words
        with ui.element("div").classes("mk-row"):
            self.field = ui.input(words("data.path")).props("outlined dense").classes("dt-path-field")
            self.field.on("keydown.enter", self.go)
            ui.button(words("data.open"), on_click=self.go).props("outline no-caps")

    def go(self) -> None:
        """Open it, if it may be looked into."""
        with telling(self.words):
            path = self.studio.workspace.inside(str(self.field.value or "").strip() or " ")
            if not path.exists():
                raise DataError(
                    f"there is no folder or file {path}", "name a folder of photos, or a CSV with path,label"
                )
            ui.navigate.to(link_to("data", photos=str(path)))


class _Folders:
    """A walk through folders, one level at a time."""

    def __init__(self, studio: Studio, words: Words) -> None:
        self.studio, self.words = studio, words
        self.where: Path | None = None
        self.box = ui.element("div").classes("dt-folders")
        self.draw()

    def draw(self) -> None:
        """Show what lies where the walk is."""
        self.box.clear()
        with self.box, telling(self.words):
            if self.where is None:
                for root in self.studio.workspace.roots:
                    self._row(root, str(root))
                return
            here = self.studio.workspace.inside(self.where)
            with ui.element("div").classes("mk-row"):
                ui.button(self.words("data.up"), on_click=self._up, icon="arrow_upward").props("flat dense no-caps")
                ui.link(self.words("data.take_this"), link_to("data", photos=str(here))).classes("dt-button dt-strong")
                ui.label(str(here)).classes("mk-path")
            folders = [path for path, is_folder in list_kinds(here) if is_folder and not path.is_symlink()]
            for path in folders[:_MOST_SHOWN]:
                self._row(path, path.name)
            if not folders:
                ui.label(self.words("data.no_folders")).classes("mk-faint")
            if len(folders) > _MOST_SHOWN:
                ui.label(self.words("data.more_folders", count=len(folders) - _MOST_SHOWN)).classes("mk-faint")

    def _row(self, path: Path, name: str) -> None:
        with ui.element("div").classes("mk-row"):
            ui.button(name, on_click=self._into(path), icon="folder").props("flat dense no-caps")
            _count_later(self.words, ui.label().classes("mk-faint mk-number"), path)

    def _into(self, path: Path) -> Callable[[], None]:
        def go() -> None:
            self.where = path
            self.draw()

        return go

    def _up(self) -> None:
        here = self.where
        self.where = None if here is None or here in self.studio.workspace.roots else here.parent
        self.draw()
