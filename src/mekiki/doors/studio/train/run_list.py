"""All runs as a list: state, network, accuracy with its interval, date. It keeps itself up to date."""

from __future__ import annotations

from pathlib import Path

from nicegui import run, ui

from mekiki.doors.studio.frame import heading, link_to
from mekiki.doors.studio.run_facts import RunFacts, list_runs
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words

LOOK_EVERY_SECONDS = 2.0
MOST = 200


class RunList:
    """The list on a page.

    Args:
        studio: The studio.
        words: Of the person's language.
        shown: The run that the page shows; None: none.
    """

    def __init__(self, studio: Studio, words: Words, shown: Path | None) -> None:
        self.studio, self.words, self.shown = studio, words, shown
        self._seen: list[tuple[object, ...]] | None = None
        with ui.element("section").classes("mk-card"):
            heading(words("train.runs"))
            self._box = ui.element("ul").classes("mk-runs")
        ui.timer(0.1, self._look, once=True)
        ui.timer(LOOK_EVERY_SECONDS, self._look)

    async def _look(self) -> None:
        found = await run.io_bound(list_runs, self.studio)
        facts = [] if found is None else found[:MOST]
        seen: list[tuple[object, ...]] = [(each.path, each.state, each.result, each.day) for each in facts]
        if seen == self._seen:
            return
        self._seen = seen
        self._box.clear()
        with self._box:
            if not facts:
                with ui.element("li"):
                    ui.label(self.words("train.no_runs")).classes("mk-empty")
            for each in facts:
                self._row(each)

    def _row(self, facts: RunFacts) -> None:
        with ui.element("li").classes("mk-run"):
            link = ui.link(facts.name, link_to("train", run=str(facts.path))).classes("mk-run-name")
            if facts.path == self.shown:
                link.props('aria-current="true"')
            ui.label(self.words(f"train.short_{facts.state}")).classes(f"mk-run-state mk-run-{facts.state}")
            ui.label(facts.backbone or "–").classes("mk-faint")
            ui.label(self._accuracy(facts)).classes("mk-number")
            ui.label(facts.day).classes("mk-faint mk-number")

    def _accuracy(self, facts: RunFacts) -> str:
        if facts.result is None:
            return "–"
        accuracy = facts.result.accuracy
        return self.words(
            "train.accuracy",
            value=f"{accuracy.value:.1%}",
            low=f"{accuracy.low:.1%}",
            high=f"{accuracy.high:.1%}",
            part=self.words(f"train.part_{facts.result.part}")
            if facts.result.part in ("val", "test")
            else facts.result.part,
        )
