"""What leaks between the parts of a split: groups of photos that lie on two sides; and how many groups a part has.

A group is the copies of a photo, or what a CSV, a burst or a decision holds together. It does not look for copies
(``scanning.py`` does) and mends nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mekiki.records.split import SplitRow

_NAMED_AT_MOST = 3
_JUDGING = ("val", "test")


def find_leaks(rows: Sequence[SplitRow]) -> list[list[SplitRow]]:
    """Return the groups that lie in more than one part, each with its rows that are used."""
    groups: dict[str, list[SplitRow]] = {}
    for row in rows:
        if row.group and row.part:
            groups.setdefault(row.group, []).append(row)
    return [members for members in groups.values() if len({row.part for row in members}) > 1]


def leak_notes(rows: Sequence[SplitRow]) -> list[str]:
    """Tell in one line how many photos of val and test have a twin in train; nothing if no group is torn."""
    leaks = find_leaks(rows)
    if not leaks:
        return []
    counts = Counter(row.part for row in rows)
    seen = Counter(row.part for members in leaks if any(row.part == "train" for row in members) for row in members)
    told = f"copies or other groups lie in more than one part (groups: {len(leaks):,})"
    named = some([members[0].path for members in leaks])
    if not seen:
        return [f"{told}, in val and in test, so the final figure is not independent of the choice: {named}"]
    words = [f"{seen[part]:,} of {counts[part]:,} photos of {part}" for part in _JUDGING if counts[part]]
    return [f"{told}: {' and '.join(words)} have a twin in train, so figures will look too good: {named}"]


def few_apart_notes(rows: Sequence[SplitRow]) -> list[str]:
    """Tell of val and test if groups make up so much of them that their figures are far less sure than they look."""
    notes = []
    for part in _JUDGING:
        own = [row for row in rows if row.part == part]
        apart = len({("group", row.group) if row.group else ("photo", row.path) for row in own})
        if own and 2 * apart <= len(own):
            notes.append(
                f"{part} has {len(own):,} photos, but copies and other groups counted once it has {apart:,}: the "
                "intervals of its figures take all photos for independent and are too narrow"
            )
    return notes


def some(names: Sequence[str]) -> str:
    """Name the first few of a list and count the others."""
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more:,} more" if more > 0 else "")
