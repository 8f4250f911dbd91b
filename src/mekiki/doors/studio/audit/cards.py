"""Suspicious tags as cards: the photo, what it is listed as, what fits better and why, and the person's verdict.

A verdict is a line of ``decisions.csv`` beside the catalogue, as on the data page; what stands on a card is read from
there, so that two windows agree. The catalogue itself is not touched.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from nicegui import events, ui

from mekiki.doors.studio.data.table import PhotoTable, PhotoTables
from mekiki.doors.studio.frame import heading, telling
from mekiki.doors.studio.media import picture_url
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.records.audit import Audit, AuditFinding
from mekiki.records.decisions import Decision, read_decisions
from mekiki.reports.audit_story import about_not_judged, estimate, yields

Verdict = Literal["open", "accepted", "rejected", "left_out"]
LOOK_EVERY_SECONDS = 3.0
PHOTO_SIDE = 640
EXAMPLE_SIDE = 220
ROWS_AT_ONCE = 100
_KEYS = {"a": "accept", "r": "reject", "x": "leave_out", "n": "next", "p": "previous", "u": "undo"}
_ARROWS = {"ArrowRight": "next", "ArrowLeft": "previous"}


class Cards:
    """The cards of one audit.

    Args:
        audit: What was found.
        table: The catalogue, with its decisions.
    """

    def __init__(self, audit: Audit, table: PhotoTable) -> None:
        self.audit, self.table = audit, table
        self.place = 0
        self._taken: list[Decision] = read_decisions(table.decisions) if table.decisions.is_file() else []
        self.verdicts: dict[str, Verdict] = {}
        self.look()
        self.place = next((place for place, each in enumerate(self.findings) if self.verdict(each) == "open"), 0)

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        return self.audit.findings

    @property
    def current(self) -> AuditFinding:
        return self.findings[self.place]

    @property
    def decided(self) -> int:
        return sum(self.verdict(each) != "open" for each in self.findings)

    def verdict(self, finding: AuditFinding) -> Verdict:
        """Return what was decided about a finding's photo."""
        return self.verdicts.get(finding.path, "open")

    def look(self) -> bool:
        """Read the decisions again; return whether anything changed."""
        lines = read_decisions(self.table.decisions) if self.table.decisions.is_file() else []
        verdicts: dict[str, Verdict] = {}
        for line in lines:
            if line.action == "relabel":
                verdicts[line.path] = "accepted"
            elif line.action == "exclude":
                verdicts[line.path] = "left_out"
            elif line.action == "keep" and line.value in ("", "label_error"):
                verdicts[line.path] = "rejected"
        changed = verdicts != self.verdicts
        self.verdicts = verdicts
        return changed

    def move(self, steps: int) -> None:
        """Go on or back; at the ends it stays."""
        self.place = min(max(self.place + steps, 0), len(self.findings) - 1)

    def decide(self, verdict: Verdict) -> None:
        """Write a verdict about the current card, and go on to the next.

        Raises:
            DataError: It cannot be written, or the decisions could not be used afterwards.
        """
        finding = self.current
        if verdict == "accepted" and finding.suggested:
            line = Decision(finding.path, "relabel", finding.suggested, reason=finding.reason)
        elif verdict == "rejected":
            line = Decision(finding.path, "keep", "label_error", reason="audit: the tag is right")
        else:
            line = Decision(finding.path, "exclude", reason=finding.reason)
        self._taken += self.table.record([line])
        self.look()
        self.move(1)

    def undo(self) -> bool:
        """Take the last decision back and show its card; False where there is none left."""
        while self._taken:
            line = self._taken.pop()
            if self.table.take_back(line):
                self.look()
                places = [place for place, each in enumerate(self.findings) if each.path == line.path]
                self.place = places[0] if places else self.place
                return True
        return False

    def as_csv(self) -> bytes:
        """Return all findings with the person's verdicts."""
        buffer = io.StringIO(newline="")
        columns = [*asdict(self.findings[0]), "verdict"] if self.findings else []
        writer = csv.DictWriter(buffer, columns)
        writer.writeheader()
        for finding in self.findings:
            writer.writerow({**asdict(finding), "verdict": self.verdict(finding)})
        return buffer.getvalue().encode("utf-8-sig")


def show_cards(studio: Studio, words: Words, made: Path, audit: Audit) -> None:
    """Show the cards of an audit.

    Args:
        studio: The studio.
        words: Of the person's language.
        made: The audit's folder.
        audit: What is in it.
    """
    heading(made.name)
    with ui.element("section").classes("mk-card"):
        for line in (estimate(audit.summary), *yields(audit.summary), *about_not_judged(audit.summary)):
            ui.label(line)
    if not audit.findings:
        ui.label(words("audit.nothing")).classes("mk-empty")
        return
    table = PhotoTables(studio).read(audit.summary.catalogue)
    _Desk(words, Cards(audit, table), made.name)


