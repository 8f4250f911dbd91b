"""What a stress test said: a curve, the numbers and a sentence for each kind of damage.

Everything is read from the folder that ``mekiki stress --out`` wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup
from nicegui import ui

from mekiki.config.stress import KindName
from mekiki.doors.studio.compare.stress_chart import MARKS, STYLES, stress_svg, style_of
from mekiki.doors.studio.frame import heading
from mekiki.doors.studio.media import file_url
from mekiki.doors.studio.part_names import photos_of
from mekiki.doors.studio.tables import percent, show_table
from mekiki.doors.studio.words import Words
from mekiki.records.stress import Loss, Stress, StressPoint, read_stress, with_clean
from mekiki.reports.stress_story import all_remarks, mark, run_name, sentence


def show_stress(words: Words, folder: Path) -> None:
    """Show the result in a folder.

    Args:
        words: Of the person's language.
        folder: Where ``stress.json`` lies.

    Raises:
        RunError: The file is not what the command writes.
    """
    stresses = read_stress(folder / "stress.json")
    first = stresses[0]
    ui.label(words("compare.stressed", photos=photos_of(words, first.n, first.part))).classes("mk-lead")
    with ui.element("section").classes("mk-card"):
        heading(words("compare.clean_photos"))
        headers = [words(f"compare.{name}") for name in ("run", "accuracy", "interval")]
        show_table(headers, [_clean_row(number, each) for number, each in enumerate(stresses)])
        for remark in all_remarks(stresses):
            ui.label(remark).classes("mk-faint").props('lang="en"')
    with ui.element("div").classes("mk-columns"):
        for kind in first.kinds:
            _show_kind(words, kind, stresses)
    with ui.element("section").classes("mk-row mk-files"):
        for name in ("stress.html", "stress.csv", "flips.csv"):
            if (folder / name).is_file():
                ui.link(words(f"compare.file_{name.replace('.', '_')}"), file_url(folder / name), new_tab=True)
        ui.label(str(folder)).classes("mk-path mk-faint")


def _clean_row(number: int, stress: Stress) -> list[str]:
    symbol = Markup('<span class="mk-key {}" aria-hidden="true">{}</span> {}').format(
        style_of(number), MARKS[number % STYLES], run_name(stress)
    )
    return [symbol, percent(stress.clean), f"{100 * stress.clean_low:.1f}–{percent(stress.clean_high)}"]


def _show_kind(words: Words, kind: KindName, stresses: Sequence[Stress]) -> None:
    title = words(f"compare.kind_{kind}")
    marks = [words("compare.clean"), *(mark(kind, point.severity) for point in stresses[0].kinds[kind])]
    curves = [(run_name(each), with_clean(each, kind)) for each in stresses]
    with ui.element("section").classes("mk-card mk-kind"):
        heading(title, 3)
        ui.label(words(f"compare.means_{kind}")).classes("mk-faint")
        ui.html(str(stress_svg(words("compare.curve_alt", kind=title), marks, curves)), sanitize=False)
        for number, each in enumerate(stresses):
            with ui.element("div").classes("mk-row mk-loss"):
                ui.label(MARKS[number % STYLES]).classes(f"mk-key {style_of(number)}").props('aria-hidden="true"')
                ui.label(_loss(words, kind, each, marks[-1]))
        ui.label(sentence(kind, stresses)).classes("mk-faint").props('lang="en"')
        with ui.element("details"):
            with ui.element("summary"):
                ui.label(words("compare.numbers"))
            headers = [words("compare.severity"), *(run_name(each) for each in stresses)]
            rows = [
                [name, *(_share(points[place]) for _, points in curves)] for place, name in enumerate(marks)
            ]  # fmt: skip
            show_table(headers, rows, words("compare.right_at"))


def _loss(words: Words, kind: KindName, stress: Stress, last: str) -> str:
    loss: Loss = stress.losses[kind]
    values = {"run": run_name(stress), "points": f"{100 * loss.points:.0f}"}
    if loss.severity is None:
        return words("compare.loses_less", **values, last=last)
    high = mark(kind, loss.high) if loss.high is not None else words("compare.beyond", last=last)
    low = last if loss.low is None else mark(kind, loss.low)
    return words("compare.loses", **values, at=mark(kind, loss.severity), low=low, high=high)


def _share(point: StressPoint) -> str:
    return f"{percent(point.accuracy)} ({100 * point.low:.1f}–{100 * point.high:.1f})"
