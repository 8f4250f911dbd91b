"""The stamp of a file: what the system says of it, by which a later change shows without reading it again.

A stamp is only worth something if the file was left alone for a moment before it was read: clocks of file systems
are coarse (2 s on FAT), and a second change within one tick leaves the same time. Git calls such entries racy and
does not trust them; neither do we. A change that keeps size, both times and the file's number is not seen.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

_COARSEST_TICK = 2_000_000_000
_CHANGE_TICK = 100_000_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the system says of a file.

    Attributes:
        size: Bytes.
        modified: Time of the last change of its content, nanoseconds since 1970; programs can set it back.
        changed: Time of the last change of its content or entry, nanoseconds; no program can set it back. On Windows
            the time of its creation.
        number: The file's number on its disk (inode); a file that replaces another has its own.
    """

    size: int
    modified: int
    changed: int
    number: int

    def settled_at(self, moment: int) -> bool:
        """Tell whether a change after a moment (nanoseconds since 1970) is sure to leave another stamp."""
        return self.modified < moment - _COARSEST_TICK and self.changed < moment - _CHANGE_TICK


def stamp_of(facts: os.stat_result) -> Stamp:
    """Return the stamp in the answer of ``os.stat``."""
    return Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino & 0x7FFFFFFFFFFFFFFF)
