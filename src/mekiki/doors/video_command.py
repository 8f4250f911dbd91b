"""``mekiki predict`` of a video or a camera: which sources those are, and what a person sees of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mekiki.config import EvaluateSettings, VideoSettings, build, build_some
from mekiki.doors.app import say
from mekiki.doors.results import print_json
from mekiki.doors.terminal import without_controls
from mekiki.errors import SettingsError

if TYPE_CHECKING:
    from mekiki.records.frames import Watched, WatchedFrame


def is_for_video(sources: list[str], settings: dict[str, Any], explain: Path | None) -> bool:
    """Tell whether one video or camera is meant, and not pictures.

    Raises:
        SettingsError: Several sources of which one is a video, or options of videos for pictures.
    """
    from mekiki.data.cameras import is_watched

    watched = [source for source in sources if is_watched(source)]
    if watched and len(sources) > 1:
        raise SettingsError(
            f"{watched[0]} is watched alone, and {len(sources)} sources were named", "one command for each video"
        )
    if watched:
        return True
    if explain is not None:
        raise SettingsError(
            f"--explain {explain} is for a video or a camera; {sources[0]} is neither",
            "heat maps of pictures: mekiki explain RUN PICTURE --out FOLDER",
        )
    given = next((name for name in settings if name in VideoSettings.model_fields), None)
    if given is not None:
        raise SettingsError(f"--{given.replace('_', '-')} is for a video or a camera", "leave it out for pictures")
    return False


def watch_video(
    run: str,
    source: str,
    settings: dict[str, Any],
    top: int | None,
    weights: str,
    style: str | None,
    out: Path | None,
    explain: Path | None,
) -> None:
    """Watch a video or a camera and show what the person asked for.

    Args:
        run: A run folder, or an ImageNet model.
        source: A video file or the number of a camera.
        settings: Of the options.
        top: How many bars.
        weights: Of an ImageNet model.
        style: bars (a line each time the answer changes), csv, jsonl (a line for each frame) or json (one object).
        out: Where the lines go instead of stdout, in the form that its ending names.
        explain: Where the video goes.
    """
    named = {name: value for name, value in settings.items() if name in VideoSettings.model_fields}
    build(VideoSettings, named)
    chosen = build_some(EvaluateSettings, {name: value for name, value in settings.items() if name not in named})
    if out is not None and style is not None:
        _check_style(out, style)
    from mekiki.doors.console import make_progress
    from mekiki.verbs.watch import watch

    show = _shower(style if out is None else None)
    watched = watch(run, source, out, explain, top, chosen, weights, make_progress(), show, **named)
    if style == "json":
        print_json(watched.as_json())
    _sum_up(watched)


def _check_style(out: Path, style: str) -> None:
    """Refuse a form that is not that of the file's ending."""
    if style == "bars" or (style == "csv") != (out.suffix.lower() == ".csv"):
        raise SettingsError(
            f"--format {style} does not go with --out {out}: the ending says the form",
            "end it in .csv for CSV and in .jsonl for JSON lines, and leave --format out",
        )


def _shower(style: str | None) -> Callable[[WatchedFrame], None] | None:
    """Return what shows each frame's line on stdout."""
    if style == "json":
        return None
    if style == "jsonl":
        return lambda line: print(line.as_json_line(), flush=True)
    if style == "csv":
        return _CsvLines().show
    return _Changes().show


class _CsvLines:
    def __init__(self) -> None:
        self._begun = False

    def show(self, line: WatchedFrame) -> None:
        from mekiki.records.frames import csv_header

        if not self._begun:
            print(csv_header())
            self._begun = True
        print(line.as_csv_line(), flush=True)


class _Changes:
    """Shows a line each time the answer changes."""

    def __init__(self) -> None:
        self._last: tuple[str, bool | None] | None = None

    def show(self, line: WatchedFrame) -> None:
        from mekiki.verbs.frame_answers import as_time

        answer = line.label, line.known
        if line.score is None or answer == self._last:
            return
        self._last = answer
        print(without_controls(f"{as_time(line.seconds)}  {line.label} {line.score:.1%}"), flush=True)


def _sum_up(watched: Watched) -> None:
    """Say how many frames were asked about, and where the files are."""
    broken = f", {watched.broken:,} broken" if watched.broken else ""
    say(
        f"{watched.source}: {watched.frames:,} frames in {watched.seconds:.1f} s: "
        f"{watched.asked:,} asked, {watched.skipped:,} skipped{broken}"
    )
    for place in (watched.out, watched.explained):
        if place is not None:
            say(f"wrote {place}")
