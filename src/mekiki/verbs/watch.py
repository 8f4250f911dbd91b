"""``mekiki predict RUN clip.mp4`` and ``RUN 0``: what is in a video or before a camera, without flicker.

``data/`` opens the source, ``scoring/voting.py`` smooths the answers, ``reports/video_page.py`` draws the pages. Here
they meet, and what is written stays whole however the watching ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, TextIO

from mekiki.config import EvaluateSettings, VideoSettings, build
from mekiki.data.cameras import Camera, camera_number
from mekiki.data.video_output import VideoOutput, check_video_name
from mekiki.data.videos import Footage, VideoFile, is_video
from mekiki.errors import SettingsError
from mekiki.evaluation.classifier import Classifier, as_classifier
from mekiki.files import replaced
from mekiki.progress import Progress, Silent
from mekiki.records.frames import Change, Watched, WatchedFrame, csv_header
from mekiki.reports.video_page import VideoPage
from mekiki.verbs.asked_photos import with_runs_limit
from mekiki.verbs.frame_answers import AnsweredFrame, FrameAnswers
from mekiki.verbs.pacing import Pace, in_groups

TOP = 3
MOST_BARS = 10


def watch(
    run: str | Path | Classifier,
    source: str | int | Path,
    out: str | Path | None = None,
    explain: str | Path | None = None,
    top: int | None = None,
    settings: EvaluateSettings | None = None,
    weights: str = "auto",
    progress: Progress | None = None,
    each: Callable[[WatchedFrame], None] | None = None,
    **asked: Any,
) -> Watched:
    """Watch a video file or a camera; the answers of its frames are smoothed as ``scoring/voting.py`` says.

    Ctrl-C is the way to end a camera. It stops a file, too, and is then raised again. What was written is whole.

    Args:
        run: A run folder, ``imagenet:<timm name>``, or a loaded classifier.
        source: A video file, or the number of a camera.
        out: A new file for a line of each frame: CSV if it ends in ``.csv``, else JSON lines.
        explain: A new video with the heat map over each frame and ranked bars below: ``.mp4``, ``.avi``, ``.webm``, ….
        top: How many bars, 1 to 10; not given: 3.
        settings: Device, precision, batch size, threads and the limit on a frame's size.
        weights: For ``imagenet:`` only: ``auto`` or a path.
        progress: Where to report to.
        each: Called with the line of each frame as it is done.
        asked: Fields of ``VideoSettings``: ``every=5``, ``keep_up=True``, ``smooth_seconds=1.0``, ….

    Returns:
        How many frames were seen and asked about, and the times at which the answer changed.

    Raises:
        DataError: There is no such video or camera, or none of its frames can be decoded.
        SettingsError: An output is there already, or cannot be written; a setting does not fit.
        MekikiError: The video could not be written whole.
        RunError: It is no trained run.

    Example:
        >>> mekiki.watch("runs/guitars", "clip.mp4", explain="out.mp4", every=5).changes  # doctest: +SKIP
    """
    how = build(VideoSettings, asked)
    bars = TOP if top is None else top
    if not 1 <= bars <= MOST_BARS:
        raise SettingsError(f"top = {bars}: a page of a video has 1 to {MOST_BARS} bars", f"--top {TOP}")
    places = _new_places(out, explain)
    settings = run.settings if isinstance(run, Classifier) else with_runs_limit(run, settings)
    progress = Silent() if progress is None else progress
    number = camera_number(source)
    with ExitStack() as stack:
        footage: Footage = VideoFile(str(source), settings.max_megapixels) if number is None else Camera(number)
        stack.enter_context(closing(footage))
        classifier = as_classifier(run, settings, weights)
        answers = FrameAnswers(classifier, how, with_pages=explain is not None)
        outputs = _Outputs(stack, places, footage.facts.rate, min(bars, len(classifier.classes_)), answers.names)
        tally = _Tally()
        try:
            for line in _lines(footage, answers, how, outputs, progress):
                tally.count(line)
                if each is not None:
                    each(line)
        except KeyboardInterrupt:
            tally.stopped = True
            if not tally.frames:
                raise
        outputs.finish()
    ended = "" if tally.stopped else footage.shortfall()
    if ended:
        progress.say(f"note: {ended}")
    if tally.stopped and not footage.live:
        progress.say(f"stopped after {tally.frames:,} frames; what was written of them is whole")
        raise KeyboardInterrupt
    return tally.watched(footage.name, ended, places)


def _lines(
    footage: Footage, answers: FrameAnswers, how: VideoSettings, outputs: _Outputs, progress: Progress
) -> Iterator[WatchedFrame]:
    """Yield the line of each frame once all that is written of it is written."""
    one_by_one = footage.live or how.keep_up
    pace = Pace(how.every, how.keep_up)
    total = footage.facts.frames
    teller = progress if total is not None else Silent()
    with closing(footage.frames()) as frames, teller.task("watch", total or 0, "frames") as task:
        for group in in_groups(frames, pace, 1 if one_by_one else answers.classifier.settings.batch_size):
            for answered in answers.of(group):
                outputs.write(answered)
                yield answered.line
            task.advance(len(group))


class _Tally:
    """Counts frames, and keeps when the answer changed."""

    def __init__(self) -> None:
        self.frames = self.asked = self.broken = 0
        self.seconds = 0.0
        self.changes: list[Change] = []
        self.stopped = False

    def count(self, line: WatchedFrame) -> None:
        self.frames, self.seconds = line.frame + 1, line.seconds
        self.asked += line.asked
        self.broken += bool(line.error)
        before = self.changes[-1] if self.changes else None
        if line.score is not None and (before is None or (line.label, line.known) != (before.label, before.known)):
            self.changes.append(Change(line.frame, line.seconds, line.label, line.known, line.score))

    def watched(self, source: str, ended: str, places: tuple[Path | None, Path | None]) -> Watched:
        skipped = self.frames - self.asked - self.broken
        changes = tuple(self.changes)
        return Watched(source, self.frames, self.asked, skipped, self.broken, self.seconds, changes, ended, *places)


class _Outputs:
    """The table of frames and the video, each under a temporary name until the stack closes without an error."""

    def __init__(
        self, stack: ExitStack, places: tuple[Path | None, Path | None], rate: float, bars: int, names: list[str]
    ) -> None:
        out, explain = places
        self._stack, self._rate, self._bars, self._names = stack, rate, bars, names
        self._table: TextIO | None = None
        self._as_csv = out is not None and out.suffix.lower() == ".csv"
        if out is not None:
            temporary = stack.enter_context(replaced(out))
            self._table = stack.enter_context(temporary.open("w", encoding="utf-8", newline="\n"))
            if self._as_csv:
                self._table.write(f"{csv_header()}\n")
        self._place = None if explain is None else stack.enter_context(replaced(explain))
        self._page: VideoPage | None = None
        self._video: VideoOutput | None = None

    def write(self, answered: AnsweredFrame) -> None:
        """Write one frame: its line, and its page if it has a picture."""
        if self._table is not None:
            line = answered.line
            self._table.write(f"{line.as_csv_line() if self._as_csv else line.as_json_line()}\n")
        if self._place is None or answered.picture is None:
            return
        if self._page is None or self._video is None:
            height, width = answered.picture.shape[:2]
            self._page = VideoPage(width, height, self._bars, self._names)
            self._video = VideoOutput(self._place, self._page.size, self._rate)
            self._stack.callback(self._video.release)
        page = self._page.draw(answered.picture, answered.heat, answered.shown)
        self._video.write(page, answered.line.seconds)

    def finish(self) -> None:
        """See that the video is whole."""
        if self._video is not None:
            self._video.finish()


def _new_places(out: str | Path | None, explain: str | Path | None) -> tuple[Path | None, Path | None]:
    """Return the places of the outputs, refused before any work where they cannot be."""
    table, video = (None if each is None else Path(each) for each in (out, explain))
    if table is not None:
        if is_video(table):
            raise SettingsError(f"--out {table} is for the table of frames", "--explain writes the video")
        _check_new("--out", table)
    if video is not None:
        check_video_name("--explain", video)
        _check_new("--explain", video)
    return table, video


def _check_new(option: str, path: Path) -> None:
    if path.is_file() or path.is_dir():
        raise SettingsError(f"{option} {path} is there already; nothing is ever written over", "name a new file")
    folder = path.absolute().parent
    place = next(each for each in (folder, *folder.parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise SettingsError(f"{option} {path}: {place} cannot be written to", "name a file in a folder of your own")