class _Desk:
    """The current card, the buttons, and the list of all."""

    def __init__(self, words: Words, cards: Cards, name: str) -> None:
        self.words, self.cards, self.name = words, cards, name
        self.rows = ROWS_AT_ONCE
        self.progress = ui.label().classes("mk-number").props('role="status"')
        self.card = ui.element("section").classes("mk-card mk-suspect").props('aria-live="polite"')
        self._show_buttons()
        ui.label(words("audit.keys")).classes("mk-hint")
        self.list = ui.element("section").classes("mk-card")
        ui.keyboard(self._on_key, ignore=["input", "textarea", "select"])
        ui.timer(LOOK_EVERY_SECONDS, self._look)
        self.draw()

    def _show_buttons(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "accept": lambda: self.decide("accepted"),
            "reject": lambda: self.decide("rejected"),
            "leave_out": lambda: self.decide("left_out"),
            "previous": lambda: self.move(-1),
            "next": lambda: self.move(1),
            "undo": self.undo,
        }
        self.acts = acts
        with ui.element("div").classes("mk-row mk-verdicts"):
            for name, act in acts.items():
                style = "unelevated" if name == "accept" else "outline"
                ui.button(self.words(f"audit.{name}"), on_click=act).props(f"no-caps {style}")
            ui.button(self.words("audit.csv"), on_click=self._download).props("no-caps flat")

    def _on_key(self, event: events.KeyEventArguments) -> None:
        if not event.action.keydown or event.modifiers.alt or event.modifiers.meta:
            return
        name = "undo" if event.modifiers.ctrl and event.key.name == "z" else ""
        if not name and not event.modifiers.ctrl:
            name = _KEYS.get(event.key.name.lower(), _ARROWS.get(event.key.name, ""))
        if name:
            self.acts[name]()

    def decide(self, verdict: Verdict) -> None:
        with telling(self.words):
            self.cards.decide(verdict)
        self.draw()

    def move(self, steps: int) -> None:
        self.cards.move(steps)
        self.draw()

    def undo(self) -> None:
        with telling(self.words):
            if not self.cards.undo():
                ui.notify(self.words("audit.nothing_to_undo"))
        self.draw()

    def _look(self) -> None:
        with telling(self.words):
            if self.cards.look():
                self.draw()

    def _download(self) -> None:
        ui.download.content(self.cards.as_csv(), f"{self.name}-verdicts.csv", "text/csv")

    def draw(self) -> None:
        """Show the current state of everything."""
        cards, words = self.cards, self.words
        self.progress.text = words(
            "audit.progress", place=cards.place + 1, count=len(cards.findings), decided=cards.decided
        )
        self.card.clear()
        with self.card:
            _show_card(words, cards)
        self.list.clear()
        with self.list:
            heading(words("audit.list"))
            self._show_rows()

    def _show_rows(self) -> None:
        with ui.element("ol").classes("mk-suspects"):
            for place, finding in enumerate(self.cards.findings[: max(self.rows, self.cards.place + 1)]):
                with ui.element("li"):
                    with (
                        ui.element("button")
                        .classes("mk-suspect-row")
                        .on("click", lambda _, to=place: self._go_to(to)) as row
                    ):
                        ui.label(f"{finding.score:.2f}").classes("mk-number")
                        ui.label(f"{finding.label} → {finding.suggested or '—'}")
                        ui.label(finding.path).classes("mk-path")
                        ui.label(self.words(f"audit.{self.cards.verdict(finding)}")).classes("mk-faint")
                    if place == self.cards.place:
                        row.props('aria-current="true"')
        if len(self.cards.findings) > self.rows:
            ui.button(self.words("audit.more"), on_click=self._show_more).props("flat no-caps")

    def _show_more(self) -> None:
        self.rows += ROWS_AT_ONCE
        self.draw()

    def _go_to(self, place: int) -> None:
        self.cards.place = place
        self.draw()


def _show_card(words: Words, cards: Cards) -> None:
    finding, root = cards.current, cards.table.found.root
    verdict = cards.verdict(finding)
    with ui.element("figure").classes("mk-suspect-photo"):
        _picture(root / finding.path, PHOTO_SIDE, finding.path)
        with ui.element("figcaption").classes("mk-path"):
            ui.label(finding.path)
    with ui.element("div").classes("mk-suspect-words"):
        with ui.element("p").classes("mk-suspect-tags"):
            ui.label(words("audit.listed_as"))
            ui.label(finding.label).classes("mk-tag")
        with ui.element("p").classes("mk-suspect-tags"):
            ui.label(words("audit.suggested"))
            ui.label(finding.suggested or words("audit.no_class")).classes("mk-tag mk-tag-strong")
        ui.label(words("audit.score", score=f"{finding.score:.0%}")).classes("mk-number")
        ui.label(finding.reason)
        ui.label(words(f"audit.{verdict}")).classes(f"mk-verdict mk-verdict-{verdict}")
        if finding.examples:
            ui.label(words("audit.nearest", name=finding.suggested)).classes("mk-subtitle")
            with ui.element("div").classes("mk-examples"):
                for path in finding.examples:
                    _picture(root / path, EXAMPLE_SIDE, path)


def _picture(path: Path, side: int, name: str) -> None:
    picture = ui.element("img").props("loading=lazy")
    picture.props.update({"src": picture_url(path, side), "alt": name})
