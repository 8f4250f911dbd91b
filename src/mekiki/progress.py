"""How long work tells how far it is. The library calls these methods; a door decides what a person sees.

The library never prints. ``Silent`` is the default for Python callers; ``doors/console.py`` draws the bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work under way."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Report ``count`` more units as done, with a few words such as the loss."""


class Progress(Protocol):
    """Where work reports to."""

    def task(self, title: str, total: int, unit: str = "photos") -> AbstractContextManager[Task]:
        """Open a task of ``total`` units; closing the block ends it."""

    def say(self, line: str) -> None:
        """Tell the person one line."""


class Silent:
    """A progress that shows nothing."""

    @contextmanager
    def _nothing(self) -> Iterator[Task]:
        yield self

    def task(self, title: str, total: int, unit: str = "photos") -> AbstractContextManager[Task]:
        """Open a task that shows nothing."""
        return self._nothing()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""
