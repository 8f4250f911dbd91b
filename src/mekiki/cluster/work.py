"""What workers do with a part of a list, in general.

A kind of work is a small record that travels to the workers; ``begin`` loads what it needs, once, and gives the
function that makes the columns of a part. What is wrong with one picture is a value of its row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from mekiki.cluster.parts import Row

Columns = dict[str, Any]
"""Name → an Arrow array with a value for each row of a part."""
Doing = Callable[[Sequence[Row]], Columns]
NOT_NAMED = "is not named: its row of the list gives no path"


class Work(ABC):
    """One kind of work."""

    @abstractmethod
    def begin(self, stack: ExitStack) -> Doing:
        """Load what is needed, and return what makes a part's columns.

        Args:
            stack: Closes what has to be closed when the worker ends.

        Raises:
            MekikiError: It cannot be loaded.
        """
