"""What ``predict.py`` measured, and the table that shows it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from predict_job import Cost


@dataclass
class Measured:
    """What was measured.

    Attributes:
        counts: Of photos: one, a quarter, and all.
        different: How many different ones there are among all.
        versions: Of the peers, in words.
        costs: Tool → number of photos → one cost a round.
        limits: Name → photos a second, one a round.
        failed: Tool → the last lines of what it said.
    """

    counts: tuple[int, ...]
    different: int
    versions: dict[str, str] = field(default_factory=dict)
    costs: dict[str, dict[int, list[Cost]]] = field(default_factory=dict)
    limits: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def speeds_of(measured: Measured, tool: str) -> tuple[list[float], list[float]]:
    """Return photos a second of each round: end to end, and marginal."""
    one, many = measured.counts[0], measured.counts[-1]
    pairs = list(zip(measured.costs[tool][one], measured.costs[tool][many], strict=True))
    return (
        [many / last.seconds for _, last in pairs],
        [(many - one) / max(last.seconds - first.seconds, 1e-3) for first, last in pairs],
    )


def with_spread(values: Sequence[float], digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def ratio(some: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def times_best(speeds: dict[str, list[float]]) -> dict[str, str]:
    """Return each tool's ratio to the best peer in words; the best peer is named."""
    peers = {tool: each for tool, each in speeds.items() if not tool.startswith("mekiki")}
    best = max(peers, key=lambda tool: statistics.median(peers[tool]), default=None)
    if best is None:
        return dict.fromkeys(speeds, "")
    return {tool: "best peer" if tool == best else f"{ratio(each, peers[best]):.2f}" for tool, each in speeds.items()}


def table(measured: Measured) -> str:
    one, few, many = measured.counts
    speeds = {tool: speeds_of(measured, tool) for tool in measured.costs}
    ends = {tool: whole for tool, (whole, _) in speeds.items()}
    marginal = {tool: further for tool, (_, further) in speeds.items()}
    of_ends, of_marginal = times_best(ends), times_best(marginal)
    titles = ("tool", f"start-up ({one} photo), s", "end to end, photos/s", "× best", "marginal, photos/s", "× best")
    lines = [
        "| " + " | ".join((*titles, f"peak MB, {few:,}", f"{many:,} photos", "ratio")) + " |",
        "|---" * 9 + "|",
    ]
    for tool, costs in measured.costs.items():
        seconds = with_spread([cost.seconds for cost in costs[one]], 1)
        memory = [[cost.megabytes for cost in costs[count]] for count in (few, many)]
        cells = [tool, seconds, with_spread(ends[tool], 1), of_ends[tool]]
        cells += [with_spread(marginal[tool], 1), of_marginal[tool]]
        cells += [f"{statistics.median(each):,.0f}" for each in memory] + [f"{ratio(memory[1], memory[0]):.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"| {tool} | failed: {why.replace('|', ' ')} |" + " |" * 7 for tool, why in measured.failed.items()]
    return "\n".join(lines)


def limits(measured: Measured) -> str:
    """Return what cannot be passed, and how near each tool's marginal speed comes to it."""
    lines = [f"limit: {name:15} {with_spread(speeds, 1)} photos/s" for name, speeds in measured.limits.items()]
    for tool in measured.costs:
        further = speeds_of(measured, tool)[1]
        shares = (f"{ratio(further, speeds):.0%} of {name}" for name, speeds in measured.limits.items())
        lines.append(f"  {tool:22} marginal: {', '.join(shares)}")
    return "\n".join(lines)
