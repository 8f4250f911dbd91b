"""One run on the page: its curves while it learns, how far it is, what went wrong, what came out, and where to go on.

All of it is read from the run's folder and its job's each second, so a reload shows the same.
"""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from mekiki.doors.studio.frame import heading, link_to, telling
from mekiki.doors.studio.job_list import progress_in_words, share_done
from mekiki.doors.studio.media import file_url
from mekiki.doors.studio.run_facts import UNDER_WAY, Result, RunFacts, facts_of
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.curves import Curves
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError
from mekiki.records.history import Epoch, read_history
from mekiki.records.run import RunFolder, read_config

LOOK_EVERY_SECONDS = 1.0


class RunView:
    """A run on a page.

    Args:
        studio: The studio.
        words: Of the person's language.
        path: The run's folder, which may not be there yet.
    """

    def __init__(self, studio: Studio, words: Words, path: Path) -> None:
        self.studio, self.words, self.path = studio, words, path
        self.run = RunFolder(path)
        self._facts = facts_of(studio, path)
        self._seen: tuple[object, ...] = ()
        self._history: list[Epoch] = []
        self._lay_out()
        self.look()
        ui.timer(LOOK_EVERY_SECONDS, self.look)

    def look(self) -> None:
        """Read the folders again and show what changed."""
        self._facts = facts = facts_of(self.studio, self.path)
        self._show_state(facts)
        stamp = _stamp(self.run.history)
        seen = (stamp, facts.state, facts.result, facts.error, facts.can_resume)
        if seen == self._seen:
            return
        self._seen = seen
        self._show_curves()
        self._show_buttons(facts)
        self._show_end(facts)

    def _lay_out(self) -> None:
        words = self.words
        with ui.element("section").classes("mk-card"):
            heading(self.path.name)
            with ui.element("div").classes("mk-row"):
                self._state = ui.label().classes("mk-run-state").props('role="status"')
                self._about = ui.label().classes("mk-faint")
            self._bar = ui.linear_progress(0, show_value=False).classes("mk-run-bar")
            self._bar.props["aria-label"] = words("train.progress")
            self._note = ui.label().classes("mk-faint mk-number")
            with ui.element("div").props('role="alert"') as self._trouble:
                self._error = ui.label().classes("mk-error")
                self._hint = ui.label().classes("mk-hint")
            with ui.element("div").classes("mk-row"):
                self._stop = self._button("train.stop", self._ask_to_stop)
                self._hurry = self._button("train.hurry", self._ask_to_stop)
                self._resume = self._button("train.resume", self._go_on)
                self._forget = self._button("train.forget", self._forget_job)
            self._result = ui.label().classes("mk-result")
            self._kind_note = ui.label().classes("mk-hint")
            with ui.element("nav").classes("mk-row mk-next") as self._next:
                self._next.props["aria-label"] = words("train.next")
                self._report = ui.link(words("train.report"), file_url(self.run.report), new_tab=True)
                for page in ("predict", "compare", "export"):
                    ui.link(words(f"train.to_{page}"), link_to(page, run=str(self.path)))
        with ui.element("section").classes("mk-card") as self._curves_card:
            heading(words("train.curves"))
            self._curves = Curves(words)
        with ui.element("section").classes("mk-card") as self._log_card:
            with ui.expansion(words("train.log")).classes("mk-wide"):
                self._log = ui.label().classes("mk-log mk-path")

    def _button(self, text: str, does: object) -> ui.button:
        return ui.button(self.words(text), on_click=does).props("outline no-caps")  # type: ignore[arg-type]

    def _show_state(self, facts: RunFacts) -> None:
        job = facts.job
        self._state.text = self._state_in_words(facts)
        self._state.classes(replace=f"mk-run-state mk-run-{facts.state}")
        self._about.text = " · ".join(part for part in (facts.backbone, facts.photos, facts.day) if part)
        seen = job.progress if job is not None and facts.state in ("running", "stopping") else None
        self._bar.set_visibility(seen is not None)
        self._note.text = ""
        if facts.state == "running" and seen is None:
            self._note.text = self.words("train.starting")
        if seen is not None:
            self._bar.value = share_done(seen)
            self._note.text = progress_in_words(self.words, seen)
        self._note.set_visibility(bool(self._note.text))
        self._log.text = "" if job is None else job.log
        self._log_card.set_visibility(bool(self._log.text))

    def _state_in_words(self, facts: RunFacts) -> str:
        if facts.state == "waiting" and facts.job is not None:
            return self.words("train.state_waiting", count=len(self.studio.jobs.before(facts.job)))
        return self.words(f"train.state_{facts.state}")

    def _show_curves(self) -> None:
        try:
            self._history = read_history(self.run.history)
        except MekikiError:
            self._history = []
        self._curves_card.set_visibility(bool(self._history))
        if self._history:
            self._curves.show(self._history, self._epochs())

    def _epochs(self) -> int:
        try:
            return read_config(self.run).train.epochs
        except MekikiError:
            return 0

    def _show_buttons(self, facts: RunFacts) -> None:
        ended = facts.job is not None and facts.state not in UNDER_WAY
        self._stop.set_visibility(facts.state in ("waiting", "running"))
        self._hurry.set_visibility(facts.state == "stopping")
        self._resume.set_visibility(facts.can_resume)
        self._forget.set_visibility(ended and not self.path.is_dir())

    def _show_end(self, facts: RunFacts) -> None:
        message, hint = facts.error
        self._error.text = message
        self._trouble.set_visibility(bool(message))
        self._hint.text = self.words("frame.hint", hint=hint) if hint else ""
        under_way = facts.state in UNDER_WAY
        result = None if under_way else facts.result
        self._result.text = "" if result is None else result_in_words(self.words, result)
        self._result.set_visibility(result is not None)
        self._kind_note.text = self.words("train.val_chose")
        self._kind_note.set_visibility(result is not None and result.part == "val")
        self._next.set_visibility(facts.has_model and not under_way)
        self._report.set_visibility(self.run.report.is_file())

    def _ask_to_stop(self) -> None:
        if self._facts.job is not None:
            self.studio.jobs.stop(self._facts.job)
            self.look()

    def _go_on(self) -> None:
        facts = facts_of(self.studio, self.path)
        if not facts.can_resume:
            return
        about = {"run": self.path, **({"photos": Path(facts.photos)} if facts.photos else {})}
        title = self.words("train.job_resumed", run=self.path.name)
        self.studio.jobs.start(["train", "--out", str(self.path), "--resume"], title, "long", about)
        self.look()

    def _forget_job(self) -> None:
        if self._facts.job is not None:
            with telling(self.words):
                self.studio.jobs.remove(self._facts.job)
                ui.navigate.to(link_to("train", photos=self._facts.photos))


def result_in_words(words: Words, result: Result) -> str:
    """Return a run's headline as a sentence."""
    accuracy = result.accuracy
    return words(
        f"train.result_{result.part if result.part in ('test', 'val') else 'other'}",
        n=f"{result.n:,}",
        value=f"{accuracy.value:.1%}",
        low=f"{accuracy.low:.1%}",
        high=f"{accuracy.high:.1%}",
    )


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
