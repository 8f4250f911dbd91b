"""What the numbers of ``stress`` mean, in plain words: severities with their units, and one sentence for each kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from mekiki.config import KindName
from mekiki.records.stress import Loss, Stress
from mekiki.reports.story import PART_NAMES, counted, percent

TITLES: dict[KindName, str] = {
    "dust": "Dust",
    "scribble": "Scribbles",
    "occlusion": "Occlusion",
    "blur": "Blur",
    "noise": "Noise",
    "jpeg": "JPEG",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "rotation": "Rotation",
    "scale": "Scale",
    "shift": "Shift",
    "fgsm": "FGSM",
    "pgd": "PGD",
}
MEANINGS: dict[KindName, str] = {
    "dust": "Small grey rectangles, as the augmentation of that name throws them.",
    "scribble": "Strokes of a round brush, of random colour, width and course.",
    "occlusion": "A grey square at a random place, all of it inside the picture.",
    "blur": "Gaussian; sigma in pixels of a picture of 224.",
    "noise": "Gaussian on each pixel and channel; its spread in grey levels of 0 to 255.",
    "jpeg": "Saved as a JPEG of this quality and read again.",
    "brightness": "Multiplied by 1 plus or 1 minus this; which of the two is drawn for each photo.",
    "contrast": "Drawn away from its mean grey by a factor of 1 plus this, or towards it by 1 minus this.",
    "rotation": "Turned one way or the other; the edge is repeated outside.",
    "scale": "Enlarged or reduced by this factor, about the middle.",
    "shift": "Moved in a random direction by this share of the side.",
    "fgsm": "Each pixel moved by so many of 255 levels, in the one direction that hurts this very model most.",
    "pgd": "As FGSM, in several steps: the worst picture that was found within so many of 255 levels.",
}


def mark(kind: KindName, severity: float) -> str:
    """Return a severity in short, for a tick or a cell: "31", "20 %", "×1.5"; counts are rounded up."""
    if severity == 0:
        return "clean"
    if kind in ("dust", "scribble"):
        return f"{math.ceil(severity - 1e-9)}"
    if kind in ("fgsm", "pgd"):
        return f"{math.ceil(severity - 1e-9)}/255"
    if kind in ("occlusion", "shift"):
        return f"{100 * severity:.2g}\u00a0%"
    if kind in ("brightness", "contrast"):
        return f"±{severity:.2g}"
    if kind == "jpeg":
        return f"{100 - severity:.0f}"
    if kind == "scale":
        return f"×{1 + severity:.3g}"
    number = f"{severity:.0f}" if severity >= 10 else f"{severity:.2g}"
    return f"{number}°" if kind == "rotation" else number


def amount(kind: KindName, severity: float) -> str:
    """Return a severity in words: "31 rectangles", "quality 20"."""
    if kind in ("dust", "scribble"):
        return counted(math.ceil(severity - 1e-9), {"dust": "rectangle", "scribble": "stroke"}[kind])
    forms = {
        "occlusion": "{} of the area",
        "blur": "sigma\u00a0{}\u00a0px",
        "noise": "{}\u00a0grey\u00a0levels",
        "jpeg": "quality\u00a0{}",
        "shift": "{} of the side",
    }
    return forms.get(kind, "{}").format(mark(kind, severity))


def verdict(kind: KindName, stresses: Sequence[Stress]) -> str:
    """Return one sentence: what it takes to lose ten points, with the interval, and for further models too.

    Args:
        kind: One that was measured.
        stresses: One for each model, the first one first.

    Example:
        "loses 10 points at 9 strokes (7 to 12); runs/plain at 3 strokes (2 to 4)"
    """
    first, *others = stresses
    loss = first.losses[kind]
    last = first.kinds[kind][-1].severity
    points = f"{100 * loss.points:.0f} points"
    if loss.severity is None:
        words = f"loses less than {points} up to {amount(kind, last)}{_from(kind, loss)}"
    else:
        words = f"loses {points} at {amount(kind, loss.severity)}{_range(kind, loss, last)}"
    return "; ".join([words, *(_of_other(kind, each, last) for each in others)])


def sentence(kind: KindName, stresses: Sequence[Stress]) -> str:
    """Return ``verdict`` beginning with a capital letter."""
    said = verdict(kind, stresses)
    return said[0].upper() + said[1:]


def verdicts(stresses: Sequence[Stress]) -> dict[KindName, str]:
    """Return the sentence of each kind, with plain spaces."""
    return {kind: verdict(kind, stresses).replace("\u00a0", " ") for kind in stresses[0].kinds}


def _of_other(kind: KindName, other: Stress, last: float) -> str:
    loss = other.losses[kind]
    if loss.severity is None:
        return f"{run_name(other)} not up to {amount(kind, last)}{_from(kind, loss)}"
    return f"{run_name(other)} at {amount(kind, loss.severity)}{_range(kind, loss, last)}"


def _range(kind: KindName, loss: Loss, last: float) -> str:
    """Return the interval of a severity that was reached; its ends may lie beyond the last one measured."""
    low = mark(kind, last if loss.low is None else loss.low)
    high = mark(kind, loss.high) if loss.high is not None else f"beyond {mark(kind, last)}"
    return "" if low == high else f" ({low} to {high})"


def _from(kind: KindName, loss: Loss) -> str:
    """Return how early the loss may be reached all the same."""
    return "" if loss.low is None else f" (perhaps from {amount(kind, loss.low)} on)"


def run_name(stress: Stress) -> str:
    """Return a run's name in short."""
    return Path(stress.run).name or stress.run


