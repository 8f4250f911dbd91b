"""What a comparison said: the verdict, the runs' figures, the photos that set two runs apart, the fronts.

Everything is read from the folder that ``mekiki compare --out`` wrote; only what is shown at once is decided here.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

from nicegui import run, ui

from mekiki.doors.studio.compare.set_apart import show_galleries
from mekiki.doors.studio.frame import heading, link_to
from mekiki.doors.studio.media import file_url
from mekiki.doors.studio.part_names import photos_of
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.tables import percent, scale_of, show_table, whisker
from mekiki.doors.studio.words import Words
from mekiki.errors import RunError
from mekiki.records.compared_photos import read_compared_photos
from mekiki.records.comparison import Comparison, PairComparison, RunScore, read_comparison
from mekiki.scoring.power import ALPHA
from mekiki.scoring.verdicts import front_sentences, points

FIGURE_DPI = 130
_drawing = threading.Lock()


async def show_comparison(studio: Studio, words: Words, folder: Path, chosen: str) -> None:
    """Show the result in a folder.

    Args:
        studio: The studio.
        words: Of the person's language.
        folder: Where ``comparison.json`` lies.
        chosen: Number of the pair whose photos are shown, from 1; empty: the first.

    Raises:
        MekikiError: A file is missing or is not what the command writes.
    """
    comparison = read_comparison(folder / "comparison.json")
    _check(folder, comparison)
    photos = read_compared_photos(folder / "comparison.csv", len(comparison.runs))
    number = int(chosen) - 1 if chosen.isdecimal() and 0 < int(chosen) <= len(comparison.pairs) else 0
    ui.label(words("compare.judged_by", photos=photos_of(words, comparison.n, comparison.part))).classes("mk-lead")
    for each in comparison.left_out:
        ui.label(words("compare.left_out", count=f"{each.count:,}", reason=each.reason)).classes("mk-faint")
    _show_verdicts(words, comparison)
    _show_runs(words, comparison)
    if comparison.pairs:
        pair = comparison.pairs[number]
        with ui.element("section").classes("mk-card"):
            heading(words("compare.photos_apart"))
            if len(comparison.pairs) > 1:
                _choose_pair(words, comparison, number, folder)
            show_galleries(studio, words, comparison, photos, pair)
    if comparison.fronts:
        await _show_fronts(words, folder, comparison)
    _show_files(words, folder)


def _check(folder: Path, comparison: Comparison) -> None:
    scores = {each.name: each for each in comparison.runs}
    named = {name for pair in comparison.pairs for name in (pair.first, pair.second)}
    priced = {name for front in comparison.fronts for name in front.names}
    if not named | priced <= set(scores) or (comparison.fronts and any(each.cost is None for each in comparison.runs)):
        raise RunError(
            f"{folder / 'comparison.json'}: it speaks of runs, or of costs, that it does not hold",
            "it was written by another version, or edited",
        )


def _show_verdicts(words: Words, comparison: Comparison) -> None:
    for pair in comparison.pairs:
        with ui.element("section").classes("mk-card mk-verdict"):
            heading(_in_short(words, pair))
            ui.label(pair.verdict).classes("mk-verdict-words").props('lang="en"')
            low, value, high = (
                f"{100 * share:+.1f}" for share in (pair.difference.low, pair.difference.value, pair.difference.high)
            )
            difference = words(
                "compare.difference", first=pair.first, second=pair.second, value=value, low=low, high=high
            )  # fmt: skip
            counts = words(
                "compare.counts", both=f"{pair.both_right:,}", first=pair.first, one=f"{pair.only_first:,}",
                second=pair.second, other=f"{pair.only_second:,}", neither=f"{pair.both_wrong:,}",
            )  # fmt: skip
            ui.label(difference).classes("mk-number")
            ui.label(counts).classes("mk-number mk-faint")


def _in_short(words: Words, pair: PairComparison) -> str:
    if pair.p_holm > ALPHA:
        equal = pair.equivalence is not None and pair.equivalence.equivalent
        margin = points(pair.equivalence.margin).split()[0] if pair.equivalence is not None else ""
        name = "compare.as_good" if equal else "compare.open"
        return words(name, first=pair.first, second=pair.second, margin=margin)
    ahead, behind = (pair.first, pair.second) if pair.difference.value >= 0 else (pair.second, pair.first)
    return words("compare.better", ahead=ahead, behind=behind)


def _show_runs(words: Words, comparison: Comparison) -> None:
    scale = scale_of([each.accuracy for each in comparison.runs])
    headers = [words(f"compare.{name}") for name in ("run", "accuracy", "interval", "drawn", "f1", "size", "time")]
    rows = [_run_row(each, scale) for each in comparison.runs]
    with ui.element("section").classes("mk-card"):
        heading(words("compare.runs"))
        low, high = (f"{100 * end:.0f}" for end in scale)
        show_table(headers, rows, words("compare.scale", low=low, high=high))


def _run_row(score: RunScore, scale: tuple[float, float]) -> list[str]:
    cost = score.cost
    size, time = ("", "") if cost is None else (f"{cost.bytes / 1e6:.1f} MB", f"{cost.milliseconds:.1f} ms")
    interval = f"{100 * score.accuracy.low:.1f}–{percent(score.accuracy.high)}"
    f1 = f"{score.f1_macro.value:.3f}"
    return [score.name, percent(score.accuracy.value), interval, whisker(score.accuracy, scale), f1, size, time]


def _choose_pair(words: Words, comparison: Comparison, number: int, folder: Path) -> None:
    options = {
        place: words("compare.pair", first=pair.first, second=pair.second)
        for place, pair in enumerate(comparison.pairs, start=1)
    }
    select = ui.select(options, value=number + 1, label=words("compare.which_pair")).classes("mk-wide")
    select.on_value_change(
        lambda event: ui.navigate.to(link_to("compare", made=str(folder), pair=str(event.value)))
    )  # fmt: skip


async def _show_fronts(words: Words, folder: Path, comparison: Comparison) -> None:
    record = folder / "comparison.json"
    pictures = await run.io_bound(_draw_fronts, record, record.stat().st_mtime_ns)
    if pictures is None:  # the studio is ending
        return
    told = words("compare.fronts_alt", names=", ".join(each.name for each in comparison.runs))
    with ui.element("section").classes("mk-card"):
        heading(words("compare.fronts"))
        ui.label(words("compare.fronts_hint")).classes("mk-faint")
        for width, (light, dark) in zip(("wide", "narrow"), pictures, strict=True):
            for look, source in (("light", light), ("dark", dark)):
                picture = ui.element("img").classes(f"mk-figure mk-only-{width} mk-only-{look}")
                picture.props["src"] = source
                picture.props["alt"] = told
        for sentence in front_sentences(comparison):
            ui.label(sentence).props('lang="en"')


@lru_cache(maxsize=8)
def _draw_fronts(record: Path, changed: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the fronts as addresses of pictures, wide and narrow, each light and dark; drawn once a file."""
    from mekiki.reports.gallery import draw_fronts  # loads matplotlib

    with _drawing:
        wide, narrow = draw_fronts(read_comparison(record), FIGURE_DPI)
    return (wide.light, wide.dark), (narrow.light, narrow.dark)


def _show_files(words: Words, folder: Path) -> None:
    with ui.element("section").classes("mk-row mk-files"):
        for name in ("comparison.html", "comparison.csv", "pareto.png"):
            if (folder / name).is_file():
                ui.link(words(f"compare.file_{Path(name).suffix[1:]}"), file_url(folder / name), new_tab=True)
        ui.label(str(folder)).classes("mk-path mk-faint")
