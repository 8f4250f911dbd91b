"""What a person sees in the terminal while work goes on: bars on a terminal, plain lines elsewhere.

Everything here goes to stderr; stdout carries results alone. Where another process watches, a file tells it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Task as RichTask,
)
from rich.text import Text

from mekiki.doors.progress_file import PROGRESS_VARIABLE, ProgressFile
from mekiki.doors.terminal import without_controls

LINE_EVERY_SECONDS = 10.0


def make_progress() -> Bars | Lines | ProgressFile:
    """Return bars for a terminal, plain lines otherwise; a file as well where the environment names one."""
    file = os.environ.get(PROGRESS_VARIABLE)
    if file:
        return ProgressFile(Path(file), Lines())
    console = Console(stderr=True, highlight=False)
    return Bars(console) if console.is_terminal else Lines()


class _Rate(ProgressColumn):
    """Units per second."""

    def render(self, task: RichTask) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {task.fields['unit']}/s", style="cyan")


class Bars:
    """Progress as bars with rate and time left."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._open: Progress | None = None

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator[_Bar]:
        """Show a bar while the block runs."""
        if self._open is not None:
            bar = _Bar(self._open, self._open.add_task(title, total=total, unit=unit, note=""))
            try:
                yield bar
            finally:
                bar.remove()
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("[dim]{task.fields[note]}"),
        )
        on_terminal = sys.stdout.isatty()  # else the bars would swallow what goes to a file
        with Progress(*columns, console=self.console, transient=True, redirect_stdout=on_terminal) as bars:
            self._open = bars
            try:
                yield _Bar(bars, bars.add_task(title, total=total, unit=unit, note=""))
            finally:
                self._open = None

    def say(self, line: str) -> None:
        """Print one line above the bars."""
        self.console.print(without_controls(line), markup=False, soft_wrap=True)


class _Bar:
    def __init__(self, bars: Progress, number: TaskID) -> None:
        self.bars = bars
        self.number = number

    def advance(self, count: int = 1, note: str = "") -> None:
        if note:
            self.bars.update(self.number, note=without_controls(note))
        self.bars.advance(self.number, count)

    def remove(self) -> None:
        self.bars.remove_task(self.number)


class Lines:
    """Progress as plain lines, one every few seconds."""

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator[_Line]:
        """Print lines while the block runs; short work prints none."""
        yield _Line(title, total, unit)

    def say(self, line: str) -> None:
        """Print one line."""
        print(without_controls(line), file=sys.stderr, flush=True)


class _Line:
    def __init__(self, title: str, total: int, unit: str) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = 0
        self.began = self.told = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count
        now = time.monotonic()
        if now - self.told < LINE_EVERY_SECONDS:
            return
        self.told = now
        rate = self.done / (now - self.began)
        left = (self.total - self.done) / rate if rate else 0.0
        line = f"{self.title}: {self.done:,} of {self.total:,}, {rate:.0f} {self.unit}/s, {left:.0f} s left"
        print(without_controls(f"{line} {note}").rstrip(), file=sys.stderr, flush=True)
