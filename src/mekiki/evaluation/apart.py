"""Figures of the photos that a run has not seen, and of those that it has, apart: memory is no skill.

What was seen is found in ``seen.py``. Where all photos were seen there is no fresh figure, and the evaluation says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.parts import Answered, Scored, figures_of
from mekiki.evaluation.seen import Seen, counts_apart
from mekiki.evaluation.strangers import Strangers
from mekiki.records.evaluation import SeenFigures
from mekiki.scoring.bootstrap import group_numbers
from mekiki.scoring.intervals import share_of


def score_apart(
    classifier: Classifier, answered: Answered, seen: Sequence[Seen], strangers: Strangers | None = None
) -> Scored:
    """Score answers, the fresh photos as the headline.

    Args:
        classifier: What answered.
        answered: At least one answer.
        seen: For each photo that was asked about, also those that could not be read.
        strangers: As for ``score_answers``.

    Returns:
        The figures of the fresh photos, with those of the others under ``apart``; of all photos if none is fresh. What
        was said of each, with what the run had seen of it.
    """
    known = [seen[place] for place in answered.places]
    trained = sum(each.part == "train" for each in known)
    said = tuple(
        replace(photo, seen=str(each)) if each.part != answered.part else photo
        for photo, each in zip(answered.said, known, strict=True)
    )
    fresh = [place for place, each in enumerate(known) if not counts_apart(answered.part, each)]
    evaluation = figures_of(classifier, answered.at(fresh) if fresh else answered, strangers)
    apart = [
        _figures(part, answered, known, places)
        for part in ("train", "val")
        if (places := [place for place in set(range(len(known))) - set(fresh) if known[place].part == part])
    ]
    told = {"fresh": len(fresh), "apart": apart, "seen_in_training": trained}
    return Scored(evaluation.model_copy(update=told), said, answered.rankings)


def _figures(part: str, answered: Answered, known: Sequence[Seen], places: Sequence[int]) -> SeenFigures:
    some = answered.at(sorted(places))
    right = some.chances.argmax(axis=1) == some.labels
    ways = [known[place].how for place in places]
    return SeenFigures(
        part=part,
        n=len(places),
        same_bytes=ways.count("same bytes"),
        near_copies=ways.count("near copy"),
        same_group=ways.count("same group"),
        accuracy=share_of(right, group_numbers(some.groups, len(places))),
    )
