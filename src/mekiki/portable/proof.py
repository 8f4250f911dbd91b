"""The proof that an exported model says what the run says: both look at the run's own validation photos.

A graph is asked as its users ask it, one raw photo after the other, so its preparation is on trial, too. What does not
agree is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, ExportError, PictureError
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.classifier import Classifier
from mekiki.progress import Progress
from mekiki.records.exported import Parity
from mekiki.records.manifest import Manifest
from mekiki.scoring.bootstrap import group_numbers
from mekiki.scoring.intervals import share_of
from mekiki.tensors.geometry import Picture

LEAST_AGREEMENT = 0.999
"""Share of photos on which both name the same class, and on which both agree whether it is known."""
LEAST_IN_8_BITS = 0.99
"""Share of photos on which a graph in 8 bits names the same class, asked whole or in batches: there a pixel that the
preparations round otherwise may tip the scales."""
LARGEST_DIFFERENCE = 1e-3
"""Of any probability, in float32."""
TIE = 1e-3
"""Share of the threshold's size within which a score lies at the threshold: rounding decides there."""


@dataclass(frozen=True)
class Said:
    """What an exported model says of one photo.

    Attributes:
        chances: (classes,) probabilities.
        known_score: As an ``Answer`` has it; None: the format has no rule for it.
    """

    chances: NDArray[np.float32]
    known_score: float | None = None


Ask = Callable[[Picture], Said]
"""Asks an exported model about one upright RGB picture (H, W, 3) uint8."""


@dataclass(frozen=True)
class Trial:
    """What the run and an exported model said of the same photos.

    Attributes:
        paths: (n) photos.
        labels: (n,) class numbers.
        groups: (n) their groups.
        run: (n) what the run said.
        other: (n) what the exported model said.
    """

    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: tuple[str, ...]
    run: tuple[Answer, ...]
    other: tuple[Said, ...]

    def right(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return (n,) of the run and (n,) of the exported model: whether its answer is right."""
        mine = np.array([answer.chances.argmax() for answer in self.run])
        its = np.array([said.chances.argmax() for said in self.other])
        return mine == self.labels, its == self.labels


def try_both(classifier: Classifier, ask: Ask, photos: Manifest, progress: Progress) -> Trial:
    """Ask a run and an exported model about the same photos.

    Args:
        classifier: The run's.
        ask: Asks the other.
        photos: With labels that the run knows.
        progress: Where to report to.

    Raises:
        DataError: No photo can be read.
    """
    limit, size = classifier.settings.max_megapixels, classifier.card.preprocessing.image_size
    number_of = {str(name): number for number, name in enumerate(classifier.classes_)}
    wanted = photos.usable()
    answers = classifier.answers([photos.root / photo.path for photo in wanted], progress)
    found = [(photo, answer) for photo, (_, answer) in zip(wanted, answers, strict=True)]
    rows, mine, its = [], [], []
    with progress.task("proof", len(found)) as task:
        for photo, answer in found:
            if not isinstance(answer, PictureError):
                rows.append(photo)
                mine.append(answer)
                its.append(ask(read_picture(photos.root / photo.path, max_megapixels=limit, at_least=size)))
            task.advance()
    if not rows:
        raise DataError(f"none of the {len(wanted)} photos in {photos.root} can be read, so nothing can be proven")
    labels = np.array([number_of[photo.label] for photo in rows], dtype=np.int64)
    return Trial(tuple(p.path for p in rows), labels, tuple(p.group for p in rows), tuple(mine), tuple(its))


def parity_of(trial: Trial, classifier: Classifier, name: str, part: str) -> Parity:
    """Return how far both agree.

    Args:
        trial: What they said.
        classifier: The run's.
        name: Of the format.
        part: Which photos.
    """
    mine = np.stack([answer.chances for answer in trial.run])
    its = np.stack([said.chances for said in trial.other])
    apart = np.abs(mine - its).max(axis=1)
    worst = int(apart.argmax())
    known, ties = _known_alike(trial, classifier)
    run_right, right = trial.right()
    groups = group_numbers(trial.groups, len(mine))
    return Parity(
        to=name,
        part=part,
        n=len(mine),
        agreement=float((mine.argmax(axis=1) == its.argmax(axis=1)).mean()),
        largest_difference=float(apart[worst]),
        largest_at=trial.paths[worst],
        mean_difference=float(apart.mean()),
        unknown_agreement=None if known is None else float(known.mean()),
        unknown_ties=ties,
        run_accuracy=share_of(run_right, groups),
        accuracy=share_of(right, groups),
    )


def _known_alike(trial: Trial, classifier: Classifier) -> tuple[NDArray[np.bool_] | None, int]:
    rule = classifier.card.unknown
    mine = np.array([np.nan if answer.known_score is None else answer.known_score for answer in trial.run])
    its = np.array([np.nan if said.known_score is None else said.known_score for said in trial.other])
    if rule is None or any(said.known_score is None for said in trial.other):
        return None, 0
    near = np.abs(mine - rule.threshold) <= TIE * max(1.0, abs(rule.threshold))
    alike = (mine >= rule.threshold) == (its >= rule.threshold)
    near &= ~np.isnan(its)
    return alike | near, int((near & ~alike).sum())


def demand_parity(parity: Parity, where: Callable[[], str]) -> None:
    """Refuse an exported model in float32 that does not say what the run says.

    Args:
        parity: What was found.
        where: Tells which part of it is at fault; only called if it is refused.

    Raises:
        ExportError: Fewer than 99.9 % of the photos agree, or a probability differs by more than 0.001.
    """
    known = 1.0 if parity.unknown_agreement is None else parity.unknown_agreement
    if min(parity.agreement, known) >= LEAST_AGREEMENT and parity.largest_difference <= LARGEST_DIFFERENCE:
        return
    raise ExportError(
        f"the export to {parity.to} does not say what the run says: {parity.agreement:.1%} of {parity.n:,} photos "
        f"agree, {known:.1%} on what is known, and a probability differs by {parity.largest_difference:.2g} "
        f"(at most {LARGEST_DIFFERENCE:g}) at {parity.largest_at}; {where()}; nothing is kept",
        "versions of the packages may not go together; please report it with parity figures",
    )


def demand_one_answer(whole: Trial, engine: Trial, name: str, least: float) -> float:
    """Refuse a graph that mekiki's engine, which asks a part of it in batches, would ask about otherwise.

    Args:
        whole: With what the whole graph said of each raw photo.
        engine: With what the engine said of the same photos.
        name: Of the format.
        least: Share of the photos on which both must name the same class.

    Returns:
        That share.

    Raises:
        ExportError: It is less.
    """
    pairs = list(zip(whole.other, engine.other, strict=True))
    share = float(np.mean([one.chances.argmax() == other.chances.argmax() for one, other in pairs]))
    if share < least:
        raise ExportError(
            f"the export to {name} answers otherwise when predict --engine asks it in batches: the same class as the "
            f"whole graph for {share:.1%} of {len(pairs):,} photos (at least {least:.1%}); nothing is kept",
            "versions of the packages may not go together; please report it with parity figures",
        )
    return share


def paths_of(photos: Manifest, most: int) -> Sequence[Path]:
    """Return files of at most so many photos, evenly spread over all of them."""
    wanted = photos.usable()
    places = np.linspace(0, len(wanted) - 1, min(most, len(wanted))).round().astype(int)
    return [photos.root / wanted[place].path for place in places]
