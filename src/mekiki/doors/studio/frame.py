"""What all pages have in common: head, navigation, language, light and dark, and how an error is told.

Texts that come from files are only ever set as text, never as HTML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Request
from nicegui import ui

from mekiki.doors.studio.job_list import show_jobs
from mekiki.doors.studio.links import PAGES as PAGES
from mekiki.doors.studio.links import link_to as link_to
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import LANGUAGE_COOKIE, LANGUAGES, Words, choose_language, words_of
from mekiki.errors import MekikiError, one_line

LOOK_COOKIE = "mekiki_look"
LOOKS: dict[str, bool | None] = {"auto": None, "light": False, "dark": True}


@contextmanager
def frame(studio: Studio, request: Request, page: str) -> Iterator[Words]:
    """Lay out a page; its content goes into the block.

    Args:
        studio: The studio.
        request: Of this page: its cookies name language and look.
        page: One of ``PAGES``.

    Yields:
        The words of the person's language.
    """
    words = words_of(choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", "")))
    look = request.cookies.get(LOOK_COOKIE, "auto")
    ui.dark_mode(LOOKS.get(look))
    ui.colors(primary="#1d4ed8", secondary="#475569", accent="#b45309", positive="#15803d", negative="#b91c1c")
    title = json.dumps(f"{words(f'frame.{page}')} · {words('frame.name')}")
    ui.run_javascript(f"document.documentElement.lang = '{words.language}'; document.title = {title}")
    with ui.header(elevated=False).classes("mk-header"):
        ui.link(words("frame.skip"), "#content").classes("mk-skip")
        ui.link("目利き mekiki", "/").classes("mk-brand")
        with ui.element("nav").props(f'aria-label="{words("frame.pages")}"').classes("mk-nav"):
            for name in PAGES:
                link = ui.link(words(f"frame.{name}"), link_to(name)).classes("mk-nav-link")
                if name == page:
                    link.props('aria-current="page"')
        with ui.row().classes("mk-tools"):
            _chooser(words("frame.language"), LANGUAGES, words.language, LANGUAGE_COOKIE)
            looks = {name: words(f"frame.look_{name}") for name in LOOKS}
            _chooser(words("frame.look"), looks, look if look in LOOKS else "auto", LOOK_COOKIE)
    with ui.element("main").props('id="content" tabindex="-1"').classes("mk-main"):
        heading(words(f"frame.{page}"), 1)
        show_jobs(studio, words, besides=request.query_params.get("run", "") if page == "train" else "")
        yield words


def heading(text: str, level: int = 2) -> None:
    """Put a heading; level 1 is the page's own."""
    ui.html(html.escape(text), sanitize=False, tag=f"h{level}").classes("mk-title" if level == 1 else "mk-subtitle")


def _chooser(label: str, options: dict[str, str], chosen: str, cookie: str) -> None:
    def choose(value: str) -> None:
        ui.run_javascript(
            f"document.cookie = '{cookie}={value}; path=/; max-age=31536000; samesite=strict'; location.reload()"
        )

    select = ui.select(options, value=chosen, on_change=lambda event: choose(str(event.value)))
    select.props(f'dense borderless options-dense aria-label="{label}"').classes("mk-chooser")


def tell(words: Words, error: MekikiError | OSError) -> None:
    """Show an error with its hint, until it is closed."""
    message, hint = (error.message, error.hint) if isinstance(error, MekikiError) else (one_line(error), "")
    lines = message + (f"\n{words('frame.hint', hint=hint)}" if hint else "")
    ui.notify(lines, type="negative", multi_line=True, timeout=0, close_button="×", position="top", classes="mk-notice")


@contextmanager
def telling(words: Words) -> Iterator[None]:
    """Show expected errors of a block instead of failing."""
    try:
        yield
    except (MekikiError, OSError) as error:
        tell(words, error)


def chosen_path(studio: Studio, words: Words, named: str) -> Path | None:
    """Return the path that a page's address names; None if it names none, or one that may not be looked into."""
    if not named:
        return None
    with telling(words):
        return studio.workspace.inside(named)
    return None
