"""How a part of a run's photos is called in the person's language."""

from __future__ import annotations

from mekiki.doors.studio.words import Words


def part_name(words: Words, part: str) -> str:
    """Return a part's name; one that is not known, as in a file of another version, as it is."""
    name = f"compare.part_{part}"
    return words(name) if name in words.texts else part


def photos_of(words: Words, n: int, part: str) -> str:
    """Return how many photos of which part: "550 validation photos"."""
    return words("compare.photos_of", n=f"{n:,}", part=part_name(words, part))
