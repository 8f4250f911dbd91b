"""The sentences of the report: what the numbers mean, in plain words, and how far they can be trusted.

Every sentence follows from a number that is on the page; none is kinder than its interval.
"""

from __future__ import annotations

import math

from mekiki.records.card import ModelCard
from mekiki.records.evaluation import ClassFigures, Estimate, Evaluation
from mekiki.records.findings import Finding
from mekiki.records.openings import TestOpening
from mekiki.records.run import Status
from mekiki.records.split import Split

_LOOK_ALIKES = ("exact_duplicate", "near_duplicate", "label_conflict")
PART_NAMES = {"test": "test", "val": "validation", "train": "training", "data": "other"}


def percent(share: float, decimals: int = 1) -> str:
    """Return a share as text, "93.1 %", held together by a no-break space."""
    return f"{100 * share:.{decimals}f}\u00a0%"


def interval(estimate: Estimate, decimals: int = 1) -> str:
    """Return an estimate's interval as text, "84.4 to 89.9 %"."""
    return f"{100 * estimate.low:.{decimals}f} to {percent(estimate.high, decimals)}"


def counted(number: int, noun: str) -> str:
    """Return "1 photo" or "1,200 photos"."""
    return f"{number:,}\u00a0{noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a regular noun."""
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def lasting(seconds: float) -> str:
    """Return a duration as text, "8 min 54 s"."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}\u00a0h {minutes}\u00a0min"
    return f"{minutes}\u00a0min {whole % 60}\u00a0s" if minutes else f"{whole}\u00a0s"


def right_count(evaluation: Evaluation) -> int:
    """Return how many photos were recognised."""
    return sum(row[number] for number, row in enumerate(evaluation.confusion))


def measured_on(evaluation: Evaluation, openings: list[TestOpening], split: Split | None) -> str:
    """Say on which photos a figure was measured, and what that does to it."""
    if evaluation.part == "test":
        return f"on test photos that training never saw{_looks(len(openings))}"
    if evaluation.part == "val":
        waiting = split is not None and bool(split.part("test"))
        test = "the test photos were not opened yet" if waiting else "no test photos were set aside"
        return f"on validation photos, which also chose the best snapshot: a little optimistic; {test}"
    if evaluation.part == "train":
        return "on the very photos that it was trained on: this says nothing about new ones"
    return "on photos that are no part of the run"


def _looks(openings: int) -> str:
    if openings <= 1:
        return ", opened once" if openings else ""
    return f", opened {openings} times: a figure that is looked at again and again grows a little optimistic"


def guessing(evaluation: Evaluation) -> float:
    """Return the share that would be right if the most frequent class were always the answer, 0..1."""
    return max((sum(row) for row in evaluation.confusion), default=0) / max(evaluation.n, 1)


def verdict(evaluation: Evaluation) -> str:
    """Return the one sentence that the headline number deserves; its lower end decides, not its middle."""
    low, high = evaluation.accuracy.low, evaluation.accuracy.high
    if evaluation.part == "train":
        return "How good it is on new photos is not known yet."
    if low <= guessing(evaluation):
        return "These photos do not show that it is better than guessing."
    if high - low > 0.25:
        return "Better than guessing, but measured on too few photos to say how much."
    if low >= 0.95:
        return "It can be relied on for photos like these."
    if low >= 0.85:
        return "It is right on most photos like these; where it hesitates, look yourself."
    if low >= 0.70:
        return "A useful first opinion, which a person should check."
    return "Better than guessing, but not yet a judge to rely on."


def remarks(evaluation: Evaluation) -> list[str]:
    """Return the sentences that follow the verdict."""
    lines = [_expectation(evaluation), _against_guessing(evaluation)]
    width = evaluation.accuracy.high - evaluation.accuracy.low
    if width > 0.1:
        lines.append(
            f"The interval is wide because only {counted(evaluation.n, 'photo')} measured it; "
            "four times as many would make it half as wide."
        )
    lines.append(_confidence(evaluation))
    if evaluation.top5 is not None:
        lines.append(f"The true class is among its first five answers for {percent(evaluation.top5)} of the photos.")
    if evaluation.seen_in_training and not evaluation.fresh:
        seen = counted(evaluation.seen_in_training, "photo")
        lines.append(f"{seen} of these had been used for training; that flatters the figure.")
    if evaluation.unreadable:
        lines.append(f"{counted(evaluation.unreadable, 'photo')} could not be read and took no part.")
    return lines


def _expectation(evaluation: Evaluation) -> str:
    low, high = math.floor(100 * evaluation.accuracy.low), math.ceil(100 * evaluation.accuracy.high)
    fewer = ", or somewhat fewer" if evaluation.part == "val" else ""
    return (
        f"Of 100 new photos taken the way these were, expect {low} to {high} to be recognised{fewer}. "
        "Photos from another source can do worse."
    )


def _against_guessing(evaluation: Evaluation) -> str:
    return f"Always naming the most frequent class would be right for {percent(guessing(evaluation))}."


def _confidence(evaluation: Evaluation) -> str:
    off = f"{100 * evaluation.ece:.1f} percentage points"
    if evaluation.ece <= 0.05:
        return f"Its percentages can be taken at their word: on average they are {off} away from how often it is right."
    return f"Take its percentages with care: on average they are {off} away from how often it is right."


def extremes(evaluation: Evaluation) -> tuple[ClassFigures, ClassFigures] | None:
    """Return the classes recognised least and most often; None if all are alike."""
    measured = [figures for figures in evaluation.per_class if figures.recall is not None]
    ordered = sorted(measured, key=lambda figures: figures.recall.value if figures.recall else 0.0)
    if len(ordered) < 2 or ordered[0].recall == ordered[-1].recall:
        return None
    return ordered[0], ordered[-1]


def unmeasured(evaluation: Evaluation) -> list[str]:
    """Return the classes of which there was no photo to measure."""
    return [figures.label for figures in evaluation.per_class if not figures.n]


def leak_sentence(findings: list[Finding] | None, split: Split | None) -> str:
    """Say whether look-alike photos are on two sides of the split; empty if that is not known."""
    if findings is None or split is None:
        return ""
    part_of = {row.path: row.part for row in split.rows}
    pairs = [finding for finding in findings if finding.kind in _LOOK_ALIKES]
    sides = [{part_of.get(pair.path, ""), part_of.get(pair.other, "")} - {""} for pair in pairs]
    apart = sum(len(side) > 1 for side in sides)
    alike = counted(len(pairs), "look-alike pair")
    if not pairs:
        return "No two photos look alike, so none can be on two sides of the split."
    if not apart:
        return f"Of {alike}, none is on two sides of the split: no photo could be recognised by heart."
    return (
        f"Of {alike}, {apart:,} {'lies' if apart == 1 else 'lie'} on two sides of the split: the figures flatter, "
        "because such a photo can be recognised by heart."
    )


def progress_sentence(status: Status | None, missing: tuple[str, ...], epochs: int | None) -> str:
    """Say what an unfinished run is; empty for one that is done."""
    state = status.state if status is not None else ""
    if status is None or state not in ("stopped", "failed"):
        return "This run is not finished." if missing else ""
    planned = f" of {epochs}" if epochs is not None else ""
    reason = f" {status.message[:1].upper()}{status.message[1:].rstrip('.')}." if status.message else ""
    if state == "failed":
        return f"Training failed after epoch {status.epoch}{planned}.{reason}"
    return f"Training was stopped after epoch {status.epoch}{planned}; its best snapshot counts.{reason}"


def head_sentence(card: ModelCard) -> str:
    """Return how the head was chosen after the last epoch; empty if it was left as training made it."""
    fit = card.head_fit
    if fit is None:
        return ""
    losses = f"{fit.fitted_loss:.3f} against {fit.trained_loss:.3f}"
    verdict = (
        f"took its place, since its log loss is lower ({losses})"
        if fit.replaced
        else f"did not take its place, since its log loss is no lower ({losses})"
    )
    return (
        f"After the last epoch a new head was fitted to what the network had learnt: of the validation photos, at the "
        f"{card.preprocessing.image_size} pixels that it answers about, it has {percent(fit.fitted_accuracy)} right, "
        f"the trained one {percent(fit.trained_accuracy)}; it {verdict}."
    )
