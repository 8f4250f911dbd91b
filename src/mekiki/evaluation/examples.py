"""Which photos a person should look at first."""

from __future__ import annotations

from collections.abc import Sequence

from mekiki.records.predictions import ScoredPhoto


def worst_mistakes(photos: Sequence[ScoredPhoto], most: int) -> list[ScoredPhoto]:
    """Return the wrong answers that were the surest, the surest first.

    Args:
        photos: Scored photos.
        most: How many at the most.
    """
    return sorted((photo for photo in photos if not photo.right), key=lambda photo: (-photo.score, photo.path))[:most]


def right_examples(photos: Sequence[ScoredPhoto], most: int) -> list[ScoredPhoto]:
    """Return right answers of different classes, each of middling sureness in its class: none is hand-picked.

    Args:
        photos: Scored photos.
        most: How many at the most; classes are taken evenly spaced if there are more.
    """
    by_class: dict[str, list[ScoredPhoto]] = {}
    for photo in sorted(photos, key=lambda photo: (photo.score, photo.path)):
        if photo.right:
            by_class.setdefault(photo.label, []).append(photo)
    names = sorted(by_class)
    chosen = [names[index * len(names) // most] for index in range(most)] if len(names) > most else names
    return [by_class[name][len(by_class[name]) // 2] for name in chosen]
