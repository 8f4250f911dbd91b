"""Where a person chooses runs, and starts comparing or stressing them; each start is one ``mekiki`` command.

The order of choice counts: the first run is the one that others are held against. It is kept in the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from nicegui import ui

from mekiki.doors.studio.compare.start import CompareForm, StressForm
from mekiki.doors.studio.frame import heading, link_to
from mekiki.doors.studio.part_names import photos_of
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.tables import percent, scale_of, whisker
from mekiki.doors.studio.trained_runs import TrainedRun
from mekiki.doors.studio.words import Words
from mekiki.records.run import RunFolder


class Choice:
    """The list of runs, and what can be done with those that are chosen.

    Args:
        studio: The studio.
        words: Of the person's language.
        runs: All that can be chosen.
        chosen: Paths of runs, or of exports in them, as the address names them; others are passed over.

    Attributes:
        started: Names of the jobs that were started here.
    """

    def __init__(self, studio: Studio, words: Words, runs: Sequence[TrainedRun], chosen: Sequence[str]) -> None:
        self.studio, self.words, self.runs = studio, words, runs
        self.names = dict(_places(runs))
        self.chosen = [path for path in dict.fromkeys(map(Path, chosen)) if path in self.names]
        self.started: set[str] = set()
        if not runs:
            with ui.element("div").classes("mk-card mk-empty"):
                ui.label(words("compare.no_runs"))
                ui.link(words("compare.to_train"), link_to("train"))
            return
        self._list_runs()
        with ui.element("div").classes("mk-columns"):
            asked = (studio, words, self.names, lambda job: self.started.add(job.name))
            self.forms = (CompareForm(*asked), StressForm(*asked))
        self._tell()

    def _list_runs(self) -> None:
        words = self.words
        known = [each.headline.accuracy for each in self.runs if each.headline is not None]
        ends = scale_of(known)
        with ui.element("section").classes("mk-card"):
            heading(words("compare.runs"))
            scale = words("compare.scale", low=f"{100 * ends[0]:.0f}", high=f"{100 * ends[1]:.0f}")
            ui.label(f"{words('compare.runs_hint')} {scale}").classes("mk-faint")
            with ui.element("ul").classes("mk-runs"):
                for each in self.runs:
                    with ui.element("li").classes("mk-run"):
                        self._show_run(each, ends)

    def _show_run(self, facts: TrainedRun, ends: tuple[float, float]) -> None:
        words = self.words
        with ui.element("div").classes("mk-run-name"):
            self._box(facts.path, facts.name)
            ui.label(str(facts.path)).classes("mk-path mk-faint")
        with ui.element("div").classes("mk-run-facts"):
            ui.label(facts.backbone)
            ui.label(f"{words('compare.classes', count=facts.classes)} · {facts.made:%Y-%m-%d %H:%M}").classes(
                "mk-faint"
            )
        with ui.element("div").classes("mk-run-score mk-number"):
            if facts.headline is None:
                ui.label(words("compare.no_figures")).classes("mk-faint")
            else:
                accuracy = facts.headline.accuracy
                ui.html(str(whisker(accuracy, ends)), sanitize=False)
                ui.label(words("compare.accuracy_text", **_ends_of(accuracy.value, accuracy.low, accuracy.high)))
                ui.label(photos_of(words, facts.headline.n, facts.headline.part)).classes("mk-faint")
        if facts.exports:
            with ui.element("div").classes("mk-run-exports"):
                ui.label(words("compare.exports")).classes("mk-faint")
                for name in facts.exports:
                    self._box(RunFolder(facts.path).exports / name, name, f"{facts.name} ({name})")

    def _box(self, path: Path, text: str, spoken: str = "") -> None:
        box = ui.checkbox(text, value=path in self.chosen, on_change=lambda event: self._choose(path, event.value))
        box.classes("mk-run-box")
        if spoken:
            box.props["aria-label"] = spoken

    def _choose(self, path: Path, wanted: bool | None) -> None:
        self.chosen = [each for each in self.chosen if each != path] + ([path] if wanted else [])
        query = urlencode([("runs", str(each)) for each in self.chosen])
        ui.navigate.history.replace("/compare" + (f"?{query}" if query else ""))
        self._tell()

    def _tell(self) -> None:
        for form in self.forms:
            form.choose(self.chosen)


def _places(runs: Sequence[TrainedRun]) -> list[tuple[Path, str]]:
    """Return what can be chosen, with its name: each run, and the graphs that it was exported to."""
    found = []
    for each in runs:
        exports = RunFolder(each.path).exports
        found += [(each.path, each.name), *((exports / name, f"{each.name} ({name})") for name in each.exports)]
    return found


def _ends_of(value: float, low: float, high: float) -> dict[str, str]:
    return {"value": percent(value), "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}
