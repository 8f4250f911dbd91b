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
    for photo in sorted(photos, key=_by_sureness):
        if photo.right:
            by_class.setdefault(photo.label, []).append(photo)
    names = sorted(by_class)
    chosen = [names[index * len(names) // most] for index in range(most)] if len(names) > most else names
    return [by_class[name][len(by_class[name]) // 2] for name in chosen]


def confused_examples(
    photos: Sequence[ScoredPhoto], others: Sequence[ScoredPhoto], true: str, predicted: str, most: int
) -> list[tuple[ScoredPhoto, ScoredPhoto]]:
    """Return photos of one class that were taken for another, each with one of the other class that was recognised.

    Args:
        photos: Scored photos; the surest mistakes among them come first.
        others: Scored photos; of those that are right, the ones of middling sureness are taken, each once.
        true: The class.
        predicted: What it was taken for.
        most: How many at the most; fewer where there are fewer photos of either kind.
    """
    wrong = worst_mistakes([each for each in photos if (each.label, each.predicted) == (true, predicted)], most)
    right = sorted((each for each in others if each.right and each.label == predicted), key=_by_sureness)
    first = max(0, (len(right) - len(wrong)) // 2)
    return list(zip(wrong, right[first:], strict=False))


def _by_sureness(photo: ScoredPhoto) -> tuple[float, str]:
    return photo.score, photo.path
