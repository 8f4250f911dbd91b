"""The comparisons and stress tests that were made before, as links; a folder without a record is passed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nicegui import ui

from mekiki.data.folders import list_kinds
from mekiki.doors.studio.frame import heading, link_to
from mekiki.doors.studio.part_names import photos_of
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError
from mekiki.records.comparison import read_comparison
from mekiki.records.stress import read_stress
from mekiki.reports.stress_story import run_name

COMPARISON, STRESS = "comparison.json", "stress.json"
MOST_SHOWN = 30


@dataclass(frozen=True)
class Earlier:
    """One result.

    Attributes:
        folder: Where it lies.
        kind: "compare" or "stress".
        names: Of the runs.
        part: Of the photos.
        n: Photos.
        made: When, local time.
    """

    folder: Path
    kind: str
    names: tuple[str, ...]
    part: str
    n: int
    made: datetime


def show_earlier(studio: Studio, words: Words) -> None:
    """List what was made before, the newest first; nothing where nothing was."""
    found = find_earlier(studio.workspace.comparisons)
    if not found:
        return
    heading(words("compare.earlier"))
    with ui.element("ul").classes("mk-earlier mk-card"):
        for each in found:
            with ui.element("li").classes("mk-row"):
                title = words(f"compare.earlier_{each.kind}", names=", ".join(each.names))
                ui.link(title, link_to("compare", made=str(each.folder)))
                about = photos_of(words, each.n, each.part)
                ui.label(f"{about} · {each.made:%Y-%m-%d %H:%M}").classes("mk-faint")


def find_earlier(place: Path) -> list[Earlier]:
    """Return the results in a folder, the newest first, at most ``MOST_SHOWN``."""
    if not place.is_dir():
        return []
    folders = [path for path, is_folder in list_kinds(place) if is_folder and not path.is_symlink()]
    records = [path / name for path in folders for name in (COMPARISON, STRESS) if (path / name).is_file()]
    newest = sorted(records, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_SHOWN]
    return [each for each in map(_read, newest) if each is not None]


def _read(record: Path) -> Earlier | None:
    made = datetime.fromtimestamp(record.stat().st_mtime).astimezone()
    try:
        if record.name == STRESS:
            stresses = read_stress(record)
            names = tuple(run_name(each) for each in stresses)
            return Earlier(record.parent, "stress", names, stresses[0].part, stresses[0].n, made)
        comparison = read_comparison(record)
    except MekikiError:
        return None
    names = tuple(run.name for run in comparison.runs)
    return Earlier(record.parent, "compare", names, comparison.part, comparison.n, made)