def summary(stress: Stress) -> str:
    """Return how many kinds of damage matter, as one sentence."""
    costly = sum(loss.severity is not None for loss in stress.losses.values())
    kinds = len(stress.losses)
    what = counted(kinds, "kind") + " of damage"
    if costly == kinds > 1:
        return f"{'Both kinds of damage' if kinds == 2 else f'All {what}'} cost it ten points within what was measured."
    if not costly:
        return f"None of {what} costs it ten points within what was measured."
    return f"Of {what}, {costly} {'costs' if costly == 1 else 'cost'} it ten points within what was measured."


def widest(stress: Stress) -> str:
    """Return the largest half width of all intervals, in points."""
    halves = [(point.high - point.low) / 2 for points in stress.kinds.values() for point in points]
    return f"{100 * max([*halves, (stress.clean_high - stress.clean_low) / 2]):.1f} points"


def measured(stress: Stress) -> str:
    """Return the accuracy on clean photos as a sentence part: "93.1 % (90.6 to 94.9) of 550 val photos"."""
    interval = f"{100 * stress.clean_low:.1f} to {100 * stress.clean_high:.1f}"
    return f"{percent(stress.clean)} ({interval}) of {photos_of(stress)}"


def photos_of(stress: Stress) -> str:
    """Return how many photos of which part were damaged, "550 validation photos"."""
    return counted(stress.n, f"{PART_NAMES.get(stress.part, stress.part)} photo")


def remarks(stress: Stress) -> list[str]:
    """Return what has to be known beside the numbers."""
    lines = []
    if stress.part == "train" or stress.seen_in_training:
        count = stress.n if stress.part == "train" else stress.seen_in_training
        lines.append(f"{run_name(stress)} was trained on {count:,} of these photos: its figures flatter.")
    if stress.part == "val":
        lines.append("The validation photos also chose the best snapshot; it is a little too good on them, clean.")
    lines += [f"Left out: {counted(each.count, 'photo')} {each.reason}." for each in stress.left_out]
    if stress.unreadable:
        lines.append(f"{counted(stress.unreadable, 'photo')} could not be read and took no part.")
    return lines


def all_remarks(stresses: Sequence[Stress]) -> list[str]:
    """Return the remarks of several runs, each once."""
    return list(dict.fromkeys(remark for stress in stresses for remark in remarks(stress)))
