"""The sentences that comparisons deserve, in plain words; none says more than its interval.

The figures come from ``paired.py`` and ``counts.py``. Nothing is computed here but what is read off them.
"""

from __future__ import annotations

from mekiki.records.comparison import Comparison, CountComparison, Equivalence, Front, PairComparison
from mekiki.records.evaluation import Estimate
from mekiki.scoring.power import ALPHA, MOST_PHOTOS

LEAST_APART = 6
"""Photos that one alone recognises, below which McNemar's exact p stays above 0.05 whatever they say: 2 / 2⁶ = 0.03."""


def pair_verdict(pair: PairComparison, pairs: int = 1) -> str:
    """Say what the figures of a pair mean.

    Args:
        pair: The figures.
        pairs: How many pairs were compared; p is corrected for them.
    """
    ahead = pair.first if pair.difference.value >= 0 else pair.second
    behind = pair.second if ahead == pair.first else pair.first
    told = pair.p_holm <= ALPHA
    begin = (
        f"{ahead} is better than {behind}" if told else f"it is open whether {pair.first} or {pair.second} is better"
    )
    apart = f"{pair.first} alone recognises {pair.only_first:,}, {pair.second} alone {pair.only_second:,}"
    sentences = [f"On these {pair.n:,} photos {begin}: {apart} ({_p_of(pair, pairs)}).", _lead(ahead, pair)]
    if not told:
        sentences.append(_how_many(pair))
    if pair.equivalence is not None:
        sentences.append(_within(told, pair, pair.equivalence))
    return " ".join(sentence for sentence in sentences if sentence)


def front_sentences(comparison: Comparison) -> list[str]:
    """Say which of the compared are worth their size, and which their time."""
    return [_front_sentence(front, comparison) for front in comparison.fronts]


def _front_sentence(front: Front, comparison: Comparison) -> str:
    scores = {run.name: run for run in comparison.runs}
    told = []
    for name in front.names:
        cost = scores[name].cost
        assert cost is not None  # a front is made of costs
        price = f"{cost.bytes / 1e6:.1f} MB" if front.by == "bytes" else f"{cost.milliseconds:.1f} ms"
        told.append(f"{name} with {price} and {scores[name].accuracy.value:.1%}")
    what = "smaller" if front.by == "bytes" else "quicker"
    return f"Nothing {what} is as accurate as {', '.join(told[:-1])}{' and ' if told[:-1] else ''}{told[-1]}."


def _p_of(pair: PairComparison, pairs: int) -> str:
    corrected = f"; for all {pairs} pairs together {p_value(pair.p_holm)}" if pairs > 1 else ""
    return f"exact McNemar {p_value(pair.p)}{corrected}"


def _lead(ahead: str, pair: PairComparison) -> str:
    interval = f"95 % interval {ends(_of_leader(pair, pair.difference))}"
    if pair.difference.value == 0:
        return f"Both recognise as many; the difference has the {interval} points."
    return f"{ahead} is ahead by {points(pair.difference.value)}, {interval}."


def _of_leader(pair: PairComparison, difference: Estimate) -> Estimate:
    """Return a difference as the one who is ahead sees it."""
    if pair.difference.value >= 0:
        return difference
    return Estimate(value=-difference.value, low=-difference.high, high=-difference.low)


def _how_many(pair: PairComparison) -> str:
    if pair.photos_to_show is None:
        return ""
    few = ""
    if pair.only_first + pair.only_second < LEAST_APART:
        few = f"Fewer than {LEAST_APART} photos set them apart, which is never evidence. "
    needed = _photos(pair.photos_to_show, pair.effective_n)
    return f"{few}If the difference seen is real, about {needed} would show it."


def _within(told: bool, pair: PairComparison, equal: Equivalence) -> str:
    interval = f"(90 % interval {ends(_of_leader(pair, equal.interval))})"
    if equal.equivalent:
        if told:
            return f"The difference is smaller than {points(equal.margin)} {interval}."
        return f"{pair.first} is as good as {pair.second} within {points(equal.margin)} {interval}."
    if told:
        return ""
    sentence = f"That they are as good as each other within {points(equal.margin)} is not shown {interval}"
    for shown, one, other in (
        (equal.first_not_worse, pair.first, pair.second),
        (equal.second_not_worse, pair.second, pair.first),
    ):
        if shown:
            return f"{sentence}, but {one} is not worse than {other} by as much."
    return f"{sentence}; if they are, about {_photos(equal.photos, pair.effective_n)} would show it."


def count_verdict(counts: CountComparison) -> str:
    """Say what two published counts mean."""
    first, second = (_count(counts.first, counts.first_n), _count(counts.second, counts.second_n))
    gap = f"The difference is {points(counts.difference.value)}, 95 % interval {ends(counts.difference)}."
    if counts.p <= ALPHA:
        word = "first" if counts.difference.value > 0 else "second"
        return f"{first} against {second} is evidence that the {word} is better ({p_value(counts.p)}). {gap}"
    sentences = [
        f"{first} against {second} is not evidence that one is better than the other ({p_value(counts.p)}).",
        gap,
        _pairing(counts.p_most_favourable) if counts.difference.value else "",
    ]
    if counts.photos_to_show is not None:
        sentences.append(
            f"If the difference seen is real, about {_photos(counts.photos_to_show)} for each would show it."
        )
    return " ".join(sentence for sentence in sentences if sentence)


def _pairing(best: float | None) -> str:
    if best is None:
        return ""
    if best > ALPHA:
        return (
            "Had both seen the same photos, and one been right wherever the other was, McNemar's exact test would "
            f"give {p_value(best)}: no pairing makes it evidence."
        )
    return (
        f"Had both seen the same photos, McNemar's exact test could give {p_value(best)} at best: which photos each "
        "got right would decide."
    )


def _count(share: Estimate, n: int) -> str:
    return f"{round(share.value * n):,} of {n:,}"


def _photos(needed: int, there: float | None = None) -> str:
    """Return how many photos it takes, and how many more than there are that is."""
    if needed >= MOST_PHOTOS:
        return f"{MOST_PHOTOS:,} photos or more"
    more = 0 if there is None else needed - int(there)
    told = f" ({rough(more):,} more, no copies among them)" if more > 0 else ""
    return f"{rough(needed):,} photos{told}"


def rough(count: int) -> int:
    """Return a count rounded up to two digits: it is no more exact than that."""
    step = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // step) * step


def points(share: float) -> str:
    """Return a difference of shares as text, "2.9 points" of 100; its sign is left out."""
    text = f"{abs(100 * share):.1f}".removesuffix(".0")
    return f"{text} point{'' if text == '1' else 's'}"


def ends(difference: Estimate) -> str:
    """Return the interval of a difference as text, "-0.9 to 5.0"."""
    return f"{_signed(difference.low)} to {_signed(difference.high)}"


def _signed(share: float) -> str:
    text = f"{100 * share:.1f}"
    return "0.0" if text == "-0.0" else text


def p_value(p: float) -> str:
    """Return a p value as text, "p = 0.25" or "p < 0.001"."""
    if p > 0.995:
        return "p = 1"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
