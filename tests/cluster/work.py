"""Work for tests, importable by workers: slow enough to be interrupted, and it notes each part that is begun."""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mekiki.cluster.parts import Row
from mekiki.cluster.work import Columns, Doing, Work
from mekiki.errors import DataError


@dataclass(frozen=True)
class Echo(Work):
    """Gives each row its own number times two; notes the process and the first row of each part that it begins.

    Attributes:
        notes: A folder for a file per begun part.
        seconds: That each part takes.
        deadly: The process ends itself at this row.
        refuses: An error of ours at this row.
    """

    notes: str
    seconds: float = 0.0
    deadly: int = -1
    refuses: int = -1

    def begin(self, stack: ExitStack) -> Doing:
        def do(rows: Sequence[Row]) -> Columns:
            Path(self.notes, f"{rows[0].number:06}-{os.getpid()}-{time.monotonic_ns()}").touch()
            time.sleep(self.seconds)
            if self.deadly in [row.number for row in rows]:
                os._exit(9)
            if self.refuses in [row.number for row in rows]:
                raise DataError(f"row {self.refuses} is refused", "leave it out")
            return {"twice": pa.array([2 * row.number for row in rows], pa.int64())}

        return do
