"""The tables of ``serve.py``, in Markdown."""

import statistics
from collections.abc import Sequence
from typing import Any

GOALS = (("mekiki", "bare, decoding", 0.9), ("mekiki", "plain", 1.5), ("mekiki", "litserve", 1.0))
P99_GOAL = 3.0


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return median, lowest and highest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True) if other]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not pass; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def table(measured: Any) -> str:
    ways = [way for way in measured.rate if way not in ("half", "twice", "long")]
    lines = ["| | pictures/s | of bare | processor, ms | p50, ms | p99, ms | generator, ms | cores of others |"]
    lines.append("|---" * 8 + "|")
    for way in ways:
        waits = measured.waits.get(way)
        figures = [
            spread(measured.rate[way]),
            spread(ratios(measured.rate[way], measured.rate.get("bare, decoding", [])[: len(measured.rate[way])]), 2)
            if "bare, decoding" in measured.rate
            else "",
            spread(measured.processor[way]),
            _waits(waits, 50) if waits else "",
            _waits(waits, 99) if waits else "",
            spread([each["generator"] for each in measured.heard[way]], 2) if waits else "",
            spread(measured.others[way], 2),
        ]
        lines.append(f"| {way} | {' | '.join(figures)} |")
    lines += ["", *_goals(measured), *_faults(measured)]
    if "twice" in measured.rate:
        lines += ["", *_by_the_clock(measured)]
    return "\n".join(lines)


def _waits(waits: Sequence[Sequence[float]], percent: float) -> str:
    return spread([percentile(turn, percent) * 1000 for turn in waits], 0)


def _goals(measured: Any) -> list[str]:
    lines = []
    for way, other, goal in GOALS:
        if other in measured.rate:
            speed = ratios(measured.rate[way], measured.rate[other])
            cost = ratios(measured.processor[other], measured.processor[way])
            met = "met" if statistics.median(speed) >= goal else "missed"
            words = f"{spread(speed, 2)} times as fast, goal {goal:g}: {met}; {spread(cost, 2)} by processor"
            lines.append(f"{way} / {other}: {words}")
    return lines


def _faults(measured: Any) -> list[str]:
    lines = []
    for way, turns in measured.heard.items():
        strange = [each for turn in turns for each in turn["strange"]]
        wrong = sum(turn["wrong"] for turn in turns)
        asked, refused = (sum(turn[name] for turn in turns) for name in ("asked", "refused"))
        words = f"{way}: {asked:,} asked, {refused:,} refused, {wrong} wrong, {len(strange)} lost or strange"
        lines.append(words + (f", first: {strange[0]}" if strange else ""))
    return lines


def _by_the_clock(measured: Any) -> list[str]:
    lines = ["| | asked/s | answered/s | refused | p50, ms | p99, ms | sent late, p99, ms |", "|---" * 7 + "|"]
    for way in ("half", "twice"):
        heard = measured.heard[way]
        share = [100 * turn["refused"] / turn["asked"] for turn in heard]
        figures = [
            spread([turn["offered"] for turn in heard]),
            spread(measured.rate[way]),
            f"{spread(share, 0)} %",
            _waits(measured.waits[way], 50),
            _waits(measured.waits[way], 99),
            spread([turn["late"] * 1000 for turn in heard], 1),
        ]
        lines.append(f"| {way} | {' | '.join(figures)} |")
    half, twice = ([percentile(turn, 99) for turn in measured.waits[way]] for way in ("half", "twice"))
    pooled = [percentile([each for turn in measured.waits[way] for each in turn], 99) for way in ("half", "twice")]
    found = ratios(twice, half)
    met = "met" if statistics.median(found) < P99_GOAL else "missed"
    answered = ratios(measured.rate["twice"], measured.rate["mekiki"])
    lines += [
        "",
        f"p99 at twice / p99 at half: {spread(found, 2)}, of all turns together {pooled[1] / pooled[0]:.2f}; "
        f"goal below {P99_GOAL:g}: {met}",
        f"answered at twice / with clients that wait: {spread(answered, 2)}",
    ]
    return lines


def memory_lines(megabytes: Sequence[float], heard: dict[str, Any], answered: int) -> str:
    """Say how memory went: medians of the first and last minute, and the slope between."""
    minutes = [second / 60 for second in range(len(megabytes))]
    slope = statistics.linear_regression(minutes, megabytes).slope
    settled = statistics.linear_regression(minutes[60:], megabytes[60:]).slope if len(megabytes) > 120 else slope
    first, last = statistics.median(megabytes[:60]), statistics.median(megabytes[-60:])
    return (
        f"memory at overload, {len(megabytes)} looks: first minute {first:,.1f} MB, last {last:,.1f} MB, "
        f"most {max(megabytes):,.1f} MB; slope {slope:+.3f} MB a minute, {settled:+.3f} after the first\n"
        f"{heard['asked']:,} asked, {answered:,} answered, {heard['refused']:,} refused, {heard['wrong']} wrong, "
        f"{len(heard['strange'])} lost or strange {heard['strange'][:1]}"
    )
