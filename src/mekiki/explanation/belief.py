"""How far the maps of many pictures can be believed: means with intervals over the pictures, and in words.

Intervals are Student's: the pictures are taken as independent, so copies of one photo make them too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from mekiki.explanation.faithfulness import Areas, Faith
from mekiki.records.evaluation import Estimate, Record

CONFIDENCE = 0.95
LIKE_A_BLANK = 0.5
"""Above this rank correlation with random networks, a map shows more of the picture than of the network."""


class Advantage(Record):
    """How much better the map's order of places is than another, in insertion less deletion.

    Attributes:
        mean: Over the pictures, -2..2.
        wins: Pictures for which the map's order is the better one.
    """

    mean: Estimate
    wins: int


class Belief(Record):
    """How far the maps of some pictures can be believed.

    Attributes:
        n: Pictures with a map.
        map: Mean areas of the map's order.
        random: Those of random maps.
        centre: Those of the order from the middle outwards.
        over_random: The map against random maps.
        over_centre: The map against the middle.
        blank: Mean rank correlation with the maps of random networks; None if there is none.
    """

    n: int
    map: Areas
    random: Areas
    centre: Areas
    over_random: Advantage
    over_centre: Advantage
    blank: Estimate | None


def mean_of(values: Sequence[float], lowest: float, highest: float) -> Estimate:
    """Return a mean with its 95 % interval; that of one value is all that can be.

    Args:
        values: At least one.
        lowest: That a value can be; the interval ends there.
        highest: That a value can be.

    Source: Student, "The probable error of a mean", Biometrika 1908.
    """
    mean = float(np.mean(values))
    if len(values) == 1:
        return Estimate(value=mean, low=lowest, high=highest)
    reach = float(stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2) * np.std(values, ddof=1) / len(values) ** 0.5)
    return Estimate(value=mean, low=max(mean - reach, lowest), high=min(mean + reach, highest))


def believe(faiths: Sequence[Faith]) -> Belief:
    """Sum up some pictures.

    Args:
        faiths: One for each picture, at least one.
    """
    blank = [each.blank for each in faiths if each.blank is not None]
    return Belief(
        n=len(faiths),
        map=_mean_areas([each.map for each in faiths]),
        random=_mean_areas([each.random for each in faiths]),
        centre=_mean_areas([each.centre for each in faiths]),
        over_random=_advantage([each.map.worth - each.random.worth for each in faiths]),
        over_centre=_advantage([each.map.worth - each.centre.worth for each in faiths]),
        blank=mean_of(blank, -1, 1) if blank else None,
    )


def _mean_areas(areas: Sequence[Areas]) -> Areas:
    return Areas(
        deletion=float(np.mean([each.deletion for each in areas])),
        insertion=float(np.mean([each.insertion for each in areas])),
    )


def _advantage(differences: Sequence[float]) -> Advantage:
    return Advantage(mean=mean_of(differences, -2, 2), wins=sum(each > 0 for each in differences))


def faith_in_words(faith: Faith) -> str:
    """Return how far one map can be believed, as one line."""
    random, centre = faith.map.worth > faith.random.worth, faith.map.worth > faith.centre.worth
    verdict = {
        (True, True): "its hot places matter",
        (True, False): "better than random places, not than the middle",
        (False, True): "better than the middle, not than random places",
        (False, False): "a guess does as well",
    }
    blank = "none" if faith.blank is None else f"{faith.blank:+.2f}"
    return f"{verdict[random, centre]} ({_areas_in_words(faith)}; likeness to random networks' maps {blank})"


def _areas_in_words(faith: Faith) -> str:
    three = (faith.map, faith.random, faith.centre)
    deletion, insertion = ([f"{value:.2f}" for value in values] for values in zip(*map(_both, three), strict=True))
    return (
        f"deletion {deletion[0]}, random {deletion[1]}, middle {deletion[2]}; "
        f"insertion {insertion[0]}, random {insertion[1]}, middle {insertion[2]}"
    )


def _both(areas: Areas) -> tuple[float, float]:
    return areas.deletion, areas.insertion


def belief_in_words(belief: Belief) -> list[str]:
    """Return how far the maps can be believed, in a few lines for a person."""
    lines = [
        f"how far these {belief.n:,} maps can be believed:",
        f"  the probability while the hottest places are deleted first: {belief.map.deletion:.3f} on average "
        f"(random maps {belief.random.deletion:.3f}, from the middle {belief.centre.deletion:.3f}; lower is better)",
        f"  and while they alone are put in first: {belief.map.insertion:.3f} "
        f"(random maps {belief.random.insertion:.3f}, from the middle {belief.centre.insertion:.3f}; higher is better)",
        f"  {_compared('random maps', belief.over_random, belief.n)}",
        f"  {_compared('the middle of the picture', belief.over_centre, belief.n)}",
        f"  {_blank_in_words(belief.blank)}",
    ]
    return lines


def _compared(other: str, advantage: Advantage, n: int) -> str:
    wins = f"better for {advantage.wins:,} of {n:,} pictures"
    mean = advantage.mean
    if mean.low > 0:
        verdict = f"the maps tell more than {other}"
    elif mean.high < 0:
        verdict = f"the maps tell LESS than {other}"
    else:
        verdict = f"the maps cannot be told from {other}"
    return f"{verdict}: {mean.value:+.3f} ({mean.low:+.3f} to {mean.high:+.3f}), {wins}"


def _blank_in_words(blank: Estimate | None) -> str:
    if blank is None:
        return "against random networks: their maps tell no place from another"
    found = f"{blank.value:+.2f} ({blank.low:+.2f} to {blank.high:+.2f})"
    if blank.low > LIKE_A_BLANK:
        return f"the maps hardly depend on what was learnt: rank correlation with random networks' maps {found}"
    return f"random networks give other maps, as they should: rank correlation {found}"
