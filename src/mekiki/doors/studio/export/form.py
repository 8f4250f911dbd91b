"""The form of the page ``export``: which format, 8 bits, views; Start is one ``mekiki export``."""

from __future__ import annotations

from nicegui import ui

from mekiki.config import ExportSettings
from mekiki.doors.studio.frame import heading, telling
from mekiki.doors.studio.job_watch import tell_started
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.trained_runs import TrainedRun
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError
from mekiki.records.card import read_card
from mekiki.records.exported import FORMATS, GRAPHS, Exported
from mekiki.records.run import RunFolder


class ExportForm:
    """What is asked of an export.

    Args:
        studio: The studio.
        words: Of the person's language.
        facts: The run.
    """

    def __init__(self, studio: Studio, words: Words, facts: TrainedRun) -> None:
        self.studio, self.words, self.facts = studio, words, facts
        with ui.element("section").classes("mk-card mk-form"):
            heading(words("export.new"))
            formats = {to: words(f"export.to_{to}") for to in FORMATS}
            with ui.element("div").props('role="group"') as group:
                self.to = ui.radio(formats, value=FORMATS[0], on_change=self.look).classes("mk-formats")
            group.props["aria-label"] = words("export.format")
            self.int8 = ui.switch(words("export.int8"), on_change=self.look)
            ui.label(words("export.int8_hint")).classes("mk-faint")
            margin = 100 * ExportSettings().margin
            self.margin = ui.number(words("export.margin"), value=margin, min=0.1, max=50, step=0.5).classes("mk-wide")
            self.margin.bind_visibility_from(self.int8, "value")
            self.plain = ui.switch(words("export.plain"), on_change=self.look)
            plain_hint = ui.label(words("export.plain_hint")).classes("mk-faint")
            for each in (self.plain, plain_hint):
                each.set_visibility(_has_views(facts))
            self.note = ui.label().classes("mk-warn").props('role="status"')
            self.button = ui.button(words("export.start"), on_click=self.start).props("no-caps unelevated")
        self.look()

    def look(self) -> None:
        """See what can be asked for now: 8 bits go with a graph, and nothing is written over."""
        is_graph = self.to.value in GRAPHS
        self.int8.set_enabled(is_graph)
        if not is_graph and self.int8.value:
            self.int8.value = False
        there = (RunFolder(self.facts.path).exports / self._name()).exists()
        self.note.text = self.words("export.there", run=self._name()) if there else ""
        self.note.set_visibility(there)
        self.button.set_enabled(not there)

    def start(self) -> None:
        """Start the command."""
        with telling(self.words):
            run = self.studio.workspace.inside(self.facts.path)
            more = ["--int8"] if self.int8.value else []
            if self.int8.value and self.margin.value:
                more += ["--margin", f"{float(self.margin.value) / 100:g}"]
            if self.plain.value:
                more += ["--views", "plain"]
            title = self.words("export.job", run=self.facts.name, to=self._name())
            arguments = ["export", str(run), "--to", str(self.to.value), *more, "--json"]
            self.studio.jobs.start(arguments, title, "long", {"run": run})
            tell_started(self.words("export.started", title=title))

    def _name(self) -> str:
        return Exported(to=self.to.value, int8=bool(self.int8.value), model="", views="plain").name


def _has_views(facts: TrainedRun) -> bool:
    try:
        return read_card(RunFolder(facts.path).card).views != "plain"
    except MekikiError:
        return False
