"""The two forms of the page ``compare``: which photos, what more to tell, which damage; and Start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nicegui import ui

from mekiki.config.stress import KINDS, KindName
from mekiki.doors.studio.frame import heading, telling
from mekiki.doors.studio.job_watch import tell_started
from mekiki.doors.studio.jobs import Job, Lane
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError
from mekiki.records.exported import is_export_folder

LANE: Lane = "long"
OTHER = "data"
FIRST_KINDS: tuple[KindName, ...] = ("dust", "scribble", "occlusion", "blur", "noise", "brightness", "rotation")
FIRST_LIMIT = 10


class _Form:
    """What both forms share: the photos that judge, what was chosen, Start."""

    def __init__(
        self,
        studio: Studio,
        words: Words,
        names: Mapping[Path, str],
        on_start: Callable[[Job], None],
        parts: Sequence[str],
    ) -> None:
        self.studio, self.words, self.names, self.on_start = studio, words, names, on_start
        self.chosen: list[Path] = []
        self._parts = parts

    def _ask_photos(self) -> None:
        words = self.words
        options = {part: words(f"compare.choose_{part}") for part in (*self._parts, OTHER)}
        self.part = ui.select(options, value=self._parts[0], label=words("compare.photos")).classes("mk-wide")
        places = [str(path) for path in self.studio.workspace.find_photos()]
        self.data = ui.input(words("compare.folder"), autocomplete=places).classes("mk-wide")
        self.data.bind_visibility_from(self.part, "value", value=OTHER)
        note = ui.label(words("compare.test_is_recorded")).classes("mk-faint")
        note.bind_visibility_from(self.part, "value", backward=lambda part: part in ("auto", "test"))

    def _photos(self) -> tuple[list[str], list[str]]:
        """Return the folder of other photos, and the option that names a part."""
        if self.part.value == OTHER:
            named = str(self.data.value or "").strip()
            if not named:
                raise DataError(self.words("compare.no_folder"), self.words("compare.name_folder"))
            return [str(self.studio.workspace.inside(named))], []
        return [], [] if self.part.value == "auto" else ["--part", str(self.part.value)]

    def _start(self, arguments: Sequence[str], title: str, folder: str) -> None:
        out = self.studio.workspace.new(self.studio.workspace.comparisons, folder)
        out.mkdir()  # so that the next one gets another name
        job = self.studio.jobs.start([*arguments, "--out", str(out), "--json"], title, LANE, {"made": out})
        self.on_start(job)
        tell_started(self.words("compare.started", title=title))

    def _joined(self, runs: Sequence[Path]) -> str:
        return ", ".join(self.names[each] for each in runs)


class CompareForm(_Form):
    """Which run is better."""

    def __init__(
        self, studio: Studio, words: Words, names: Mapping[Path, str], on_start: Callable[[Job], None]
    ) -> None:
        super().__init__(studio, words, names, on_start, ("auto", "val", "test"))
        with ui.element("section").classes("mk-card mk-form"):
            heading(words("compare.which_is_better"))
            self.told = ui.label().classes("mk-chosen").props('aria-live="polite"')
            self._ask_photos()
            self.margin = ui.number(words("compare.margin"), min=0.1, max=50, step=0.5, suffix=words("compare.points"))
            self.margin.classes("mk-wide")
            ui.label(words("compare.margin_hint")).classes("mk-faint")
            self.pareto = ui.switch(words("compare.pareto"), on_change=lambda: self.choose(self.chosen))
            ui.label(words("compare.pareto_hint")).classes("mk-faint")
            self.button = ui.button(words("compare.start"), on_click=self.start).props("no-caps unelevated")

    def choose(self, chosen: Sequence[Path]) -> None:
        """Take over what was chosen."""
        self.chosen = list(chosen)
        least = 1 if self.pareto.value else 2
        enough = len(self.chosen) >= least
        self.told.text = (
            self.words("compare.will_compare", names=self._joined(self.chosen))
            if enough
            else self.words("compare.choose_two")
        )
        self.button.set_enabled(enough)

    def start(self) -> None:
        """Start the command."""
        with telling(self.words):
            data, part = self._photos()
            runs = [str(self.studio.workspace.inside(each)) for each in self.chosen]
            more = ["--pareto"] if self.pareto.value else []
            if self.margin.value:
                more += ["--margin", f"{float(self.margin.value) / 100:g}"]
            names = self._joined(self.chosen)
            title = self.words("compare.job_compare", names=names)
            self._start(["compare", *runs, *data, *part, *more], title, "-".join(self.names[e] for e in self.chosen))


class StressForm(_Form):
    """How much damage a run bears."""

    def __init__(
        self, studio: Studio, words: Words, names: Mapping[Path, str], on_start: Callable[[Job], None]
    ) -> None:
        super().__init__(studio, words, names, on_start, ("val", "test"))
        with ui.element("section").classes("mk-card mk-form"):
            heading(words("compare.how_much_damage"))
            self.told = ui.label().classes("mk-chosen").props('aria-live="polite"')
            self._ask_photos()
            with ui.element("fieldset").classes("mk-kinds"):
                with ui.element("legend"):
                    ui.label(words("compare.kinds"))
                self.kinds = {kind: self._kind(kind) for kind in KINDS}
            self.limit = ui.number(words("compare.limit"), value=FIRST_LIMIT, min=1, precision=0).classes("mk-wide")
            ui.label(words("compare.limit_hint")).classes("mk-faint")
            self.button = ui.button(words("compare.start_stress"), on_click=self.start).props("no-caps unelevated")

    def _kind(self, kind: KindName) -> ui.checkbox:
        with ui.checkbox(
            self.words(f"compare.kind_{kind}"), value=kind in FIRST_KINDS, on_change=lambda: self.choose(self.chosen)
        ) as box:
            ui.tooltip(self.words(f"compare.means_{kind}"))
        return box

    def _wanted(self) -> list[KindName]:
        return [kind for kind, box in self.kinds.items() if box.value]

    def choose(self, chosen: Sequence[Path]) -> None:
        """Take over what was chosen; exports are left out, damage needs the run itself."""
        self.chosen = [each for each in chosen if not is_export_folder(each)]
        if not self.chosen:
            self.told.text = self.words("compare.choose_one")
        elif len(self.chosen) == 1:
            self.told.text = self.words("compare.will_stress", run=self.names[self.chosen[0]])
        else:
            first, others = self.names[self.chosen[0]], self._joined(self.chosen[1:])
            self.told.text = self.words("compare.will_stress_against", run=first, others=others)
        self.button.set_enabled(bool(self.chosen) and bool(self._wanted()))

    def start(self) -> None:
        """Start the command."""
        with telling(self.words):
            data, part = self._photos()
            first, *others = [str(self.studio.workspace.inside(each)) for each in self.chosen]
            against = [word for other in others for word in ("--against", other)]
            more = ["--kinds", ",".join(self._wanted())]
            more += ["--limit", str(int(self.limit.value))] if self.limit.value else []
            title = self.words("compare.job_stress", names=self._joined(self.chosen))
            name = "-".join(["stress", *(self.names[each] for each in self.chosen)])
            self._start(["stress", first, *data, *part, *against, *more], title, name)
